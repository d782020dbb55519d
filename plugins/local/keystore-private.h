/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the keystore share among each other. */
#pragma once

#include "keystore.h"
#include "master-key.h"

G_BEGIN_DECLS

#define ROOT_NAME "root"
#define ROOT_KEY_NAME "root.key"
#define KEY_SUFFIX ".kmskey"

struct _Keystore
{
  char *label;
  char *directory;
  char *root;
  char *root_file; /* a whole path */
  char *passphrase_file;
  KeystoreAskFunc ask;
  gpointer ask_data;

  GMutex lock; /* for what follows; held while a passphrase is asked for, so that it is asked for once */
  FileStamp root_stamp;
  MasterKeys *masters;
  KmsSecret *root_key;
  guint8 root_id[MASTER_ID_SIZE]; /* whose root_key is */
};

void keystore_bump_generation (void);
char *keystore_file_name (const char *name);
LocalKey *keystore_read_key_at (Keystore *self, int directory, const char *name, FileStamp *stamp,
                                GCancellable *cancellable, GError **error);
/* Removes the keys whose time has come, as far as this process may. */
void keystore_sweep (Keystore *self, GCancellable *cancellable);
/* Names of keys, sorted. */
GPtrArray *keystore_list_names (Keystore *self, int directory, GError **error);
RootFile *keystore_read_root (Keystore *self, int directory, FileStamp *stamp, GError **error);

/* `any_root`: also where Root= says otherwise. Full transfer. */
MasterKeys *keystore_load_masters (Keystore *self, int directory, gboolean any_root, GCancellable *cancellable,
                                   GError **error);
/* After this process wrote the root file. Takes the masters, refers to the root key. */
void keystore_remember_root (Keystore *self, const RootFile *root, KmsSecret *root_key, MasterKeys *masters,
                             const FileStamp *stamp);

/* While the lock is held. */
typedef struct
{
  Keystore *keystore;
  int directory;
  int lock;
  RootFile *root;      /* NULL: there is none yet */
  MasterKeys *masters; /* NULL with it */
} KeystoreSession;

gboolean keystore_session_begin (KeystoreSession *session, Keystore *self, gboolean create, gboolean any_root,
                                 GCancellable *cancellable, GError **error);
void keystore_session_end (KeystoreSession *session);
gboolean keystore_session_write_key (KeystoreSession *session, const LocalKey *key, GError **error);
gboolean keystore_session_write_root (KeystoreSession *session, RootFile *root, KmsSecret *root_key,
                                      const MasterKeys *masters, GError **error);
gboolean keystore_session_make_root (KeystoreSession *session, GCancellable *cancellable, GError **error);
gboolean keystore_session_finish_change (KeystoreSession *session, GCancellable *cancellable, GError **error);

/* Where root keys come from: root-source.c. The root key, derived and compared with the check value. */
KmsSecret *root_source_open (Keystore *self, int directory, const RootFile *root, GCancellable *cancellable,
                             GError **error);
/* For a new root. `old` (nullable) is the root that root.key must go on opening. */
KmsSecret *root_source_make (Keystore *self, int directory, const RootFile *root, const RootFile *old,
                             GCancellable *cancellable, GError **error);
/* Once nothing needs any other root: forgets the keys of those. */
gboolean root_source_forget_others (Keystore *self, const RootFile *root, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KeystoreSession, keystore_session_end)

G_END_DECLS
