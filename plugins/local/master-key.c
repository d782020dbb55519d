/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a passphrase, a file or a credential to the root key, and from the root key to the master keys. */
#include "master-key.h"
#include "secret-room.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#define ROOT_INFO "libkms local root"
#define CHECK_LABEL "libkms local root check"
#define MASTER_LABEL "libkms local master"

static gboolean
crypto_fail (const char *what, int code, GError **error)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "GnuTLS failed in %s: %s", what, gnutls_strerror (code));
  return FALSE;
}

static KmsSecret *
derive_from_passphrase (const RootFile *self, const gnutls_datum_t *source, GError **error)
{
  gnutls_datum_t salt = { (guint8 *) self->salt, sizeof self->salt };
  guint8 *out;
  g_autoptr (KmsSecret) key = secret_room_reserve (XAES_KEY_SIZE, &out, error);
  int code;

  if (key == NULL)
    return NULL;
  code = gnutls_pbkdf2 (GNUTLS_MAC_SHA256, source, &salt, (unsigned int) self->rounds, out, XAES_KEY_SIZE);
  kms_secret_commit (key, XAES_KEY_SIZE);
  if (code >= 0)
    return g_steal_pointer (&key);
  crypto_fail ("gnutls_pbkdf2", code, error);
  return NULL;
}

/* Files and credentials are long and random already, so a fast derivation is enough (RFC 5869). */
static KmsSecret *
derive_from_random (const RootFile *self, const gnutls_datum_t *source, GError **error)
{
  gnutls_datum_t salt = { (guint8 *) self->salt, sizeof self->salt };
  gnutls_datum_t info = { (guint8 *) ROOT_INFO, strlen (ROOT_INFO) };
  guint8 *prk, *out;
  g_autoptr (KmsSecret) extracted = secret_room_reserve (32, &prk, error);
  g_autoptr (KmsSecret) key = extracted != NULL ? secret_room_reserve (XAES_KEY_SIZE, &out, error) : NULL;
  gnutls_datum_t prk_datum;
  int code;

  if (key == NULL)
    return NULL;
  prk_datum = (gnutls_datum_t){ prk, 32 };
  code = gnutls_hkdf_extract (GNUTLS_MAC_SHA256, source, &salt, prk);
  if (code >= 0)
    code = gnutls_hkdf_expand (GNUTLS_MAC_SHA256, &prk_datum, &info, out, XAES_KEY_SIZE);
  kms_secret_commit (extracted, 32);
  kms_secret_commit (key, XAES_KEY_SIZE);
  if (code >= 0)
    return g_steal_pointer (&key);
  crypto_fail ("HKDF", code, error);
  return NULL;
}

KmsSecret *
root_file_derive (const RootFile *self, KmsSecret *source, GError **error)
{
  gsize length;
  const guint8 *data = kms_secret_get_data (source, &length);
  gnutls_datum_t datum = { (guint8 *) data, (unsigned int) length };

  if (self->choice.kind == ROOT_KIND_PASSPHRASE)
    return derive_from_passphrase (self, &datum, error);
  return derive_from_random (self, &datum, error);
}

static gboolean
compute_check (const RootFile *self, KmsSecret *root_key, guint8 *check)
{
  guint8 message[sizeof CHECK_LABEL + MASTER_ID_SIZE];
  guint8 mac[32];
  const guint8 *key = kms_secret_get_data (root_key, NULL);

  memcpy (message, CHECK_LABEL, sizeof CHECK_LABEL);
  memcpy (message + sizeof CHECK_LABEL, self->id, MASTER_ID_SIZE);
  if (key == NULL || gnutls_hmac_fast (GNUTLS_MAC_SHA256, key, XAES_KEY_SIZE, message, sizeof message, mac) < 0)
    return FALSE;
  memcpy (check, mac, ROOT_CHECK_SIZE);
  return TRUE;
}

gboolean
root_file_matches (const RootFile *self, KmsSecret *root_key)
{
  guint8 check[ROOT_CHECK_SIZE];

  return compute_check (self, root_key, check) && gnutls_memcmp (check, self->check, sizeof check) == 0;
}

MasterKeys *
master_keys_new_random (GError **error)
{
  g_autoptr (MasterKeys) self = g_new0 (MasterKeys, 1);
  int code = gnutls_rnd (GNUTLS_RND_RANDOM, self->masters[0].id, MASTER_ID_SIZE);

  if (code < 0)
    {
      crypto_fail ("gnutls_rnd", code, error);
      return NULL;
    }
  self->masters[0].secret = kms_secret_new_random (XAES_KEY_SIZE, error);
  if (self->masters[0].secret == NULL)
    return NULL;
  self->n_masters = 1;
  return g_steal_pointer (&self);
}

void
master_keys_free (MasterKeys *self)
{
  for (guint i = 0; i < self->n_masters; i++)
    kms_secret_unref (self->masters[i].secret);
  g_free (self);
}

MasterKeys *
master_keys_copy (const MasterKeys *self)
{
  MasterKeys *copy = g_memdup2 (self, sizeof *self);

  for (guint i = 0; i < copy->n_masters; i++)
    kms_secret_ref (copy->masters[i].secret);
  return copy;
}

const MasterKey *
master_keys_find (const MasterKeys *self, const guint8 *id)
{
  for (guint i = 0; i < self->n_masters; i++)
    if (memcmp (self->masters[i].id, id, MASTER_ID_SIZE) == 0)
      return &self->masters[i];
  return NULL;
}

/* Binds a wrapped master to its id, its root, and how that root is derived. */
static GByteArray *
make_aad (const RootFile *self, const guint8 *master_id)
{
  g_autofree char *choice = root_choice_to_string (&self->choice);
  GByteArray *aad = g_byte_array_new ();
  gint64 rounds = GINT64_TO_BE (self->rounds);

  g_byte_array_append (aad, (const guint8 *) MASTER_LABEL, sizeof MASTER_LABEL);
  g_byte_array_append (aad, self->id, sizeof self->id);
  g_byte_array_append (aad, master_id, MASTER_ID_SIZE);
  g_byte_array_append (aad, self->salt, sizeof self->salt);
  g_byte_array_append (aad, (const guint8 *) &rounds, sizeof rounds);
  g_byte_array_append (aad, (const guint8 *) choice, (guint) strlen (choice));
  return aad;
}

static gboolean
root_key_init (XaesKey *key, KmsSecret *root_key, GError **error)
{
  const guint8 *data = kms_secret_get_data (root_key, NULL);

  if (data != NULL)
    return xaes_key_init (key, data, error);
  g_set_error (error, KMS_ERROR, KMS_ERROR_FORKED, "the root key did not survive a fork");
  return FALSE;
}

gboolean
root_file_wrap (RootFile *self, KmsSecret *root_key, const MasterKeys *masters, GError **error)
{
  g_auto (XaesKey) key = { 0 };

  if (!root_key_init (&key, root_key, error))
    return FALSE;
  if (!compute_check (self, root_key, self->check))
    return crypto_fail ("HMAC", GNUTLS_E_INTERNAL_ERROR, error);
  self->n_masters = masters->n_masters;
  for (guint i = 0; i < masters->n_masters; i++)
    {
      const MasterKey *master = &masters->masters[i];
      g_autoptr (GByteArray) aad = make_aad (self, master->id);

      memcpy (self->masters[i].id, master->id, MASTER_ID_SIZE);
      if (!xaes_seal_random (&key, aad->data, aad->len, kms_secret_get_data (master->secret, NULL), XAES_KEY_SIZE,
                             self->masters[i].wrapped, error))
        return FALSE;
    }
  return TRUE;
}

static KmsSecret *
unwrap_master (const RootFile *self, XaesKey *key, const WrappedMaster *master, GError **error)
{
  g_autoptr (GByteArray) aad = make_aad (self, master->id);
  guint8 *out;
  g_autoptr (KmsSecret) secret = secret_room_reserve (XAES_KEY_SIZE, &out, error);
  gboolean opened;

  if (secret == NULL)
    return NULL;
  opened = xaes_open (key, master->wrapped, aad->data, aad->len, master->wrapped + XAES_NONCE_SIZE,
                      sizeof master->wrapped - XAES_NONCE_SIZE, out, error);

  kms_secret_commit (secret, XAES_KEY_SIZE);
  if (opened)
    return g_steal_pointer (&secret);
  if (error != NULL && *error == NULL)
    g_set_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY,
                 "its master key is not authentic although the root key is right: somebody edited the file: restore "
                 "it from a backup");
  return NULL;
}

MasterKeys *
root_file_unwrap (const RootFile *self, KmsSecret *root_key, GError **error)
{
  g_autoptr (MasterKeys) masters = g_new0 (MasterKeys, 1);
  g_auto (XaesKey) key = { 0 };

  if (!root_key_init (&key, root_key, error))
    return NULL;
  for (guint i = 0; i < self->n_masters; i++)
    {
      MasterKey *master = &masters->masters[i];

      memcpy (master->id, self->masters[i].id, MASTER_ID_SIZE);
      master->secret = unwrap_master (self, &key, &self->masters[i], error);
      if (master->secret == NULL)
        return NULL;
      masters->n_masters++;
    }
  return g_steal_pointer (&masters);
}
