/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sessions of libsoup as a library wants them: nothing is asked of the user, no redirect is followed, no content is
 * decoded, no thread is started for proxies. */
#include "kms-http-network.h"

#include <gio/gunixsocketaddress.h>
#include <unistd.h>

/* Servers and load balancers close idle connections after a minute; ours go a little earlier. */
#define IDLE_TIMEOUT 55

void
_kms_http_network_clear (KmsHttpNetwork *self)
{
  g_clear_pointer (&self->unix_socket, g_free);
  g_clear_pointer (&self->proxy, g_free);
  g_clear_pointer (&self->server_name, g_free);
  g_clear_object (&self->proxies);
  g_clear_object (&self->database);
  g_clear_object (&self->certificate);
  if (self->ca_bundle >= 0)
    close (self->ca_bundle);
  self->ca_bundle = -1;
}

/* Of these, the names in small letters win, as in curl. HTTP_PROXY in capitals is not read: in a CGI program, whoever
 * sends a request sets it. */
static char *
dup_variable (KmsProvider *provider, const char *small, const char *capital)
{
  g_autofree char *value = kms_provider_dup_environment (provider, small);
  if ((value == NULL || value[0] == '\0') && capital != NULL)
    {
      g_free (value);
      value = kms_provider_dup_environment (provider, capital);
    }
  return value == NULL || value[0] == '\0' ? NULL : g_steal_pointer (&value);
}

static GStrv
split_hosts (const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);
  g_autoptr (GStrvBuilder) hosts = g_strv_builder_new ();

  for (guint i = 0; parts[i] != NULL; i++)
    if (g_strstrip (parts[i])[0] != '\0')
      g_strv_builder_add (hosts, parts[i]);
  return g_strv_builder_end (hosts);
}

/* "host:3128" stands for "http://host:3128". */
static char *
proxy_url (const char *value)
{
  return strstr (value, "://") != NULL ? g_strdup (value) : g_strconcat ("http://", value, NULL);
}

static void
set_proxy (GProxyResolver *resolver, const char *scheme, const char *value, const char *otherwise)
{
  const char *chosen = value != NULL ? value : otherwise;

  if (chosen == NULL)
    return;
  g_autofree char *url = proxy_url (chosen);
  g_simple_proxy_resolver_set_uri_proxy (G_SIMPLE_PROXY_RESOLVER (resolver), scheme, url);
}

/* None at all where none is named: with a resolver, of whatever kind, GIO makes its default one as well, which starts threads of
 * dconf and libproxy. */
void
_kms_http_network_find_proxies (KmsHttpNetwork *self, KmsProvider *provider)
{
  g_autofree char *http = dup_variable (provider, "http_proxy", NULL);
  g_autofree char *https = dup_variable (provider, "https_proxy", "HTTPS_PROXY");
  g_autofree char *all = dup_variable (provider, "all_proxy", "ALL_PROXY");
  g_autofree char *none = dup_variable (provider, "no_proxy", "NO_PROXY");

  if (self->proxy != NULL)
    {
      g_autofree char *url = proxy_url (self->proxy);
      self->proxies = g_simple_proxy_resolver_new (url, NULL);
      return;
    }
  if ((http == NULL && https == NULL && all == NULL) || g_strcmp0 (none, "*") == 0)
    return;
  g_auto (GStrv) hosts = split_hosts (none != NULL ? none : "");
  self->proxies = g_simple_proxy_resolver_new (NULL, hosts);
  set_proxy (self->proxies, "http", http, all);
  set_proxy (self->proxies, "https", https, all);
}

gboolean
_kms_http_network_set_ca_file (KmsHttpNetwork *self, const char *path, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  GTlsDatabase *database = NULL;

  /* It is empty, but no error, where the file holds no certificate. */
  g_autolist (GTlsCertificate) certificates = g_tls_certificate_list_new_from_file (absolute, &local);
  if (certificates != NULL)
    database = g_tls_file_database_new (absolute, &local);
  if (database == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "no certificate authority in \"%s\": %s", path,
                   local != NULL ? local->message : "it holds no certificate in PEM format");
      return FALSE;
    }
  g_set_object (&self->database, database);
  g_object_unref (database);
  return TRUE;
}

gboolean
_kms_http_network_set_client_certificate (KmsHttpNetwork *self, const char *certificate_path, const char *key_path,
                                          GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GTlsCertificate) certificate = g_tls_certificate_new_from_files (certificate_path, key_path, &local);

  if (certificate == NULL)
    {
      g_set_error (
        error, KMS_ERROR, KMS_ERROR_CONFIG,
        "no client certificate from \"%s\" and \"%s\": %s; both must be PEM, and the key without a passphrase",
        certificate_path, key_path, local->message);
      return FALSE;
    }
  g_set_object (&self->certificate, certificate);
  return TRUE;
}

SoupSession *
_kms_http_network_make_session (KmsHttpNetwork *self, guint max_connections)
{
  g_autoptr (GSocketAddress) socket = self->unix_socket != NULL ? g_unix_socket_address_new (self->unix_socket) : NULL;
  SoupSession *session = g_object_new (SOUP_TYPE_SESSION, "max-conns", (int) max_connections, "max-conns-per-host",
                                       (int) max_connections, "idle-timeout", IDLE_TIMEOUT, "timeout", 0, "user-agent",
                                       "libkms/" PACKAGE_VERSION, "remote-connectable", socket, NULL);

  soup_session_remove_feature_by_type (session, SOUP_TYPE_AUTH_MANAGER);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_CONTENT_DECODER);
  soup_session_set_proxy_resolver (session, self->proxies);
  if (self->database != NULL)
    soup_session_set_tls_database (session, self->database);
  return session;
}

static gboolean
on_accept_certificate (SoupMessage *message, GTlsCertificate *certificate, GTlsCertificateFlags errors, gpointer data)
{
  return TRUE;
}

static gboolean
on_request_certificate (SoupMessage *message, GTlsClientConnection *connection, gpointer data)
{
  KmsHttpNetwork *self = data;
  soup_message_set_tls_client_certificate (message, self->certificate);
  return TRUE;
}

/* libsoup expects the certificate of the host that it connects to; just before the handshake is the time to want
 * another name. */
static void
on_network_event (SoupMessage *message, GSocketClientEvent event, GIOStream *connection, gpointer data)
{
  KmsHttpNetwork *self = data;

  if (event != G_SOCKET_CLIENT_TLS_HANDSHAKING || !G_IS_TLS_CLIENT_CONNECTION (connection))
    return;
  g_autoptr (GSocketConnectable) identity = g_network_address_new (self->server_name, 0);
  g_tls_client_connection_set_server_identity (G_TLS_CLIENT_CONNECTION (connection), identity);
}

void
_kms_http_network_prepare_message (KmsHttpNetwork *self, SoupMessage *message)
{
  if (self->skip_verification)
    g_signal_connect (message, "accept-certificate", G_CALLBACK (on_accept_certificate), NULL);
  if (self->certificate != NULL)
    {
      soup_message_set_tls_client_certificate (message, self->certificate);
      g_signal_connect (message, "request-certificate", G_CALLBACK (on_request_certificate), self);
    }
  if (self->server_name != NULL)
    g_signal_connect (message, "network-event", G_CALLBACK (on_network_event), self);
}
