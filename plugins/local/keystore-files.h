/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directory of a keystore: opening it, reading and replacing its files, the lock. It knows no formats and no keys. */
#pragma once

#include <libkms/kms.h>

G_BEGIN_DECLS

/* Which file it was: another one, or another content, has another stamp. */
typedef struct
{
  guint64 inode, size;
  gint64 modified, changed; /* nanoseconds */
} FileStamp;

/* -1 with NOT_FOUND where there is none. Refuses what others could write to. */
int keystore_directory_open (const char *path, GError **error);
int keystore_directory_create (const char *path, GError **error);

/* TRUE without a file: a stamp of zeros. */
gboolean keystore_stat (int directory, const char *name, FileStamp *stamp);

/* `path` is the directory's, for messages. NOT_FOUND where there is no such file. */
char *keystore_read (int directory, const char *path, const char *name, gsize max_size, gsize *length, FileStamp *stamp,
                     GError **error);

/* Whole or not at all, and on the disk when it returns. Only under the lock. */
gboolean keystore_replace (int directory, const char *path, const char *name, const guint8 *data, gsize length,
                           GError **error);
gboolean keystore_remove (int directory, const char *path, const char *name, GError **error);

/* A descriptor to close for unlocking; -1 on error. */
int keystore_lock (int directory, const char *path, GCancellable *cancellable, GError **error);

/* A file that only its owner may read, straight into locked memory; `mode_matters` is FALSE for what a service
 * manager laid out. */
KmsSecret *keystore_read_secret (int directory, const char *name, const char *shown_path, gsize max_size,
                                 gboolean mode_matters, GError **error);

gboolean keystore_close_fd (int *fd);

G_END_DECLS
