/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The transit keys of the Vault double. */
#pragma once

#include <gnutls/abstract.h>
#include <json-glib/json-glib.h>

#include "vault-double-state.h"

G_BEGIN_DECLS

#define DOUBLE_KEY_BYTES 32

typedef struct
{
  const char *name;
  /* For AEADs. */
  gnutls_cipher_algorithm_t cipher;
  guint key_bytes;
  const char *failure;
  /* For RSA. */
  guint modulus_bits;
  gboolean can_sign;
} DoubleKeyType;

typedef struct
{
  guint8 material[DOUBLE_KEY_BYTES];
  gnutls_privkey_t private_key;
  gint64 created;
} DoubleKeyVersion;

typedef struct
{
  char *name;
  const DoubleKeyType *type;
  gboolean derived;
  gboolean convergent;
  gboolean deletion_allowed;
  gboolean exportable;
  gboolean plaintext_backup;
  gboolean soft_deleted;
  gint64 auto_rotate_period;
  guint min_decryption_version;
  guint min_encryption_version;
  guint min_available_version;
  GPtrArray *versions; /* DoubleKeyVersion, the first is version 1 */
} DoubleKey;

/* NULL if there is none of this name. */
const DoubleKeyType *double_key_type_find (const char *name);
gboolean double_key_type_is_aead (const DoubleKeyType *type);
gboolean double_key_type_can_encrypt (const DoubleKeyType *type);

/* The key belongs to the double. */
DoubleKey *double_key_add (VaultDouble *vault, const char *mount, const char *name, const DoubleKeyType *type);
void double_key_free (DoubleKey *self);
/* NULL without one. */
DoubleKey *double_key_find (VaultDouble *vault, const char *mount, const char *name);
void double_key_remove (VaultDouble *vault, const char *mount, const char *name);
void double_key_rotate (VaultDouble *vault, DoubleKey *self);
/* The names of a mount's keys in order; free with g_list_free(). */
GList *double_key_list (VaultDouble *vault, const char *mount);
/* What reading it answers. */
JsonObject *double_key_describe (const DoubleKey *self);

G_END_DECLS
