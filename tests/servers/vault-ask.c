/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks a Vault double byte by byte. */
#include "vault-ask.h"

#include <string.h>

#include "raw-client.h"

VaultAsk *
vault_ask_new (TestServerFlags flags)
{
  VaultAsk *self = g_new0 (VaultAsk, 1);

  self->server = test_server_new (flags);
  self->vault = vault_double_new (self->server);
  return self;
}

void
vault_ask_free (VaultAsk *self)
{
  vault_double_free (self->vault);
  test_server_free (self->server);
  g_free (self);
}

static GIOStream *
connect_to (VaultAsk *self)
{
  g_autoptr (GError) error = NULL;
  const char *address = test_server_get_address (self->server);
  gboolean is_tls = g_str_has_prefix (address, "https:");
  GIOStream *stream = raw_client_connect (address, is_tls ? test_server_get_ca_file (self->server) : NULL,
                                          is_tls ? test_server_get_client_certificate_file (self->server) : NULL,
                                          is_tls ? test_server_get_client_key_file (self->server) : NULL, &error);

  g_assert_no_error (error);
  return stream;
}

char *
vault_ask_for_head (VaultAsk *self, const char *method, const char *path, const char *token, const char *headers,
                    const char *body)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) stream = connect_to (self);
  g_autoptr (GString) request = g_string_new (NULL);

  g_string_append_printf (request, "%s /v1/%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", method, path);
  if (token != NULL)
    g_string_append_printf (request, "X-Vault-Token: %s\r\n", token);
  g_string_append (request, headers != NULL ? headers : "");
  g_string_append_printf (request, "Content-Length: %zu\r\n\r\n%s", body != NULL ? strlen (body) : 0,
                          body != NULL ? body : "");
  g_autofree char *answer = raw_client_ask (stream, request->str, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 "));
  return g_strdup (answer + strlen ("HTTP/1.1 "));
}

char *
vault_ask (VaultAsk *self, const char *method, const char *path, const char *token, const char *body)
{
  g_autofree char *answer = vault_ask_for_head (self, method, path, token, NULL, body);
  const char *end = strstr (answer, "\r\n\r\n");

  g_assert_nonnull (end);
  return g_strdup_printf ("%.3s %s", answer, end + 4);
}

void
vault_ask_expect (VaultAsk *self, const char *method, const char *path, const char *token, const char *body,
                  guint status, const char *text)
{
  g_autofree char *answer = vault_ask (self, method, path, token, body);
  g_autofree char *expected = g_strdup_printf ("%u ", status);

  if (!g_str_has_prefix (answer, expected) || strstr (answer, text) == NULL)
    g_error ("%s %s: expected %u and \"%s\", found %s", method, path, status, text, answer);
}

char *
vault_ask_find (const char *answer, const char *name)
{
  g_autofree char *start = g_strdup_printf ("\"%s\":\"", name);
  const char *found = strstr (answer, start);

  if (found == NULL)
    g_error ("there is no \"%s\" in %s", name, answer);
  found += strlen (start);
  return g_strndup (found, strcspn (found, "\""));
}

void
vault_ask_assert_contains (const char *where, const char *text, const char *part)
{
  if (strstr (text, part) == NULL)
    g_error ("%s: \"%s\" is not in %s", where, part, text);
}
