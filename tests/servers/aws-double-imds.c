/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The metadata service of an instance of the AWS double:
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html */
#include "aws-double-state.h"

#include <string.h>

#define ROOT "/latest/"
#define TOKEN ROOT "api/token"
#define CREDENTIALS ROOT "meta-data/iam/security-credentials/"
#define REGION ROOT "meta-data/placement/region"
#define ZONE ROOT "meta-data/placement/availability-zone"
#define ROLE "instance-role"
#define MAX_SECONDS 21600

void
aws_double_set_imds (AwsDouble *self, AwsDoubleImdsFlags flags, const char *region, const AwsDoubleSession *session)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_clear_pointer (&self->instance, aws_double_place_free);
  self->instance = aws_double_place_new (session);
  self->imds_flags = flags;
  g_free (self->imds_region);
  self->imds_region = g_strdup (region);
}

void
aws_double_end_imds_tokens (AwsDouble *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_hash_table_remove_all (self->imds_tokens);
}

static void
answer_text (TestResponse *response, guint status, const char *text)
{
  response->status = status;
  g_byte_array_append (response->body, (const guint8 *) text, (guint) strlen (text));
  test_response_add_header (response, "Content-Type", "text/plain");
}

/* Requests that came through a proxy get no token: whoever is behind it is not this instance. */
static void
answer_token (AwsDouble *aws, const TestRequest *request, TestResponse *response)
{
  const char *seconds = test_request_get_header (request, "X-aws-ec2-metadata-token-ttl-seconds");

  if (aws->imds_flags & AWS_DOUBLE_IMDS_NO_TOKENS)
    answer_text (response, 404, "");
  else if (test_request_get_header (request, "X-Forwarded-For") != NULL)
    answer_text (response, 403, "");
  else if ((aws->imds_flags & AWS_DOUBLE_IMDS_BAD_REQUEST) || seconds == NULL
           || !g_ascii_string_to_unsigned (seconds, 10, 1, MAX_SECONDS, NULL, NULL))
    answer_text (response, 400, "");
  else
    {
      char *token = aws_double_random_name (28);
      test_response_add_header (response, "X-aws-ec2-metadata-token-ttl-seconds", seconds);
      answer_text (response, 200, token);
      g_hash_table_add (aws->imds_tokens, token);
    }
}

static gboolean
may_read (AwsDouble *aws, const TestRequest *request)
{
  const char *token = test_request_get_header (request, "X-aws-ec2-metadata-token");

  if (token == NULL)
    return (aws->imds_flags & (AWS_DOUBLE_IMDS_V1 | AWS_DOUBLE_IMDS_NO_TOKENS)) != 0;
  if (aws->imds_flags & AWS_DOUBLE_IMDS_TOKENS_END)
    return g_hash_table_remove (aws->imds_tokens, token);
  return g_hash_table_contains (aws->imds_tokens, token);
}

static void
answer_session (AwsDouble *aws, TestResponse *response)
{
  JsonObject *object = json_object_new ();

  if (aws->imds_flags & AWS_DOUBLE_IMDS_FAILS)
    {
      json_object_set_string_member (object, "Code", "AssumeRoleUnauthorizedAccess");
      json_object_set_string_member (object, "Message", "EC2 cannot assume the role " ROLE ".");
      aws_double_answer_json (response, 200, object);
      return;
    }
  const AwsDoubleIdentity *identity = aws_double_place_issue (
    aws, aws->instance, "arn:aws:sts::" AWS_DOUBLE_ACCOUNT ":assumed-role/" ROLE "/i-0123456789abcdef0", 0);
  g_autofree char *end = aws_double_format_time (identity->expires_at);
  json_object_set_string_member (object, "Code", "Success");
  json_object_set_string_member (object, "LastUpdated", "2026-01-01T00:00:00Z");
  json_object_set_string_member (object, "Type", "AWS-HMAC");
  json_object_set_string_member (object, "AccessKeyId", identity->id);
  json_object_set_string_member (object, "SecretAccessKey", identity->secret);
  json_object_set_string_member (object, "Token", identity->token);
  json_object_set_string_member (object, "Expiration", end);
  aws_double_answer_json (response, 200, object);
}

static void
answer_metadata (AwsDouble *aws, const char *path, TestResponse *response)
{
  gboolean has_role = (aws->imds_flags & AWS_DOUBLE_IMDS_NO_ROLE) == 0;
  g_autofree char *zone = g_strconcat (aws->imds_region != NULL ? aws->imds_region : "", "a", NULL);

  if (has_role && g_str_equal (path, CREDENTIALS))
    answer_text (response, 200, ROLE);
  else if (has_role && g_str_equal (path, CREDENTIALS ROLE))
    answer_session (aws, response);
  else if (aws->imds_region != NULL && g_str_equal (path, REGION))
    answer_text (response, 200, aws->imds_region);
  else if (aws->imds_region != NULL && g_str_equal (path, ZONE))
    answer_text (response, 200, zone);
  else
    answer_text (response, 404, "");
}

gboolean
aws_double_imds_handle (AwsDouble *aws, const TestRequest *request, TestResponse *response)
{
  if (!g_str_has_prefix (request->path, ROOT))
    return FALSE;
  AwsDoubleEntry *entry = aws_double_add_entry (aws, "imds");
  if (aws->instance == NULL)
    answer_text (response, 404, "");
  else if (g_str_equal (request->path, TOKEN) && g_str_equal (request->method, "PUT"))
    answer_token (aws, request, response);
  else if (!g_str_equal (request->method, "GET"))
    answer_text (response, 405, "");
  else if (!may_read (aws, request))
    answer_text (response, 401, "");
  else
    answer_metadata (aws, request->path, response);
  entry->status = response->status;
  return TRUE;
}
