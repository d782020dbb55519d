/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How each fault of a test server is spoken. */
#include "fault.h"
#include "http-frame.h"

#include <string.h>
#include <sys/socket.h>

#define ENDLESS (G_GUINT64_CONSTANT (10) * 1024 * 1024 * 1024)

static const char page[] = "<!DOCTYPE html>\n<html><head><title>Gateway</title></head>\n"
                           "<body><h1>The gateway could not reach the service.</h1></body></html>\n";

static gboolean
send_bytes (const FaultWire *wire, const void *bytes, gsize length)
{
  return g_output_stream_write_all (wire->output, bytes, length, NULL, wire->cancellable, NULL);
}

static gboolean
send_string (const FaultWire *wire, GString *text)
{
  gboolean sent = send_bytes (wire, text->str, text->len);

  g_string_free (text, TRUE);
  return sent;
}

/* One write for the whole answer, so that it is one TLS record and no delayed acknowledgement slows a client down. */
static gboolean
send_whole (const FaultWire *wire, TestResponse *response, guint64 said, gsize length)
{
  GString *text = http_frame_head_with_length (response, said);

  g_string_append_len (text, (const char *) response->body->data, (gssize) length);
  return send_string (wire, text);
}

static void
replace (TestResponse *response, guint status, const char *headers, const char *body)
{
  response->status = status;
  g_string_assign (response->headers, headers != NULL ? headers : "");
  g_byte_array_set_size (response->body, 0);
  g_byte_array_append (response->body, (const guint8 *) body, (guint) strlen (body));
}

static gboolean
answer_whole (const TestFault *fault, TestResponse *response, const FaultWire *wire)
{
  return send_whole (wire, response, response->body->len, response->body->len);
}

static gboolean
answer_instead (const TestFault *fault, TestResponse *response, const FaultWire *wire)
{
  replace (response, fault->status, fault->headers, fault->body != NULL ? fault->body : "");
  if (strstr (response->headers->str, "Content-Type:") == NULL && response->body->len > 0)
    test_response_add_header (response, "Content-Type", "application/json");
  return answer_whole (fault, response, wire);
}

static gboolean
answer_silence (const TestFault *fault, TestResponse *response, const FaultWire *wire)
{
  char byte;

  /* It ends when the client has gone, which reads as an end or an error, or when the server goes. */
  g_socket_set_timeout (wire->socket, 0);
  g_socket_receive (wire->socket, &byte, 1, wire->cancellable, NULL);
  return FALSE;
}

void
fault_reset (GSocket *socket)
{
  struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

  if (setsockopt (g_socket_get_fd (socket), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) != 0)
    g_error ("test server: no SO_LINGER: %s", g_strerror (errno));
  /* At once: TLS would say good-bye first. */
  g_socket_close (socket, NULL);
}

static gboolean
answer_reset (const TestFault *fault, TestResponse *response, const FaultWire *wire)
{
  fault_reset (wire->socket);
  return FALSE;
}

static gboolean
answer_close (const TestFault *fault, TestResponse *response, const FaultWire *wire)
{
  return FALSE;
}

static gboolean
answer_half_headers (const TestFault *fault, TestResponse *response, const FaultWire *wire)
{
  GString *head = http_frame_head_with_length (response, response->body->len);

  g_string_truncate (head, head->len / 2);
  send_string (wire, head);
  return FALSE;
}

static gboolean
answer_half_body (const TestFault *fault, TestResponse *response, const FaultWire *wire)
{
  send_whole (wire, response, response->body->len, response->body->len / 2);
  return FALSE;
}

static gboolean
answer_truncated (const TestFault *fault, TestResponse *response, const FaultWire *wire)
{
  return send_whole (wire, response, response->body->len / 2, response->body->len / 2);
}

static gboolean
answer_wrong_type (const TestFault *fault, TestResponse *response, const FaultWire *wire)
{
  g_string_assign (response->headers, fault->headers != NULL ? fault->headers : "Content-Type: text/plain\r\n");
  return answer_whole (fault, response, wire);
}

static gboolean
answer_html (const TestFault *fault, TestResponse *response, const FaultWire *wire)
{
  replace (response, fault->status != 0 ? fault->status : 200, "Content-Type: text/html\r\n", page);
  return answer_whole (fault, response, wire);
}

static gboolean
send_chunk (const FaultWire *wire, const void *bytes, gsize length)
{
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "%zx\r\n", length);
  g_string_append_len (text, bytes, (gssize) length);
  g_string_append (text, "\r\n");
  return send_string (wire, text);
}

static gboolean
answer_chunks (const TestFault *fault, TestResponse *response, const FaultWire *wire)
{
  if (!send_string (wire, http_frame_head (response, "Transfer-Encoding: chunked\r\n"))
      || !send_chunk (wire, response->body->data, response->body->len))
    return FALSE;
  return fault->kind == TEST_FAULT_CHUNKED_WITHOUT_END ? answer_silence (fault, response, wire) : FALSE;
}

static gboolean
answer_too_long (const TestFault *fault, TestResponse *response, const FaultWire *wire)
{
  send_whole (wire, response, (guint64) response->body->len + 10, response->body->len);
  return FALSE;
}

static gboolean
answer_too_short (const TestFault *fault, TestResponse *response, const FaultWire *wire)
{
  return send_whole (wire, response, response->body->len / 2, response->body->len);
}

static gboolean
answer_endless (const TestFault *fault, TestResponse *response, const FaultWire *wire)
{
  gboolean chunked = fault->kind == TEST_FAULT_ENDLESS_CHUNKS;
  char block[65536];

  g_string_assign (response->headers, "Content-Type: application/json\r\n");
  if (!send_string (wire, chunked ? http_frame_head (response, "Transfer-Encoding: chunked\r\n")
                                  : http_frame_head_with_length (response, ENDLESS)))
    return FALSE;
  memset (block, 'a', sizeof block);
  memcpy (block, "{\"a\":\"", 6);
  for (guint64 sent = 0; sent < ENDLESS; sent += sizeof block)
    {
      if (chunked ? !send_chunk (wire, block, sizeof block) : !send_bytes (wire, block, sizeof block))
        return FALSE;
      memset (block, 'a', 6);
    }
  return FALSE;
}

static gboolean
answer_stale (const TestFault *fault, TestResponse *response, const FaultWire *wire)
{
  test_response_add_header (response, "Connection", "keep-alive");
  answer_whole (fault, response, wire);
  return FALSE;
}

static gboolean
answer_garbage (const TestFault *fault, TestResponse *response, const FaultWire *wire)
{
  static const char garbage[] = "\x16\x03\x01\x00\xff\x00garbage\r\n\r\n\xfe\xed\r\n";

  send_bytes (wire, garbage, sizeof garbage - 1);
  return FALSE;
}

static const struct
{
  /* Whether the handler sees the request, and its answer is what the fault starts from. */
  gboolean handled;
  gboolean (*answer) (const TestFault *, TestResponse *, const FaultWire *);
} faults[] = {
  [TEST_FAULT_NONE] = { TRUE, answer_whole },
  [TEST_FAULT_ANSWER] = { FALSE, answer_instead },
  [TEST_FAULT_SILENCE] = { FALSE, answer_silence },
  [TEST_FAULT_RESET_BEFORE_READING] = { FALSE, answer_reset },
  [TEST_FAULT_RESET_AFTER_READING] = { FALSE, answer_reset },
  [TEST_FAULT_RESET_AFTER_HANDLING] = { TRUE, answer_reset },
  [TEST_FAULT_CLOSE_AFTER_READING] = { FALSE, answer_close },
  [TEST_FAULT_HALF_HEADERS] = { TRUE, answer_half_headers },
  [TEST_FAULT_HALF_BODY] = { TRUE, answer_half_body },
  [TEST_FAULT_TRUNCATED_BODY] = { TRUE, answer_truncated },
  [TEST_FAULT_WRONG_TYPE] = { TRUE, answer_wrong_type },
  [TEST_FAULT_HTML] = { FALSE, answer_html },
  [TEST_FAULT_CHUNKED_WITHOUT_END] = { TRUE, answer_chunks },
  [TEST_FAULT_CHUNKED_CUT] = { TRUE, answer_chunks },
  [TEST_FAULT_LENGTH_TOO_LONG] = { TRUE, answer_too_long },
  [TEST_FAULT_LENGTH_TOO_SHORT] = { TRUE, answer_too_short },
  [TEST_FAULT_ENDLESS_BODY] = { FALSE, answer_endless },
  [TEST_FAULT_ENDLESS_CHUNKS] = { FALSE, answer_endless },
  [TEST_FAULT_STALE] = { TRUE, answer_stale },
  [TEST_FAULT_GARBAGE] = { FALSE, answer_garbage },
};

gboolean
fault_is_handled (const TestFault *fault)
{
  return fault == NULL || faults[fault->kind].handled;
}

static gboolean
wait_a_while (const FaultWire *wire, guint delay_ms)
{
  GPollFD until = { 0 };

  if (delay_ms == 0)
    return TRUE;
  g_assert_true (g_cancellable_make_pollfd (wire->cancellable, &until));
  int woken = g_poll (&until, 1, (gint) delay_ms);
  g_cancellable_release_fd (wire->cancellable);
  return woken == 0;
}

gboolean
fault_answer (const TestFault *fault, TestResponse *response, const FaultWire *wire)
{
  static const TestFault none = { .kind = TEST_FAULT_NONE };

  if (fault == NULL)
    fault = &none;
  return wait_a_while (wire, fault->delay_ms) && faults[fault->kind].answer (fault, response, wire);
}
