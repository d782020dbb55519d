/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A loop of soup_session_send_and_read_async() on the main context of the thread. */
#include "bare-loop.h"

#include <libsoup/soup.h>

struct _BareLoop
{
  SoupSession *session;
  GUri *uri;
  const char *const *header;
  GBytes *body;
  guint n_left;
  guint n_running;
};

static void start_one (BareLoop *self);

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  BareLoop *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) answer = soup_session_send_and_read_finish (SOUP_SESSION (source), result, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (answer), >, 0);
  self->n_running--;
  if (self->n_left > 0)
    start_one (self);
}

static void
start_one (BareLoop *self)
{
  g_autoptr (SoupMessage) message = soup_message_new_from_uri ("POST", self->uri);

  self->n_left--;
  self->n_running++;
  soup_message_set_flags (message, SOUP_MESSAGE_NO_REDIRECT | SOUP_MESSAGE_IDEMPOTENT);
  soup_message_set_request_body_from_bytes (message, "application/json", self->body);
  if (self->header != NULL)
    soup_message_headers_append (soup_message_get_request_headers (message), self->header[0], self->header[1]);
  soup_session_send_and_read_async (self->session, message, G_PRIORITY_DEFAULT, NULL, on_read, self);
}

BareLoop *
bare_loop_new (const char *url, const char *const *header, const char *body, guint connections)
{
  BareLoop *self = g_new0 (BareLoop, 1);

  self->uri = g_uri_parse (url, SOUP_HTTP_URI_FLAGS, NULL);
  self->header = header;
  self->body = g_bytes_new (body, strlen (body));
  self->session =
    g_object_new (SOUP_TYPE_SESSION, "max-conns", connections, "max-conns-per-host", connections, "timeout", 0, NULL);
  soup_session_remove_feature_by_type (self->session, SOUP_TYPE_AUTH_MANAGER);
  soup_session_remove_feature_by_type (self->session, SOUP_TYPE_CONTENT_DECODER);
  soup_session_set_proxy_resolver (self->session, NULL);
  return self;
}

void
bare_loop_free (BareLoop *self)
{
  g_object_unref (self->session);
  g_uri_unref (self->uri);
  g_bytes_unref (self->body);
  g_free (self);
}

void
bare_loop_run (BareLoop *self, guint n, guint in_flight)
{
  self->n_left = n;
  for (guint i = 0; i < MIN (n, in_flight); i++)
    start_one (self);
  while (self->n_running > 0)
    g_main_context_iteration (NULL, TRUE);
}
