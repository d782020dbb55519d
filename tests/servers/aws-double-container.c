/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a container's agent hands out: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html */
#include "aws-double-state.h"

void
aws_double_set_container (AwsDouble *self, const char *authorization, const AwsDoubleSession *session)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_clear_pointer (&self->container, aws_double_place_free);
  self->container = aws_double_place_new (session);
  self->container->authorization = g_strdup (authorization);
}

static void
answer_session (AwsDouble *aws, TestResponse *response)
{
  const AwsDoubleIdentity *identity = aws_double_place_issue (
    aws, aws->container, "arn:aws:sts::" AWS_DOUBLE_ACCOUNT ":assumed-role/container-role/task", 0);
  g_autofree char *end = aws_double_format_time (identity->expires_at);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "RoleArn", AWS_DOUBLE_ROLE ("container-role"));
  json_object_set_string_member (object, "AccessKeyId", identity->id);
  json_object_set_string_member (object, "SecretAccessKey", identity->secret);
  json_object_set_string_member (object, "Token", identity->token);
  json_object_set_string_member (object, "Expiration", end);
  aws_double_answer_json (response, 200, object);
}

gboolean
aws_double_container_handle (AwsDouble *aws, const TestRequest *request, TestResponse *response)
{
  if (!g_str_equal (request->path, AWS_DOUBLE_CONTAINER_PATH))
    return FALSE;
  AwsDoubleEntry *entry = aws_double_add_entry (aws, "container");
  const AwsDoublePlace *place = aws->container;

  if (place == NULL || !g_str_equal (request->method, "GET"))
    test_response_set_json (response, 404, "{\"code\":\"InvalidRequest\",\"message\":\"no credentials are here\"}");
  else if (place->authorization != NULL
           && g_strcmp0 (test_request_get_header (request, "Authorization"), place->authorization) != 0)
    test_response_set_json (response, 401,
                            "{\"code\":\"InvalidAuthorization\",\"message\":\"the authorization is not ours\"}");
  else
    answer_session (aws, response);
  entry->status = response->status;
  return TRUE;
}
