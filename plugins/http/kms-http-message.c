/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests and responses: what a provider writes and reads, turned into libsoup's messages and back. */
#include "kms-http-message-private.h"

struct _KmsHttpRequest
{
  char *method; /* NULL: POST */
  char *url;
  char *content_type; /* NULL: JSON */
  GPtrArray *headers; /* a name, its value, and so on; NULL for none */
  KmsHttpBuffer *body;
  gboolean repeatable;
  gpointer state;
  GDestroyNotify free_state;
};

struct _KmsHttpResponse
{
  KmsHttpRequest *request; /* borrowed */
  guint status;
  SoupMessageHeaders *headers;
  KmsHttpBuffer *body;
};

static void
request_init (KmsHttpRequest *self)
{
  self->body = kms_http_buffer_new ();
  self->repeatable = TRUE;
}

static void
request_clear (KmsHttpRequest *self)
{
  g_clear_pointer (&self->method, g_free);
  g_clear_pointer (&self->url, g_free);
  g_clear_pointer (&self->content_type, g_free);
  g_clear_pointer (&self->headers, g_ptr_array_unref);
  g_clear_pointer (&self->body, kms_http_buffer_unref);
}

void
_kms_http_request_reset (KmsHttpRequest *self)
{
  request_clear (self);
  request_init (self);
}

/**
 * kms_http_request_new: (skip)
 *
 * Makes an empty request: a POST of JSON that may be repeated.
 *
 * Returns: (transfer full): the request
 *
 * Since: 1.0
 */
KmsHttpRequest *
kms_http_request_new (void)
{
  KmsHttpRequest *self = g_new0 (KmsHttpRequest, 1);
  request_init (self);
  return self;
}

/**
 * kms_http_request_free: (skip)
 * @self: (transfer full): a request
 *
 * Frees a request, and its state.
 *
 * Since: 1.0
 */
void
kms_http_request_free (KmsHttpRequest *self)
{
  request_clear (self);
  kms_http_request_set_state (self, NULL, NULL);
  g_free (self);
}

/**
 * kms_http_request_set_method: (skip)
 * @self: a request
 * @method: the method, in capital letters
 *
 * Sets the method, which is POST at first.
 *
 * Since: 1.0
 */
void
kms_http_request_set_method (KmsHttpRequest *self, const char *method)
{
  g_free (self->method);
  self->method = g_strdup (method);
}

/**
 * kms_http_request_set_url: (skip)
 * @self: a request
 * @url: an absolute URL, with everything escaped that a URL can't hold
 *
 * Sets where the request goes.
 *
 * Since: 1.0
 */
void
kms_http_request_set_url (KmsHttpRequest *self, const char *url)
{
  g_free (self->url);
  self->url = g_strdup (url);
}

/**
 * kms_http_request_add_header: (skip)
 * @self: a request
 * @name: a header's name
 * @value: its value, without line breaks
 *
 * Adds a header. Content-Type, Content-Length, Host and User-Agent come by themselves.
 *
 * Since: 1.0
 */
void
kms_http_request_add_header (KmsHttpRequest *self, const char *name, const char *value)
{
  if (self->headers == NULL)
    self->headers = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (self->headers, g_strdup (name));
  g_ptr_array_add (self->headers, g_strdup (value));
}

/**
 * kms_http_request_set_content_type: (skip)
 * @self: a request
 * @content_type: a media type
 *
 * Sets what the body is, `application/json` at first. It counts only where there is a body.
 *
 * Since: 1.0
 */
void
kms_http_request_set_content_type (KmsHttpRequest *self, const char *content_type)
{
  g_free (self->content_type);
  self->content_type = g_strdup (content_type);
}

/**
 * kms_http_request_get_body: (skip)
 * @self: a request
 *
 * Gets the body to write to, empty at first. It is wiped once it was sent.
 *
 * Returns: (transfer none): the body
 *
 * Since: 1.0
 */
KmsHttpBuffer *
kms_http_request_get_body (KmsHttpRequest *self)
{
  return self->body;
}

/**
 * kms_http_request_set_repeatable: (skip)
 * @self: a request
 * @repeatable: whether the service may get it twice
 *
 * Says whether the request may be sent again when nobody knows what became of it. What may not (a rotation, a creation)
 * gets a new connection, which can't have gone stale, and no retry.
 *
 * Since: 1.0
 */
void
kms_http_request_set_repeatable (KmsHttpRequest *self, gboolean repeatable)
{
  self->repeatable = repeatable;
}

/**
 * kms_http_request_get_method: (skip)
 * @self: a request
 *
 * Gets the method.
 *
 * Returns: (transfer none): the method
 *
 * Since: 1.0
 */
const char *
kms_http_request_get_method (KmsHttpRequest *self)
{
  return self->method != NULL ? self->method : "POST";
}

/**
 * kms_http_request_get_url: (skip)
 * @self: a request
 *
 * Gets where the request goes.
 *
 * Returns: (transfer none) (nullable): the URL
 *
 * Since: 1.0
 */
const char *
kms_http_request_get_url (KmsHttpRequest *self)
{
  return self->url;
}

/**
 * kms_http_request_get_header: (skip)
 * @self: a request
 * @name: a header's name, in any case
 *
 * Gets a header that was added.
 *
 * Returns: (transfer none) (nullable): its value
 *
 * Since: 1.0
 */
const char *
kms_http_request_get_header (KmsHttpRequest *self, const char *name)
{
  for (guint i = 0; self->headers != NULL && i < self->headers->len; i += 2)
    if (g_ascii_strcasecmp (self->headers->pdata[i], name) == 0)
      return self->headers->pdata[i + 1];
  return NULL;
}

/**
 * kms_http_request_get_content_type: (skip)
 * @self: a request
 *
 * Gets what the body is.
 *
 * Returns: (transfer none): a media type
 *
 * Since: 1.0
 */
const char *
kms_http_request_get_content_type (KmsHttpRequest *self)
{
  return self->content_type != NULL ? self->content_type : "application/json";
}

/**
 * kms_http_request_get_repeatable: (skip)
 * @self: a request
 *
 * Tells whether the request may be sent again.
 *
 * Returns: %TRUE unless kms_http_request_set_repeatable() said otherwise
 *
 * Since: 1.0
 */
gboolean
kms_http_request_get_repeatable (KmsHttpRequest *self)
{
  return self->repeatable;
}

/**
 * kms_http_request_set_state: (skip)
 * @self: a request
 * @state: (transfer full) (nullable): what to remember
 * @free_state: (nullable): frees @state
 *
 * Remembers something from one request of a call to the next, and from prepare() to parse(). What was there before is
 * freed.
 *
 * Since: 1.0
 */
void
kms_http_request_set_state (KmsHttpRequest *self, gpointer state, GDestroyNotify free_state)
{
  gpointer old = self->state;
  GDestroyNotify free_old = self->free_state;

  self->state = state;
  self->free_state = free_state;
  if (old != NULL && free_old != NULL)
    free_old (old);
}

/**
 * kms_http_request_get_state: (skip)
 * @self: a request
 *
 * Gets what kms_http_request_set_state() was told.
 *
 * Returns: (transfer none) (nullable): the state
 *
 * Since: 1.0
 */
gpointer
kms_http_request_get_state (KmsHttpRequest *self)
{
  return self->state;
}

static void
unref_body (gpointer body)
{
  kms_http_buffer_unref (body);
}

static void
set_body (KmsHttpRequest *self, SoupMessage *message)
{
  gsize length;
  const guint8 *data = kms_http_buffer_get_data (self->body, &length);

  if (length == 0 && self->method != NULL && strcmp (self->method, "POST") != 0 && strcmp (self->method, "PUT") != 0)
    return;
  g_autoptr (GBytes) bytes = g_bytes_new_with_free_func (data, length, unref_body, kms_http_buffer_ref (self->body));
  soup_message_set_request_body_from_bytes (message, length > 0 ? kms_http_request_get_content_type (self) : NULL,
                                            bytes);
}

GUri *
_kms_http_request_parse_url (KmsHttpRequest *self, GError **error)
{
  const char *url = self->url != NULL ? self->url : "";
  g_autoptr (GUri) uri = g_uri_parse (url, SOUP_HTTP_URI_FLAGS, NULL);

  if (uri != NULL && g_uri_get_host (uri) != NULL && g_uri_get_host (uri)[0] != '\0'
      && (strcmp (g_uri_get_scheme (uri), "https") == 0 || strcmp (g_uri_get_scheme (uri), "http") == 0))
    return g_steal_pointer (&uri);
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "\"%s\" is no address of a server; write https://HOST:PORT", url);
  return NULL;
}

/* libsoup opens a connection for each POST that is not marked as one to be repeated; marked so, it shares connections,
 * and still repeats no POST by itself. */
SoupMessage *
_kms_http_request_make_message (KmsHttpRequest *self, GUri *uri)
{
  SoupMessage *message = soup_message_new_from_uri (kms_http_request_get_method (self), uri);
  SoupMessageHeaders *headers = soup_message_get_request_headers (message);

  soup_message_set_flags (message, SOUP_MESSAGE_NO_REDIRECT
                                     | (self->repeatable ? SOUP_MESSAGE_IDEMPOTENT : SOUP_MESSAGE_NEW_CONNECTION));
  for (guint i = 0; self->headers != NULL && i < self->headers->len; i += 2)
    soup_message_headers_append (headers, self->headers->pdata[i], self->headers->pdata[i + 1]);
  set_body (self, message);
  return message;
}

/**
 * kms_http_response_new: (skip)
 * @request: what it answers; must live as long as the response
 * @status: the HTTP status
 * @body: (transfer none): what was sent; wiped when nobody has it any more
 *
 * Makes a response, for tests of a parse().
 *
 * Returns: (transfer full): the response
 *
 * Since: 1.0
 */
KmsHttpResponse *
kms_http_response_new (KmsHttpRequest *request, guint status, KmsHttpBuffer *body)
{
  KmsHttpResponse *self = g_new0 (KmsHttpResponse, 1);
  self->request = request;
  self->status = status;
  self->headers = soup_message_headers_new (SOUP_MESSAGE_HEADERS_RESPONSE);
  self->body = kms_http_buffer_ref (body);
  return self;
}

KmsHttpResponse *
_kms_http_response_new_for_message (KmsHttpRequest *request, SoupMessage *message, KmsHttpBuffer *body)
{
  KmsHttpResponse *self = g_new0 (KmsHttpResponse, 1);
  self->request = request;
  self->status = soup_message_get_status (message);
  self->headers = soup_message_headers_ref (soup_message_get_response_headers (message));
  self->body = kms_http_buffer_ref (body);
  return self;
}

/**
 * kms_http_response_free: (skip)
 * @self: (transfer full): a response
 *
 * Frees a response.
 *
 * Since: 1.0
 */
void
kms_http_response_free (KmsHttpResponse *self)
{
  soup_message_headers_unref (self->headers);
  kms_http_buffer_unref (self->body);
  g_free (self);
}

/**
 * kms_http_response_add_header: (skip)
 * @self: a response
 * @name: a header's name
 * @value: its value
 *
 * Adds a header, for tests of a parse().
 *
 * Since: 1.0
 */
void
kms_http_response_add_header (KmsHttpResponse *self, const char *name, const char *value)
{
  soup_message_headers_append (self->headers, name, value);
}

/**
 * kms_http_response_get_status: (skip)
 * @self: a response
 *
 * Gets the HTTP status.
 *
 * Returns: 100 to 599
 *
 * Since: 1.0
 */
guint
kms_http_response_get_status (KmsHttpResponse *self)
{
  return self->status;
}

/**
 * kms_http_response_get_header: (skip)
 * @self: a response
 * @name: a header's name, in any case
 *
 * Gets a header; of several with one name, the last.
 *
 * Returns: (transfer none) (nullable): its value
 *
 * Since: 1.0
 */
const char *
kms_http_response_get_header (KmsHttpResponse *self, const char *name)
{
  return soup_message_headers_get_one (self->headers, name);
}

/**
 * kms_http_response_get_body: (skip)
 * @self: a response
 * @length: (out): the number of bytes
 *
 * Gets the body, which may be changed where it stands. A NUL that is not counted stands behind it.
 *
 * Returns: (transfer none) (array length=length): the bytes, never %NULL
 *
 * Since: 1.0
 */
guint8 *
kms_http_response_get_body (KmsHttpResponse *self, gsize *length)
{
  return kms_http_buffer_get_data (self->body, length);
}

/**
 * kms_http_response_get_request: (skip)
 * @self: a response
 *
 * Gets what was asked.
 *
 * Returns: (transfer none): the request
 *
 * Since: 1.0
 */
KmsHttpRequest *
kms_http_response_get_request (KmsHttpResponse *self)
{
  return self->request;
}

/**
 * kms_http_response_get_state: (skip)
 * @self: a response
 *
 * Gets the state of its request: see kms_http_request_set_state().
 *
 * Returns: (transfer none) (nullable): the state
 *
 * Since: 1.0
 */
gpointer
kms_http_response_get_state (KmsHttpResponse *self)
{
  return kms_http_request_get_state (self->request);
}
