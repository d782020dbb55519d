/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server inside a test program: it listens, gives each connection a thread, and notes what comes in. */
#include "test-server.h"
#include "fault.h"
#include "http-frame.h"
#include "test-certificates.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

struct _TestServer
{
  TestServerFlags flags;
  char *address;
  guint16 port;
  char *socket_path;
  /* NULL if the path was given. */
  char *socket_directory;
  TestCertificates *certificates;
  GTlsCertificate *tls_certificate;
  GTlsDatabase *tls_database;

  GSocket *listener;
  GCancellable *stop;
  GThread *acceptor;

  /* Held while a handler runs. */
  GMutex handling;
  TestHandler handler;
  gpointer handler_data;

  /* Guards what follows. */
  GMutex lock;
  GCond ended;
  guint running;
  guint connections;
  gboolean remember;
  guint request_count;
  /* Path to how often. */
  GHashTable *counts;
  GPtrArray *requests;
  FaultQueue *faults;
};

typedef struct
{
  TestServer *server;
  guint number;
  GSocket *socket;
  /* The connection, or TLS over it. */
  GIOStream *stream;
  GDataInputStream *input;
} Connection;

static void
connection_free (Connection *self)
{
  g_clear_object (&self->input);
  g_io_stream_close (self->stream, self->server->stop, NULL);
  g_clear_object (&self->stream);
  g_clear_object (&self->socket);
  g_free (self);
}

/* The reference that the list keeps, if it keeps one. */
static void
note_request (TestServer *self, TestRequest *request)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->request_count++;
  if (!self->remember)
    return;
  guint count = GPOINTER_TO_UINT (g_hash_table_lookup (self->counts, request->path));
  g_hash_table_insert (self->counts, g_strdup (request->path), GUINT_TO_POINTER (count + 1));
  g_ptr_array_add (self->requests, test_request_ref (request));
}

static TestFault *
take_fault (TestServer *self, const char *path)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return fault_queue_take (self->faults, path);
}

static void
handle (TestServer *self, const TestRequest *request, TestResponse *response)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->handling);

  if (self->handler != NULL)
    self->handler (request, response, self->handler_data);
  else
    test_response_set_json (response, 200, "{}");
}

/* FALSE when the connection has to end. */
static gboolean
answer_request (Connection *self, const TestRequest *request)
{
  g_autoptr (TestFault) fault = take_fault (self->server, request->path);
  g_autoptr (TestResponse) response = test_response_new ();
  FaultWire wire = { self->socket, g_io_stream_get_output_stream (self->stream), self->server->stop };
  const char *wish = test_request_get_header (request, "Connection");

  if (fault_is_handled (fault))
    handle (self->server, request, response);
  if (g_str_equal (request->method, "HEAD"))
    g_byte_array_set_size (response->body, 0);
  return fault_answer (fault, response, &wire) && (wish == NULL || g_ascii_strcasecmp (wish, "close") != 0);
}

static void
refuse_request (Connection *self, const char *why)
{
  g_autoptr (TestResponse) response = test_response_new ();
  FaultWire wire = { self->socket, g_io_stream_get_output_stream (self->stream), self->server->stop };

  response->status = 400;
  g_byte_array_append (response->body, (const guint8 *) why, (guint) strlen (why));
  fault_answer (NULL, response, &wire);
}

/* A fault of this kind meets the first byte of a request, which must not be read. */
static gboolean
is_reset_at_first_byte (Connection *self)
{
  if (g_buffered_input_stream_get_available (G_BUFFERED_INPUT_STREAM (self->input)) == 0
      && !g_socket_condition_wait (self->socket, G_IO_IN, self->server->stop, NULL))
    return TRUE;
  g_autoptr (TestFault) fault = take_fault (self->server, NULL);
  if (fault != NULL)
    fault_reset (self->socket);
  return fault != NULL;
}

static gboolean
serve_request (Connection *self)
{
  g_autoptr (GError) error = NULL;

  if (is_reset_at_first_byte (self))
    return FALSE;
  g_autoptr (TestRequest) request = http_frame_read (G_INPUT_STREAM (self->input), self->server->stop, &error);
  if (request == NULL)
    {
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA))
        refuse_request (self, error->message);
      return FALSE;
    }
  request->connection = self->number;
  if (G_IS_TLS_CONNECTION (self->stream))
    g_set_object (&request->certificate, g_tls_connection_get_peer_certificate (G_TLS_CONNECTION (self->stream)));
  note_request (self->server, request);
  return answer_request (self, request);
}

static gpointer
connection_thread (gpointer data)
{
  Connection *self = data;
  TestServer *server = self->server;

  while (serve_request (self))
    ;
  connection_free (self);
  g_mutex_lock (&server->lock);
  server->running--;
  g_cond_broadcast (&server->ended);
  g_mutex_unlock (&server->lock);
  return NULL;
}

/* Unlike clients, GIO's servers are asked about every certificate. */
static gboolean
on_accept_certificate (GTlsConnection *connection, GTlsCertificate *certificate, GTlsCertificateFlags errors,
                       gpointer data)
{
  return errors == 0;
}

static GIOStream *
secure (TestServer *self, GIOStream *plain)
{
  g_autoptr (GError) error = NULL;
  GIOStream *stream = g_tls_server_connection_new (plain, self->tls_certificate, &error);

  g_assert_no_error (error);
  g_signal_connect (stream, "accept-certificate", G_CALLBACK (on_accept_certificate), NULL);
  if (self->flags & (TEST_SERVER_CLIENT_CERTIFICATE | TEST_SERVER_ASK_CERTIFICATE))
    {
      g_tls_connection_set_database (G_TLS_CONNECTION (stream), self->tls_database);
      g_object_set (stream, "authentication-mode",
                    (self->flags & TEST_SERVER_CLIENT_CERTIFICATE) != 0 ? G_TLS_AUTHENTICATION_REQUIRED
                                                                        : G_TLS_AUTHENTICATION_REQUESTED,
                    NULL);
    }
  return stream;
}

static void
start_connection (TestServer *self, GSocket *socket)
{
  Connection *connection = g_new0 (Connection, 1);
  g_autoptr (GSocketConnection) plain = g_socket_connection_factory_create_connection (socket);

  if ((self->flags & TEST_SERVER_UNIX) == 0)
    g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  connection->server = self;
  connection->socket = g_object_ref (socket);
  connection->stream = (self->flags & TEST_SERVER_TLS) != 0 ? secure (self, G_IO_STREAM (plain))
                                                            : g_object_ref (G_IO_STREAM (plain));
  connection->input = g_data_input_stream_new (g_io_stream_get_input_stream (connection->stream));
  g_filter_input_stream_set_close_base_stream (G_FILTER_INPUT_STREAM (connection->input), FALSE);
  g_mutex_lock (&self->lock);
  connection->number = ++self->connections;
  self->running++;
  g_mutex_unlock (&self->lock);
  g_thread_unref (g_thread_new ("test-connection", connection_thread, connection));
}

static gpointer
accept_thread (gpointer data)
{
  TestServer *self = data;

  while (!g_cancellable_is_cancelled (self->stop))
    {
      g_autoptr (GSocket) socket = g_socket_accept (self->listener, self->stop, NULL);
      if (socket != NULL)
        start_connection (self, socket);
    }
  return NULL;
}

static void
listen_at (TestServer *self, GSocketAddress *address)
{
  g_autoptr (GError) error = NULL;

  self->listener =
    g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, &error);
  g_assert_no_error (error);
  g_socket_set_listen_backlog (self->listener, 128);
  g_socket_bind (self->listener, address, TRUE, &error);
  g_assert_no_error (error);
  g_socket_listen (self->listener, &error);
  g_assert_no_error (error);
}

static void
listen_at_port (TestServer *self, guint16 port)
{
  g_autoptr (GSocketAddress) wanted = g_inet_socket_address_new_from_string ("127.0.0.1", port);
  g_autoptr (GError) error = NULL;

  listen_at (self, wanted);
  g_autoptr (GSocketAddress) got = g_socket_get_local_address (self->listener, &error);
  g_assert_no_error (error);
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (got));
  self->address = (self->flags & TEST_SERVER_TLS) != 0 ? g_strdup_printf ("https://localhost:%u", self->port)
                                                       : g_strdup_printf ("http://127.0.0.1:%u", self->port);
}

static void
listen_at_path (TestServer *self, const char *path)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);

  listen_at (self, address);
  self->socket_path = g_strdup (path);
  self->address = g_strconcat ("unix://", path, NULL);
}

static void
prepare_tls (TestServer *self)
{
  g_autoptr (GError) error = NULL;

  self->tls_certificate = g_tls_certificate_new_from_file (self->certificates->server_file, &error);
  g_assert_no_error (error);
  self->tls_database = g_tls_file_database_new (self->certificates->ca_file, &error);
  g_assert_no_error (error);
}

static TestServer *
prepare (TestServerFlags flags)
{
  TestServer *self = g_new0 (TestServer, 1);

  self->flags = flags;
  self->certificates = test_certificates_new (flags);
  self->stop = g_cancellable_new ();
  g_mutex_init (&self->handling);
  g_mutex_init (&self->lock);
  g_cond_init (&self->ended);
  self->remember = TRUE;
  self->counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->requests = g_ptr_array_new_with_free_func ((GDestroyNotify) test_request_unref);
  self->faults = fault_queue_new ();
  if (flags & TEST_SERVER_TLS)
    prepare_tls (self);
  return self;
}

static TestServer *
start (TestServer *self)
{
  self->acceptor = g_thread_new ("test-server", accept_thread, self);
  return self;
}

TestServer *
test_server_new_at_port (TestServerFlags flags, guint16 port)
{
  TestServer *self = prepare (flags);

  listen_at_port (self, port);
  return start (self);
}

TestServer *
test_server_new_at_path (TestServerFlags flags, const char *path)
{
  TestServer *self = prepare (flags | TEST_SERVER_UNIX);

  listen_at_path (self, path);
  return start (self);
}

TestServer *
test_server_new (TestServerFlags flags)
{
  TestServer *self = prepare (flags);

  if (flags & TEST_SERVER_UNIX)
    {
      g_autoptr (GError) error = NULL;
      self->socket_directory = g_dir_make_tmp ("kms-server-XXXXXX", &error);
      g_assert_no_error (error);
      g_autofree char *path = g_build_filename (self->socket_directory, "socket", NULL);
      listen_at_path (self, path);
    }
  else
    {
      listen_at_port (self, 0);
    }
  return start (self);
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
  g_cancellable_cancel (self->stop);
  g_thread_join (self->acceptor);
  g_mutex_lock (&self->lock);
  while (self->running > 0)
    g_cond_wait (&self->ended, &self->lock);
  g_mutex_unlock (&self->lock);
  g_socket_close (self->listener, NULL);
  g_clear_object (&self->listener);
  g_clear_object (&self->stop);
  g_clear_object (&self->tls_certificate);
  g_clear_object (&self->tls_database);
  g_clear_pointer (&self->certificates, test_certificates_free);
  g_hash_table_unref (self->counts);
  g_ptr_array_unref (self->requests);
  fault_queue_free (self->faults);
  g_cond_clear (&self->ended);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->handling);
  remove_socket (self);
  g_free (self->address);
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
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->handling);

  self->handler = handler;
  self->handler_data = data;
}

void
test_server_add_fault (TestServer *self, const char *path, TestFault fault, guint times)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  fault_queue_add (self->faults, path, &fault, times);
}

void
test_server_clear_faults (TestServer *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  fault_queue_clear (self->faults);
}

guint
test_server_count_connections (TestServer *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->connections;
}

guint
test_server_count_requests (TestServer *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->request_count;
}

guint
test_server_count_requests_of (TestServer *self, const char *path)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  GHashTableIter iter;
  gpointer known, times;
  guint count = 0;

  g_hash_table_iter_init (&iter, self->counts);
  while (g_hash_table_iter_next (&iter, &known, &times))
    count += strstr (known, path) != NULL ? GPOINTER_TO_UINT (times) : 0;
  return count;
}

const TestRequest *
test_server_get_request (TestServer *self, guint index)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_assert_cmpuint (index, <, self->requests->len);
  return self->requests->pdata[index];
}

void
test_server_forget_requests (TestServer *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_ptr_array_set_size (self->requests, 0);
  g_hash_table_remove_all (self->counts);
  self->request_count = 0;
}

void
test_server_set_remember (TestServer *self, gboolean remember)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->remember = remember;
}
