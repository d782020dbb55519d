/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* key list, show, create, rotate, enable, disable, delete, restore: all are one call with another verb. */
#include "key-target.h"

#include <string.h>

#include "command-groups.h"
#include "daemon-box.h"
#include "daemon-choice.h"
#include "describe.h"
#include "target.h"
#include "terminal.h"

gboolean
kmsctl_key_target_resolve (Kmsctl *self, KmsctlKeyTarget *key, GError **error)
{
  g_auto (KmsctlTarget) target = { NULL };

  if (!kmsctl_target_resolve (self, FALSE, &target, error))
    return FALSE;
  key->provider = kms_registry_dup_provider_for_key (self->registry, target.key_id, target.pinned, &key->key_id, error);
  if (key->provider == NULL)
    return FALSE;
  key->full_id = g_strdup (target.key_id);
  key->of_box = target.is_box ? g_strdup (target.name) : NULL;
  return TRUE;
}

void
kmsctl_key_target_clear (KmsctlKeyTarget *key)
{
  g_clear_object (&key->provider);
  g_clear_pointer (&key->key_id, g_free);
  g_clear_pointer (&key->full_id, g_free);
  g_clear_pointer (&key->of_box, g_free);
}

/* What a provider still knew of a key that is gone by now would read as if it were there. */
static GVariant *
describe_deleted (KmsKey *key)
{
  KmsctlFields fields;

  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "id", kms_key_get_id (key));
  kmsctl_fields_text (&fields, "state", "deleted");
  return kmsctl_fields_end (&fields);
}

static gboolean
is_gone (KmsKey *key, KmsKeyVerb verb, GVariant *options)
{
  gboolean force = FALSE;

  return verb == KMS_KEY_VERB_DELETE && g_variant_lookup (options, "force", "b", &force) && force
         && kms_key_get_state (key) != KMS_KEY_STATE_PENDING_DELETION;
}

static gboolean
run_verb (Kmsctl *self, KmsctlKeyTarget *target, KmsKeyVerb verb, GVariant *options, GError **error)
{
  if (!KMS_IS_KEY_ADMIN (target->provider))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
                   _ ("provider \"%s\" does not administer keys; use the service's own tools for %s"),
                   kms_provider_get_name (target->provider), target->full_id);
      return FALSE;
    }
  g_autoptr (GPtrArray) keys =
    kms_key_admin_run (KMS_KEY_ADMIN (target->provider), verb, target->key_id, options, self->cancellable, error);
  if (keys == NULL)
    return FALSE;
  self->changed = verb != KMS_KEY_VERB_SHOW;
  if (keys->len == 0)
    return TRUE;
  KmsKey *key = g_ptr_array_index (keys, 0);
  return kmsctl_print (self, is_gone (key, verb, options) ? describe_deleted (key) : kmsctl_describe_key (key, TRUE),
                       error);
}

static gboolean
resolve_and_run (Kmsctl *self, KmsKeyVerb verb, const char *done, GError **error)
{
  g_auto (KmsctlKeyTarget) target = { NULL };

  if (!kmsctl_key_target_resolve (self, &target, error) || !run_verb (self, &target, verb, NULL, error))
    return FALSE;
  if (done != NULL)
    kmsctl_detail (self, "%s: %s", target.full_id, done);
  return TRUE;
}

gboolean
kmsctl_run_key_show (Kmsctl *self, GError **error)
{
  return resolve_and_run (self, KMS_KEY_VERB_SHOW, NULL, error);
}

gboolean
kmsctl_run_key_rotate (Kmsctl *self, GError **error)
{
  return resolve_and_run (self, KMS_KEY_VERB_ROTATE, _ ("a new version encrypts from now on"), error);
}

gboolean
kmsctl_run_key_enable (Kmsctl *self, GError **error)
{
  return resolve_and_run (self, KMS_KEY_VERB_ENABLE, _ ("enabled"), error);
}

gboolean
kmsctl_run_key_restore (Kmsctl *self, GError **error)
{
  return resolve_and_run (self, KMS_KEY_VERB_RESTORE, _ ("restored"), error);
}

static gboolean
add_options (Kmsctl *self, GVariantDict *options, GError **error)
{
  g_autoptr (GPtrArray) given = kmsctl_texts (self, "option");

  for (guint i = 0; i < given->len; i++)
    {
      const char *text = g_ptr_array_index (given, i), *equals = strchr (text, '=');
      if (equals == NULL || equals == text || !g_utf8_validate (text, -1, NULL))
        return kmsctl_usage_error (error, _ ("--option: write NAME=VALUE"));
      g_autofree char *name = g_strndup (text, (gsize) (equals - text));
      g_variant_dict_insert (options, name, "s", equals + 1);
    }
  return TRUE;
}

gboolean
kmsctl_run_key_configure (Kmsctl *self, GError **error)
{
  g_auto (KmsctlKeyTarget) target = { NULL };
  g_auto (GVariantDict) options = G_VARIANT_DICT_INIT (NULL);

  if (!kmsctl_key_target_resolve (self, &target, error) || !add_options (self, &options, error))
    return FALSE;
  g_autoptr (GVariant) sent = g_variant_ref_sink (g_variant_dict_end (&options));
  if (g_variant_n_children (sent) == 0)
    return kmsctl_usage_error (error, _ ("say what to change: --option NAME=VALUE"));
  return run_verb (self, &target, KMS_KEY_VERB_CONFIGURE, sent, error);
}

gboolean
kmsctl_run_key_create (Kmsctl *self, GError **error)
{
  g_auto (KmsctlKeyTarget) target = { NULL };
  const char *description = kmsctl_text (self, "description");
  g_auto (GVariantDict) options = G_VARIANT_DICT_INIT (NULL);

  if (!kmsctl_key_target_resolve (self, &target, error))
    return FALSE;
  if (target.of_box != NULL)
    return kmsctl_usage_error (error,
                               _ ("\"%s\" is a box, which has a key already; name the new key, such as local/%s"),
                               target.of_box, target.of_box);
  if (description != NULL && !g_utf8_validate (description, -1, NULL))
    return kmsctl_usage_error (error, _ ("--description: not UTF-8"));
  if (!add_options (self, &options, error))
    return FALSE;
  if (description != NULL)
    g_variant_dict_insert (&options, "description", "s", description);
  g_autoptr (GVariant) sent = g_variant_ref_sink (g_variant_dict_end (&options));
  return run_verb (self, &target, KMS_KEY_VERB_CREATE, sent, error);
}

/* A box's name where a key is meant is easily typed: say which key it is. */
static gboolean
confirm (Kmsctl *self, KmsctlKeyTarget *target, const char *question, gboolean default_answer, GError **error)
{
  g_autofree char *full = target->of_box == NULL ? g_strdup_printf ("%s: %s", target->full_id, question)
                                                 : g_strdup_printf (_ ("%s, the key of box \"%s\": %s"),
                                                                    target->full_id, target->of_box, question);

  return kmsctl_flag (self, "yes") || kmsctl_confirm (self, full, default_answer, error);
}

gboolean
kmsctl_run_key_disable (Kmsctl *self, GError **error)
{
  g_auto (KmsctlKeyTarget) target = { NULL };

  return kmsctl_key_target_resolve (self, &target, error)
         && confirm (self, &target, _ ("Disable it? Nothing can be decrypted with it until it is enabled again."), TRUE,
                     error)
         && run_verb (self, &target, KMS_KEY_VERB_DISABLE, NULL, error);
}

gboolean
kmsctl_run_key_delete (Kmsctl *self, GError **error)
{
  g_auto (KmsctlKeyTarget) target = { NULL };
  gboolean force = kmsctl_flag (self, "force"), days = kmsctl_flag (self, "days");
  GVariantDict options;

  if (force && days)
    return kmsctl_usage_error (error, _ ("give --days or --force, not both"));
  if (!kmsctl_key_target_resolve (self, &target, error))
    return FALSE;
  const char *question = force ? _ ("Delete it at once? What it encrypted is lost for ever.")
                               : _ ("Schedule its deletion? It stops working now and can be restored until then.");
  if (!confirm (self, &target, question, !force, error))
    return FALSE;
  g_variant_dict_init (&options, NULL);
  if (force)
    g_variant_dict_insert (&options, "force", "b", TRUE);
  if (days)
    g_variant_dict_insert (&options, "days", "u", kmsctl_number (self, "days", 0));
  g_autoptr (GVariant) sent = g_variant_ref_sink (g_variant_dict_end (&options));
  return run_verb (self, &target, KMS_KEY_VERB_DELETE, sent, error);
}

static gboolean
list_keys (Kmsctl *self, KmsProvider *provider, GVariantBuilder *list, GError **error)
{
  if (!KMS_IS_KEY_ADMIN (provider))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED, _ ("provider \"%s\" can't list its keys"),
                   kms_provider_get_name (provider));
      return FALSE;
    }
  g_autoptr (GPtrArray)
    keys = kms_key_admin_run (KMS_KEY_ADMIN (provider), KMS_KEY_VERB_LIST, NULL, NULL, self->cancellable, error);
  for (guint i = 0; keys != NULL && i < keys->len; i++)
    g_variant_builder_add_value (list, kmsctl_describe_key (g_ptr_array_index (keys, i), FALSE));
  return keys != NULL;
}

/* A provider that can't answer leaves the others' keys in the list; the first such error is the command's in the end. */
static gboolean
list_all_keys (Kmsctl *self, GVariantBuilder *list, GError **failure, GError **error)
{
  g_autoptr (GPtrArray) infos = kms_registry_list (self->registry, KMS_CONFIG_KIND_PROVIDER);

  for (guint i = 0; i < infos->len; i++)
    {
      g_autoptr (GError) local = NULL;
      KmsConfigInfo *info = g_ptr_array_index (infos, i);
      KmsState state = kms_config_info_get_state (info);
      if (state != KMS_STATE_AVAILABLE && state != KMS_STATE_LOADED)
        continue;
      g_autoptr (KmsProvider)
        provider = kms_registry_dup_provider (self->registry, kms_config_info_get_name (info), &local);
      if (provider != NULL && KMS_IS_KEY_ADMIN (provider))
        list_keys (self, provider, list, &local);
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      if (local != NULL && *failure == NULL)
        *failure = g_steal_pointer (&local);
      else if (local != NULL)
        kmsctl_note (self, "%s", local->message);
    }
  return TRUE;
}

gboolean
kmsctl_run_key_list (Kmsctl *self, GError **error)
{
  const char *name = kmsctl_argument (self, 0);
  g_autoptr (GVariantBuilder) list = kmsctl_list_new ();
  g_autoptr (GError) failure = NULL;

  if (kmsctl_get_choice (self) != KMSCTL_DIRECT)
    return kmsctl_daemon_print_keys (self, name, error);
  if (kmsctl_open (self, error) == NULL)
    return FALSE;
  g_autoptr (KmsProvider) provider = name == NULL ? NULL : kms_registry_dup_provider (self->registry, name, error);
  if (name != NULL && (provider == NULL || !list_keys (self, provider, list, error)))
    return FALSE;
  if (name == NULL && !list_all_keys (self, list, &failure, error))
    return FALSE;
  if (!kmsctl_print_list (self, "keys", g_variant_builder_end (list), error))
    return FALSE;
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}
