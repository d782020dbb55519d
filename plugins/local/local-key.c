/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys with their versions in locked memory, and what may be a key's name. */
#include "local-key.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

static void
clear_version (gpointer data)
{
  LocalKeyVersion *version = data;

  g_clear_pointer (&version->secret, kms_secret_unref);
}

LocalKey *
local_key_new (const char *name)
{
  LocalKey *self = g_atomic_rc_box_new0 (LocalKey);

  self->name = g_strdup (name);
  self->description = g_strdup ("");
  self->versions = g_array_new (FALSE, TRUE, sizeof (LocalKeyVersion));
  g_array_set_clear_func (self->versions, clear_version);
  return self;
}

LocalKey *
local_key_new_random (const char *name, const char *description, GError **error)
{
  g_autoptr (LocalKey) self = local_key_new (name);
  int code = gnutls_rnd (GNUTLS_RND_RANDOM, self->uid, sizeof self->uid);

  if (code < 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "GnuTLS has no random numbers: %s", gnutls_strerror (code));
      return NULL;
    }
  g_free (self->description);
  self->description = g_strdup (description != NULL ? description : "");
  self->created = g_get_real_time () / G_USEC_PER_SEC;
  if (!local_key_add_random_version (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

LocalKey *
local_key_ref (LocalKey *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
local_key_clear (gpointer data)
{
  LocalKey *self = data;

  g_free (self->name);
  g_free (self->description);
  g_array_unref (self->versions);
}

void
local_key_unref (LocalKey *self)
{
  g_atomic_rc_box_release_full (self, local_key_clear);
}

LocalKey *
local_key_copy (LocalKey *self)
{
  LocalKey *copy = local_key_new (self->name);

  memcpy (copy->uid, self->uid, sizeof copy->uid);
  copy->disabled = self->disabled;
  copy->created = self->created;
  copy->deletion = self->deletion;
  g_free (copy->description);
  copy->description = g_strdup (self->description);
  for (guint i = 0; i < self->versions->len; i++)
    {
      const LocalKeyVersion *version = &g_array_index (self->versions, LocalKeyVersion, i);

      local_key_take_version (copy, version->number, version->created, kms_secret_ref (version->secret));
    }
  return copy;
}

void
local_key_take_version (LocalKey *self, guint32 number, gint64 created, KmsSecret *secret)
{
  LocalKeyVersion version = { .number = number, .created = created, .secret = secret };

  g_array_append_val (self->versions, version);
}

gboolean
local_key_add_random_version (LocalKey *self, GError **error)
{
  guint32 number = self->versions->len > 0 ? local_key_get_newest (self)->number + 1 : 1;
  KmsSecret *secret;

  if (self->versions->len >= LOCAL_KEY_MAX_VERSIONS)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE,
                   "the key \"%s\" has %d versions, which is the most: create a new key, and rewrap to it", self->name,
                   LOCAL_KEY_MAX_VERSIONS);
      return FALSE;
    }
  secret = kms_secret_new_random (LOCAL_KEY_SIZE, error);
  if (secret == NULL)
    return FALSE;
  local_key_take_version (self, number, g_get_real_time () / G_USEC_PER_SEC, secret);
  return TRUE;
}

const LocalKeyVersion *
local_key_get_newest (const LocalKey *self)
{
  return &g_array_index (self->versions, LocalKeyVersion, self->versions->len - 1);
}

const LocalKeyVersion *
local_key_find_version (const LocalKey *self, guint32 number)
{
  for (guint i = self->versions->len; i > 0; i--)
    {
      const LocalKeyVersion *version = &g_array_index (self->versions, LocalKeyVersion, i - 1);

      if (version->number == number)
        return version;
    }
  return NULL;
}

gboolean
local_key_is_expired (const LocalKey *self)
{
  return self->deletion != 0 && g_get_real_time () / G_USEC_PER_SEC >= self->deletion;
}

KmsKeyState
local_key_get_state (const LocalKey *self)
{
  if (self->deletion != 0)
    return KMS_KEY_STATE_PENDING_DELETION;
  return self->disabled ? KMS_KEY_STATE_DISABLED : KMS_KEY_STATE_ENABLED;
}

KmsKey *
local_key_describe (const LocalKey *self)
{
  KmsKey *key = kms_key_new (self->name, local_key_get_state (self));
  g_autoptr (GString) uid = g_string_new (NULL);
  GVariantDict details;

  for (guint i = 0; i < sizeof self->uid; i++)
    g_string_append_printf (uid, "%02x", self->uid[i]);
  g_variant_dict_init (&details, NULL);
  g_variant_dict_insert (&details, "key-uid", "s", uid->str);

  if (*self->description != '\0')
    kms_key_set_description (key, self->description);
  kms_key_set_times (key, self->created, self->deletion != 0 ? self->deletion : -1);
  kms_key_set_binding (key, KMS_BINDING_VERIFIED);
  kms_key_set_details (key, g_variant_dict_end (&details));
  for (guint i = 0; i < self->versions->len; i++)
    {
      const LocalKeyVersion *version = &g_array_index (self->versions, LocalKeyVersion, i);
      char number[16];

      g_snprintf (number, sizeof number, "%" G_GUINT32_FORMAT, version->number);
      kms_key_add_version (key, number, local_key_get_state (self), version->created);
    }
  return key;
}

gboolean
local_key_check_name (const char *name, GError **error)
{
  g_autofree char *shown = NULL;
  gsize length = strlen (name);
  gboolean valid = length > 0 && length <= LOCAL_KEY_MAX_NAME && g_ascii_isalnum (name[0]);

  for (gsize i = 0; valid && i < length; i++)
    valid = g_ascii_isalnum (name[i]) || strchr ("._-", name[i]) != NULL;
  if (valid)
    return TRUE;

  shown = g_strescape (name, NULL);
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
               "\"%.160s\" can't be the name of a local key: letters, digits, \".\", \"_\" and \"-\", the first a "
               "letter or digit, at most %d of them",
               shown, LOCAL_KEY_MAX_NAME);
  return FALSE;
}

gboolean
local_key_check_description (const char *description, GError **error)
{
  gboolean valid = strlen (description) <= LOCAL_KEY_MAX_DESCRIPTION && g_utf8_validate (description, -1, NULL);

  for (const char *p = description; valid && *p != '\0'; p = g_utf8_next_char (p))
    valid = !g_unichar_iscntrl (g_utf8_get_char (p));
  if (!valid)
    g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                 "a key's description is one line of UTF-8, at most %d bytes", LOCAL_KEY_MAX_DESCRIPTION);
  return valid;
}
