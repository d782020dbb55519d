/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The faults of the test server, as the bytes of each arrive. */
#include "raw-client.h"
#include "test-server.h"

#include <string.h>

#define BODY "{\"data\":{\"ciphertext\":\"vault:v1:AAAA\"}}"

static void
answer (const TestRequest *request, TestResponse *response, gpointer data)
{
  (*(guint *) data)++;
  test_response_set_json (response, 200, BODY);
}

/* What comes back, NULL with the error if the connection broke. */
static char *
ask (TestFault fault, guint *handled, const char *until, GError **error)
{
  g_autoptr (TestServer) server = test_server_new (TEST_SERVER_PLAIN);
  g_autoptr (GIOStream) stream = raw_client_connect (test_server_get_address (server), NULL, NULL, NULL, error);

  test_server_set_handler (server, answer, handled);
  test_server_add_fault (server, NULL, fault, 1);
  g_assert_nonnull (stream);
  return raw_client_ask (stream, "POST /v1/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
                         until, error);
}

static const struct
{
  const char *name;
  TestFault fault;
  guint handled;
  /* What the client gets by the time that the connection ends, as a pattern; NULL for a reset. */
  const char *pattern;
  /* Stop there, for what does not end. */
  const char *until;
} cases[] = {
  { "status",
    { .kind = TEST_FAULT_ANSWER, .status = 429, .headers = "Retry-After: 3\r\n", .body = "{\"errors\":[]}" },
    0,
    "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\n*Content-Length: 13\r\n\r\n{\"errors\":[]}" },
  { "no-body",
    { .kind = TEST_FAULT_ANSWER, .status = 503 },
    0,
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n" },
  { "redirect",
    { .kind = TEST_FAULT_ANSWER, .status = 307, .headers = "Location: http://127.0.0.1:1/v1/x\r\n" },
    0,
    "HTTP/1.1 307 *Location: http://127.0.0.1:1/v1/x\r\n*" },
  { "delay", { .kind = TEST_FAULT_NONE, .delay_ms = 50 }, 1, "HTTP/1.1 200 OK\r\n*" BODY },
  { "reset-before-reading", { .kind = TEST_FAULT_RESET_BEFORE_READING }, 0, NULL },
  { "reset-after-reading", { .kind = TEST_FAULT_RESET_AFTER_READING }, 0, NULL },
  { "reset-after-handling", { .kind = TEST_FAULT_RESET_AFTER_HANDLING }, 1, NULL },
  { "close", { .kind = TEST_FAULT_CLOSE_AFTER_READING }, 0, "" },
  { "half-headers", { .kind = TEST_FAULT_HALF_HEADERS }, 1, "HTTP/1.1 200 OK\r\nContent-Type*" },
  { "half-body", { .kind = TEST_FAULT_HALF_BODY }, 1, "*Content-Length: 39\r\n\r\n{\"data\":{\"ciphertex" },
  { "truncated", { .kind = TEST_FAULT_TRUNCATED_BODY }, 1, "*Content-Length: 19\r\n\r\n{\"data\":{\"ciphertex" },
  { "wrong-type", { .kind = TEST_FAULT_WRONG_TYPE }, 1, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n*" BODY },
  { "html", { .kind = TEST_FAULT_HTML }, 0, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n*<h1>*" },
  { "html-502", { .kind = TEST_FAULT_HTML, .status = 502 }, 0, "HTTP/1.1 502 Bad Gateway\r\n*<h1>*" },
  { "chunked-cut", { .kind = TEST_FAULT_CHUNKED_CUT }, 1, "*Transfer-Encoding: chunked\r\n\r\n27\r\n" BODY "\r\n" },
  { "chunked-open", { .kind = TEST_FAULT_CHUNKED_WITHOUT_END }, 1, "*\r\n27\r\n" BODY "\r\n", BODY "\r\n" },
  { "too-long", { .kind = TEST_FAULT_LENGTH_TOO_LONG }, 1, "*Content-Length: 49\r\n\r\n" BODY },
  { "too-short", { .kind = TEST_FAULT_LENGTH_TOO_SHORT }, 1, "*Content-Length: 19\r\n\r\n" BODY },
  { "endless", { .kind = TEST_FAULT_ENDLESS_BODY }, 0, "*Content-Length: 10737418240\r\n\r\n{\"a\":\"aaaa*", "aaaa" },
  { "endless-chunks", { .kind = TEST_FAULT_ENDLESS_CHUNKS }, 0, "*chunked\r\n\r\n10000\r\n{\"a\":\"aaaa*", "aaaa" },
  { "stale", { .kind = TEST_FAULT_STALE }, 1, "*Connection: keep-alive\r\n*" BODY },
  { "garbage", { .kind = TEST_FAULT_GARBAGE }, 0, "\x16\x03\x01*" },
};

static void
test_fault (gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  g_autoptr (GError) error = NULL;
  guint handled = 0;
  g_autofree char *got = ask (cases[i].fault, &handled, cases[i].until, &error);

  if (cases[i].pattern == NULL)
    {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
    }
  else
    {
      g_assert_no_error (error);
      if (!g_pattern_match_simple (cases[i].pattern, got))
        g_error ("got: %s", got);
    }
  g_assert_cmpuint (handled, ==, cases[i].handled);
}

static void
test_silence (void)
{
  g_autoptr (TestServer) server = test_server_new (TEST_SERVER_PLAIN);
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) stream = raw_client_connect (test_server_get_address (server), NULL, NULL, NULL, &error);

  test_server_add_fault (server, NULL, (TestFault){ .kind = TEST_FAULT_SILENCE }, 1);
  g_socket_set_timeout (g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream)), 1);
  g_assert_null (raw_client_ask (stream, "GET / HTTP/1.1\r\n\r\n", NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
}

static char *
get (TestServer *server, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) stream = raw_client_connect (test_server_get_address (server), NULL, NULL, NULL, &error);
  g_autofree char *request = g_strconcat ("GET ", path, " HTTP/1.1\r\nConnection: close\r\n\r\n", NULL);
  char *got = raw_client_ask (stream, request, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (strlen (got) > 12);
  got[12] = '\0';
  return got;
}

static void
assert_statuses (TestServer *server, const char *const *paths_and_statuses)
{
  for (; paths_and_statuses[0] != NULL; paths_and_statuses += 2)
    {
      g_autofree char *line = get (server, paths_and_statuses[0]);
      g_assert_cmpstr (line + strlen ("HTTP/1.1 "), ==, paths_and_statuses[1]);
    }
}

static void
test_queue (void)
{
  g_autoptr (TestServer) server = test_server_new (TEST_SERVER_PLAIN);

  test_server_add_fault (server, NULL, (TestFault){ .kind = TEST_FAULT_ANSWER, .status = 504 }, 0);
  test_server_add_fault (server, "/a", (TestFault){ .kind = TEST_FAULT_ANSWER, .status = 500 }, 2);
  test_server_add_fault (server, "/b", (TestFault){ .kind = TEST_FAULT_ANSWER, .status = 502 }, 1);
  assert_statuses (server,
                   (const char *const[]){ "/b", "502", "/x/a", "500", "/b", "504", "/a?q", "500", "/a", "504", NULL });
  test_server_clear_faults (server);
  assert_statuses (server, (const char *const[]){ "/a", "200", NULL });
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = g_strconcat ("/server/fault/", cases[i].name, NULL);
      g_test_add_data_func (name, GSIZE_TO_POINTER (i), test_fault);
    }
  g_test_add_func ("/server/fault/silence", test_silence);
  g_test_add_func ("/server/fault/queue", test_queue);
  return g_test_run ();
}
