/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes in and out: stdin, descriptors and files. */
#pragma once

#include "kmsctl.h"

G_BEGIN_DECLS

/* --in or stdin, to its end; on a terminal the prompt asks without echo, or NULL reads what is typed. */
KmsSecret *kmsctl_read_input (Kmsctl *self, gsize limit, const char *prompt, GError **error);

/* The whole of a file, in locked memory whatever it is. */
KmsSecret *kmsctl_read_file (Kmsctl *self, const char *path, gsize limit, GError **error);

gboolean kmsctl_write_all (Kmsctl *self, int fd, const char *name, const void *data, gsize length, GError **error);

/* A file as a whole: a temporary file with mode 0600 in the same directory, synced and renamed. */
gboolean kmsctl_write_file (Kmsctl *self, const char *path, const void *data, gsize length, GError **error);

/* The same, where something else must be done before the file gets its name: if that fails, there is no file. */
typedef gboolean (*KmsctlBefore) (Kmsctl *self, gpointer data, GError **error);
gboolean kmsctl_write_file_after (Kmsctl *self, const char *path, const void *data, gsize length, KmsctlBefore before,
                                  gpointer before_data, GError **error);

/* The same for a configuration file: mode 0644; must_be_new refuses one that exists. */
gboolean kmsctl_write_config (Kmsctl *self, const char *path, const char *text, gboolean must_be_new, GError **error);

/* To --out, or stdout, which must not be a terminal where the bytes are no text. */
gboolean kmsctl_write_output (Kmsctl *self, const guint8 *data, gsize length, GError **error);
gboolean kmsctl_is_text (const guint8 *data, gsize length);

/* Control characters, with which a service's text could play tricks on a terminal, become "?". */
char *kmsctl_make_printable (const char *text);

G_END_DECLS
