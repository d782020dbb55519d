/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One request out, one answer in, on libsoup: what it does under load, and how not to be hurt by that, is known here
 * and nowhere else. Everything runs on the provider's own thread. */
#pragma once

#include "kms-http-message-private.h"
#include "kms-http-network.h"
#include "kms-http-timer.h"

G_BEGIN_DECLS

typedef struct _KmsHttpTransport KmsHttpTransport;
typedef struct _KmsHttpAttempt KmsHttpAttempt;

typedef struct
{
  guint max_connections;
  gint64 connect_timeout; /* microseconds */
  gint64 attempt_timeout;
  gsize response_size; /* the largest that is read */
} KmsHttpTransportLimits;

/* What a failure without an answer lets one do. */
typedef enum {
  KMS_HTTP_FAILURE_FINAL,
  KMS_HTTP_FAILURE_PASSING,  /* the server may have got the request */
  KMS_HTTP_FAILURE_NOT_SENT, /* it has not: even what must not be repeated may be tried again */
} KmsHttpFailure;

/* Exactly one of `response` and `error` is given; both are the callee's only until it returns. The attempt is over. */
typedef void (*KmsHttpAttemptFunc) (KmsHttpResponse *response, const GError *error, KmsHttpFailure failure,
                                    gpointer data);

/* `network` is borrowed, and must live as long. */
KmsHttpTransport *_kms_http_transport_new (KmsHttpNetwork *network, KmsHttpTimer *timer,
                                           const KmsHttpTransportLimits *limits);

/* Cancels what is left, and gives libsoup a moment to let go. */
void _kms_http_transport_free (KmsHttpTransport *self);

/* NULL, with the error set, where the request can't be one. `func` is called later, never from inside. `request` must
 * live until then. */
KmsHttpAttempt *_kms_http_transport_send (KmsHttpTransport *self, KmsHttpRequest *request, KmsHttpAttemptFunc func,
                                          gpointer data, GError **error);

/* Walks away: `func` will not be called. The attempt goes when libsoup is done with it. */
void _kms_http_attempt_abandon (KmsHttpAttempt *attempt);

G_END_DECLS
