/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Box.Rewrap, GenerateDataKey and GenerateDataKeyWithoutPlaintext: a ciphertext comes out that nobody sent a secret for. */
#include "methods.h"
#include "pipe-writer.h"
#include "quota.h"
#include "values.h"

#define DATA_KEY_LENGTH 32

static void
answer_ciphertext (Call *call)
{
  GVariant *ciphertext = values_get_ciphertext (call, 0);
  call_return (call, g_variant_new ("(@ay@a{sv})", ciphertext, values_get_info (call, 0)));
}

static void
run_ciphertext (Call *call)
{
  values_run (call, answer_ciphertext);
}

void
box_rewrap (Call *call)
{
  g_autoptr (GVariant) ciphertext = call_dup_argument (call, 0);
  g_autoptr (GVariant) map = call_dup_argument (call, 1);
  g_autoptr (KmsContext) context = NULL;
  g_autoptr (KmsContext) new_context = NULL;
  GError *error = NULL;

  if (values_init (call, OPERATION_REWRAP, &error))
    context = values_make_context (call, map, 0, &error);
  if (context == NULL || !values_make_new_context (call, &new_context, &error)
      || !values_add_ciphertext (call, ciphertext, context, new_context, &error))
    call_fail (call, error);
  else
    values_permit (call, 1, run_ciphertext);
}

/* The values keep the key, of which the batch lets go. */
static void
answer_with_key (Call *call)
{
  GError *error = NULL;
  int fd = pipe_write (values_get (call)->data_key, &error);
  GVariant *wrapped = fd < 0 ? NULL : values_get_ciphertext (call, 0);

  if (fd < 0)
    call_fail (call, error);
  else
    call_return_descriptor (call, g_variant_new ("(h@ay@a{sv})", 0, wrapped, values_get_info (call, 0)), fd);
}

static void
run_with_key (Call *call)
{
  values_run (call, answer_with_key);
}

static gboolean
add_data_key (Call *call, GError **error)
{
  Values *values = values_get (call);
  g_autoptr (GVariant) map = call_dup_argument (call, 0);
  g_autoptr (KmsContext) context = values_make_context (call, map, 0, error);
  guint32 length = DATA_KEY_LENGTH;

  if (context == NULL)
    return FALSE;
  g_variant_lookup (call->options, "length", "u", &length);
  if (length == 0 || length > MAX_SECRET)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "a data key has 1 to %d bytes, not %u", MAX_SECRET,
                   length);
      return FALSE;
    }
  values->data_key = kms_secret_new_random (length, error);
  if (values->data_key == NULL)
    return FALSE;
  values_add_context (call, context);
  kms_batch_add_secret (values->batch, values->data_key, context);
  return TRUE;
}

static void
generate (Call *call, Operation operation, CallFunc run)
{
  GError *error = NULL;

  if (!values_init (call, operation, &error) || !add_data_key (call, &error))
    call_fail (call, error);
  else
    values_permit (call, 1, run);
}

void
box_generate_data_key (Call *call)
{
  generate (call, OPERATION_GENERATE_DATA_KEY, run_with_key);
}

void
box_generate_data_key_without_plaintext (Call *call)
{
  generate (call, OPERATION_GENERATE_DATA_KEY_WITHOUT_PLAINTEXT, run_ciphertext);
}
