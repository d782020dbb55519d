/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server's replies, and what else a test of the vault provider needs. */
#include "vault-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct
{
  char *method, *path, *json, *location;
  guint status;
  gboolean used;
} Reply;

static void
reply_free (gpointer data)
{
  Reply *self = data;
  g_free (self->method);
  g_free (self->path);
  g_free (self->json);
  g_free (self->location);
  g_free (self);
}

static Reply *
find_reply (VaultFixture *self, const TestRequest *request)
{
  Reply *last = NULL;

  for (guint i = 0; i < self->replies->len; i++)
    {
      Reply *reply = g_ptr_array_index (self->replies, i);
      if (strcmp (reply->method, request->method) != 0 || strcmp (reply->path, request->path) != 0)
        continue;
      last = reply;
      if (!reply->used)
        break;
    }
  return last;
}

static guint
count_word (const char *text, const char *word)
{
  guint n = 0;
  for (const char *at = text; (at = strstr (at, word)) != NULL; at += strlen (word))
    n++;
  return n;
}

/* As many results as there are values, in the form in which they were sent. */
static char *
make_results (const char *body, const char *value, const char *result)
{
  g_autoptr (GString) json = g_string_new ("{\"request_id\":\"the-request\",\"data\":");

  if (strstr (body, "batch_input") == NULL)
    g_string_append (json, result);
  else
    {
      guint n = count_word (body, value);
      g_string_append (json, "{\"batch_results\":[");
      for (guint i = 0; i < n; i++)
        g_string_append_printf (json, "%s%s", i > 0 ? "," : "", result);
      g_string_append (json, "]}");
    }
  g_string_append (json, "}");
  return g_string_free (g_steal_pointer (&json), FALSE);
}

static void
answer_usually (const TestRequest *request, TestResponse *response)
{
  g_autofree char *body = g_strndup (g_bytes_get_data (request->body, NULL), g_bytes_get_size (request->body));
  g_autofree char *json = NULL;

  if (strstr (request->path, "/keys/") != NULL && strcmp (request->method, "GET") == 0)
    json = g_strdup (KEY_DERIVED);
  else if (strstr (request->path, "/decrypt/") != NULL)
    json = make_results (body, "\"ciphertext\":", "{\"plaintext\":\"aGVsbG8=\"}");
  else if (strstr (request->path, "/encrypt/") != NULL)
    json = make_results (body, "\"plaintext\":", "{\"ciphertext\":\"vault:v1:QUJD\",\"key_version\":1}");
  else if (strstr (request->path, "/rewrap/") != NULL)
    json = make_results (body, "\"ciphertext\":", "{\"ciphertext\":\"vault:v2:QUJD\",\"key_version\":2}");
  test_response_set_json (response, json != NULL ? 200 : 404,
                          json != NULL ? json : "{\"errors\":[\"no handler for route\"]}");
}

static void
answer (const TestRequest *request, TestResponse *response, gpointer data)
{
  Reply *reply = find_reply (data, request);

  if (reply == NULL)
    {
      answer_usually (request, response);
      return;
    }
  reply->used = TRUE;
  test_response_set_json (response, reply->status, reply->json != NULL ? reply->json : "");
  if (reply->location != NULL)
    test_response_add_header (response, "Location", reply->location);
}

static void
add_reply (VaultFixture *self, const char *method, const char *path, guint status, const char *json,
           const char *location)
{
  Reply *reply = g_new0 (Reply, 1);

  reply->method = g_strdup (method);
  reply->path = g_strconcat ("/v1/", path, NULL);
  reply->status = status;
  reply->json = g_strdup (json);
  reply->location = g_strdup (location);
  g_ptr_array_add (self->replies, reply);
}

void
vault_fixture_reply (VaultFixture *self, const char *method, const char *path, guint status, const char *json)
{
  add_reply (self, method, path, status, json, NULL);
}

void
vault_fixture_redirect (VaultFixture *self, const char *path, const char *location)
{
  add_reply (self, "POST", path, 307, NULL, location);
}

void
vault_fixture_write (VaultFixture *self, const char *name, const char *secret)
{
  g_autofree char *path = vault_fixture_build_path (self, name);

  config_root_write (self->root, name, secret);
  g_assert_cmpint (g_chmod (path, 0600), ==, 0);
}

char *
vault_fixture_build_path (VaultFixture *self, const char *name)
{
  return g_build_filename (self->root, name, NULL);
}

VaultFixture *
vault_fixture_new (TestServerFlags flags, const char *options, const char *settings)
{
  VaultFixture *self = g_new0 (VaultFixture, 1);
  GError *error = NULL;

  self->server = test_server_new (flags);
  self->root = config_root_new ();
  self->token_file = vault_fixture_build_path (self, "token");
  self->replies = g_ptr_array_new_with_free_func (reply_free);
  vault_fixture_write (self, "token", FIXTURE_TOKEN);
  vault_fixture_write (self, "secret", "the-secret");
  g_autofree char *ca = (flags & TEST_SERVER_TLS) == 0
                          ? g_strdup ("")
                          : g_strdup_printf ("CaFile=%s\n", test_server_get_ca_file (self->server));
  g_autofree char *lines = g_strdup_printf (
    "Prefixes=vault/;openbao/"
    "\nNeeds=libsoup3\nEnvironment=false\n%s[Settings]\nAddress=%s\nTokenFile=%s\nSecretIdFile=%s/secret\n%s%s",
    options != NULL ? options : "", test_server_get_address (self->server), self->token_file, self->root, ca,
    settings != NULL ? settings : "");
  config_root_add_provider (self->root, "vault", "kms-vault.so", lines);
  test_server_set_handler (self->server, answer, self);
  self->registry = kms_registry_new (self->root, NULL, &error);
  g_assert_no_error (error);
  self->provider = kms_registry_dup_provider (self->registry, "vault", &error);
  g_assert_no_error (error);
  return self;
}

void
vault_fixture_close_provider (VaultFixture *self)
{
  g_clear_object (&self->registry);
  g_clear_object (&self->provider);
}

void
vault_fixture_free (VaultFixture *self)
{
  vault_fixture_close_provider (self);
  test_server_free (self->server);
  config_root_remove (self->root);
  g_ptr_array_unref (self->replies);
  g_free (self->token_file);
  g_free (self);
}

gboolean
vault_fixture_encrypt (VaultFixture *self, KmsContext *context, GError **error)
{
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) "hello", 5);
  g_autoptr (GBytes) ciphertext = kms_provider_encrypt (self->provider, "orders", secret, context, NULL, error);

  if (ciphertext == NULL)
    return FALSE;
  g_assert_cmpmem (g_bytes_get_data (ciphertext, NULL), g_bytes_get_size (ciphertext), "vault:v1:QUJD", 13);
  return TRUE;
}

gboolean
vault_fixture_decrypt (VaultFixture *self, KmsContext *context, GError **error)
{
  g_autoptr (GBytes) ciphertext = g_bytes_new_static ("vault:v1:QUJD", 13);
  g_autoptr (KmsSecret) plaintext = kms_provider_decrypt (self->provider, "orders", ciphertext, context, NULL, error);
  gsize length;

  if (plaintext == NULL)
    return FALSE;
  const guint8 *data = kms_secret_get_data (plaintext, &length);
  g_assert_cmpmem (data, length, "hello", 5);
  return TRUE;
}

guint
vault_fixture_count (VaultFixture *self, const char *path)
{
  return test_server_count_requests_of (self->server, path);
}

const TestRequest *
vault_fixture_find (VaultFixture *self, const char *path)
{
  for (guint i = test_server_count_requests (self->server); i > 0; i--)
    if (strstr (test_server_get_request (self->server, i - 1)->path, path) != NULL)
      return test_server_get_request (self->server, i - 1);
  g_assert_not_reached ();
}

char *
vault_fixture_dup_body (VaultFixture *self, const char *path)
{
  const TestRequest *request = vault_fixture_find (self, path);
  return g_strndup (g_bytes_get_data (request->body, NULL), g_bytes_get_size (request->body));
}
