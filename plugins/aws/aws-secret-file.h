/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files with secrets in them: read whole into locked memory, and only so far. */
#pragma once

#include <kms-http.h>

G_BEGIN_DECLS

/* TRUE with a NULL content where there is no such file. The errors are KMS_ERROR_CREDENTIALS and name the path. */
gboolean aws_secret_file_read (const char *path, gsize max_length, KmsSecret **content, GCancellable *cancellable,
                               GError **error);

/* One line: the content of a file that must be there, without the white space around it, with no control character
 * inside, since it becomes a header or a member of a form. `what` is for people. */
KmsSecret *aws_secret_file_read_line (const char *path, const char *what, gsize max_length, GCancellable *cancellable,
                                      GError **error);

/* The same bytes where they may be changed in place, with a NUL behind them; NULL with an error where locked memory is
 * used up. */
KmsSecret *aws_secret_dup_writable (const guint8 *data, gsize length, guint8 **bytes, GError **error);

G_END_DECLS
