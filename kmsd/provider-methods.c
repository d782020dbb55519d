/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.libkms.Kms1.Provider. */
#include "key-methods.h"
#include "methods.h"
#include "permit.h"
#include "trail.h"

#define MANAGE "manage-provider"

typedef struct
{
  KmsRegistry *registry;
  char *name, *key_id;
  KmsReport *report;
} Check;

static void
check_free (gpointer data)
{
  Check *self = data;

  g_object_unref (self->registry);
  g_free (self->name);
  g_free (self->key_id);
  kms_report_unref (self->report);
  g_free (self);
}

/* Loads modules, reads credentials and contacts the service: all of it takes its time. */
static void
check_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Check *self = data;
  g_autofree char *own_id = NULL;
  GError *error = NULL;
  g_autoptr (KmsProvider)
    provider = self->key_id == NULL
                 ? kms_registry_dup_provider (self->registry, self->name, &error)
                 : kms_registry_dup_provider_for_key (self->registry, self->key_id, self->name, &own_id, &error);

  if (provider == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  kms_provider_diagnose (provider, own_id, self->report, cancellable);
  g_task_return_boolean (task, TRUE);
}

static void
add_text (GVariantBuilder *finding, const char *name, const char *text)
{
  if (text != NULL)
    g_variant_builder_add (finding, "{sv}", name, g_variant_new_take_string (g_utf8_make_valid (text, -1)));
}

static GVariant *
list_findings (KmsReport *report)
{
  static const char *const levels[] = {
    [KMS_SEVERITY_OK] = "ok",
    [KMS_SEVERITY_INFO] = "info",
    [KMS_SEVERITY_WARNING] = "warning",
    [KMS_SEVERITY_ERROR] = "error",
  };
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < kms_report_get_n_findings (report); i++)
    {
      const char *topic, *finding, *advice;
      KmsSeverity severity = kms_report_get_finding (report, i, &topic, &finding, &advice);
      g_variant_builder_open (&list, G_VARIANT_TYPE_VARDICT);
      add_text (&list, "level", levels[severity]);
      add_text (&list, "topic", topic);
      add_text (&list, "text", finding);
      add_text (&list, "advice", advice);
      g_variant_builder_close (&list);
    }
  return g_variant_builder_end (&list);
}

static void
on_checked (GObject *source, GAsyncResult *result, gpointer data)
{
  Call *call = data;
  const Check *self = g_task_get_task_data (G_TASK (result));
  GError *error = NULL;
  GVariantBuilder answer;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    {
      call_fail (call, error);
      return;
    }
  g_variant_builder_init (&answer, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&answer, "{sv}", "ok",
                         g_variant_new_boolean (kms_report_get_worst (self->report) != KMS_SEVERITY_ERROR));
  g_variant_builder_add (&answer, "{sv}", "findings", list_findings (self->report));
  call_return (call, g_variant_new ("(a{sv})", &answer));
}

static void
check (Call *call)
{
  GError *error = NULL;

  if (!call_take_worker (call, &error))
    {
      call_fail (call, error);
      return;
    }
  g_autoptr (GTask) task = g_task_new (NULL, call->caller->gone, on_checked, call);
  Check *self = g_new0 (Check, 1);

  self->registry = g_object_ref (call->daemon->registry);
  self->name = g_strdup (kms_config_info_get_name (call->provider));
  self->report = kms_report_new ();
  g_variant_lookup (call->options, "key-id", "s", &self->key_id);
  g_task_set_task_data (task, self, check_free);
  g_task_run_in_thread (task, check_in_thread);
}

void
provider_check (Call *call)
{
  permit_action (call, "provider-check", check);
}

static void
list_keys (Call *call)
{
  key_methods_run (call, kms_config_info_get_name (call->provider), NULL, KMS_KEY_VERB_LIST, NULL, "list-keys");
}

void
provider_list_keys (Call *call)
{
  permit_action (call, MANAGE, list_keys);
}

static void
get_key (Call *call)
{
  g_autoptr (GVariant) key_id = call_dup_argument (call, 0);

  key_methods_run (call, kms_config_info_get_name (call->provider), g_variant_get_string (key_id, NULL),
                   KMS_KEY_VERB_SHOW, NULL, "get-key");
}

void
provider_get_key (Call *call)
{
  permit_action (call, MANAGE, get_key);
}

static const struct
{
  const char *word;
  KmsKeyVerb verb;
  const char *operation;
} verbs[] = {
  { "create", KMS_KEY_VERB_CREATE, "key-create" }, { "rotate", KMS_KEY_VERB_ROTATE, "key-rotate" },
  { "enable", KMS_KEY_VERB_ENABLE, "key-enable" }, { "disable", KMS_KEY_VERB_DISABLE, "key-disable" },
  { "delete", KMS_KEY_VERB_DELETE, "key-delete" }, { "restore", KMS_KEY_VERB_RESTORE, "key-restore" },
};

static int
find_verb (Call *call)
{
  g_autoptr (GVariant) operation = call_dup_argument (call, 1);

  for (guint i = 0; i < G_N_ELEMENTS (verbs); i++)
    if (g_str_equal (verbs[i].word, g_variant_get_string (operation, NULL)))
      return (int) i;
  return -1;
}

static void
manage_key (Call *call)
{
  g_autoptr (GVariant) key_id = call_dup_argument (call, 0);
  int at = find_verb (call);

  key_methods_run (call, kms_config_info_get_name (call->provider), g_variant_get_string (key_id, NULL), verbs[at].verb,
                   call->options, verbs[at].operation);
}

void
provider_manage_key (Call *call)
{
  if (find_verb (call) < 0)
    call_fail_new (call, KMS_ERROR_INVALID_ARGUMENT,
                   "no such operation on keys; say create, rotate, enable, disable, delete or restore");
  else
    permit_action (call, MANAGE, manage_key);
}

static void
rotate_key (Call *call)
{
  const char *provider = NULL;
  const char *key_id = kms_box_get_key_id (call->box->box, kms_box_get_version (call->box->box), &provider);
  GError *error = NULL;

  if (!permit_again (call, OPERATION_ROTATE_KEY, &error))
    {
      trail_fail (call, audit_record_new_outcome (g_ptr_array_index (call->intents, 0), AUDIT_OUTCOME_REFUSED), error);
      return;
    }
  key_methods_run (call, provider, key_id, KMS_KEY_VERB_ROTATE, NULL, "rotate-key");
}

void
box_rotate_key (Call *call)
{
  permit (call, OPERATION_ROTATE_KEY, 1, NULL, rotate_key);
}
