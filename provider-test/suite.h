/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* All cases, one after the other, and their report. */
#pragma once

#include "expectations.h"
#include "options.h"

G_BEGIN_DECLS

/* Returns the program's exit code. */
int suite_run (const Options *options, char **arguments, GPtrArray *cases, Expectations *expectations);

G_END_DECLS
