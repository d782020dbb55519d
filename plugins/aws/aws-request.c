/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* prepare(): the next request of a call. A pure function of the call, its state, the settings and the time. */
#include "aws-call.h"
#include "aws-context.h"
#include "aws-message.h"

static gboolean
write_encrypt (KmsHttpBuffer *body, const AwsCall *state, KmsItem *item, GError **error)
{
  gboolean first = TRUE, moves = state->plaintext != NULL;
  gsize length;
  const guint8 *plaintext = moves ? kms_secret_get_data (state->plaintext, &length)
                                  : kms_item_get_input (item, &length);

  if (length == 0)
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "AWS KMS encrypts no empty values");
      return FALSE;
    }
  aws_body_add_text (body, &first, "KeyId", aws_call_get_key_name (state));
  aws_body_add_bytes (body, &first, "Plaintext", plaintext, length);
  return aws_body_add_context (body, &first, "EncryptionContext",
                               moves ? kms_item_get_new_context (item) : kms_item_get_context (item), error);
}

/* The service calls it a wrong request, which it is not for who reads a damaged file. */
static gboolean
check_ciphertext (gsize length, GError **error)
{
  if (length > 0)
    return TRUE;
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT, "the ciphertext is empty");
  return FALSE;
}

/* Without a key id, the ciphertext says which key: an alias that was moved decrypts on, as with the Ruby gem. */
static gboolean
write_decrypt (KmsHttpBuffer *body, const AwsCall *state, KmsItem *item, gboolean strict, GError **error)
{
  gboolean first = TRUE;
  gsize length;
  const guint8 *ciphertext = kms_item_get_input (item, &length);

  if (!check_ciphertext (length, error))
    return FALSE;
  if (strict)
    aws_body_add_text (body, &first, "KeyId", state->key->key_id);
  aws_body_add_bytes (body, &first, "CiphertextBlob", ciphertext, length);
  return aws_body_add_context (body, &first, "EncryptionContext", kms_item_get_context (item), error);
}

static gboolean
write_reencrypt (KmsHttpBuffer *body, const AwsCall *state, KmsItem *item, gboolean strict, GError **error)
{
  gboolean first = TRUE;
  gsize length;
  const guint8 *ciphertext = kms_item_get_input (item, &length);

  if (!check_ciphertext (length, error))
    return FALSE;
  if (strict)
    aws_body_add_text (body, &first, "SourceKeyId", state->key->key_id);
  aws_body_add_text (body, &first, "DestinationKeyId", state->new_key->key_id);
  aws_body_add_bytes (body, &first, "CiphertextBlob", ciphertext, length);
  return aws_body_add_context (body, &first, "SourceEncryptionContext", kms_item_get_context (item), error)
         && aws_body_add_context (body, &first, "DestinationEncryptionContext", kms_item_get_new_context (item), error);
}

static gboolean
write_body (KmsHttpBuffer *body, const AwsCall *state, KmsItem *item, gboolean strict, GError **error)
{
  gboolean written = FALSE;

  kms_http_buffer_append (body, "{", 1);
  switch (state->step)
    {
    case AWS_STEP_ENCRYPT:
      written = write_encrypt (body, state, item, error);
      break;
    case AWS_STEP_DECRYPT:
      written = write_decrypt (body, state, item, strict, error);
      break;
    case AWS_STEP_REENCRYPT:
    default:
      written = write_reencrypt (body, state, item, strict, error);
      break;
    }
  kms_http_buffer_append (body, "}", 1);
  return written;
}

gboolean
kms_aws_provider_prepare (KmsHttpProvider *provider, KmsCall *call, KmsHttpCredentials *credentials,
                          KmsHttpRequest *request, GError **error)
{
  KmsAwsProvider *self = KMS_AWS_PROVIDER (provider);
  KmsItem *item = kms_call_get_item (call, 0);
  AwsCall *state = kms_http_request_get_state (request);

  if (state == NULL)
    {
      if ((state = aws_call_new (self, item, error)) == NULL)
        return FALSE;
      kms_http_request_set_state (request, state, aws_call_free);
    }
  return write_body (kms_http_request_get_body (request), state, item, self->settings->strict_key_id, error)
         && aws_message_sign (request, self, state->endpoint, aws_call_get_operation_name (state),
                              kms_http_credentials_get_data (credentials), &state->signed_at, error);
}
