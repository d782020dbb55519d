/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two queues, so that a single call does not wait behind a table's worth of others: of four turns, three are single. */
#include "kms-provider-queue-private.h"

#define KMS_SINGLE_TURNS 3

struct _KmsProviderQueue
{
  GMutex lock;
  GQueue single;
  GQueue bulk;
  guint n_single_turns; /* since the last bulk call */
  guint in_flight;
  guint max_in_flight;
};

KmsProviderQueue *
_kms_provider_queue_new (guint max_in_flight)
{
  KmsProviderQueue *self = g_new0 (KmsProviderQueue, 1);
  g_mutex_init (&self->lock);
  self->max_in_flight = MAX (max_in_flight, 1);
  return self;
}

void
_kms_provider_queue_free (KmsProviderQueue *self)
{
  g_assert (self->single.length == 0 && self->bulk.length == 0);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static KmsCall *
pop_locked (KmsProviderQueue *self)
{
  gboolean bulk = self->single.length == 0 || (self->bulk.length > 0 && self->n_single_turns >= KMS_SINGLE_TURNS);
  GList *link = g_queue_pop_head_link (bulk ? &self->bulk : &self->single);

  if (link == NULL)
    return NULL;
  self->n_single_turns = bulk ? 0 : self->n_single_turns + 1;
  self->in_flight++;
  return link->data;
}

KmsCall *
_kms_provider_queue_push (KmsProviderQueue *self, KmsCall *call)
{
  g_mutex_lock (&self->lock);
  g_queue_push_tail_link (call->bulk ? &self->bulk : &self->single, &kms_call_ref (call)->link);
  KmsCall *next = self->in_flight < self->max_in_flight ? pop_locked (self) : NULL;
  g_mutex_unlock (&self->lock);
  return next;
}

guint
_kms_provider_queue_count (KmsProviderQueue *self)
{
  g_mutex_lock (&self->lock);
  guint n_waiting = self->single.length + self->bulk.length;
  g_mutex_unlock (&self->lock);
  return n_waiting;
}

KmsCall *
_kms_provider_queue_release (KmsProviderQueue *self)
{
  g_mutex_lock (&self->lock);
  self->in_flight--;
  KmsCall *next = pop_locked (self);
  g_mutex_unlock (&self->lock);
  return next;
}
