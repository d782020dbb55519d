/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the transport sees of requests and responses, and its users do not. */
#pragma once

#include "kms-http-message.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* Empty again for the next attempt, but for the state. */
void _kms_http_request_reset (KmsHttpRequest *self);

/* NULL, with the error set, for a URL that is none of HTTP. The caller owns the result. */
GUri *_kms_http_request_parse_url (KmsHttpRequest *self, GError **error);

/* A message with the headers and the body of the request, which stays the owner of the body's bytes. */
SoupMessage *_kms_http_request_make_message (KmsHttpRequest *self, GUri *uri);

/* Takes over a reference to the headers' owner, and to the body. */
KmsHttpResponse *_kms_http_response_new_for_message (KmsHttpRequest *request, SoupMessage *message,
                                                     KmsHttpBuffer *body);

G_END_DECLS
