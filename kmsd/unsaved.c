/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Refusals that wait for the disk. */
#include "unsaved.h"

typedef struct
{
  Call *call;
  GError *error;
} Refusal;

static void
answer_all (Daemon *self)
{
  Refusal *refusal;

  g_clear_handle_id (&self->unsaved_source, g_source_remove);
  while ((refusal = g_queue_pop_head (&self->unsaved)) != NULL)
    {
      call_refuse (refusal->call, refusal->error);
      g_free (refusal);
    }
}

static gboolean
on_too_late (gpointer data)
{
  Daemon *self = data;

  g_warning ("a lockdown that an alert engaged is in force, but not on the disk yet: %u refused calls are answered",
             g_queue_get_length (&self->unsaved));
  self->unsaved_source = 0;
  answer_all (self);
  return G_SOURCE_REMOVE;
}

void
unsaved_begin (Daemon *self)
{
  self->n_unsaved++;
}

void
unsaved_end (Daemon *self)
{
  if (--self->n_unsaved == 0)
    answer_all (self);
}

gboolean
unsaved_postpone (Call *call, GError *error)
{
  Daemon *daemon = call->daemon;
  Refusal *refusal;

  if (daemon->n_unsaved == 0 || !g_error_matches (error, KMS_ERROR, KMS_ERROR_LOCKED_DOWN))
    return FALSE;
  refusal = g_new (Refusal, 1);
  *refusal = (Refusal){ call, error };
  g_queue_push_tail (&daemon->unsaved, refusal);
  if (daemon->unsaved_source == 0)
    daemon->unsaved_source = g_timeout_add (UNSAVED_TIMEOUT_MS, on_too_late, daemon);
  return TRUE;
}

void
unsaved_stop (Daemon *self)
{
  g_clear_handle_id (&self->unsaved_source, g_source_remove);
}
