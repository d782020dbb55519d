/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Programs that print a secret. */
#pragma once

#include <kms-http.h>

G_BEGIN_DECLS

/* Runs the command line without a shell and gives what it prints; for `timeout` milliseconds and no longer. Errors say
 * nothing of what was printed. */
KmsSecret *aws_process_run (const char *command_line, gint64 timeout, GCancellable *cancellable, GError **error);

G_END_DECLS
