/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Heads of requests, and redirects. */
#include "vault-message.h"

#include <string.h>

void
vault_route_clear (VaultRoute *self)
{
  g_clear_pointer (&self->url, g_free);
}

/* libsoup copies headers to the heap: the token is in there as long as the message. */
static void
add_token (KmsHttpRequest *request, KmsSecret *token)
{
  gsize length;
  const guint8 *data = kms_secret_get_data (token, &length);
  g_autoptr (KmsHttpBuffer) text = kms_http_buffer_new ();

  kms_http_buffer_append (text, data, length);
  kms_http_request_add_header (request, "X-Vault-Token", (const char *) kms_http_buffer_get_data (text, &length));
}

void
vault_message_begin (KmsHttpRequest *request, const VaultSettings *settings, const VaultRoute *route,
                     const char *method, const char *path, KmsSecret *token, VaultHeadFlags flags)
{
  g_autofree char *url = g_strconcat (settings->base, "/v1/", path, NULL);

  kms_http_request_set_method (request, method);
  kms_http_request_set_url (request, route != NULL && route->url != NULL ? route->url : url);
  /* Agents can be told to answer nobody who does not send it, which keeps web pages out. */
  kms_http_request_add_header (request, "X-Vault-Request", "true");
  if (settings->namespace != NULL && (flags & VAULT_HEAD_ROOT_NAMESPACE) == 0)
    kms_http_request_add_header (request, "X-Vault-Namespace", settings->namespace);
  if (token != NULL)
    add_token (request, token);
}

static gboolean
is_redirect (guint status)
{
  return status == 301 || status == 302 || status == 307 || status == 308;
}

/* What stands behind the server's address, query and all: an active server has the same there as its standby. */
static const char *
find_path (const char *url)
{
  const char *at = strstr (url, "/v1/");
  return at != NULL ? at : "";
}

static const char *
judge_location (const char *location, const char *from, const VaultSettings *settings, const VaultRoute *route)
{
  g_autoptr (GUri) uri = g_uri_parse (location, G_URI_FLAGS_ENCODED, NULL);
  const char *scheme = uri != NULL ? g_uri_get_scheme (uri) : "";

  if (!settings->follow_redirects)
    return "and VAULT_DISABLE_REDIRECTS says not to follow";
  if (route->url != NULL)
    return "for the second time";
  if (settings->unix_socket != NULL)
    return "which a socket can't lead to";
  if (uri == NULL || g_uri_get_host (uri) == NULL || g_uri_get_host (uri)[0] == '\0' || g_uri_get_userinfo (uri) != NULL
      || (!g_str_equal (scheme, "https") && !g_str_equal (scheme, "http")))
    return "to what is no address";
  if (g_str_has_prefix (from, "https:") && !g_str_equal (scheme, "https"))
    return "where nothing is encrypted";
  if (!g_str_equal (find_path (location), find_path (from)))
    return "where something else is";
  return NULL;
}

gboolean
vault_message_follow (KmsHttpResponse *response, const VaultSettings *settings, VaultRoute *route, GError **error)
{
  guint status = kms_http_response_get_status (response);
  const char *location = kms_http_response_get_header (response, "Location");
  const char *from = kms_http_request_get_url (kms_http_response_get_request (response));

  if (!is_redirect (status))
    return FALSE;
  const char *wrong = location != NULL ? judge_location (location, from, settings, route) : "to nowhere";
  if (wrong == NULL)
    {
      route->url = g_strdup (location);
      return TRUE;
    }
  g_set_error (error, KMS_ERROR, KMS_ERROR_UNAVAILABLE,
               "%s sends one to another server, %s; set the address to the active server or to a load balancer (HTTP "
               "status %u)",
               settings->base, wrong, status);
  if (error != NULL)
    kms_error_set_service (*error, status, NULL, NULL);
  return FALSE;
}
