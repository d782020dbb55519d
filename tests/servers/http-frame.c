/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* HTTP/1.1 messages as the test server reads and writes them: RFC 9112, and no more of it than clients send. */
#include "http-frame.h"

#include <string.h>

#define MAX_BODY (128 * 1024 * 1024)

static const struct
{
  guint status;
  const char *reason;
} reasons[] = {
  { 200, "OK" },
  { 204, "No Content" },
  { 307, "Temporary Redirect" },
  { 400, "Bad Request" },
  { 401, "Unauthorized" },
  { 403, "Forbidden" },
  { 404, "Not Found" },
  { 405, "Method Not Allowed" },
  { 412, "Precondition Failed" },
  { 413, "Request Entity Too Large" },
  { 429, "Too Many Requests" },
  { 500, "Internal Server Error" },
  { 501, "Not Implemented" },
  { 502, "Bad Gateway" },
  { 503, "Service Unavailable" },
  { 504, "Gateway Timeout" },
};

const char *
test_request_get_header (const TestRequest *request, const char *name)
{
  for (guint i = 0; i < request->header_names->len; i++)
    {
      if (g_ascii_strcasecmp (request->header_names->pdata[i], name) == 0)
        return request->header_values->pdata[i];
    }
  return NULL;
}

static void
test_request_clear (gpointer data)
{
  TestRequest *request = data;

  g_free (request->method);
  g_free (request->path);
  g_free (request->query);
  g_ptr_array_unref (request->header_names);
  g_ptr_array_unref (request->header_values);
  g_clear_pointer (&request->body, g_bytes_unref);
  g_clear_object (&request->certificate);
}

TestRequest *
test_request_ref (TestRequest *request)
{
  return g_atomic_rc_box_acquire (request);
}

void
test_request_unref (TestRequest *request)
{
  g_atomic_rc_box_release_full (request, test_request_clear);
}

static gboolean
malformed (GError **error, const char *what)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "test server: not an HTTP request: %s", what);
  return FALSE;
}

static gboolean
parse_request_line (TestRequest *request, const char *line, GError **error)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 4);

  if (g_strv_length (words) != 3 || (words[1][0] != '/' && !g_str_has_prefix (words[1], "http://"))
      || !g_str_has_prefix (words[2], "HTTP/1."))
    return malformed (error, line);

  char *query = strchr (words[1], '?');
  request->method = g_strdup (words[0]);
  request->query = query != NULL ? g_strdup (query + 1) : NULL;
  request->path = query != NULL ? g_strndup (words[1], (gsize) (query - words[1])) : g_strdup (words[1]);
  return TRUE;
}

static gboolean
parse_header (TestRequest *request, const char *line, GError **error)
{
  const char *colon = strchr (line, ':');

  if (colon == NULL || colon == line)
    return malformed (error, line);
  g_ptr_array_add (request->header_names, g_strndup (line, (gsize) (colon - line)));
  g_ptr_array_add (request->header_values, g_strstrip (g_strdup (colon + 1)));
  return TRUE;
}

static char *
read_line (GDataInputStream *stream, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *line = g_data_input_stream_read_line (stream, NULL, cancellable, &problem);

  if (problem != NULL)
    g_propagate_error (error, g_steal_pointer (&problem));
  else if (line == NULL)
    malformed (error, "it ends inside the headers");
  return g_steal_pointer (&line);
}

static gboolean
read_exactly (GInputStream *stream, GByteArray *into, guint64 length, GCancellable *cancellable, GError **error)
{
  gsize start = into->len, got = 0;

  if (length == 0)
    return TRUE;
  if (length > MAX_BODY - start)
    return malformed (error, "its body is too large");
  g_byte_array_set_size (into, (guint) (start + length));
  if (!g_input_stream_read_all (stream, into->data + start, (gsize) length, &got, cancellable, error))
    return FALSE;
  return got == length || malformed (error, "it ends inside the body");
}

static gboolean
read_chunks (GDataInputStream *stream, GByteArray *into, GCancellable *cancellable, GError **error)
{
  for (;;)
    {
      guint64 length = 0;
      g_autofree char *line = read_line (stream, cancellable, error);
      if (line == NULL)
        return FALSE;
      if (!g_ascii_string_to_unsigned (line, 16, 0, MAX_BODY, &length, NULL))
        return malformed (error, "the length of a chunk");
      if (!read_exactly (G_INPUT_STREAM (stream), into, length, cancellable, error))
        return FALSE;
      g_autofree char *end = read_line (stream, cancellable, error);
      if (end == NULL || length == 0)
        return end != NULL;
    }
}

static gboolean
read_body (TestRequest *request, GDataInputStream *stream, GCancellable *cancellable, GError **error)
{
  g_autoptr (GByteArray) body = g_byte_array_new ();
  const char *length_text = test_request_get_header (request, "Content-Length");
  const char *encoding = test_request_get_header (request, "Transfer-Encoding");
  guint64 length = 0;

  if (encoding != NULL)
    {
      if (!read_chunks (stream, body, cancellable, error))
        return FALSE;
    }
  else if (length_text != NULL)
    {
      if (!g_ascii_string_to_unsigned (length_text, 10, 0, MAX_BODY, &length, NULL))
        return malformed (error, "Content-Length");
      if (!read_exactly (G_INPUT_STREAM (stream), body, length, cancellable, error))
        return FALSE;
    }
  request->body = g_byte_array_free_to_bytes (g_steal_pointer (&body));
  return TRUE;
}

TestRequest *
http_frame_read (GInputStream *stream, GCancellable *cancellable, GError **error)
{
  g_autoptr (TestRequest) request = g_atomic_rc_box_new0 (TestRequest);
  GDataInputStream *lines = G_DATA_INPUT_STREAM (stream);
  g_autoptr (GError) problem = NULL;

  request->header_names = g_ptr_array_new_with_free_func (g_free);
  request->header_values = g_ptr_array_new_with_free_func (g_free);
  g_data_input_stream_set_newline_type (lines, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
  g_autofree char *first = g_data_input_stream_read_line (lines, NULL, cancellable, &problem);
  if (first == NULL)
    {
      if (problem != NULL)
        g_propagate_error (error, g_steal_pointer (&problem));
      return NULL;
    }
  if (!parse_request_line (request, first, error))
    return NULL;
  for (;;)
    {
      g_autofree char *line = read_line (lines, cancellable, error);
      if (line == NULL)
        return NULL;
      if (line[0] == '\0')
        break;
      if (!parse_header (request, line, error))
        return NULL;
    }
  return read_body (request, lines, cancellable, error) ? g_steal_pointer (&request) : NULL;
}

TestResponse *
test_response_new (void)
{
  TestResponse *response = g_new0 (TestResponse, 1);

  response->status = 200;
  response->headers = g_string_new (NULL);
  response->body = g_byte_array_new ();
  return response;
}

void
test_response_free (TestResponse *response)
{
  g_string_free (response->headers, TRUE);
  g_byte_array_unref (response->body);
  g_free (response);
}

void
test_response_add_header (TestResponse *response, const char *name, const char *value)
{
  g_string_append_printf (response->headers, "%s: %s\r\n", name, value);
}

void
test_response_set_json (TestResponse *response, guint status, const char *json)
{
  response->status = status;
  test_response_add_header (response, "Content-Type", "application/json");
  g_byte_array_set_size (response->body, 0);
  g_byte_array_append (response->body, (const guint8 *) json, (guint) strlen (json));
}

GString *
http_frame_head (const TestResponse *response, const char *framing)
{
  GString *head = g_string_new (NULL);
  const char *reason = "Unnamed";

  for (gsize i = 0; i < G_N_ELEMENTS (reasons); i++)
    {
      if (reasons[i].status == response->status)
        reason = reasons[i].reason;
    }
  g_string_append_printf (head, "HTTP/1.1 %u %s\r\n%s%s\r\n", response->status, reason, response->headers->str,
                          framing);
  return head;
}

GString *
http_frame_head_with_length (const TestResponse *response, guint64 length)
{
  g_autofree char *framing = g_strdup_printf ("Content-Length: %" G_GUINT64_FORMAT "\r\n", length);

  /* RFC 9110, 8.6: no Content-Length with 204. */
  return http_frame_head (response, response->status == 204 ? "" : framing);
}
