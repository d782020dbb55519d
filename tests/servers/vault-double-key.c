/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The transit keys of the Vault double: their types, their versions, and how they are described. */
#include "vault-double-key.h"

#include <gnutls/crypto.h>
#include <string.h>

#include "vault-double-token.h"

static const DoubleKeyType types[] = {
  { .name = "aes256-gcm96",
    .cipher = GNUTLS_CIPHER_AES_256_GCM,
    .key_bytes = 32,
    .failure = "cipher: message authentication failed" },
  { .name = "aes128-gcm96",
    .cipher = GNUTLS_CIPHER_AES_128_GCM,
    .key_bytes = 16,
    .failure = "cipher: message authentication failed" },
  { .name = "chacha20-poly1305",
    .cipher = GNUTLS_CIPHER_CHACHA20_POLY1305,
    .key_bytes = 32,
    .failure = "chacha20poly1305: message authentication failed" },
  { .name = "rsa-2048", .modulus_bits = 2048, .can_sign = TRUE },
  { .name = "rsa-3072", .modulus_bits = 3072, .can_sign = TRUE },
  { .name = "rsa-4096", .modulus_bits = 4096, .can_sign = TRUE },
  { .name = "ed25519", .can_sign = TRUE },
};

const DoubleKeyType *
double_key_type_find (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      if (g_str_equal (types[i].name, name))
        return &types[i];
    }
  return NULL;
}

gboolean
double_key_type_is_aead (const DoubleKeyType *type)
{
  return type->key_bytes > 0;
}

gboolean
double_key_type_can_encrypt (const DoubleKeyType *type)
{
  return type->key_bytes > 0 || type->modulus_bits > 0;
}

static void
version_free (gpointer data)
{
  DoubleKeyVersion *version = data;

  if (version->private_key != NULL)
    gnutls_privkey_deinit (version->private_key);
  gnutls_memset (version->material, 0, sizeof version->material);
  g_free (version);
}

static char *
get_path (const char *mount, const char *name)
{
  return g_strconcat (mount, "/", name, NULL);
}

DoubleKey *
double_key_add (VaultDouble *vault, const char *mount, const char *name, const DoubleKeyType *type)
{
  DoubleKey *self = g_new0 (DoubleKey, 1);

  self->name = g_strdup (name);
  self->type = type;
  self->min_decryption_version = 1;
  self->versions = g_ptr_array_new_with_free_func (version_free);
  double_key_rotate (vault, self);
  g_hash_table_replace (vault->keys, get_path (mount, name), self);
  return self;
}

void
double_key_free (DoubleKey *self)
{
  g_free (self->name);
  g_ptr_array_unref (self->versions);
  g_free (self);
}

DoubleKey *
double_key_find (VaultDouble *vault, const char *mount, const char *name)
{
  g_autofree char *path = get_path (mount, name);

  return g_hash_table_lookup (vault->keys, path);
}

void
double_key_remove (VaultDouble *vault, const char *mount, const char *name)
{
  g_autofree char *path = get_path (mount, name);

  g_hash_table_remove (vault->keys, path);
}

void
double_key_rotate (VaultDouble *vault, DoubleKey *self)
{
  DoubleKeyVersion *version = g_new0 (DoubleKeyVersion, 1);
  guint bits = self->type->modulus_bits;

  version->created = vault->now;
  g_assert_cmpint (gnutls_rnd (GNUTLS_RND_KEY, version->material, sizeof version->material), ==, 0);
  if (bits > 0)
    {
      g_assert_cmpint (gnutls_privkey_init (&version->private_key), ==, 0);
      g_assert_cmpint (gnutls_privkey_generate (version->private_key, GNUTLS_PK_RSA, bits, 0), ==, 0);
    }
  g_ptr_array_add (self->versions, version);
}

GList *
double_key_list (VaultDouble *vault, const char *mount)
{
  GHashTableIter iter;
  gpointer path, key;
  GList *names = NULL;

  g_hash_table_iter_init (&iter, vault->keys);
  while (g_hash_table_iter_next (&iter, &path, &key))
    {
      g_autofree char *wanted = get_path (mount, ((DoubleKey *) key)->name);
      if (g_str_equal (path, wanted))
        names = g_list_prepend (names, ((DoubleKey *) key)->name);
    }
  return g_list_sort (names, (GCompareFunc) strcmp);
}

/* Of versions with a public half there is more to tell than when they were made. */
static void
describe_version (const DoubleKey *self, guint number, JsonObject *versions)
{
  const DoubleKeyVersion *version = self->versions->pdata[number - 1];
  g_autofree char *name = g_strdup_printf ("%u", number);

  if (double_key_type_is_aead (self->type))
    {
      json_object_set_int_member (versions, name, version->created);
      return;
    }
  JsonObject *details = json_object_new ();
  g_autofree char *created = double_time_format (version->created);
  json_object_set_string_member (details, "creation_time", created);
  json_object_set_string_member (details, "name", self->type->name);
  json_object_set_string_member (details, "public_key", "");
  json_object_set_object_member (versions, name, details);
}

static JsonObject *
describe_versions (const DoubleKey *self)
{
  JsonObject *versions = json_object_new ();

  for (guint number = MAX (self->min_decryption_version, 1); number <= self->versions->len; number++)
    describe_version (self, number, versions);
  return versions;
}

JsonObject *
double_key_describe (const DoubleKey *self)
{
  JsonObject *data = json_object_new ();
  gboolean encrypts = double_key_type_can_encrypt (self->type);

  json_object_set_boolean_member (data, "allow_plaintext_backup", self->plaintext_backup);
  json_object_set_int_member (data, "auto_rotate_period", self->auto_rotate_period);
  if (self->derived)
    {
      json_object_set_boolean_member (data, "convergent_encryption", self->convergent);
      if (self->convergent)
        json_object_set_int_member (data, "convergent_encryption_version", -1);
      json_object_set_string_member (data, "kdf", "hkdf_sha256");
    }
  json_object_set_boolean_member (data, "deletion_allowed", self->deletion_allowed);
  json_object_set_boolean_member (data, "derived", self->derived);
  json_object_set_boolean_member (data, "exportable", self->exportable);
  json_object_set_boolean_member (data, "imported_key", FALSE);
  json_object_set_object_member (data, "keys", describe_versions (self));
  json_object_set_int_member (data, "latest_version", self->versions->len);
  json_object_set_int_member (data, "min_available_version", self->min_available_version);
  json_object_set_int_member (data, "min_decryption_version", self->min_decryption_version);
  json_object_set_int_member (data, "min_encryption_version", self->min_encryption_version);
  json_object_set_string_member (data, "name", self->name);
  json_object_set_boolean_member (data, "soft_deleted", self->soft_deleted);
  json_object_set_boolean_member (data, "supports_decryption", encrypts);
  json_object_set_boolean_member (data, "supports_derivation", self->type->modulus_bits == 0);
  json_object_set_boolean_member (data, "supports_encryption", encrypts);
  json_object_set_boolean_member (data, "supports_signing", self->type->can_sign);
  json_object_set_string_member (data, "type", self->type->name);
  return data;
}
