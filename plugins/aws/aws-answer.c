/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads what is wanted, and skips the rest. */
#include "aws-answer.h"

#include <string.h>

typedef struct
{
  AwsField *fields;
  guint n_fields;
} Wanted;

static AwsField *
find_field (const Wanted *wanted, const char *name)
{
  for (guint i = 0; i < wanted->n_fields; i++)
    if (strcmp (wanted->fields[i].name, name) == 0)
      return &wanted->fields[i];
  return NULL;
}

static void
read_field (KmsHttpJson *json, const char *name, gpointer data)
{
  AwsField *field = find_field (data, name);

  if (field != NULL && kms_http_json_peek (json) == KMS_HTTP_JSON_STRING)
    kms_http_json_read_string (json, &field->text, &field->length);
  else
    kms_http_json_skip (json);
}

gboolean
aws_answer_read (guint8 *body, gsize length, AwsField *fields, guint n_fields)
{
  Wanted wanted = { fields, n_fields };
  KmsHttpJson json;

  kms_http_json_init (&json, body, length);
  if (kms_http_json_peek (&json) != KMS_HTTP_JSON_OBJECT)
    return FALSE;
  aws_json_read_object (&json, read_field, &wanted);
  return kms_http_json_finish (&json);
}

void
aws_json_read_object (KmsHttpJson *json, AwsMemberFunc member, gpointer data)
{
  const char *name;

  if (kms_http_json_peek (json) != KMS_HTTP_JSON_OBJECT)
    {
      kms_http_json_skip (json);
      return;
    }
  kms_http_json_enter_object (json);
  while (kms_http_json_next_member (json, &name))
    member (json, name, data);
}

gboolean
aws_answer_walk (guint8 *body, gsize length, AwsMemberFunc member, gpointer data)
{
  KmsHttpJson json;

  if (length == 0)
    return TRUE;
  kms_http_json_init (&json, body, length);
  KmsHttpJsonType type = kms_http_json_peek (&json);
  if (type != KMS_HTTP_JSON_OBJECT && type != KMS_HTTP_JSON_NULL)
    return FALSE;
  aws_json_read_object (&json, member, data);
  return kms_http_json_finish (&json);
}

void
aws_json_read_text (KmsHttpJson *json, char **text)
{
  const char *read;
  gsize length;

  if (kms_http_json_peek (json) != KMS_HTTP_JSON_STRING || !kms_http_json_read_string (json, &read, &length))
    {
      kms_http_json_skip (json);
      return;
    }
  g_free (*text);
  *text = g_strndup (read, length);
}

void
aws_json_read_boolean (KmsHttpJson *json, gboolean *value)
{
  if (kms_http_json_peek (json) == KMS_HTTP_JSON_BOOLEAN)
    kms_http_json_read_boolean (json, value);
  else
    kms_http_json_skip (json);
}

void
aws_json_read_number (KmsHttpJson *json, gint64 *value)
{
  double number;

  if (kms_http_json_peek (json) != KMS_HTTP_JSON_NUMBER)
    kms_http_json_skip (json);
  else if (kms_http_json_read_number (json, &number) && number > -1e15 && number < 1e15)
    *value = (gint64) number;
}
