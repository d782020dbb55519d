/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The queue of faults that a test server was told, and how each of them is spoken. */
#pragma once

#include "test-server.h"

G_BEGIN_DECLS

typedef struct _FaultQueue FaultQueue;

FaultQueue *fault_queue_new (void);
void fault_queue_free (FaultQueue *self);
void fault_queue_add (FaultQueue *self, const char *path, const TestFault *fault, guint times);
void fault_queue_clear (FaultQueue *self);

/* What the next request meets, one time less for it; valid until the fault is freed with fault_free(). Path is NULL before
 * the request is read. */
TestFault *fault_queue_take (FaultQueue *self, const char *path);
void fault_free (TestFault *fault);

/* Where the server writes, and what ends its waiting. */
typedef struct
{
  GSocket *socket;
  GOutputStream *output;
  GCancellable *cancellable;
} FaultWire;

/* Whether the request reaches the handler. */
gboolean fault_is_handled (const TestFault *fault);
/* Writes the answer, or what the fault makes of it. FALSE when the connection has to end. */
gboolean fault_answer (const TestFault *fault, TestResponse *response, const FaultWire *wire);
/* Closes the socket with a reset. */
void fault_reset (GSocket *socket);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FaultQueue, fault_queue_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestFault, fault_free)

G_END_DECLS
