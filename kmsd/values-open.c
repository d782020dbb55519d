/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A box opens its provider at first use, in the thread that uses it, and keeps it. So the main thread runs only what is
 * known to be open. */
#include "values-open.h"

#include <string.h>

#include "openings.h"

static gboolean
is_open (const BoxEntry *entry, const char *version)
{
  return g_ptr_array_find_with_equal_func (entry->opened, version, g_str_equal, NULL);
}

/* What is encrypted is so under the box's version; what is decrypted says which one it is. NULL: all are open. */
static const char *
find_closed (Call *call)
{
  const Values *self = values_get (call);
  const char *last = kms_box_get_version (call->box->box);

  if (self->operation != OPERATION_DECRYPT && !is_open (call->box, last))
    return last;
  for (guint i = 0; i < self->versions->len; i++)
    {
      const char *version = g_ptr_array_index (self->versions, i);
      if ((i == 0 || strcmp (version, last) != 0) && !is_open (call->box, version))
        return version;
      last = version;
    }
  return NULL;
}

static char *
find_provider (Call *call, const char *version)
{
  const char *pinned = NULL;
  const char *key_id = kms_box_get_key_id (call->box->box, version, &pinned);

  if (pinned != NULL)
    return g_strdup (pinned);
  return key_id == NULL ? NULL : kms_registry_find_provider_for_key (call->daemon->registry, key_id, NULL, NULL);
}

static gboolean
is_inline (Call *call, const char *provider_name)
{
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (call->daemon->registry, provider_name, NULL);

  return provider != NULL && (kms_provider_get_capabilities (provider) & KMS_CAPABILITY_INLINE) != 0;
}

/* Other versions may have the same provider, which is open for all then. */
static void
add_opened (Call *call, const char *provider_name)
{
  BoxEntry *entry = call->box;
  g_auto (GStrv) versions = kms_box_list_versions (entry->box);

  for (guint i = 0; versions[i] != NULL; i++)
    {
      g_autofree char *name = find_provider (call, versions[i]);
      if (g_strcmp0 (name, provider_name) == 0 && !is_open (entry, versions[i]))
        g_ptr_array_add (entry->opened, g_strdup (versions[i]));
    }
  if (entry->opened->len == g_strv_length (versions))
    entry->is_inline = TRUE;
  for (guint i = 0; entry->is_inline && versions[i] != NULL; i++)
    {
      g_autofree char *name = find_provider (call, versions[i]);
      entry->is_inline = name != NULL && is_inline (call, name);
    }
}

static void
on_opened (Call *call, const GError *error)
{
  Values *self = values_get (call);
  g_autofree char *name = error == NULL ? find_provider (call, self->opening) : NULL;

  if (name != NULL)
    add_opened (call, name);
  if (name != NULL && is_open (call->box, self->opening))
    values_open (call, self->opened);
  else
    self->opened (call, FALSE);
}

void
values_open (Call *call, ValuesOpenFunc func)
{
  Values *self = values_get (call);

  self->opened = func;
  self->opening = find_closed (call);
  if (self->opening == NULL)
    {
      func (call, TRUE);
      return;
    }
  g_autofree char *name = find_provider (call, self->opening);
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
