/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A box opens its provider at first use, in the thread that uses it, and keeps it. So the main thread runs only what is
 * known to be open. */
#include "values-open.h"

#include "openings.h"

static gboolean
is_open (const BoxEntry *entry, guint32 version)
{
  for (guint i = 0; i < entry->opened->len; i++)
    if (g_array_index (entry->opened, guint32, i) == version)
      return TRUE;
  return FALSE;
}

/* What is encrypted is so under the box's version; what is decrypted says which one it is, and 0 is none. */
static gboolean
find_closed (Call *call, guint32 *version)
{
  const Values *self = values_get (call);

  *version = call->box->version;
  if (self->operation != OPERATION_DECRYPT && !is_open (call->box, *version))
    return TRUE;
  for (guint i = 0; i < self->versions->len; i++)
    {
      guint32 next = g_array_index (self->versions, guint32, i);
      if ((i == 0 || next != *version) && !is_open (call->box, next))
        {
          *version = next;
          return TRUE;
        }
      *version = next;
    }
  return FALSE;
}

static char *
find_provider (Call *call, guint32 version)
{
  g_autofree char *digits = g_strdup_printf ("%u", version);
  const char *pinned = NULL;
  const char *key_id = kms_box_get_key_id (call->box->box, digits, &pinned);

  if (pinned != NULL)
    return g_strdup (pinned);
  return key_id == NULL ? NULL : kms_registry_find_provider_for_key (call->daemon->registry, key_id, NULL, NULL);
}

static void
on_opened (Call *call, const GError *error)
{
  Values *self = values_get (call);

  if (error != NULL)
    {
      self->opened (call, FALSE);
      return;
    }
  if (!is_open (call->box, self->opening))
    g_array_append_val (call->box->opened, self->opening);
  values_open (call, self->opened);
}

void
values_open (Call *call, ValuesOpenFunc func)
{
  Values *self = values_get (call);

  self->opened = func;
  if (!find_closed (call, &self->opening))
    {
      func (call, TRUE);
      return;
    }
  g_autofree char *name = self->opening == 0 ? NULL : find_provider (call, self->opening);
  if (name == NULL)
    func (call, FALSE);
  else
    openings_wait (call, name, on_opened);
}

typedef struct
{
  Call *call;
  GAsyncReadyCallback callback;
} Run;

/* This thread has no main context of its own: so the callback comes in the main thread. */
static void
run_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Run *self = data;

  kms_box_run_async (self->call->box->box, values_get (self->call)->batch, self->call->caller->gone, self->callback,
                     self->call);
}

void
values_run_elsewhere (Call *call, GAsyncReadyCallback callback)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, NULL, NULL);
  Run *run = g_new (Run, 1);

  *run = (Run){ call, callback };
  g_task_set_task_data (task, run, g_free);
  g_task_run_in_thread (task, run_in_thread);
}
