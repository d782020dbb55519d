/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One thread for each provider that is being opened, however many wait for it. */
#include "openings.h"

typedef struct
{
  Call *call;
  OpenedFunc func;
} Waiter;

typedef struct
{
  Daemon *daemon;
  KmsRegistry *registry; /* its own: the thread may outlive the daemon */
  char *name;
  GArray *waiters; /* of Waiter */
} Opening;

static void
opening_free (Opening *self)
{
  g_object_unref (self->registry);
  g_free (self->name);
  g_array_unref (self->waiters);
  g_free (self);
}

static gboolean
is_open (Daemon *daemon, const char *name)
{
  g_autoptr (KmsConfigInfo) info = kms_registry_lookup (daemon->registry, KMS_CONFIG_KIND_PROVIDER, name, NULL);

  return info != NULL && kms_config_info_get_state (info) == KMS_STATE_LOADED;
}

static void
open_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Opening *self = data;
  GError *error = NULL;
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, self->name, &error);

  if (provider == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  Opening *self = data;
  g_autoptr (GError) error = NULL;

  g_task_propagate_boolean (G_TASK (result), &error);
  g_hash_table_remove (self->daemon->openings, self->name);
  for (guint i = 0; i < self->waiters->len; i++)
    {
      Waiter *waiter = &g_array_index (self->waiters, Waiter, i);
      waiter->func (waiter->call, error);
    }
  opening_free (self);
}

static Opening *
start (Daemon *daemon, const char *name)
{
  Opening *self = g_new (Opening, 1);
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_opened, self);

  *self =
    (Opening){ daemon, g_object_ref (daemon->registry), g_strdup (name), g_array_new (FALSE, FALSE, sizeof (Waiter)) };
  if (daemon->openings == NULL)
    daemon->openings = g_hash_table_new (g_str_hash, g_str_equal);
  g_hash_table_insert (daemon->openings, self->name, self);
  g_task_set_task_data (task, self, NULL);
  g_task_run_in_thread (task, open_in_thread);
  return self;
}

void
openings_wait (Call *call, const char *provider_name, OpenedFunc func)
{
  Daemon *daemon = call->daemon;
  const Waiter waiter = { call, func };
  Opening *opening = daemon->openings == NULL ? NULL : g_hash_table_lookup (daemon->openings, provider_name);

  if (opening == NULL && is_open (daemon, provider_name))
    {
      func (call, NULL);
      return;
    }
  if (opening == NULL)
    opening = start (daemon, provider_name);
  g_array_append_val (opening->waiters, waiter);
}
