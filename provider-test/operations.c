/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Encrypts, decrypts, and judges what came of it. */
#include "operations.h"

#include <string.h>

#include "verdict.h"

KmsSecret *
make_secret (gsize length)
{
  g_autoptr (GError) error = NULL;
  KmsSecret *secret = kms_secret_new_random (length, &error);

  if (secret == NULL)
    g_error ("no random bytes: %s", error->message);
  return secret;
}

KmsContext *
make_context (const char *name, guint value)
{
  g_autofree char *text = g_strdup_printf ("%u", value);
  return kms_context_new (name, text, NULL);
}

GBytes *
encrypt_value (KmsProvider *provider, const char *key_id, KmsSecret *plaintext, KmsContext *context, const char *what)
{
  g_autoptr (GError) error = NULL;
  GBytes *ciphertext = kms_provider_encrypt (provider, key_id, plaintext, context, NULL, &error);

  if (ciphertext == NULL)
    verdict_fail ("%s does not encrypt: %s", what, error->message);
  return ciphertext;
}

static gboolean
check_same (KmsSecret *found, KmsSecret *expected, const char *what)
{
  return verdict_check (kms_secret_equal (found, expected),
                        "%s does not decrypt to what was encrypted: %zu bytes, not these %zu", what,
                        kms_secret_get_length (found), kms_secret_get_length (expected));
}

gboolean
check_decrypts (KmsProvider *provider, const char *key_id, GBytes *ciphertext, KmsContext *context,
                KmsSecret *plaintext, const char *what)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) found = kms_provider_decrypt (provider, key_id, ciphertext, context, NULL, &error);

  return verdict_check (found != NULL, "%s does not decrypt: %s", what, error == NULL ? "" : error->message)
         && check_same (found, plaintext, what);
}

gboolean
check_round_trip (KmsProvider *provider, const char *key_id, KmsSecret *plaintext, KmsContext *context,
                  const char *what)
{
  g_autoptr (GBytes) ciphertext = encrypt_value (provider, key_id, plaintext, context, what);

  return ciphertext != NULL && check_decrypts (provider, key_id, ciphertext, context, plaintext, what);
}

gboolean
check_error (KmsProvider *provider, const GError *error, const char *what)
{
  const char *name = kms_provider_get_name (provider);
  g_autofree char *start = g_strconcat (name, ": ", NULL);

  if (!verdict_check (error->domain == KMS_ERROR, "%s: the error is of the domain %s: %s", what,
                      g_quark_to_string (error->domain), error->message)
      || !verdict_check (error->code != KMS_ERROR_MODULE, "%s: %s", what, error->message))
    return FALSE;
  return verdict_check (g_str_has_prefix (error->message, start) && strlen (error->message) > strlen (start) + 3,
                        "%s: the message says nothing: \"%s\"", what, error->message)
         && verdict_check (strpbrk (error->message, "\r\n") == NULL && g_utf8_validate (error->message, -1, NULL),
                           "%s: the message is not one line of UTF-8: \"%s\"", what, error->message);
}

gboolean
check_refusal (KmsProvider *provider, const GError *error, const char *what)
{
  if (error == NULL)
    {
      verdict_fail ("%s was decrypted", what);
      return FALSE;
    }
  return check_error (provider, error, what)
         && verdict_check (error_is_one_of (error, KMS_ERROR_INVALID_CIPHERTEXT, KMS_ERROR_INTEGRITY, -1),
                           "%s: the code is %s, not invalid-ciphertext: %s", what, kms_error_get_id (error),
                           error->message);
}

void
check_refused (KmsProvider *provider, const char *key_id, GBytes *ciphertext, KmsContext *context, const char *what)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) found = kms_provider_decrypt (provider, key_id, ciphertext, context, NULL, &error);

  check_refusal (provider, error, what);
}

void
check_all_refused (KmsProvider *provider, const char *key_id, GPtrArray *ciphertexts, GPtrArray *texts,
                   KmsContext *context)
{
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_DECRYPT);

  for (guint i = 0; i < ciphertexts->len; i++)
    kms_batch_add_ciphertext (batch, g_ptr_array_index (ciphertexts, i), context, NULL);
  kms_provider_run (provider, key_id, batch, NULL, NULL);
  for (guint i = 0; i < ciphertexts->len; i++)
    check_refusal (provider, kms_batch_get_error (batch, i), g_ptr_array_index (texts, i));
}

GPtrArray *
make_secrets (guint n, gsize length)
{
  GPtrArray *secrets = g_ptr_array_new_with_free_func ((GDestroyNotify) kms_secret_unref);

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (secrets, make_secret (length));
  return secrets;
}

KmsBatch *
encrypt_all (KmsProvider *provider, const char *key_id, GPtrArray *plaintexts, KmsContext *context, const char *what)
{
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < plaintexts->len; i++)
    kms_batch_add_secret (batch, g_ptr_array_index (plaintexts, i), context);
  if (kms_provider_run (provider, key_id, batch, NULL, &error))
    return g_steal_pointer (&batch);
  verdict_fail ("%s do not encrypt: %s", what, error->message);
  return NULL;
}

gboolean
check_all_decrypt (KmsProvider *provider, const char *key_id, KmsBatch *encrypted, GPtrArray *plaintexts,
                   KmsContext *context, const char *what)
{
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_DECRYPT);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < plaintexts->len; i++)
    kms_batch_add_ciphertext (batch, kms_batch_get_ciphertext (encrypted, i), context, NULL);
  if (!kms_provider_run (provider, key_id, batch, NULL, &error))
    {
      verdict_fail ("%s do not decrypt: %s", what, error->message);
      return FALSE;
    }
  for (guint i = 0; i < plaintexts->len; i++)
    if (!check_same (kms_batch_get_secret (batch, i), g_ptr_array_index (plaintexts, i), what))
      return FALSE;
  return TRUE;
}

gboolean
error_is_one_of (const GError *error, ...)
{
  gboolean found = FALSE;
  va_list codes;

  va_start (codes, error);
  for (int code = va_arg (codes, int); code >= 0 && !found; code = va_arg (codes, int))
    found = g_error_matches (error, KMS_ERROR, code);
  va_end (codes);
  return found;
}
