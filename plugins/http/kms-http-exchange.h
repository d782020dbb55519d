/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One call from its first request to its last answer: credentials, attempts, waiting between them. Everything runs on
 * the provider's own thread. */
#pragma once

#include "kms-http-backoff.h"
#include "kms-http-gate.h"
#include "kms-http-transport.h"

G_BEGIN_DECLS

/* What all exchanges of a provider share. */
typedef struct
{
  KmsHttpProvider *provider; /* borrowed */
  KmsHttpTimer *timer;
  KmsHttpTransport *transport;
  KmsHttpGate *gate; /* NULL for providers without credentials */
  KmsHttpBudget budget;
  guint retries;
} KmsHttpEngine;

/* What one is about. */
typedef struct
{
  KmsHttpPrepareFunc prepare;
  KmsHttpParseFunc parse;
  gpointer data;
  KmsHttpSendFlags flags;
  gint64 deadline; /* of g_get_monotonic_time(), or -1: no try begins that would have to wait until after it */
  gboolean ends_at_deadline; /* by itself: nobody else looks at the clock */
} KmsHttpTask;

typedef struct _KmsHttpExchange KmsHttpExchange;

/* `error` is NULL if it went well, and the callee's. The exchange is gone afterwards. */
typedef void (*KmsHttpExchangeFunc) (GError *error, gpointer data);

KmsHttpExchange *_kms_http_exchange_new (KmsHttpEngine *engine, const KmsHttpTask *task, KmsHttpExchangeFunc func,
                                         gpointer data);

/* Begins. It may be over, and gone, before this returns. */
void _kms_http_exchange_start (KmsHttpExchange *self);

/* Ends it at once; it does not call back. */
void _kms_http_exchange_abandon (KmsHttpExchange *self);

G_END_DECLS
