/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server's replies, and what else a test of the aws provider needs. */
#include "aws-fixture.h"

#include <string.h>

typedef struct
{
  char *operation, *json;
  guint status;
  gboolean used;
} Reply;

static void
reply_free (gpointer data)
{
  Reply *self = data;
  g_free (self->operation);
  g_free (self->json);
  g_free (self);
}

static const char *
get_operation (const TestRequest *request)
{
  const char *target = test_request_get_header (request, "X-Amz-Target");
  return target != NULL && g_str_has_prefix (target, "TrentService.") ? target + strlen ("TrentService.") : "";
}

static Reply *
find_reply (AwsFixture *self, const char *operation)
{
  Reply *last = NULL;

  for (guint i = 0; i < self->replies->len; i++)
    {
      Reply *reply = g_ptr_array_index (self->replies, i);
      if (strcmp (reply->operation, operation) != 0)
        continue;
      last = reply;
      if (!reply->used)
        break;
    }
  return last;
}

static const struct
{
  const char *operation, *json;
} usual[] = {
  { "Encrypt",
    "{\"CiphertextBlob\":\"QUJD\",\"KeyId\":\"" FIXTURE_ARN "\",\"EncryptionAlgorithm\":\"SYMMETRIC_DEFAULT\"}" },
  { "Decrypt",
    "{\"Plaintext\":\"aGVsbG8=\",\"KeyId\":\"" FIXTURE_ARN "\",\"EncryptionAlgorithm\":\"SYMMETRIC_DEFAULT\"}" },
  { "ReEncrypt", "{\"CiphertextBlob\":\"REVG\",\"KeyId\":\"" FIXTURE_ARN "\",\"SourceKeyId\":\"" FIXTURE_ARN "\"}" },
  { "DescribeKey", "{\"KeyMetadata\":{\"KeyId\":\"1234abcd-12ab-34cd-56ef-1234567890ab\",\"Arn\":\"" FIXTURE_ARN
                   "\",\"KeyState\":\"Enabled\",\"CreationDate\":1.5E9}}" },
};

static void
answer (const TestRequest *request, TestResponse *response, gpointer data)
{
  const char *operation = get_operation (request);
  Reply *reply = find_reply (data, operation);

  test_response_add_header (response, "x-amzn-RequestId", "the-request");
  if (reply != NULL)
    {
      reply->used = TRUE;
      test_response_set_json (response, reply->status, reply->json);
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (usual); i++)
    if (strcmp (usual[i].operation, operation) == 0)
      {
        test_response_set_json (response, 200, usual[i].json);
        return;
      }
  test_response_set_json (response, 400, "{\"__type\":\"UnknownOperationException\"}");
}

void
aws_fixture_reply (AwsFixture *self, const char *operation, guint status, const char *json)
{
  Reply *reply = g_new0 (Reply, 1);

  reply->operation = g_strdup (operation);
  reply->status = status;
  reply->json = g_strdup (json);
  g_ptr_array_add (self->replies, reply);
}

void
aws_fixture_set_environment (void)
{
  g_auto (GStrv) names = g_listenv ();

  for (guint i = 0; names[i] != NULL; i++)
    if (g_str_has_prefix (names[i], "AWS_"))
      g_unsetenv (names[i]);
  g_setenv ("HOME", "/nonexistent", TRUE);
  g_setenv ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", TRUE);
  g_setenv ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", TRUE);
  g_setenv ("AWS_EC2_METADATA_DISABLED", "true", TRUE);
}

AwsFixture *
aws_fixture_new (const char *settings)
{
  AwsFixture *self = g_new0 (AwsFixture, 1);
  GError *error = NULL;

  self->server = test_server_new (TEST_SERVER_PLAIN);
  self->root = config_root_new ();
  self->replies = g_ptr_array_new_with_free_func (reply_free);
  g_autofree char *lines = g_strdup_printf (
    "Needs=libsoup3\nFallback=true\n[Settings]\nEndpoint=%s\n%s%s", test_server_get_address (self->server),
    settings != NULL && strstr (settings, "Region=") != NULL ? "" : "Region=eu-west-1\n",
    settings != NULL ? settings : "");
  config_root_add_provider (self->root, "aws", "kms-aws.so", lines);
  test_server_set_handler (self->server, answer, self);
  self->registry = kms_registry_new (self->root, NULL, &error);
  g_assert_no_error (error);
  self->provider = kms_registry_dup_provider (self->registry, "aws", &error);
  g_assert_no_error (error);
  return self;
}

void
aws_fixture_free (AwsFixture *self)
{
  g_clear_object (&self->registry);
  g_clear_object (&self->provider);
  test_server_free (self->server);
  config_root_remove (self->root);
  g_ptr_array_unref (self->replies);
  g_free (self);
}

GBytes *
aws_fixture_encrypt (AwsFixture *self, const char *key_id, KmsContext *context, GError **error)
{
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) "hello", 5);
  return kms_provider_encrypt (self->provider, key_id, secret, context, NULL, error);
}

gboolean
aws_fixture_decrypt (AwsFixture *self, const char *key_id, KmsContext *context, GError **error)
{
  g_autoptr (GBytes) ciphertext = g_bytes_new_static ("ABC", 3);
  g_autoptr (KmsSecret) plaintext = kms_provider_decrypt (self->provider, key_id, ciphertext, context, NULL, error);
  gsize length;

  if (plaintext == NULL)
    return FALSE;
  const guint8 *data = kms_secret_get_data (plaintext, &length);
  g_assert_cmpmem (data, length, "hello", 5);
  return TRUE;
}

guint
aws_fixture_count (AwsFixture *self, const char *operation)
{
  guint n = 0;

  for (guint i = 0; i < test_server_count_requests (self->server); i++)
    if (strcmp (get_operation (test_server_get_request (self->server, i)), operation) == 0)
      n++;
  return n;
}

const TestRequest *
aws_fixture_find (AwsFixture *self, const char *operation)
{
  for (guint i = test_server_count_requests (self->server); i > 0; i--)
    if (strcmp (get_operation (test_server_get_request (self->server, i - 1)), operation) == 0)
      return test_server_get_request (self->server, i - 1);
  g_assert_not_reached ();
}

char *
aws_fixture_dup_body (AwsFixture *self, const char *operation)
{
  const TestRequest *request = aws_fixture_find (self, operation);
  return g_strndup (g_bytes_get_data (request->body, NULL), g_bytes_get_size (request->body));
}
