/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* An HTTP/1.1 server inside a test program that notes what it gets and fails as it is told.
 *
 *   g_autoptr (TestServer) server = test_server_new (TEST_SERVER_TLS);
 *   test_server_set_handler (server, answer, NULL);
 *   test_server_add_fault (server, "/v1/transit", (TestFault){ .kind = TEST_FAULT_ANSWER, .status = 429 }, 2);
 *   … talk to test_server_get_address (server), trust test_server_get_ca_file (server) …
 *   g_assert_cmpuint (test_server_count_requests (server), ==, 3);
 *
 * It speaks by hand, without libsoup: half an answer, garbage or a reset need every byte under control, and a client is
 * not tested by its own library. Each connection has a thread; handlers run one at a time. The functions may be called
 * from any thread. What can't be set up is a failed assertion. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum {
  TEST_SERVER_PLAIN = 0,
  TEST_SERVER_TLS = 1 << 0,
  /* A UNIX socket in a temporary directory instead of a port. */
  TEST_SERVER_UNIX = 1 << 1,
  /* These are for TLS, and each makes a client that checks refuse the certificate. */
  TEST_SERVER_WRONG_NAME = 1 << 2,
  TEST_SERVER_EXPIRED = 1 << 3,
  TEST_SERVER_OTHER_CA = 1 << 4,
  /* TLS: only with a certificate of the CA, see test_server_get_client_certificate_file(). */
  TEST_SERVER_CLIENT_CERTIFICATE = 1 << 5,
  /* TLS: asks for a certificate, and goes on without. */
  TEST_SERVER_ASK_CERTIFICATE = 1 << 6,
} TestServerFlags;

typedef enum {
  /* No fault but the delay. */
  TEST_FAULT_NONE,
  /* status, headers and body instead of the handler's. */
  TEST_FAULT_ANSWER,
  /* Reads the request and then says nothing until the client goes away or the server is freed. */
  TEST_FAULT_SILENCE,
  /* A TCP reset: with the first byte of the request (no path is known then, it has to be NULL; over TLS before the handshake),
   * with the request read but not looked at, and with the request handled and the answer kept back. */
  TEST_FAULT_RESET_BEFORE_READING,
  TEST_FAULT_RESET_AFTER_READING,
  TEST_FAULT_RESET_AFTER_HANDLING,
  /* An orderly close instead of an answer. */
  TEST_FAULT_CLOSE_AFTER_READING,
  /* The handler's answer up to the middle of its headers or of its body, and then a close. */
  TEST_FAULT_HALF_HEADERS,
  TEST_FAULT_HALF_BODY,
  /* The first half of the handler's body as if that were all. */
  TEST_FAULT_TRUNCATED_BODY,
  /* The handler's answer under another Content-Type: text/plain, or what headers say. */
  TEST_FAULT_WRONG_TYPE,
  /* What a proxy in between answers: a page of HTML with the status (200 if that is 0). */
  TEST_FAULT_HTML,
  /* The handler's body in chunks of which the last one never comes; the connection stays open, or is closed. */
  TEST_FAULT_CHUNKED_WITHOUT_END,
  TEST_FAULT_CHUNKED_CUT,
  /* The handler's body with a Content-Length of ten bytes more, or half. */
  TEST_FAULT_LENGTH_TOO_LONG,
  TEST_FAULT_LENGTH_TOO_SHORT,
  /* 10 GiB of the letter "a" inside a JSON string, with Content-Length, or in chunks. */
  TEST_FAULT_ENDLESS_BODY,
  TEST_FAULT_ENDLESS_CHUNKS,
  /* The handler's answer, which says that the connection stays, and then a close. */
  TEST_FAULT_STALE,
  /* Bytes that are not HTTP. */
  TEST_FAULT_GARBAGE,
} TestFaultKind;

typedef struct
{
  TestFaultKind kind;
  guint status;
  /* Lines that each end in "\r\n". */
  const char *headers;
  const char *body;
  /* Before the first byte of the answer. */
  guint delay_ms;
} TestFault;

/* Whom the certificate is for with TEST_SERVER_WRONG_NAME. */
#define TEST_SERVER_OTHER_NAME "other.test.invalid"

typedef struct _TestServer TestServer;

/* What came in. */
typedef struct
{
  /* Counted from 1. */
  guint connection;
  char *method;
  /* As it was sent, by who takes us for a proxy as a whole URL, without the query, which is NULL where there is none. */
  char *path;
  char *query;
  GPtrArray *header_names;
  GPtrArray *header_values;
  GBytes *body;
  /* NULL without a TLS certificate of the client. */
  GTlsCertificate *certificate;
} TestRequest;

/* NULL if it was not sent; the first one if it was sent more than once. */
const char *test_request_get_header (const TestRequest *request, const char *name);

/* What goes out; empty 200 at first. */
typedef struct
{
  guint status;
  GString *headers;
  GByteArray *body;
} TestResponse;

/* Adds a header; Content-Length comes by itself. */
void test_response_add_header (TestResponse *response, const char *name, const char *value);
/* Sets status and body, and Content-Type to application/json. */
void test_response_set_json (TestResponse *response, guint status, const char *json);

typedef void (*TestHandler) (const TestRequest *request, TestResponse *response, gpointer data);

TestServer *test_server_new (TestServerFlags flags);
/* Listens at this port of 127.0.0.1, or at this path. */
TestServer *test_server_new_at_port (TestServerFlags flags, guint16 port);
TestServer *test_server_new_at_path (TestServerFlags flags, const char *path);
/* Closes all connections and waits for their threads. */
void test_server_free (TestServer *self);

/* "http://127.0.0.1:PORT", "https://localhost:PORT" or "unix:///PATH". */
const char *test_server_get_address (const TestServer *self);
guint16 test_server_get_port (const TestServer *self);

/* PEM files that live as long as the server: the CA that a client should trust (with TEST_SERVER_OTHER_CA it did not sign
 * the server's certificate), and a certificate of that CA for the client, with the common name "client". */
const char *test_server_get_ca_file (const TestServer *self);
const char *test_server_get_client_certificate_file (const TestServer *self);
const char *test_server_get_client_key_file (const TestServer *self);

/* Without a handler every request is answered with {}. */
void test_server_set_handler (TestServer *self, TestHandler handler, gpointer data);

/* The next `times` requests (0: all) whose path contains `path` (NULL: any) meet the fault. The fault that was added first
 * comes first; one that applies to all is looked at after those that end. */
void test_server_add_fault (TestServer *self, const char *path, TestFault fault, guint times);
void test_server_clear_faults (TestServer *self);

guint test_server_count_connections (TestServer *self);
/* Those that were read as a whole. */
guint test_server_count_requests (TestServer *self);
guint test_server_count_requests_of (TestServer *self, const char *path);
/* From 0; valid until the server is freed or forgets. */
const TestRequest *test_server_get_request (TestServer *self, guint index);
/* Forgets the requests and counts from 0 again. Nothing may be using a request. */
void test_server_forget_requests (TestServer *self);
/* Programs that run for long keep no requests. */
void test_server_set_remember (TestServer *self, gboolean remember);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestServer, test_server_free)

G_END_DECLS
