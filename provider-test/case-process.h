/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process of one case. */
#pragma once

#include "options.h"
#include "provider-file.h"

G_BEGIN_DECLS

int case_process_run (const Options *options, const ProviderFile *file);

G_END_DECLS
