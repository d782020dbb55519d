/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* parse(): what an answer means for the item of a call. */
#include "aws-answer.h"
#include "aws-call.h"
#include "aws-errors.h"

#include <string.h>

#define LOCKED_MEMORY "locked memory is used up; raise LimitMEMLOCK= or the hard limit of \"ulimit -l\""

enum {
  CIPHERTEXT,
  PLAINTEXT,
  KEY_ID,
  ALGORITHM,
  SOURCE_KEY_ID,
  SOURCE_ALGORITHM,
  DESTINATION_ALGORITHM,
  MATERIAL,
  DESTINATION_MATERIAL,
  N_FIELDS
};

/* The answer is of the key that was named, where the name is one that stays with its key. */
static gboolean
is_of_key (const AwsKeyAddress *asked, const AwsField *told)
{
  if (aws_key_id_is_alias (asked->key_id) || told->text == NULL)
    return TRUE;
  g_autofree char *arn = g_strndup (told->text, told->length);
  return g_strcmp0 (aws_key_id_get_short (arn), aws_key_id_get_short (asked->key_id)) == 0;
}

/* Other algorithms are of asymmetric keys, which bind no context. */
static gboolean
is_symmetric (const AwsField *algorithm)
{
  return algorithm->text == NULL || strcmp (algorithm->text, "SYMMETRIC_DEFAULT") == 0;
}

static const char *
find_fault (const AwsCall *state, const AwsField *fields, gboolean strict)
{
  const AwsKeyAddress *encrypts = state->new_key != NULL && state->step != AWS_STEP_DECRYPT ? state->new_key
                                                                                            : state->key;
  const AwsField *source = &fields[state->step == AWS_STEP_REENCRYPT ? SOURCE_KEY_ID : KEY_ID];

  if (fields[state->step == AWS_STEP_DECRYPT ? PLAINTEXT : CIPHERTEXT].text == NULL)
    return "the service answers without a result; check the endpoint";
  if (!is_symmetric (&fields[ALGORITHM]) || !is_symmetric (&fields[SOURCE_ALGORITHM])
      || !is_symmetric (&fields[DESTINATION_ALGORITHM]))
    return "the service used an asymmetric key, which binds no context";
  if (state->step != AWS_STEP_DECRYPT && !is_of_key (encrypts, &fields[KEY_ID]))
    return "the service encrypted with another key than the one that was named";
  if (state->step != AWS_STEP_ENCRYPT && strict && !is_of_key (state->key, source))
    return "the service decrypted with another key than the one that StrictKeyId=true allows";
  return NULL;
}

static void
set_remarks (KmsItem *item, const AwsField *fields, KmsHttpResponse *response)
{
  const AwsField *material = fields[DESTINATION_MATERIAL].text != NULL ? &fields[DESTINATION_MATERIAL]
                                                                       : &fields[MATERIAL];
  const char *request_id = aws_get_request_id (response);

  if (fields[KEY_ID].text != NULL)
    kms_item_set_used_key_id (item, fields[KEY_ID].text);
  if (material->text != NULL)
    kms_item_set_key_version (item, material->text);
  if (request_id != NULL)
    kms_item_set_request_id (item, request_id);
  kms_item_set_binding (item, KMS_BINDING_VERIFIED);
}

static KmsHttpVerdict
settle (KmsItem *item, const AwsField *fields, const AwsField *result, KmsHttpResponse *response, const AwsScene *scene,
        GError **error)
{
  gsize length;
  guint8 *out = kms_item_reserve (item, kms_base64_decoded_max (result->length));

  /* A reservation that failed has settled the item. */
  if (out == NULL)
    return KMS_HTTP_DONE;
  if (!kms_base64_decode_strict_to (result->text, result->length, out, &length))
    {
      kms_item_reset (item);
      return aws_errors_refuse (response, scene, "the service answers with a result that is no base64", error);
    }
  set_remarks (item, fields, response);
  kms_item_commit (item, length);
  return KMS_HTTP_DONE;
}

/* On its way to another region, where KMS can't take it by itself. */
static KmsHttpVerdict
move_on (KmsAwsProvider *self, AwsCall *state, const AwsField *result, KmsHttpResponse *response, const AwsScene *scene,
         GError **error)
{
  guint8 *bytes;
  gsize length;
  g_autoptr (KmsSecret) secret = kms_secret_reserve (kms_base64_decoded_max (result->length), &bytes);

  if (secret == NULL)
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_QUOTA, LOCKED_MEMORY);
      return KMS_HTTP_FAILED;
    }
  if (!kms_base64_decode_strict_to (result->text, result->length, bytes, &length))
    return aws_errors_refuse (response, scene, "the service answers with a result that is no base64", error);
  kms_secret_commit (secret, length);
  return aws_call_go_on (state, self, g_steal_pointer (&secret), error) ? KMS_HTTP_AGAIN : KMS_HTTP_FAILED;
}

static KmsHttpVerdict
take_result (KmsAwsProvider *self, AwsCall *state, KmsItem *item, KmsHttpResponse *response, const AwsScene *scene,
             GError **error)
{
  AwsField fields[N_FIELDS] = {
    [CIPHERTEXT] = { "CiphertextBlob", NULL, 0 },
    [PLAINTEXT] = { "Plaintext", NULL, 0 },
    [KEY_ID] = { "KeyId", NULL, 0 },
    [ALGORITHM] = { "EncryptionAlgorithm", NULL, 0 },
    [SOURCE_KEY_ID] = { "SourceKeyId", NULL, 0 },
    [SOURCE_ALGORITHM] = { "SourceEncryptionAlgorithm", NULL, 0 },
    [DESTINATION_ALGORITHM] = { "DestinationEncryptionAlgorithm", NULL, 0 },
    [MATERIAL] = { "KeyMaterialId", NULL, 0 },
    [DESTINATION_MATERIAL] = { "DestinationKeyMaterialId", NULL, 0 },
  };
  gsize length;
  guint8 *body = kms_http_response_get_body (response, &length);

  if (!aws_answer_read (body, length, fields, N_FIELDS))
    return aws_errors_refuse (response, scene, "the answer is not what KMS answers; check the endpoint", error);
  const char *fault = find_fault (state, fields, self->settings->strict_key_id);
  if (fault != NULL)
    return aws_errors_refuse (response, scene, fault, error);
  if (state->step == AWS_STEP_DECRYPT && kms_item_get_operation (item) == KMS_OPERATION_REWRAP)
    return move_on (self, state, &fields[PLAINTEXT], response, scene, error);
  return settle (item, fields, &fields[state->step == AWS_STEP_DECRYPT ? PLAINTEXT : CIPHERTEXT], response, scene,
                 error);
}

KmsHttpVerdict
kms_aws_provider_parse (KmsHttpProvider *provider, KmsCall *call, KmsHttpResponse *response, GError **error)
{
  KmsAwsProvider *self = KMS_AWS_PROVIDER (provider);
  AwsCall *state = kms_http_response_get_state (response);
  AwsScene scene = { .operation = aws_call_get_operation_name (state),
                     .object = aws_call_get_key_name (state),
                     .clock = &self->clock,
                     .signed_at = state->signed_at,
                     .clock_corrected = &state->clock_corrected };

  if (kms_http_response_get_status (response) != 200)
    return aws_errors_judge (response, &scene, error);
  return take_result (self, state, kms_call_get_item (call, 0), response, &scene, error);
}
