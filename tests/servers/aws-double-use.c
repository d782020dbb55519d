/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Operations of the AWS double that use keys: https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html */
#include "aws-double-call.h"

#include <gnutls/crypto.h>
#include <string.h>

#define MAX_PLAINTEXT 4096
#define MAX_CIPHERTEXT 6144
#define MAX_DATA_KEY 1024
#define SYMMETRIC "SYMMETRIC_DEFAULT"

static gboolean
check_dry_run (AwsDoubleCall *call)
{
  if (!json_object_get_boolean_member_with_default (call->body, "DryRun", FALSE))
    return TRUE;
  return aws_double_call_fail (call, "DryRunOperationException",
                               "The request would have succeeded, but the DryRun option is set.");
}

/* Only symmetric keys are told by their ciphertexts, and bind contexts. */
static gboolean
check_algorithm (AwsDoubleCall *call, const AwsDoubleKey *key, const char *member)
{
  const char *algorithm = aws_double_call_get_text (call, member);

  if (aws_double_key_is_symmetric (key) && (algorithm == NULL || g_str_equal (algorithm, SYMMETRIC)))
    return TRUE;
  return aws_double_call_fail (call, "InvalidKeyUsageException", "The key %s (%s) can't be used with the algorithm %s",
                               key->arn, key->spec, algorithm != NULL ? algorithm : SYMMETRIC);
}

static void
set_material (AwsDoubleCall *call, const char *member, const AwsDoubleKey *key, guint material)
{
  g_autofree char *id = aws_double_key_get_material_id (key, material);

  json_object_set_string_member (aws_double_call_get_answer (call), member, id);
}

gboolean
aws_double_encrypt (AwsDoubleCall *call)
{
  JsonObject *context;
  g_autoptr (GBytes) plaintext = aws_double_call_get_blob (call, "Plaintext", 1, MAX_PLAINTEXT);

  if (plaintext == NULL || !aws_double_call_get_context (call, "EncryptionContext", &context))
    return FALSE;
  AwsDoubleKey *key = aws_double_call_find_key (call, "KeyId", TRUE, "kms:Encrypt", context);
  if (key == NULL || !check_algorithm (call, key, "EncryptionAlgorithm") || !aws_double_call_check_state (call, key)
      || !check_dry_run (call))
    return FALSE;
  g_autoptr (GBytes) ciphertext =
    aws_double_key_encrypt (key, context, g_bytes_get_data (plaintext, NULL), g_bytes_get_size (plaintext));
  aws_double_call_set_blob (call, "CiphertextBlob", g_bytes_get_data (ciphertext, NULL), g_bytes_get_size (ciphertext));
  json_object_set_string_member (call->answer, "KeyId", key->arn);
  json_object_set_string_member (call->answer, "EncryptionAlgorithm", SYMMETRIC);
  return TRUE;
}

/* The key that a ciphertext names, and its plaintext. NULL after a refusal. */
static GBytes *
open_ciphertext (AwsDoubleCall *call, const char *key_member, const char *context_member, const char *action,
                 AwsDoubleKey **key, guint *material)
{
  JsonObject *context;
  g_autoptr (GBytes) ciphertext = aws_double_call_get_blob (call, "CiphertextBlob", 1, MAX_CIPHERTEXT);

  if (ciphertext == NULL || !aws_double_call_get_context (call, context_member, &context))
    return NULL;
  g_autofree char *arn = aws_double_ciphertext_get_arn (ciphertext);
  gboolean is_pinned = aws_double_call_get_text (call, key_member) != NULL;
  AwsDoubleKey *pinned = is_pinned ? aws_double_call_find_key (call, key_member, TRUE, action, context) : NULL;
  *key = arn != NULL ? g_hash_table_lookup (call->aws->keys, arn) : NULL;
  if (is_pinned && pinned == NULL)
    return NULL;
  if (arn == NULL)
    aws_double_call_fail (call, "InvalidCiphertextException", NULL);
  else if (pinned != NULL && pinned != *key)
    aws_double_call_fail (call, "IncorrectKeyException",
                          "The key ID in the request does not identify a CMK that can perform this operation.");
  else if (*key == NULL || strcmp ((*key)->region, call->region) != 0)
    aws_double_call_fail (call, "AccessDeniedException",
                          "The ciphertext refers to a customer master key that does not exist, does not exist in this "
                          "region, or you are not allowed to access.");
  else if (aws_double_call_is_allowed (call, *key, NULL, action, context) && aws_double_call_check_state (call, *key)
           && check_dry_run (call))
    {
      g_autoptr (GBytes) plaintext = aws_double_key_decrypt (*key, context, ciphertext, material);
      if (plaintext != NULL)
        return g_steal_pointer (&plaintext);
      aws_double_call_fail (call, "InvalidCiphertextException", NULL);
    }
  return NULL;
}

gboolean
aws_double_decrypt (AwsDoubleCall *call)
{
  AwsDoubleKey *key;
  guint material;
  g_autoptr (GBytes) plaintext = open_ciphertext (call, "KeyId", "EncryptionContext", "kms:Decrypt", &key, &material);

  if (plaintext == NULL)
    return FALSE;
  aws_double_call_set_blob (call, "Plaintext", g_bytes_get_data (plaintext, NULL), g_bytes_get_size (plaintext));
  json_object_set_string_member (call->answer, "KeyId", key->arn);
  json_object_set_string_member (call->answer, "EncryptionAlgorithm", SYMMETRIC);
  set_material (call, "KeyMaterialId", key, material);
  return TRUE;
}

gboolean
aws_double_reencrypt (AwsDoubleCall *call)
{
  AwsDoubleKey *source, *destination;
  JsonObject *context;
  guint material;
  g_autoptr (GBytes) plaintext =
    open_ciphertext (call, "SourceKeyId", "SourceEncryptionContext", "kms:ReEncryptFrom", &source, &material);

  if (plaintext == NULL || !aws_double_call_get_context (call, "DestinationEncryptionContext", &context))
    return FALSE;
  destination = aws_double_call_find_key (call, "DestinationKeyId", TRUE, "kms:ReEncryptTo", context);
  if (destination == NULL || !check_algorithm (call, destination, "DestinationEncryptionAlgorithm")
      || !aws_double_call_check_state (call, destination))
    return FALSE;
  g_autoptr (GBytes) ciphertext =
    aws_double_key_encrypt (destination, context, g_bytes_get_data (plaintext, NULL), g_bytes_get_size (plaintext));
  aws_double_call_set_blob (call, "CiphertextBlob", g_bytes_get_data (ciphertext, NULL), g_bytes_get_size (ciphertext));
  json_object_set_string_member (call->answer, "SourceKeyId", source->arn);
  json_object_set_string_member (call->answer, "KeyId", destination->arn);
  json_object_set_string_member (call->answer, "SourceEncryptionAlgorithm", SYMMETRIC);
  json_object_set_string_member (call->answer, "DestinationEncryptionAlgorithm", SYMMETRIC);
  set_material (call, "SourceKeyMaterialId", source, material);
  set_material (call, "DestinationKeyMaterialId", destination, destination->materials->len - 1);
  return TRUE;
}

/* Exactly one of the two says how long; 0 after a refusal. */
static guint
get_data_key_length (AwsDoubleCall *call)
{
  const char *spec = aws_double_call_get_text (call, "KeySpec");
  gint64 number = aws_double_call_get_number (call, "NumberOfBytes", 0);

  if ((spec != NULL) != json_object_has_member (call->body, "NumberOfBytes"))
    {
      if (spec != NULL && (g_str_equal (spec, "AES_256") || g_str_equal (spec, "AES_128")))
        return g_str_equal (spec, "AES_256") ? 32 : 16;
      if (spec == NULL && number >= 1 && number <= MAX_DATA_KEY)
        return (guint) number;
    }
  aws_double_call_fail (call, "ValidationException",
                        "Please specify either number of bytes (1 to 1024) or key spec (AES_128, AES_256).");
  return 0;
}

gboolean
aws_double_generate_data_key_without_plaintext (AwsDoubleCall *call)
{
  if (!aws_double_generate_data_key (call))
    return FALSE;
  json_object_remove_member (call->answer, "Plaintext");
  return TRUE;
}

gboolean
aws_double_generate_data_key (AwsDoubleCall *call)
{
  JsonObject *context;
  g_autofree char *action = g_strconcat ("kms:", call->operation, NULL);
  guint8 data[MAX_DATA_KEY];
  guint length = get_data_key_length (call);

  if (length == 0 || !aws_double_call_get_context (call, "EncryptionContext", &context))
    return FALSE;
  AwsDoubleKey *key = aws_double_call_find_key (call, "KeyId", TRUE, action, context);
  if (key == NULL || !check_algorithm (call, key, "EncryptionAlgorithm") || !aws_double_call_check_state (call, key)
      || !check_dry_run (call))
    return FALSE;
  g_assert_cmpint (gnutls_rnd (GNUTLS_RND_NONCE, data, length), ==, 0);
  g_autoptr (GBytes) ciphertext = aws_double_key_encrypt (key, context, data, length);
  aws_double_call_set_blob (call, "CiphertextBlob", g_bytes_get_data (ciphertext, NULL), g_bytes_get_size (ciphertext));
  aws_double_call_set_blob (call, "Plaintext", data, length);
  json_object_set_string_member (call->answer, "KeyId", key->arn);
  set_material (call, "KeyMaterialId", key, key->materials->len - 1);
  return TRUE;
}
