/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Faults by name, for tests that are not written in C. */
#pragma once

#include "test-server.h"

G_BEGIN_DECLS

/* "half-body" and so on; FALSE for what is none. */
gboolean fault_kind_from_name (const char *name, TestFaultKind *kind);

G_END_DECLS
