/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results, of a batch or of the single form, and what ciphertexts look like. */
#include "vault-answer.h"

#include <string.h>

#define PREFIX "vault:v"
#define MAX_VERSION_DIGITS 18

typedef struct
{
  VaultResult *results;
  guint n_room;
  guint n_results;
  gboolean has_batch;
  VaultResult single;
} Reading;

static void
result_init (VaultResult *result)
{
  *result = (VaultResult){ .key_version = -1 };
}

static void
read_result_member (KmsHttpJson *json, const char *name, VaultResult *result)
{
  if (strcmp (name, "ciphertext") == 0)
    vault_json_read_text (json, &result->ciphertext, &result->ciphertext_length);
  else if (strcmp (name, "plaintext") == 0)
    vault_json_read_text (json, &result->plaintext, &result->plaintext_length);
  else if (strcmp (name, "error") == 0)
    vault_json_read_text (json, &result->error, NULL);
  else if (strcmp (name, "key_version") == 0)
    vault_json_read_integer (json, &result->key_version);
  else
    kms_http_json_skip (json);
}

static void
read_batch (KmsHttpJson *json, Reading *self)
{
  VaultResult beyond;
  const char *name;

  if (kms_http_json_peek (json) == KMS_HTTP_JSON_NULL)
    {
      kms_http_json_read_null (json);
      return;
    }
  self->has_batch = TRUE;
  self->n_results = 0;
  kms_http_json_enter_array (json);
  while (kms_http_json_next_element (json))
    {
      VaultResult *result = self->n_results < self->n_room ? &self->results[self->n_results] : &beyond;
      result_init (result);
      kms_http_json_enter_object (json);
      while (kms_http_json_next_member (json, &name))
        read_result_member (json, name, result);
      /* Where an item failed, its "plaintext" may be there, and empty. */
      if (result->error != NULL && result->error[0] == '\0')
        result->error = NULL;
      self->n_results++;
    }
}

static void
read_data_member (KmsHttpJson *json, const char *name, gpointer data)
{
  Reading *self = data;

  if (strcmp (name, "batch_results") == 0)
    read_batch (json, self);
  else
    read_result_member (json, name, &self->single);
}

void
vault_answer_parse (VaultAnswer *self, guint8 *body, gsize length, VaultResult *results, guint n_room)
{
  Reading reading = { .results = results, .n_room = n_room };
  VaultSection section = { "data", read_data_member, &reading };

  result_init (&reading.single);
  vault_envelope_parse (&self->envelope, body, length, &section, 1);
  if (!reading.has_batch && n_room > 0 && (reading.single.ciphertext != NULL || reading.single.plaintext != NULL))
    {
      results[0] = reading.single;
      reading.n_results = 1;
    }
  self->n_results = reading.n_results;
}

/* In the one way that a server writes it: what decodes to the same bytes would be another text for the same value. */
static gboolean
is_canonical_base64 (const char *text, gsize length)
{
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  gsize padding = 0;

  if (length == 0 || length % 4 != 0)
    return FALSE;
  while (padding < 2 && text[length - 1 - padding] == '=')
    padding++;
  for (gsize i = 0; i < length - padding; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '+' && text[i] != '/')
      return FALSE;
  const char *last = strchr (alphabet, text[length - 1 - padding]);
  return padding == 0 || ((last - alphabet) & ((1 << 2 * padding) - 1)) == 0;
}

gboolean
vault_ciphertext_parse (const char *text, gsize length, guint64 *version)
{
  gsize at = strlen (PREFIX), digits;

  if (length <= at || memcmp (text, PREFIX, at) != 0 || text[at] == '0')
    return FALSE;
  *version = 0;
  for (digits = 0; at < length && g_ascii_isdigit (text[at]) && digits < MAX_VERSION_DIGITS; at++, digits++)
    *version = *version * 10 + (guint64) g_ascii_digit_value (text[at]);
  return digits > 0 && at < length && text[at] == ':' && is_canonical_base64 (text + at + 1, length - at - 1);
}
