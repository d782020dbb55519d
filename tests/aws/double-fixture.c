/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* An AWS in this process and the module that talks to it. */
#include "double-fixture.h"

#include <string.h>

void
double_fixture_set_keys (const char *id, const char *secret, const char *token)
{
  g_setenv ("AWS_ACCESS_KEY_ID", id, TRUE);
  g_setenv ("AWS_SECRET_ACCESS_KEY", secret, TRUE);
  if (token != NULL)
    g_setenv ("AWS_SESSION_TOKEN", token, TRUE);
  else
    g_unsetenv ("AWS_SESSION_TOKEN");
}

void
double_fixture_set_policy (DoubleFixture *self, const char *statement)
{
  g_autofree char *policy = g_strdup_printf ("{\"Version\":\"2012-10-17\",\"Statement\":[%s]}", statement);

  aws_double_add_access_key (self->aws, "AKIALIMITED000000000", "the secret of the limited key", policy);
  double_fixture_set_keys ("AKIALIMITED000000000", "the secret of the limited key", NULL);
}

DoubleFixture *
double_fixture_new (TestServerFlags flags)
{
  DoubleFixture *self = g_new0 (DoubleFixture, 1);

  self->server = test_server_new (flags);
  self->aws = aws_double_new (self->server);
  self->root = config_root_new ();
  self->arn = aws_double_create_key (self->aws, ORDERS, NULL);
  g_setenv ("HOME", self->root, TRUE);
  double_fixture_set_keys (AWS_DOUBLE_ADMIN, AWS_DOUBLE_ADMIN_SECRET, NULL);
  return self;
}

static const char *const forgotten[] = {
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_PROFILE",
  "AWS_CREDENTIAL_EXPIRATION",
  "AWS_ROLE_ARN",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
  "AWS_EC2_METADATA_V1_DISABLED",
};

DoubleFixture *
double_fixture_new_without_keys (void)
{
  DoubleFixture *fixture = double_fixture_new (TEST_SERVER_PLAIN);

  for (guint i = 0; i < G_N_ELEMENTS (forgotten); i++)
    g_unsetenv (forgotten[i]);
  g_setenv ("AWS_ENDPOINT_URL", test_server_get_address (fixture->server), TRUE);
  g_setenv ("AWS_EC2_METADATA_DISABLED", "true", TRUE);
  g_setenv ("AWS_EC2_METADATA_SERVICE_ENDPOINT", test_server_get_address (fixture->server), TRUE);
  return fixture;
}

void
double_fixture_free (DoubleFixture *self)
{
  double_fixture_close (self);
  aws_double_free (self->aws);
  test_server_free (self->server);
  config_root_remove (self->root);
  g_free (self->arn);
  g_free (self);
}

void
double_fixture_open (DoubleFixture *self, const char *options, const char *settings)
{
  gboolean has_region = settings != NULL && strstr (settings, "Region=") != NULL;
  g_autofree char *lines =
    g_strdup_printf ("Fallback=true\nNeeds=libsoup3\n%s[Settings]\nEndpoint=%s\n%s%s", options != NULL ? options : "",
                     test_server_get_address (self->server), has_region ? "" : "Region=" AWS_DOUBLE_REGION "\n",
                     settings != NULL ? settings : "");
  GError *error = NULL;

  double_fixture_close (self);
  config_root_add_provider (self->root, "aws", "kms-aws.so", lines);
  self->registry = kms_registry_new (self->root, NULL, &error);
  g_assert_no_error (error);
  self->provider = kms_registry_dup_provider (self->registry, "aws", &error);
  g_assert_no_error (error);
}

void
double_fixture_close (DoubleFixture *self)
{
  GWeakRef gone;

  g_clear_object (&self->registry);
  g_weak_ref_init (&gone, self->provider);
  g_clear_object (&self->provider);
  /* The provider's own thread may hold it a moment longer than the caller of the last call. */
  for (guint i = 0; i < 10000; i++)
    {
      g_autoptr (GObject) left = g_weak_ref_get (&gone);
      if (left == NULL)
        break;
      g_usleep (1000);
    }
  g_weak_ref_clear (&gone);
}

GBytes *
double_fixture_try_encrypt (DoubleFixture *self, const char *key, KmsContext *context, GError **error)
{
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) "the blue door", 13);
  return kms_provider_encrypt (self->provider, key, secret, context, NULL, error);
}

GBytes *
double_fixture_encrypt (DoubleFixture *self, const char *key, KmsContext *context)
{
  g_autoptr (GError) error = NULL;
  GBytes *ciphertext = double_fixture_try_encrypt (self, key, context, &error);

  g_assert_no_error (error);
  return ciphertext;
}

void
double_fixture_assert_encrypt_fails (DoubleFixture *self, const char *key, KmsContext *context, KmsError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) ciphertext = double_fixture_try_encrypt (self, key, context, &error);

  g_assert_null (ciphertext);
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, (int) code);
}

void
double_fixture_assert_decrypts (DoubleFixture *self, const char *key, GBytes *ciphertext, KmsContext *context)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = kms_provider_decrypt (self->provider, key, ciphertext, context, NULL, &error);
  gsize length;

  g_assert_no_error (error);
  const guint8 *data = kms_secret_get_data (secret, &length);
  g_assert_cmpmem (data, length, "the blue door", 13);
}

void
double_fixture_assert_refused (DoubleFixture *self, const char *key, GBytes *ciphertext, KmsContext *context,
                               KmsError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = kms_provider_decrypt (self->provider, key, ciphertext, context, NULL, &error);

  g_assert_null (secret);
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, (int) code);
}
