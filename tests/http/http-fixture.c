/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service that echo-module.c speaks to, and a registry with that provider. */
#include "http-fixture.h"

#include <string.h>

static void
answer_login (HttpFixture *self, TestResponse *response)
{
  g_autofree char *json = g_strdup_printf ("{\"token\":\"token-%u\",\"ttl\":%d}", ++self->n_logins, self->login_ttl);
  test_response_set_json (response, 200, json);
}

static gboolean
is_refused (HttpFixture *self, const TestRequest *request)
{
  const char *token = test_request_get_header (request, "X-Token");
  guint64 number = 0;

  if (self->refused_below == 0)
    return FALSE;
  return token == NULL || !g_str_has_prefix (token, "token-")
         || !g_ascii_string_to_unsigned (token + strlen ("token-"), 10, 0, G_MAXUINT, &number, NULL)
         || number < self->refused_below;
}

static void
answer (const TestRequest *request, TestResponse *response, gpointer data)
{
  HttpFixture *self = data;
  gsize length;
  const guint8 *body = g_bytes_get_data (request->body, &length);

  if (strcmp (request->path, "/login") == 0)
    answer_login (self, response);
  else if (is_refused (self, request))
    test_response_set_json (response, 401, "{}");
  else
    {
      test_response_set_json (response, 200, "");
      g_byte_array_append (response->body, body, (guint) length);
    }
}

HttpFixture *
http_fixture_new_for_file (TestServer *server, const char *options, const char *settings)
{
  HttpFixture *self = g_new0 (HttpFixture, 1);
  GError *error = NULL;
  g_autofree char *file =
    g_strdup_printf ("Prefixes=echo/\n%s\n[Settings]\n%s\n", options != NULL ? options : "", settings);

  self->server = server;
  self->root = config_root_new ();
  config_root_add_provider (self->root, "echo", "kms-echo.so", file);
  test_server_set_handler (server, answer, self);
  self->registry = kms_registry_new (self->root, NULL, &error);
  g_assert_no_error (error);
  self->provider = kms_registry_dup_provider (self->registry, "echo", &error);
  g_assert_no_error (error);
  return self;
}

HttpFixture *
http_fixture_new (TestServerFlags flags, const char *options, const char *settings)
{
  TestServer *server = test_server_new (flags);
  g_autofree char *ca =
    (flags & TEST_SERVER_TLS) == 0 ? g_strdup ("") : g_strdup_printf ("CaFile=%s\n", test_server_get_ca_file (server));
  g_autofree char *all =
    g_strdup_printf ("Address=%s\n%s%s\n", test_server_get_address (server), ca, settings != NULL ? settings : "");
  return http_fixture_new_for_file (server, options, all);
}

void
http_fixture_close_provider (HttpFixture *self)
{
  g_clear_object (&self->registry);
  g_clear_object (&self->provider);
}

void
http_fixture_free (HttpFixture *self)
{
  http_fixture_close_provider (self);
  test_server_free (self->server);
  config_root_remove (self->root);
  g_free (self);
}

gboolean
http_fixture_echo (HttpFixture *self, const char *key, GError **error)
{
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) "hello", 5);
  g_autoptr (GBytes) back = kms_provider_encrypt (self->provider, key, secret, NULL, NULL, error);

  if (back == NULL)
    return FALSE;
  g_assert_cmpmem (g_bytes_get_data (back, NULL), g_bytes_get_size (back), "hello", 5);
  return TRUE;
}

typedef struct
{
  HttpFixture *fixture;
  guint n_calls;
  gint n_failed; /* atomic */
} Crowd;

static gpointer
echo_in_thread (gpointer data)
{
  Crowd *crowd = data;

  for (guint i = 0; i < crowd->n_calls; i++)
    {
      g_autoptr (GError) error = NULL;
      if (http_fixture_echo (crowd->fixture, "k", &error))
        continue;
      g_test_message ("%s", error->message);
      g_atomic_int_inc (&crowd->n_failed);
    }
  return NULL;
}

guint
http_fixture_echo_at_once (HttpFixture *self, guint n_threads, guint n_calls)
{
  g_autoptr (GPtrArray) threads = g_ptr_array_new ();
  Crowd crowd = { .fixture = self, .n_calls = n_calls };

  for (guint i = 0; i < n_threads; i++)
    g_ptr_array_add (threads, g_thread_new ("caller", echo_in_thread, &crowd));
  for (guint i = 0; i < n_threads; i++)
    g_thread_join (threads->pdata[i]);
  return (guint) crowd.n_failed;
}

void
http_fixture_assert_fails (HttpFixture *self, const char *key, KmsError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (http_fixture_echo (self, key, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, KMS_ERROR, (int) code);
  g_assert_cmpstr (kms_error_get_provider (error), ==, "echo");
}
