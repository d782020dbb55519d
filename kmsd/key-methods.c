/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Administration of keys through a provider. What changes a key stands in the audit log before and after. */
#include "key-methods.h"

#include "openings.h"
#include "trail.h"

typedef struct
{
  char *provider_name;
  KmsProvider *provider;
  char *own_id; /* without the prefix */
  KmsKeyVerb verb;
  GVariant *options;
  char *key_id, *operation;
  GPtrArray *keys; /* of KmsKey: the answer */
} Work;

static void
work_free (gpointer data)
{
  Work *self = data;

  g_free (self->provider_name);
  g_clear_object (&self->provider);
  g_free (self->own_id);
  g_free (self->key_id);
  g_free (self->operation);
  g_clear_pointer (&self->options, g_variant_unref);
  g_clear_pointer (&self->keys, g_ptr_array_unref);
  g_free (self);
}

static const char *
state_to_string (KmsKeyState state)
{
  static const char *const words[] = {
    [KMS_KEY_STATE_ENABLED] = "enabled",
    [KMS_KEY_STATE_DISABLED] = "disabled",
    [KMS_KEY_STATE_PENDING_DELETION] = "pending-deletion",
    [KMS_KEY_STATE_UNAVAILABLE] = "unavailable",
  };

  return words[state];
}

static GVariant *
describe_versions (KmsKey *key)
{
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < kms_key_get_n_versions (key); i++)
    {
      KmsKeyState state;
      gint64 creation_time;
      const char *version = kms_key_get_nth_version (key, i, &state, &creation_time);
      g_variant_builder_open (&list, G_VARIANT_TYPE_VARDICT);
      g_variant_builder_add (&list, "{sv}", "version", g_variant_new_string (version));
      g_variant_builder_add (&list, "{sv}", "state", g_variant_new_string (state_to_string (state)));
      g_variant_builder_close (&list);
    }
  return g_variant_builder_end (&list);
}

static GVariant *
describe_key (KmsKey *key)
{
  const char *description = kms_key_get_description (key), *version = kms_key_get_version (key);
  GVariantBuilder info;

  g_variant_builder_init (&info, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&info, "{sv}", "id", g_variant_new_string (kms_key_get_id (key)));
  g_variant_builder_add (&info, "{sv}", "state", g_variant_new_string (state_to_string (kms_key_get_state (key))));
  if (description != NULL)
    g_variant_builder_add (&info, "{sv}", "description", g_variant_new_string (description));
  if (version != NULL)
    g_variant_builder_add (&info, "{sv}", "version", g_variant_new_string (version));
  g_variant_builder_add (&info, "{sv}", "versions", describe_versions (key));
  return g_variant_builder_end (&info);
}

static void
answer (Call *call)
{
  const Work *self = call->data;
  GVariantBuilder list;

  if (self->verb != KMS_KEY_VERB_LIST)
    {
      GVariant *info = self->keys->len == 0 ? g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0)
                                            : describe_key (g_ptr_array_index (self->keys, 0));
      call_return (call, g_variant_new ("(@a{sv})", info));
      return;
    }
  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < self->keys->len; i++)
    g_variant_builder_add_value (&list, describe_key (g_ptr_array_index (self->keys, i)));
  call_return (call, g_variant_new ("(aa{sv})", &list));
}

static gboolean
is_change (const Work *self)
{
  return self->verb != KMS_KEY_VERB_LIST && self->verb != KMS_KEY_VERB_SHOW;
}

static AuditRecord *
make_record (Call *call, AuditOutcome outcome)
{
  const Work *self = call->data;
  AuditRecord *record = call->intents == NULL
                          ? trail_record_new (call, self->operation, outcome)
                          : audit_record_new_outcome (g_ptr_array_index (call->intents, 0), outcome);

  g_free (record->key_id);
  g_free (record->provider);
  record->key_id = g_strdup (self->key_id);
  record->provider = self->provider == NULL ? NULL : g_strdup (kms_provider_get_name (self->provider));
  return record;
}

static void
on_outcome (Call *call, GPtrArray *written, const GError *error)
{
  if (written == NULL)
    call_fail (call, g_error_copy (error));
  else
    answer (call);
}

static void
on_done (GObject *provider, GAsyncResult *result, gpointer data)
{
  Call *call = data;
  Work *self = call->data;
  GError *error = NULL;

  self->keys = kms_key_admin_run_finish (KMS_KEY_ADMIN (provider), result, &error);
  if (self->keys == NULL && is_change (self))
    trail_fail (call, make_record (call, AUDIT_OUTCOME_FAILED), error);
  else if (self->keys == NULL)
    call_fail (call, error);
  else if (is_change (self))
    trail_append_one (call, make_record (call, AUDIT_OUTCOME_DONE), on_outcome);
  else
    answer (call);
}

static void
run (Call *call)
{
  Work *self = call->data;

  kms_key_admin_run_async (KMS_KEY_ADMIN (self->provider), self->verb, self->own_id, self->options, call->caller->gone,
                           on_done, call);
}

static void
on_intent (Call *call, GPtrArray *written, const GError *error)
{
  if (written == NULL)
    {
      call_fail (call, g_error_copy (error));
      return;
    }
  call->intents = g_ptr_array_ref (written);
  run (call);
}

/* Of a provider that is open, unless the configuration changed a moment ago. */
static gboolean
find_provider (Call *call, Work *self, GError **error)
{
  KmsRegistry *registry = call->daemon->registry;

  if (self->key_id == NULL)
    self->provider = kms_registry_dup_provider (registry, self->provider_name, error);
  else
    self->provider =
      kms_registry_dup_provider_for_key (registry, self->key_id, self->provider_name, &self->own_id, error);
  if (self->provider == NULL)
    return FALSE;
  if (KMS_IS_KEY_ADMIN (self->provider))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
               "provider \"%s\" does not administer keys; use the service's own tools",
               kms_provider_get_name (self->provider));
  return FALSE;
}

static void
on_opened (Call *call, const GError *problem)
{
  Work *self = call->data;
  GError *error = problem == NULL ? NULL : g_error_copy (problem);

  if (error != NULL || !find_provider (call, self, &error))
    trail_fail (call, make_record (call, AUDIT_OUTCOME_FAILED), error);
  else if (is_change (self) && call->intents == NULL)
    trail_append_one (call, make_record (call, AUDIT_OUTCOME_INTENT), on_intent);
  else
    run (call);
}

void
key_methods_run (Call *call, const char *provider_name, const char *key_id, KmsKeyVerb verb, GVariant *options,
                 const char *operation)
{
  Work *self = g_new0 (Work, 1);
  GError *error = NULL;

  self->verb = verb;
  self->options = options == NULL ? NULL : g_variant_ref (options);
  self->key_id = g_strdup (key_id);
  self->operation = g_strdup (operation);
  call->data = self;
  call->free_data = work_free;
  self->provider_name = provider_name != NULL
                          ? g_strdup (provider_name)
                          : kms_registry_find_provider_for_key (call->daemon->registry, key_id, NULL, &error);
  if (self->provider_name == NULL || !call_take_worker (call, &error))
    trail_fail (call, make_record (call, AUDIT_OUTCOME_FAILED), error);
  else
    openings_wait (call, self->provider_name, on_opened);
}
