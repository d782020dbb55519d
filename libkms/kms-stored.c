/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes stored strings apart, as the Ruby gem kms_encrypted does (its lib/kms_encrypted/box.rb). Every quirk here is
 * a string that somebody's database holds. */
#include "kms-stored-private.h"

#include "kms-base64.h"
#include "kms-error.h"

static gboolean
has_prefix (const char *text, gsize length, const char *prefix)
{
  gsize prefix_length = strlen (prefix);
  return length >= prefix_length && memcmp (text, prefix, prefix_length) == 0;
}

/* \Av(\d+): with ASCII digits and nothing in front. */
static gboolean
parse_version (const char *text, gsize length, KmsStored *stored)
{
  gsize end = 1;

  if (length < 3 || text[0] != 'v')
    return FALSE;
  while (end < length && g_ascii_isdigit (text[end]))
    end++;
  if (end == 1 || end == length || text[end] != ':')
    return FALSE;

  gsize start = 1;
  while (start + 1 < end && text[start] == '0')
    start++;
  stored->format = KMS_STORED_FORMAT_VERSIONED;
  stored->version = text + start;
  stored->version_length = end - start;
  stored->is_damaged = start > 1;
  stored->payload = text + end + 1;
  stored->payload_length = length - end - 1;
  return TRUE;
}

/* "$gc$", the shortened key id, "$", the ciphertext: both with line breaks. What has no second "$" has no key id: it
 * must not go to whoever version 1 belongs to. */
static gboolean
parse_google (const char *text, gsize length, KmsStored *stored)
{
  if (!has_prefix (text, length, "$gc$"))
    return FALSE;
  const char *start = text + 4;
  const char *end = memchr (start, '$', length - 4);
  stored->format = KMS_STORED_FORMAT_LEGACY_GOOGLE;
  stored->short_key_id = start;
  stored->short_key_id_length = end == NULL ? 0 : (gsize) (end - start);
  stored->payload = end == NULL ? text + length : end + 1;
  stored->payload_length = (gsize) (text + length - stored->payload);
  return TRUE;
}

gboolean
_kms_stored_parse (const char *text, gsize length, KmsStored *stored, GError **error)
{
  if (length > KMS_STORED_MAX_LENGTH)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE,
                   "a stored string of %" G_GSIZE_FORMAT " bytes is larger than the limit of %d bytes", length,
                   KMS_STORED_MAX_LENGTH);
      return FALSE;
    }
  memset (stored, 0, sizeof *stored);
  if (parse_version (text, length, stored) || parse_google (text, length, stored))
    return TRUE;

  /* No version: written before there were any, and version 1 from then on. */
  stored->version = "1";
  stored->version_length = 1;
  stored->payload = text;
  stored->payload_length = length;
  if (has_prefix (text, length, "vault:"))
    stored->format = KMS_STORED_FORMAT_LEGACY_VAULT;
  else if (has_prefix (text, length, "insecure-data-key-"))
    stored->format = KMS_STORED_FORMAT_LEGACY_TEST;
  else
    stored->format = KMS_STORED_FORMAT_LEGACY;
  return TRUE;
}

static gboolean
is_bare (const KmsStored *stored)
{
  return stored->format == KMS_STORED_FORMAT_LEGACY_VAULT || stored->format == KMS_STORED_FORMAT_LEGACY_TEST;
}

gsize
_kms_stored_max_bytes (const KmsStored *stored)
{
  return is_bare (stored) ? stored->payload_length : kms_base64_decoded_max (stored->payload_length);
}

gsize
_kms_stored_decode (const KmsStored *stored, guint8 *out)
{
  if (!is_bare (stored))
    return kms_base64_decode_lenient_to (stored->payload, stored->payload_length, out);
  memcpy (out, stored->payload, stored->payload_length);
  return stored->payload_length;
}

char *
_kms_stored_dup_google_key_id (const KmsStored *stored)
{
  g_autoptr (GBytes) bytes = kms_base64_decode_lenient (stored->short_key_id, (gssize) stored->short_key_id_length);
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);
  g_autofree char *short_id = g_strndup (data, length);

  if (strlen (short_id) != length || !g_utf8_validate (short_id, (gssize) length, NULL))
    return NULL;
  /* project/location/ring/key/version */
  g_auto (GStrv) parts = g_strsplit (short_id, "/", -1);
  if (g_strv_length (parts) < 4)
    return NULL;
  for (guint i = 0; i < 4; i++)
    if (parts[i][0] == '\0')
      return NULL;
  return g_strdup_printf ("projects/%s/locations/%s/keyRings/%s/cryptoKeys/%s", parts[0], parts[1], parts[2], parts[3]);
}
