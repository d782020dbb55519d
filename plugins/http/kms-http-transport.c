/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attempts: each is one SoupMessage, one alarm, and what libsoup calls back with.
 *
 * Three rules keep libsoup 3.2 alive: nothing is cancelled between the headers of an answer and the callback that hands
 * over its stream (it would skip a body that it has no reader for); who has lost patience walks away instead of waiting
 * for libsoup to agree; and a session that let two requests in a row time out is replaced, since a stalled HTTP/2
 * connection takes every later request along. */
#include "kms-http-transport.h"

#include "kms-http-failure.h"

#define READ_SIZE (16 * 1024)
#define LARGEST_READ (256 * 1024)
#define TIMEOUTS_IN_A_ROW 2

/* How long a provider that goes waits for libsoup to let go of what was cancelled. */
#define LINGER (G_USEC_PER_SEC / 2)
#define QUIET_TIME (G_USEC_PER_SEC / 50)

struct _KmsHttpTransport
{
  KmsHttpNetwork *network;
  KmsHttpTimer *timer;
  KmsHttpTransportLimits limits;
  SoupSession *session;
  guint n_sessions;
  guint64 newest_connection; /* of all of this session whose number was seen: numbers only grow */
  guint timeouts;
  gboolean had_http2;
  char *url; /* the last one, and what it was read as: most requests go to the same */
  GUri *uri;
  GQueue attempts; /* those that libsoup still has */
};

struct _KmsHttpAttempt
{
  GList link;
  KmsHttpTransport *transport;
  KmsHttpRequest *request;
  KmsHttpAttemptFunc func; /* NULL: nobody waits any more */
  gpointer data;
  KmsHttpAlarm alarm;
  gint64 end;
  SoupMessage *message;
  gulong handlers[2]; /* of its signals */
  GCancellable *cancellable;
  GInputStream *stream;
  KmsHttpBuffer *body;
  gsize expected;   /* bytes that Content-Length promises, or 0 */
  gsize wanted;     /* bytes of the next read */
  guint n_sessions; /* of the transport when it was sent */
  guint64 known_connections;
  gboolean started;      /* a connection stands, and the request goes out */
  gboolean receiving;    /* headers came, and the callback with the stream has not */
  gboolean cancel_later; /* then */
  gboolean repeated;
};

static void send_attempt (KmsHttpAttempt *self, SoupMessage *message);

KmsHttpTransport *
_kms_http_transport_new (KmsHttpNetwork *network, KmsHttpTimer *timer, const KmsHttpTransportLimits *limits)
{
  KmsHttpTransport *self = g_new0 (KmsHttpTransport, 1);

  self->network = network;
  self->timer = timer;
  self->limits = *limits;
  self->session = _kms_http_network_make_session (network, limits->max_connections);
  g_queue_init (&self->attempts);
  return self;
}

/* libsoup closes connections of HTTP/2 in the background, and says nobody when it is done: without a moment for that, each
 * leaves its socket behind. */
static void
let_connections_close (GMainContext *context)
{
  gint64 now = g_get_monotonic_time (), end = now + LINGER, quiet = now + QUIET_TIME;

  while ((now = g_get_monotonic_time ()) < MIN (end, quiet))
    if (g_main_context_iteration (context, FALSE))
      quiet = now + QUIET_TIME;
    else
      g_usleep (1000);
}

void
_kms_http_transport_free (KmsHttpTransport *self)
{
  gint64 end = g_get_monotonic_time () + LINGER;
  GMainContext *context = g_main_context_get_thread_default ();

  for (GList *at = self->attempts.head; at != NULL; at = at->next)
    _kms_http_attempt_abandon (at->data);
  while (self->attempts.length > 0 && g_get_monotonic_time () < end)
    if (!g_main_context_iteration (context, FALSE))
      g_usleep (1000);
  for (GList *at = self->attempts.head; at != NULL; at = at->next)
    ((KmsHttpAttempt *) at->data)->transport = NULL;
  g_object_unref (self->session);
  if (self->had_http2)
    let_connections_close (context);
  g_clear_pointer (&self->uri, g_uri_unref);
  g_free (self->url);
  g_free (self);
}

/* libsoup may hold it longer. */
static void
drop_message (KmsHttpAttempt *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->handlers); i++)
    g_signal_handler_disconnect (self->message, self->handlers[i]);
  g_clear_object (&self->message);
}

static void
attempt_free (KmsHttpAttempt *self)
{
  if (self->transport != NULL)
    {
      _kms_http_timer_clear (self->transport->timer, &self->alarm);
      g_queue_unlink (&self->transport->attempts, &self->link);
    }
  drop_message (self);
  g_object_unref (self->cancellable);
  g_clear_object (&self->stream);
  kms_http_buffer_unref (self->body);
  g_free (self);
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_input_stream_close_finish (G_INPUT_STREAM (source), result, NULL);
  attempt_free (data);
}

/* A stream that is dropped half-read would read on, and block this thread, to save the connection: it is closed with what
 * is cancelled already. */
static void
attempt_end (KmsHttpAttempt *self)
{
  if (self->stream == NULL || g_input_stream_is_closed (self->stream))
    {
      attempt_free (self);
      return;
    }
  g_cancellable_cancel (self->cancellable);
  g_input_stream_close_async (self->stream, G_PRIORITY_DEFAULT, self->cancellable, on_closed, self);
}

/* The one place that reports; whoever waits may send the next attempt from there. */
static void
report (KmsHttpAttempt *self, KmsHttpResponse *response, const GError *error, KmsHttpFailure failure)
{
  KmsHttpAttemptFunc func = g_steal_pointer (&self->func);

  _kms_http_timer_clear (self->transport->timer, &self->alarm);
  if (func != NULL)
    func (response, error, failure, self->data);
}

static void
cancel_attempt (KmsHttpAttempt *self)
{
  if (self->receiving)
    self->cancel_later = TRUE;
  else
    g_cancellable_cancel (self->cancellable);
}

void
_kms_http_attempt_abandon (KmsHttpAttempt *self)
{
  _kms_http_timer_clear (self->transport->timer, &self->alarm);
  self->func = NULL;
  cancel_attempt (self);
}

/* Later attempts get a new session. The old one lives on in the attempts that it still has. */
static void
count_timeout (KmsHttpTransport *self)
{
  if (++self->timeouts < TIMEOUTS_IN_A_ROW)
    return;
  g_debug ("%u requests timed out in a row; starting with new connections", self->timeouts);
  self->timeouts = 0;
  self->n_sessions++;
  self->newest_connection = 0;
  g_object_unref (self->session);
  self->session = _kms_http_network_make_session (self->network, self->limits.max_connections);
}

static gint64
get_connect_time (const KmsHttpTransportLimits *limits)
{
  return MIN (limits->connect_timeout, limits->attempt_timeout);
}

static void
on_alarm (gpointer data)
{
  KmsHttpAttempt *self = data;
  KmsHttpTransport *transport = self->transport;
  g_autoptr (GError) error = NULL;
  g_autofree char *server = _kms_http_failure_dup_server (self->message);

  if (self->started && g_get_monotonic_time () < self->end)
    {
      _kms_http_timer_set (transport->timer, &self->alarm, self->end, on_alarm, self);
      return;
    }
  if (self->started)
    g_set_error (&error, KMS_ERROR, KMS_ERROR_TIMED_OUT,
                 "%s: no whole answer within %g s; see AttemptTimeout= if the server is slow", server,
                 (double) transport->limits.attempt_timeout / G_USEC_PER_SEC);
  else
    g_set_error (&error, KMS_ERROR, KMS_ERROR_TIMED_OUT,
                 "%s: no connection within %g s; check the address, the network and firewalls", server,
                 (double) get_connect_time (&transport->limits) / G_USEC_PER_SEC);
  count_timeout (transport);
  report (self, NULL, error, self->started ? KMS_HTTP_FAILURE_PASSING : KMS_HTTP_FAILURE_NOT_SENT);
  cancel_attempt (self);
}

static void
on_starting (SoupMessage *message, gpointer data)
{
  KmsHttpAttempt *self = data;
  self->started = TRUE;
}

static void
on_got_headers (SoupMessage *message, gpointer data)
{
  KmsHttpAttempt *self = data;
  self->receiving = TRUE;
}

/* Whether the connection had carried a request before: the server may have closed it just when this one left. */
static gboolean
met_stale_connection (KmsHttpAttempt *self)
{
  guint64 connection = soup_message_get_connection_id (self->message);

  return connection != 0 && connection <= self->known_connections
         && soup_message_get_status (self->message) == SOUP_STATUS_NONE;
}

/* Such a repetition is no retry: nothing was wrong with the server. */
static gboolean
repeat (KmsHttpAttempt *self)
{
  if (self->func == NULL || self->repeated || !kms_http_request_get_repeatable (self->request)
      || !met_stale_connection (self))
    return FALSE;
  SoupMessage *message = _kms_http_request_make_message (self->request, soup_message_get_uri (self->message));

  self->repeated = TRUE;
  soup_message_add_flags (message, SOUP_MESSAGE_NEW_CONNECTION);
  drop_message (self);
  send_attempt (self, message);
  return TRUE;
}

static void
attempt_fail (KmsHttpAttempt *self, const GError *cause)
{
  g_autoptr (GError) error = NULL;

  if (self->func != NULL)
    {
      KmsHttpFailure failure = _kms_http_failure_classify (self->message, cause, self->started, &error);
      report (self, NULL, error, failure);
    }
  attempt_end (self);
}

static void
note_connection (KmsHttpTransport *self, SoupMessage *message)
{
  if (soup_message_get_connection_id (message) <= self->newest_connection)
    return;
  g_autofree char *server = _kms_http_failure_dup_server (message);
  gboolean is_http2 = soup_message_get_http_version (message) == SOUP_HTTP_2_0;
  self->had_http2 |= is_http2;
  g_debug ("a new connection to %s, with %s", server, is_http2 ? "HTTP/2" : "HTTP/1.1");
}

static void
attempt_succeed (KmsHttpAttempt *self)
{
  KmsHttpTransport *transport = self->transport;

  transport->timeouts = 0;
  note_connection (transport, self->message);
  if (self->n_sessions == transport->n_sessions)
    transport->newest_connection = MAX (transport->newest_connection, soup_message_get_connection_id (self->message));
  if (self->func != NULL)
    {
      g_autoptr (KmsHttpResponse)
        response = _kms_http_response_new_for_message (self->request, self->message, self->body);
      report (self, response, NULL, KMS_HTTP_FAILURE_FINAL);
    }
  attempt_free (self);
}

static void
attempt_fail_too_large (KmsHttpAttempt *self)
{
  g_autofree char *server = _kms_http_failure_dup_server (self->message);
  g_autoptr (GError) error =
    g_error_new (KMS_ERROR, KMS_ERROR_INTEGRITY,
                 "%s: an answer larger than %" G_GSIZE_FORMAT " bytes, which no answer should be; check the address",
                 server, self->transport->limits.response_size);
  report (self, NULL, error, KMS_HTTP_FAILURE_FINAL);
  attempt_end (self);
}

static void read_on (KmsHttpAttempt *self);

/* One byte more than is expected, so that the end shows. */
static gsize
next_read (gsize expected, gsize length)
{
  return expected >= length && expected > 0 ? expected - length + 1 : CLAMP (length, READ_SIZE, LARGEST_READ);
}

/* Whether there may be more. */
static gboolean
take_bytes (KmsHttpAttempt *self, gssize n, GError *error)
{
  g_autoptr (GError) owned = error;
  gsize length;

  if (n < 0)
    {
      if (!repeat (self))
        attempt_fail (self, owned);
      return FALSE;
    }
  if (n == 0)
    {
      attempt_succeed (self);
      return FALSE;
    }
  kms_http_buffer_commit (self->body, (gsize) n);
  kms_http_buffer_get_data (self->body, &length);
  self->wanted = next_read (self->expected, length);
  if (length <= self->transport->limits.response_size)
    return TRUE;
  attempt_fail_too_large (self);
  return FALSE;
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  KmsHttpAttempt *self = data;
  GError *error = NULL;
  gssize n = g_input_stream_read_finish (self->stream, result, &error);

  if (self->transport == NULL)
    {
      g_clear_error (&error);
      attempt_end (self);
    }
  else if (take_bytes (self, n, error))
    read_on (self);
}

/* What has arrived already needs no turn of the main loop. */
static void
read_on (KmsHttpAttempt *self)
{
  gboolean more = TRUE;

  while (more && self->func != NULL)
    {
      GError *error = NULL;
      guint8 *to = kms_http_buffer_reserve (self->body, self->wanted);
      gssize n = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (self->stream), to, self->wanted,
                                                           self->cancellable, &error);
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          g_error_free (error);
          g_input_stream_read_async (self->stream, to, self->wanted, G_PRIORITY_DEFAULT, self->cancellable, on_read,
                                     self);
          return;
        }
      more = take_bytes (self, n, error);
    }
  if (more)
    attempt_end (self);
}

/* What Content-Length promises is read at once, and refused at once where it is too much. */
static gboolean
plan_reading (KmsHttpAttempt *self)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (self->message);
  goffset length = soup_message_headers_get_content_length (headers);

  self->expected = 0;
  self->wanted = READ_SIZE;
  if (soup_message_headers_get_encoding (headers) != SOUP_ENCODING_CONTENT_LENGTH || length <= 0)
    return TRUE;
  if ((guint64) length > self->transport->limits.response_size)
    return FALSE;
  self->expected = (gsize) length;
  self->wanted = next_read (self->expected, 0);
  return TRUE;
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer data)
{
  KmsHttpAttempt *self = data;
  g_autoptr (GError) error = NULL;

  self->stream = soup_session_send_finish (SOUP_SESSION (source), result, &error);
  self->receiving = FALSE;
  if (self->cancel_later)
    g_cancellable_cancel (self->cancellable);
  if (self->transport == NULL || (self->stream != NULL && self->func == NULL))
    attempt_end (self);
  else if (self->stream == NULL)
    {
      if (!repeat (self))
        attempt_fail (self, error);
    }
  else if (plan_reading (self))
    read_on (self);
  else
    attempt_fail_too_large (self);
}

static void
send_attempt (KmsHttpAttempt *self, SoupMessage *message)
{
  KmsHttpTransport *transport = self->transport;

  self->message = message;
  self->n_sessions = transport->n_sessions;
  self->known_connections = transport->newest_connection;
  self->started = FALSE;
  self->handlers[0] = g_signal_connect (message, "starting", G_CALLBACK (on_starting), self);
  self->handlers[1] = g_signal_connect (message, "got-headers", G_CALLBACK (on_got_headers), self);
  _kms_http_network_prepare_message (transport->network, message);
  soup_session_send_async (transport->session, message, G_PRIORITY_DEFAULT, self->cancellable, on_sent, self);
}

static gboolean
read_url (KmsHttpTransport *self, KmsHttpRequest *request, GError **error)
{
  const char *url = kms_http_request_get_url (request);

  if (self->uri != NULL && g_strcmp0 (url, self->url) == 0)
    return TRUE;
  g_clear_pointer (&self->uri, g_uri_unref);
  self->uri = _kms_http_request_parse_url (request, error);
  g_free (self->url);
  self->url = g_strdup (url);
  return self->uri != NULL;
}

KmsHttpAttempt *
_kms_http_transport_send (KmsHttpTransport *self, KmsHttpRequest *request, KmsHttpAttemptFunc func, gpointer data,
                          GError **error)
{
  gint64 now = g_get_monotonic_time ();

  if (!read_url (self, request, error))
    return NULL;
  KmsHttpAttempt *attempt = g_new0 (KmsHttpAttempt, 1);
  attempt->transport = self;
  attempt->request = request;
  attempt->func = func;
  attempt->data = data;
  attempt->cancellable = g_cancellable_new ();
  attempt->body = kms_http_buffer_new ();
  attempt->end = now + self->limits.attempt_timeout;
  attempt->link.data = attempt;
  g_queue_push_tail_link (&self->attempts, &attempt->link);
  _kms_http_timer_set (self->timer, &attempt->alarm, now + get_connect_time (&self->limits), on_alarm, attempt);
  send_attempt (attempt, _kms_http_request_make_message (request, self->uri));
  return attempt;
}
