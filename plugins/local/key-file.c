/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads and writes key files: all versions of a key, each wrapped under the master key, and a seal over the whole text
 * so that nobody without the root can change a word of it. */
#include "key-file.h"
#include "secret-room.h"
#include "strict-text.h"

#include <string.h>

#define KIND "libkms-key"
#define FILE_LABEL "libkms local key file"
#define VERSION_LABEL "libkms local key version"
#define MAX_TIME G_GINT64_CONSTANT (253402300799) /* the end of the year 9999 */

#define VERSION_AAD_SIZE (sizeof VERSION_LABEL + LOCAL_KEY_UID_SIZE + 4)

static void
version_aad (const LocalKey *key, guint32 number, guint8 *aad)
{
  guint32 be = GUINT32_TO_BE (number);

  memcpy (aad, VERSION_LABEL, sizeof VERSION_LABEL);
  memcpy (aad + sizeof VERSION_LABEL, key->uid, LOCAL_KEY_UID_SIZE);
  memcpy (aad + sizeof VERSION_LABEL + LOCAL_KEY_UID_SIZE, &be, sizeof be);
}

/* "NUMBER CREATED BASE64" */
static gboolean
read_version (StrictText *text, guint32 after, WrappedVersion *version, GError **error)
{
  const char *value, *first, *second = NULL;
  gsize length;
  gint64 number;

  if (!strict_text_read (text, "version", &value, &length, error))
    return FALSE;
  first = memchr (value, ' ', length);
  if (first != NULL)
    second = memchr (first + 1, ' ', length - (gsize) (first + 1 - value));
  if (second == NULL
      || !strict_text_parse_number (value, (gsize) (first - value), (gint64) after + 1, G_MAXUINT32, &number)
      || !strict_text_parse_number (first + 1, (gsize) (second - first - 1), 0, MAX_TIME, &version->created)
      || !strict_text_parse_base64 (second + 1, length - (gsize) (second + 1 - value), version->wrapped,
                                    sizeof version->wrapped))
    return strict_text_fail ("version", error);
  version->number = (guint32) number;
  return TRUE;
}

static gboolean
read_state (KeyFile *self, StrictText *text, GError **error)
{
  g_autofree char *state = strict_text_dup (text, "state", 16, error);

  if (state == NULL)
    return FALSE;
  self->key->disabled = g_str_equal (state, "disabled");
  return self->key->disabled || g_str_equal (state, "enabled") || strict_text_fail ("state", error);
}

static gboolean
read_fields (KeyFile *self, StrictText *text, GError **error)
{
  g_autofree char *name = strict_text_dup (text, "name", LOCAL_KEY_MAX_NAME, error);

  if (name == NULL || !local_key_check_name (name, error))
    return FALSE;
  self->key = local_key_new (name);
  if (!strict_text_read_hex (text, "uid", self->key->uid, LOCAL_KEY_UID_SIZE, error)
      || !strict_text_read_hex (text, "master", self->master_id, MASTER_ID_SIZE, error)
      || !read_state (self, text, error)
      || !strict_text_read_number (text, "created", 0, MAX_TIME, &self->key->created, error)
      || !strict_text_read_number (text, "deletion", 0, MAX_TIME, &self->key->deletion, error))
    return FALSE;
  g_free (self->key->description);
  self->key->description = strict_text_dup (text, "description", LOCAL_KEY_MAX_DESCRIPTION, error);
  return self->key->description != NULL;
}

static gboolean
read_versions (KeyFile *self, StrictText *text, GError **error)
{
  guint32 last = 0;

  do
    {
      WrappedVersion version;

      if (self->versions->len >= LOCAL_KEY_MAX_VERSIONS)
        return strict_text_fail ("version", error);
      if (!read_version (text, last, &version, error))
        return FALSE;
      g_array_append_val (self->versions, version);
      last = version.number;
    }
  while (strict_text_next_is (text, "version"));
  self->mac_offset = (gsize) (text->at - text->text);
  return strict_text_read_base64 (text, "seal", self->mac, sizeof self->mac, error) && strict_text_end (text, error);
}

KeyFile *
key_file_parse (const char *text, gsize length, GError **error)
{
  g_autoptr (KeyFile) self = NULL;
  StrictText reader;

  if (length > KEY_FILE_MAX_SIZE)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE, "it is larger than a key file can be (%d bytes)",
                   KEY_FILE_MAX_SIZE);
      return NULL;
    }
  if (!strict_text_begin (&reader, KIND, text, length, error))
    return NULL;
  self = g_new0 (KeyFile, 1);
  self->versions = g_array_new (FALSE, TRUE, sizeof (WrappedVersion));
  self->text = g_memdup2 (text, length);
  if (!read_fields (self, &reader, error) || !read_versions (self, &reader, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
key_file_free (KeyFile *self)
{
  g_clear_pointer (&self->key, local_key_unref);
  g_clear_pointer (&self->versions, g_array_unref);
  g_free (self->text);
  g_free (self);
}

static gboolean
master_init (XaesKey *key, const MasterKey *master, GError **error)
{
  const guint8 *data = kms_secret_get_data (master->secret, NULL);

  if (data != NULL)
    return xaes_key_init (key, data, error);
  g_set_error (error, KMS_ERROR, KMS_ERROR_FORKED, "the keystore's master key did not survive a fork");
  return FALSE;
}

static GByteArray *
file_aad (const char *text, gsize length)
{
  GByteArray *aad = g_byte_array_sized_new ((guint) (sizeof FILE_LABEL + length));

  g_byte_array_append (aad, (const guint8 *) FILE_LABEL, sizeof FILE_LABEL);
  g_byte_array_append (aad, (const guint8 *) text, (guint) length);
  return aad;
}

static gboolean
not_authentic (GError **error)
{
  if (error != NULL && *error == NULL)
    g_set_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY,
                 "it was not written by this keystore, or somebody edited it: restore the file from a backup");
  return FALSE;
}

static gboolean
open_version (LocalKey *key, XaesKey *master, const WrappedVersion *version, GError **error)
{
  guint8 aad[VERSION_AAD_SIZE];
  guint8 *out;
  g_autoptr (KmsSecret) secret = secret_room_reserve (LOCAL_KEY_SIZE, &out, error);
  gboolean opened;

  if (secret == NULL)
    return FALSE;
  version_aad (key, version->number, aad);
  opened = xaes_open (master, version->wrapped, aad, sizeof aad, version->wrapped + XAES_NONCE_SIZE,
                      sizeof version->wrapped - XAES_NONCE_SIZE, out, error);
  kms_secret_commit (secret, LOCAL_KEY_SIZE);
  if (!opened)
    return not_authentic (error);
  local_key_take_version (key, version->number, version->created, g_steal_pointer (&secret));
  return TRUE;
}

LocalKey *
key_file_open (const KeyFile *self, const MasterKey *master, GError **error)
{
  g_autoptr (LocalKey) key = local_key_copy (self->key);
  g_autoptr (GByteArray) aad = file_aad (self->text, self->mac_offset);
  g_auto (XaesKey) xaes = { 0 };
  guint8 nothing[1];

  if (!master_init (&xaes, master, error))
    return NULL;
  if (!xaes_open (&xaes, self->mac, aad->data, aad->len, self->mac + XAES_NONCE_SIZE, XAES_TAG_SIZE, nothing, error))
    {
      not_authentic (error);
      return NULL;
    }
  for (guint i = 0; i < self->versions->len; i++)
    if (!open_version (key, &xaes, &g_array_index (self->versions, WrappedVersion, i), error))
      return NULL;
  return g_steal_pointer (&key);
}

static gboolean
write_version (GString *text, const LocalKey *key, const LocalKeyVersion *version, XaesKey *master, GError **error)
{
  guint8 aad[VERSION_AAD_SIZE];
  guint8 wrapped[LOCAL_KEY_SIZE + XAES_OVERHEAD];
  const guint8 *data = kms_secret_get_data (version->secret, NULL);
  g_autofree char *base64 = NULL;

  if (data == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_FORKED, "the key \"%s\" did not survive a fork", key->name);
      return FALSE;
    }
  version_aad (key, version->number, aad);
  if (!xaes_seal_random (master, aad, sizeof aad, data, LOCAL_KEY_SIZE, wrapped, error))
    return FALSE;
  base64 = kms_base64_encode (wrapped, sizeof wrapped);
  strict_text_add (text, "version", "%" G_GUINT32_FORMAT " %" G_GINT64_FORMAT " %s", version->number, version->created,
                   base64);
  return TRUE;
}

static gboolean
write_seal (GString *text, XaesKey *master, GError **error)
{
  g_autoptr (GByteArray) aad = file_aad (text->str, text->len);
  guint8 mac[XAES_OVERHEAD];

  if (!xaes_seal_random (master, aad->data, aad->len, (const guint8 *) "", 0, mac, error))
    return FALSE;
  strict_text_add_base64 (text, "seal", mac, sizeof mac);
  return TRUE;
}

char *
key_file_write (const LocalKey *key, const MasterKey *master, gsize *length, GError **error)
{
  g_autoptr (GString) text = strict_text_new (KIND);
  g_auto (XaesKey) xaes = { 0 };

  if (!master_init (&xaes, master, error))
    return NULL;
  strict_text_add (text, "name", "%s", key->name);
  strict_text_add_hex (text, "uid", key->uid, sizeof key->uid);
  strict_text_add_hex (text, "master", master->id, sizeof master->id);
  strict_text_add (text, "state", key->disabled ? "disabled" : "enabled");
  strict_text_add (text, "created", "%" G_GINT64_FORMAT, key->created);
  strict_text_add (text, "deletion", "%" G_GINT64_FORMAT, key->deletion);
  strict_text_add (text, "description", "%s", key->description);
  for (guint i = 0; i < key->versions->len; i++)
    if (!write_version (text, key, &g_array_index (key->versions, LocalKeyVersion, i), &xaes, error))
      return NULL;
  if (!write_seal (text, &xaes, error))
    return NULL;
  strict_text_add_sum (text);
  *length = text->len;
  return g_string_free (g_steal_pointer (&text), FALSE);
}
