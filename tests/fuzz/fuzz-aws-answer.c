/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers of AWS KMS: results, keys, errors in JSON and in XML. The first byte says which header has the error's code. */
#include "fuzz.h"

#include <aws-answer.h>
#include <aws-errors.h>
#include <aws-key-info.h>

#define MAX_HEADER 64

static KmsHttpBuffer *
copy (const guint8 *data, gsize size)
{
  KmsHttpBuffer *buffer = kms_http_buffer_new ();
  kms_http_buffer_append (buffer, data, size);
  return buffer;
}

static void
check_errors (const guint8 *data, gsize size, guint status, gboolean has_header)
{
  g_autoptr (KmsHttpBuffer) buffer = copy (data, size);
  g_autoptr (KmsHttpRequest) request = kms_http_request_new ();
  g_autofree char *header = g_strndup ((const char *) data, MIN (size, MAX_HEADER));
  gboolean corrected = FALSE;
  AwsClock clock = { 0 };
  AwsScene scene = { .operation = "Decrypt", .object = "k", .clock = &clock, .clock_corrected = &corrected };
  g_autoptr (GError) error = NULL;

  /* No header that comes in over HTTP holds these. */
  g_strdelimit (header, "\r\n", ' ');
  kms_http_request_set_url (request, "https://h/");
  g_autoptr (KmsHttpResponse) response = kms_http_response_new (request, status, buffer);
  if (has_header)
    kms_http_response_add_header (response, "x-amzn-errortype", header);
  KmsHttpVerdict verdict = aws_errors_judge (response, &scene, &error);
  FUZZ_CHECK (verdict != KMS_HTTP_DONE && verdict != KMS_HTTP_AGAIN && error != NULL);
  for (const char *c = error->message; *c != '\0'; c++)
    FUZZ_CHECK (g_ascii_isprint (*c));
}

static void
check_result (const guint8 *data, gsize size)
{
  AwsField fields[] = { { "CiphertextBlob", NULL, 0 }, { "Plaintext", NULL, 0 }, { "KeyId", NULL, 0 } };
  g_autoptr (KmsHttpBuffer) buffer = copy (data, size);
  gsize length;
  guint8 *body = kms_http_buffer_get_data (buffer, &length);

  aws_answer_read (body, length, fields, G_N_ELEMENTS (fields));
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    if (fields[i].text != NULL)
      {
        FUZZ_CHECK ((const guint8 *) fields[i].text >= body
                    && (const guint8 *) fields[i].text + fields[i].length <= body + length);
        FUZZ_CHECK (fields[i].text[fields[i].length] == '\0');
        g_autofree guint8 *out = g_malloc (kms_base64_decoded_max (fields[i].length) + 1);
        gsize decoded;
        kms_base64_decode_strict_to (fields[i].text, fields[i].length, out, &decoded);
      }
}

static void
check_key (const guint8 *data, gsize size)
{
  g_autoptr (KmsHttpBuffer) buffer = copy (data, size);
  g_autoptr (AwsKeyInfo) info = aws_key_info_new ("eu-west-1");
  gsize length;
  guint8 *body = kms_http_buffer_get_data (buffer, &length);

  if (!aws_answer_walk (body, length, aws_key_info_read_member, info) || info->id == NULL)
    return;
  g_autoptr (KmsKey) key = aws_key_info_describe (info, "k", NULL);
  FUZZ_CHECK (kms_key_get_id (key) != NULL);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  if (size == 0)
    return 0;
  check_errors (data + 1, size - 1, 400, data[0] == 1);
  check_errors (data + 1, size - 1, 503, data[0] == 1);
  check_result (data + 1, size - 1);
  check_key (data + 1, size - 1);
  return 0;
}
