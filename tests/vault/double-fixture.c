/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server in this process and the module that talks to it. */
#include "double-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

DoubleFixture *
double_fixture_new (TestServerFlags flags)
{
  DoubleFixture *self = g_new0 (DoubleFixture, 1);

  self->server = test_server_new (flags);
  self->vault = vault_double_new (self->server);
  self->root = config_root_new ();
  vault_double_create_key (self->vault, "orders", &(VaultKeyOptions){ .derived = TRUE });
  vault_double_create_key (self->vault, "plain", NULL);
  return self;
}

void
double_fixture_free (DoubleFixture *self)
{
  double_fixture_close (self);
  vault_double_free (self->vault);
  test_server_free (self->server);
  config_root_remove (self->root);
  g_free (self);
}

char *
double_fixture_write (DoubleFixture *self, const char *name, const char *text)
{
  char *path = g_build_filename (self->root, name, NULL);

  config_root_write (self->root, name, text);
  g_assert_cmpint (g_chmod (path, 0600), ==, 0);
  return path;
}

void
double_fixture_open (DoubleFixture *self, const char *options, const char *settings)
{
  g_autofree char *token = double_fixture_write (self, "root-token", VAULT_DOUBLE_ROOT_TOKEN);
  gboolean has_token = settings != NULL
                       && (strstr (settings, "Auth=") != NULL || strstr (settings, "TokenFile=") != NULL);
  g_autofree char *lines = g_strdup_printf (
    "Prefixes=vault/;openbao/\nNeeds=libsoup3\nEnvironment=false\n%s[Settings]\nAddress=%s\n%s%s%s%s",
    options != NULL ? options : "", test_server_get_address (self->server),
    has_token ? "" : "TokenFile=", has_token ? "" : token, has_token ? "" : "\n", settings != NULL ? settings : "");
  GError *error = NULL;

  double_fixture_close (self);
  config_root_add_provider (self->root, "vault", "kms-vault.so", lines);
  self->registry = kms_registry_new (self->root, NULL, &error);
  g_assert_no_error (error);
  self->provider = kms_registry_dup_provider (self->registry, "vault", &error);
  g_assert_no_error (error);
}

void
double_fixture_open_with_policy (DoubleFixture *self, const char *settings, const char *policy)
{
  g_autofree char *token = vault_double_add_token (self->vault, &(VaultTokenOptions){ .policy = policy });
  g_autofree char *path = double_fixture_write (self, "token", token);
  g_autofree char *all = g_strdup_printf ("TokenFile=%s\n%s", path, settings != NULL ? settings : "");

  double_fixture_open (self, NULL, all);
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
double_fixture_encrypt (DoubleFixture *self, const char *key, KmsContext *context, GError **error)
{
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) "the blue door", 13);
  return kms_provider_encrypt (self->provider, key, secret, context, NULL, error);
}

GError *
double_fixture_decrypt (DoubleFixture *self, const char *key, GBytes *ciphertext, KmsContext *context)
{
  GError *error = NULL;
  g_autoptr (KmsSecret) secret = kms_provider_decrypt (self->provider, key, ciphertext, context, NULL, &error);
  gsize length;

  if (secret == NULL)
    return error;
  const guint8 *data = kms_secret_get_data (secret, &length);
  g_assert_cmpmem (data, length, "the blue door", 13);
  return NULL;
}

void
double_fixture_assert_encrypt_fails (DoubleFixture *self, const char *key, KmsContext *context, KmsError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) ciphertext = double_fixture_encrypt (self, key, context, &error);

  g_assert_null (ciphertext);
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, (int) code);
}
