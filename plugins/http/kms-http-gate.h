/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where exchanges wait for credentials: however many want them, they are fetched once, and while the old ones are good
 * nobody waits. Everything runs on the provider's own thread, but the fetching itself. */
#pragma once

#include "kms-http-provider.h"

G_BEGIN_DECLS

typedef struct _KmsHttpGate KmsHttpGate;
typedef struct _KmsHttpWaiter KmsHttpWaiter;

/* Exactly one of both is given. The callee takes over neither. */
typedef void (*KmsHttpWaiterFunc) (KmsHttpCredentials *credentials, const GError *error, gpointer data);

/* Part of what waits; zeroed at first. */
struct _KmsHttpWaiter
{
  GList link;
  gboolean waiting;
  guint round;
  KmsHttpWaiterFunc func;
  gpointer data;
};

/* `provider` is borrowed, but for the time of a fetch. */
KmsHttpGate *_kms_http_gate_new (KmsHttpProvider *provider);
void _kms_http_gate_free (KmsHttpGate *self);

/* The credentials of now, borrowed; NULL where there are none that are still good, and one has to wait. */
KmsHttpCredentials *_kms_http_gate_peek (KmsHttpGate *self);
/* Those that were had last, borrowed, nullable; no matter whether they are still good. */
KmsHttpCredentials *_kms_http_gate_get_current (KmsHttpGate *self);
void _kms_http_gate_wait (KmsHttpGate *self, KmsHttpWaiter *waiter, KmsHttpWaiterFunc func, gpointer data);
void _kms_http_gate_leave (KmsHttpGate *self, KmsHttpWaiter *waiter);

/* The server refuses these: unless there are newer ones already, the next who comes waits for such. */
void _kms_http_gate_refuse (KmsHttpGate *self, KmsHttpCredentials *credentials);

/* Whether this thread fetches credentials: who waited for some there would wait for ever. */
gboolean _kms_http_gate_is_fetching_thread (void);

G_END_DECLS
