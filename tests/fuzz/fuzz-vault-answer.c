/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers of Vault and OpenBao: results, keys, errors, and what is said of them. The first byte is how many results there
 * is room for. */
#include "fuzz.h"

#include <vault-answer.h>
#include <vault-errors.h>
#include <vault-key-info.h>
#include <vault-values.h>

#define MAX_ROOM 16

static KmsHttpBuffer *
copy (const guint8 *data, gsize size, guint8 **body)
{
  KmsHttpBuffer *buffer = kms_http_buffer_new ();
  gsize length;

  kms_http_buffer_append (buffer, data, size);
  *body = kms_http_buffer_get_data (buffer, &length);
  return buffer;
}

static void
check_errors (const VaultEnvelope *envelope, guint status)
{
  VaultScene scene = { .path = "p", .doing = VAULT_DOING_DECRYPT, .may_renew = TRUE, .show_words = TRUE };
  g_autoptr (GError) error = NULL;
  KmsHttpVerdict verdict = vault_errors_judge_answer (status, envelope, &scene, &error);

  FUZZ_CHECK (verdict != KMS_HTTP_DONE && verdict != KMS_HTTP_AGAIN && error != NULL);
  for (const char *c = error->message; *c != '\0'; c++)
    FUZZ_CHECK (g_ascii_isprint (*c));
}

static void
check_results (const guint8 *data, gsize size, guint n_room)
{
  guint8 *body;
  g_autoptr (KmsHttpBuffer) buffer = copy (data, size, &body);
  VaultResult results[MAX_ROOM];
  VaultAnswer answer;
  guint64 version;

  vault_answer_parse (&answer, body, size, results, n_room);
  FUZZ_CHECK (answer.envelope.n_errors <= VAULT_MAX_ERRORS);
  if (answer.envelope.is_json)
    for (guint i = 0; i < MIN (answer.n_results, n_room); i++)
      {
        FUZZ_CHECK (results[i].ciphertext == NULL || strlen (results[i].ciphertext) == results[i].ciphertext_length);
        FUZZ_CHECK (results[i].plaintext == NULL || strlen (results[i].plaintext) == results[i].plaintext_length);
        if (results[i].ciphertext != NULL)
          vault_ciphertext_parse (results[i].ciphertext, results[i].ciphertext_length, &version);
      }
  check_errors (&answer.envelope, 400);
  check_errors (&answer.envelope, 200);
}

static void
check_key (const guint8 *data, gsize size)
{
  guint8 *body;
  g_autoptr (KmsHttpBuffer) buffer = copy (data, size, &body);
  g_autoptr (VaultKeyInfo) key = vault_key_info_new ();
  VaultSection section = { "data", vault_key_info_read_member, key };
  VaultEnvelope envelope;

  vault_envelope_parse (&envelope, body, size, &section, 1);
  vault_key_info_complete (key);
  for (guint i = 1; i < key->versions->len; i++)
    FUZZ_CHECK (g_array_index (key->versions, VaultKeyVersion, i - 1).number
                <= g_array_index (key->versions, VaultKeyVersion, i).number);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  if (size == 0)
    return 0;
  check_results (data + 1, size - 1, data[0] % (MAX_ROOM + 1));
  check_key (data + 1, size - 1);
  return 0;
}
