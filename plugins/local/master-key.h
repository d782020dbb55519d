/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The root file of a keystore: how its root key is had, and the master key, wrapped under the root key, that wraps all
 * other keys. No file access here. */
#pragma once

#include <libkms/kms.h>

#include "xaes.h"

G_BEGIN_DECLS

#define MASTER_ID_SIZE 8
#define ROOT_SALT_SIZE 16
#define ROOT_CHECK_SIZE 16
#define ROOT_PASSPHRASE_ROUNDS 600000
#define ROOT_FILE_MAX_SIZE 4096

typedef enum {
  ROOT_KIND_FILE,
  ROOT_KIND_PASSPHRASE,
  ROOT_KIND_CREDENTIAL,
} RootKind;

/* What "file", "passphrase" or "credential:NAME" says. */
typedef struct
{
  RootKind kind;
  char *credential; /* NULL but for ROOT_KIND_CREDENTIAL */
} RootChoice;

gboolean root_choice_parse (RootChoice *self, const char *text, GError **error);
void root_choice_clear (RootChoice *self);
char *root_choice_to_string (const RootChoice *self);
gboolean root_choice_equal (const RootChoice *a, const RootChoice *b);

typedef struct
{
  guint8 id[MASTER_ID_SIZE];
  guint8 wrapped[XAES_KEY_SIZE + XAES_OVERHEAD];
} WrappedMaster;

/* While the root is being changed there are two masters: the new one comes first. */
typedef struct
{
  RootChoice choice;
  guint8 id[MASTER_ID_SIZE]; /* of the root key */
  guint8 salt[ROOT_SALT_SIZE];
  gint64 rounds; /* 0 but for a passphrase */
  guint8 check[ROOT_CHECK_SIZE];
  guint n_masters;
  WrappedMaster masters[2];
} RootFile;

RootFile *root_file_parse (const char *text, gsize length, GError **error);
void root_file_free (RootFile *self);
char *root_file_write (const RootFile *self, gsize *length);

/* A new root with a random id and salt; the check value and the masters come with root_file_wrap(). */
RootFile *root_file_new (const RootChoice *choice, GError **error);
KmsSecret *root_file_derive (const RootFile *self, KmsSecret *source, GError **error);
gboolean root_file_matches (const RootFile *self, KmsSecret *root_key);

typedef struct
{
  guint8 id[MASTER_ID_SIZE];
  KmsSecret *secret;
} MasterKey;

/* All masters of a keystore, opened. */
typedef struct
{
  guint n_masters;
  MasterKey masters[2];
} MasterKeys;

MasterKeys *master_keys_new_random (GError **error);
void master_keys_free (MasterKeys *self);
MasterKeys *master_keys_copy (const MasterKeys *self);
const MasterKey *master_keys_find (const MasterKeys *self, const guint8 *id);
gboolean root_file_wrap (RootFile *self, KmsSecret *root_key, const MasterKeys *masters, GError **error);
MasterKeys *root_file_unwrap (const RootFile *self, KmsSecret *root_key, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RootFile, root_file_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MasterKeys, master_keys_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RootChoice, root_choice_clear)

G_END_DECLS
