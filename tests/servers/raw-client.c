/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client for the tests of the test servers that shows every byte it gets. */
#include "raw-client.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>

static GSocketConnectable *
connectable_of (const char *address, GError **error)
{
  if (g_str_has_prefix (address, "unix://"))
    return G_SOCKET_CONNECTABLE (g_unix_socket_address_new (address + strlen ("unix://")));
  return g_network_address_parse_uri (address, 80, error);
}

GIOStream *
raw_client_connect (const char *address, const char *ca_file, const char *certificate_file, const char *key_file,
                    GError **error)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnectable) peer = connectable_of (address, error);
  if (peer == NULL)
    return NULL;
  g_socket_client_set_proxy_resolver (client, NULL);
  g_socket_client_set_enable_proxy (client, FALSE);
  g_socket_client_set_timeout (client, 20);
  g_autoptr (GSocketConnection) plain = g_socket_client_connect (client, peer, NULL, error);
  if (plain == NULL || ca_file == NULL)
    return plain != NULL ? G_IO_STREAM (g_steal_pointer (&plain)) : NULL;

  g_autoptr (GTlsDatabase) database = g_tls_file_database_new (ca_file, error);
  g_autoptr (GIOStream) secure = database != NULL ? g_tls_client_connection_new (G_IO_STREAM (plain), peer, error)
                                                  : NULL;
  if (secure == NULL)
    return NULL;
  g_tls_connection_set_database (G_TLS_CONNECTION (secure), database);
  if (certificate_file != NULL)
    {
      g_autoptr (GTlsCertificate) own = g_tls_certificate_new_from_files (certificate_file, key_file, error);
      if (own == NULL)
        return NULL;
      g_tls_connection_set_certificate (G_TLS_CONNECTION (secure), own);
    }
  if (!g_tls_connection_handshake (G_TLS_CONNECTION (secure), NULL, error))
    return NULL;
  return g_steal_pointer (&secure);
}

char *
raw_client_ask (GIOStream *stream, const char *request, const char *until, GError **error)
{
  g_autoptr (GString) answer = g_string_new (NULL);

  if (!g_output_stream_write_all (g_io_stream_get_output_stream (stream), request, strlen (request), NULL, NULL, error))
    return NULL;
  while (until == NULL || strstr (answer->str, until) == NULL)
    {
      char block[4096];
      gssize got = g_input_stream_read (g_io_stream_get_input_stream (stream), block, sizeof block, NULL, error);
      if (got < 0)
        return NULL;
      if (got == 0)
        break;
      g_string_append_len (answer, block, got);
    }
  return g_string_free (g_steal_pointer (&answer), FALSE);
}

char *
raw_client_post (const char *address, const char *path, const char *token, const char *body, GError **error)
{
  g_autoptr (GIOStream) stream = raw_client_connect (address, NULL, NULL, NULL, error);
  if (stream == NULL)
    return NULL;
  g_autofree char *request = g_strdup_printf ("POST %s HTTP/1.1\r\nHost: localhost\r\nX-Vault-Token: %s\r\n"
                                              "Connection: close\r\nContent-Length: %zu\r\n\r\n%s",
                                              path, token != NULL ? token : "", strlen (body), body);
  return raw_client_ask (stream, request, NULL, error);
}
