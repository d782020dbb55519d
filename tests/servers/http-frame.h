/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* HTTP/1.1 messages as the test server reads and writes them. */
#pragma once

#include "test-server.h"

G_BEGIN_DECLS

/* Reads one request. NULL without an error when the client closed before its first byte. */
TestRequest *http_frame_read (GInputStream *stream, GCancellable *cancellable, GError **error);

TestRequest *test_request_ref (TestRequest *request);
void test_request_unref (TestRequest *request);

TestResponse *test_response_new (void);
void test_response_free (TestResponse *response);

/* The status line and headers with the empty line behind them; framing is what tells the length of the body, lines that
 * end in "\r\n". */
GString *http_frame_head (const TestResponse *response, const char *framing);
GString *http_frame_head_with_length (const TestResponse *response, guint64 length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestRequest, test_request_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestResponse, test_response_free)

G_END_DECLS
