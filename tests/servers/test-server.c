/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The test server: a thread that accepts, and one for each connection. */
#include "test-server.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>

#include "fault.h"
#include "http-frame.h"
#include "test-certificates.h"

struct _TestServer
{
  TestServerFlags flags;
  char *address;
  guint16 port;
  char *socket_path;
  char *socket_directory; /* ours, if the path was not given */
  TestCertificates *certificates;
  GTlsCertificate *certificate;
  GTlsDatabase *clients;
  GSocket *listener;
  GCancellable *cancellable;
  GThread *acceptor;
  GMutex lock; /* of all below */
  FaultQueue *faults;
  TestHandler handler;
  gpointer handler_data;
  gboolean remember;
  GPtrArray *requests;
  GHashTable *counts; /* path → how often */
  guint n_requests;
  guint n_connections;
  GPtrArray *threads;
};

typedef struct
{
  TestServer *server;
  GSocket *socket;
  guint number;
} Visit;

static GSocket *
listen_at (GSocketAddress *address)
{
  g_autoptr (GError) error = NULL;
  GSocket *socket =
    g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, &error);

  g_assert_no_error (error);
  g_socket_bind (socket, address, TRUE, &error);
  g_assert_no_error (error);
  g_socket_set_listen_backlog (socket, 256);
  g_socket_listen (socket, &error);
  g_assert_no_error (error);
  return socket;
}

static void
listen_on_port (TestServer *self, guint16 port)
{
  g_autoptr (GSocketAddress) wanted = g_inet_socket_address_new_from_string ("127.0.0.1", port);
  self->listener = listen_at (wanted);
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (self->listener, NULL);
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  self->address = (self->flags & TEST_SERVER_TLS) != 0 ? g_strdup_printf ("https://localhost:%u", self->port)
                                                       : g_strdup_printf ("http://127.0.0.1:%u", self->port);
}

static void
listen_on_path (TestServer *self, const char *path)
{
  g_autoptr (GError) error = NULL;

  if (path == NULL)
    {
      self->socket_directory = g_dir_make_tmp ("kms-server-XXXXXX", &error);
      g_assert_no_error (error);
    }
  self->socket_path = path != NULL ? g_strdup (path) : g_build_filename (self->socket_directory, "socket", NULL);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (self->socket_path);
  self->listener = listen_at (address);
  self->address = g_strconcat ("unix://", self->socket_path, NULL);
}

static void
load_certificates (TestServer *self)
{
  g_autoptr (GError) error = NULL;

  self->certificates = test_certificates_new (self->flags);
  if ((self->flags & TEST_SERVER_TLS) == 0)
    return;
  self->certificate = g_tls_certificate_new_from_file (self->certificates->server_file, &error);
  g_assert_no_error (error);
  self->clients = g_tls_file_database_new (self->certificates->ca_file, &error);
  g_assert_no_error (error);
}

/* Unlike clients, GIO's servers are asked about every certificate. */
static gboolean
on_accept_certificate (GTlsConnection *connection, GTlsCertificate *certificate, GTlsCertificateFlags errors,
                       gpointer data)
{
  return errors == 0;
}

static GIOStream *
start_tls (TestServer *self, GIOStream *plain)
{
  gboolean required = (self->flags & TEST_SERVER_CLIENT_CERTIFICATE) != 0;
  gboolean asked = (self->flags & TEST_SERVER_ASK_CERTIFICATE) != 0;
  g_autoptr (GIOStream) stream = g_tls_server_connection_new (plain, self->certificate, NULL);

  g_assert_nonnull (stream);
  g_signal_connect (stream, "accept-certificate", G_CALLBACK (on_accept_certificate), NULL);
  if (required || asked)
    g_object_set (stream, "authentication-mode",
                  required ? G_TLS_AUTHENTICATION_REQUIRED : G_TLS_AUTHENTICATION_REQUESTED, "database", self->clients,
                  NULL);
  g_autoptr (GError) error = NULL;
  if (!g_tls_connection_handshake (G_TLS_CONNECTION (stream), self->cancellable, &error))
    {
      g_debug ("test server: %s", error->message);
      return NULL;
    }
  return g_steal_pointer (&stream);
}

static void
note_request (TestServer *self, TestRequest *request)
{
  gpointer count = g_hash_table_lookup (self->counts, request->path);

  self->n_requests++;
  if (!self->remember)
    {
      test_request_free (request);
      return;
    }
  g_hash_table_insert (self->counts, g_strdup (request->path), GUINT_TO_POINTER (GPOINTER_TO_UINT (count) + 1));
  g_ptr_array_add (self->requests, request);
}

/* Whether the connection goes on. */
static gboolean
serve_request (TestServer *self, TestRequest *request, const FaultWire *wire)
{
  g_autoptr (TestResponse) response = test_response_new ();

  g_mutex_lock (&self->lock);
  g_autoptr (TestFault) fault = fault_queue_take (self->faults, request->path);
  if (fault_is_handled (fault))
    {
      if (self->handler != NULL)
        self->handler (request, response, self->handler_data);
      else
        test_response_set_json (response, 200, "{}");
    }
  note_request (self, request);
  g_mutex_unlock (&self->lock);
  return fault_answer (fault, response, wire);
}

static gboolean
reset_before_reading (TestServer *self, GSocket *socket)
{
  g_mutex_lock (&self->lock);
  g_autoptr (TestFault) fault = fault_queue_take (self->faults, NULL);
  g_mutex_unlock (&self->lock);
  if (fault == NULL)
    return FALSE;
  g_socket_condition_wait (socket, G_IO_IN, self->cancellable, NULL);
  fault_reset (socket);
  return TRUE;
}

static void
serve_stream (TestServer *self, Visit *visit, GIOStream *stream)
{
  g_autoptr (GDataInputStream) input = g_data_input_stream_new (g_io_stream_get_input_stream (stream));
  FaultWire wire = { visit->socket, g_io_stream_get_output_stream (stream), self->cancellable };
  gboolean more = TRUE;

  while (more)
    {
      TestRequest *request = http_frame_read (G_INPUT_STREAM (input), self->cancellable, NULL);
      if (request == NULL)
        return;
      request->connection = visit->number;
      if (G_IS_TLS_CONNECTION (stream))
        g_set_object (&request->certificate, g_tls_connection_get_peer_certificate (G_TLS_CONNECTION (stream)));
      more = serve_request (self, request, &wire);
    }
}

static gpointer
serve_visit (gpointer data)
{
  Visit *visit = data;
  TestServer *self = visit->server;
  g_autoptr (GIOStream) plain = G_IO_STREAM (g_socket_connection_factory_create_connection (visit->socket));

  if (!reset_before_reading (self, visit->socket))
    {
      g_autoptr (GIOStream) stream = (self->flags & TEST_SERVER_TLS) != 0 ? start_tls (self, plain)
                                                                          : g_object_ref (plain);
      if (stream != NULL)
        serve_stream (self, visit, stream);
    }
  g_socket_close (visit->socket, NULL);
  g_object_unref (visit->socket);
  g_free (visit);
  return NULL;
}

static gpointer
accept_visits (gpointer data)
{
  TestServer *self = data;

  for (;;)
    {
      g_autoptr (GSocket) socket = g_socket_accept (self->listener, self->cancellable, NULL);
      if (socket == NULL)
        return NULL;
      Visit *visit = g_new0 (Visit, 1);
      visit->server = self;
      visit->socket = g_steal_pointer (&socket);
      g_socket_set_option (visit->socket, 6 /* IPPROTO_TCP */, 1 /* TCP_NODELAY */, 1, NULL);
      g_mutex_lock (&self->lock);
      visit->number = ++self->n_connections;
      g_ptr_array_add (self->threads, g_thread_new ("test-visit", serve_visit, visit));
      g_mutex_unlock (&self->lock);
    }
}

static TestServer *
server_new (TestServerFlags flags, guint16 port, const char *path)
{
  TestServer *self = g_new0 (TestServer, 1);

  self->flags = flags;
  self->cancellable = g_cancellable_new ();
  g_mutex_init (&self->lock);
  self->faults = fault_queue_new ();
  self->remember = TRUE;
  self->requests = g_ptr_array_new_with_free_func ((GDestroyNotify) test_request_free);
  self->counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->threads = g_ptr_array_new ();
  load_certificates (self);
  if ((flags & TEST_SERVER_UNIX) != 0)
    listen_on_path (self, path);
  else
    listen_on_port (self, port);
  self->acceptor = g_thread_new ("test-server", accept_visits, self);
  return self;
}

TestServer *
test_server_new (TestServerFlags flags)
{
  return server_new (flags, 0, NULL);
}

TestServer *
test_server_new_at_port (TestServerFlags flags, guint16 port)
{
  return server_new (flags, port, NULL);
}

TestServer *
test_server_new_at_path (TestServerFlags flags, const char *path)
{
  return server_new (flags | TEST_SERVER_UNIX, 0, path);
}

static void
remove_socket (TestServer *self)
{
  if (self->socket_path != NULL)
    g_unlink (self->socket_path);
  if (self->socket_directory != NULL)
    g_rmdir (self->socket_directory);
  g_free (self->socket_path);
  g_free (self->socket_directory);
}

void
test_server_free (TestServer *self)
{
  g_cancellable_cancel (self->cancellable);
  g_thread_join (self->acceptor);
  for (guint i = 0; i < self->threads->len; i++)
    g_thread_join (self->threads->pdata[i]);
  g_ptr_array_unref (self->threads);
  g_object_unref (self->listener);
  g_object_unref (self->cancellable);
  g_clear_object (&self->certificate);
  g_clear_object (&self->clients);
  test_certificates_free (self->certificates);
  remove_socket (self);
  g_free (self->address);
  fault_queue_free (self->faults);
  g_ptr_array_unref (self->requests);
  g_hash_table_unref (self->counts);
  g_mutex_clear (&self->lock);
  g_free (self);
}

const char *
test_server_get_address (const TestServer *self)
{
  return self->address;
}

guint16
test_server_get_port (const TestServer *self)
{
  return self->port;
}

const char *
test_server_get_ca_file (const TestServer *self)
{
  return self->certificates->ca_file;
}

const char *
test_server_get_client_certificate_file (const TestServer *self)
{
  return self->certificates->client_file;
}

const char *
test_server_get_client_key_file (const TestServer *self)
{
  return self->certificates->client_key_file;
}

void
test_server_set_handler (TestServer *self, TestHandler handler, gpointer data)
{
  g_mutex_lock (&self->lock);
  self->handler = handler;
  self->handler_data = data;
  g_mutex_unlock (&self->lock);
}

void
test_server_add_fault (TestServer *self, const char *path, TestFault fault, guint times)
{
  g_mutex_lock (&self->lock);
  fault_queue_add (self->faults, path, &fault, times);
  g_mutex_unlock (&self->lock);
}

void
test_server_clear_faults (TestServer *self)
{
  g_mutex_lock (&self->lock);
  fault_queue_clear (self->faults);
  g_mutex_unlock (&self->lock);
}

guint
test_server_count_connections (TestServer *self)
{
  g_mutex_lock (&self->lock);
  guint n = self->n_connections;
  g_mutex_unlock (&self->lock);
  return n;
}

guint
test_server_count_requests (TestServer *self)
{
  g_mutex_lock (&self->lock);
  guint n = self->n_requests;
  g_mutex_unlock (&self->lock);
  return n;
}

guint
test_server_count_requests_of (TestServer *self, const char *path)
{
  GHashTableIter iter;
  gpointer key, value;
  guint n = 0;

  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->counts);
  while (g_hash_table_iter_next (&iter, &key, &value))
    if (strstr (key, path) != NULL)
      n += GPOINTER_TO_UINT (value);
  g_mutex_unlock (&self->lock);
  return n;
}

const TestRequest *
test_server_get_request (TestServer *self, guint index)
{
  g_mutex_lock (&self->lock);
  g_assert_cmpuint (index, <, self->requests->len);
  const TestRequest *request = self->requests->pdata[index];
  g_mutex_unlock (&self->lock);
  return request;
}

void
test_server_forget_requests (TestServer *self)
{
  g_mutex_lock (&self->lock);
  g_ptr_array_set_size (self->requests, 0);
  g_hash_table_remove_all (self->counts);
  self->n_requests = 0;
  g_mutex_unlock (&self->lock);
}

void
test_server_set_remember (TestServer *self, gboolean remember)
{
  g_mutex_lock (&self->lock);
  self->remember = remember;
  g_mutex_unlock (&self->lock);
}
