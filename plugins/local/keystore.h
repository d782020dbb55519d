/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A keystore: a directory of keys under a root. Safe for any number of threads and processes at once. */
#pragma once

#include "keystore-files.h"
#include "local-key.h"

G_BEGIN_DECLS

typedef struct _Keystore Keystore;

typedef KmsSecret *(*KeystoreAskFunc) (const char *prompt, gboolean confirm, gpointer data, GCancellable *cancellable,
                                       GError **error);

/* Strings are copied. */
typedef struct
{
  const char *label; /* what stands before "/" in key ids, for advice */
  const char *directory;
  const char *root;            /* Root=; NULL: whatever the keystore says, "file" for a new one */
  const char *root_file;       /* NULL: root.key in the directory */
  const char *passphrase_file; /* NULL: ask */
  KeystoreAskFunc ask;         /* NULL: nobody can be asked */
  gpointer ask_data;
} KeystoreSettings;

Keystore *keystore_new (const KeystoreSettings *settings, GError **error);
void keystore_free (Keystore *self);
const char *keystore_get_directory (Keystore *self);
const char *keystore_get_label (Keystore *self);

/* In a forked child, where what was in locked memory is gone. */
void keystore_after_fork (Keystore *self);

/* Rises whenever this process changed any keystore: what was remembered of a key must be looked at again. */
guint keystore_get_generation (void);

/* Whether the file of a key still is the one that `stamp` was taken of. */
gboolean keystore_is_unchanged (Keystore *self, const char *name, const FileStamp *stamp);
LocalKey *keystore_read_key (Keystore *self, const char *name, FileStamp *stamp, GCancellable *cancellable,
                             GError **error);

/* Of LocalKey, sorted by name; empty where there is no directory. A key that can't be read fails the whole, unless
 * `problems` takes it (of KeyProblem). */
typedef struct
{
  char *name;
  GError *error;
} KeyProblem;

void key_problem_free (KeyProblem *self);
GPtrArray *keystore_list_keys (Keystore *self, GPtrArray *problems, GCancellable *cancellable, GError **error);

/* Each takes the lock, reads again, changes and writes. The results are what was written. */
typedef gboolean (*KeystoreChangeFunc) (LocalKey *key, gpointer data, GError **error);
LocalKey *keystore_create_key (Keystore *self, const char *name, const char *description, GCancellable *cancellable,
                               GError **error);
LocalKey *keystore_add_key (Keystore *self, LocalKey *key, GCancellable *cancellable, GError **error);
LocalKey *keystore_change_key (Keystore *self, const char *name, KeystoreChangeFunc change, gpointer data,
                               GCancellable *cancellable, GError **error);
LocalKey *keystore_delete_key (Keystore *self, const char *name, GCancellable *cancellable, GError **error);

/* `root` is "file", "passphrase" or "credential:NAME". A process that is killed on the way leaves a keystore that
 * opens, with the old root or with the new one. */
gboolean keystore_change_root (Keystore *self, const char *root, GCancellable *cancellable, GError **error);

/* What protects the keys, in a sentence; needs no root. `root` takes the short form, NULL for no keystore yet. */
char *keystore_describe_root (Keystore *self, char **root, GError **error);

/* Opens the root, as the first use of a key would. */
gboolean keystore_check_root (Keystore *self, GCancellable *cancellable, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Keystore, keystore_free)

G_END_DECLS
