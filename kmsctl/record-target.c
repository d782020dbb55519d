/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens a model and its database. */
#include "record-target.h"

#include "daemon-box.h"
#include "daemon-choice.h"

void
kmsctl_record_target_clear (KmsctlRecordTarget *self)
{
  g_clear_object (&self->store);
  g_clear_object (&self->model);
}

static gboolean
fail_unknown (Kmsctl *self, const char *name, GError **error)
{
  g_autoptr (GPtrArray) models = kms_registry_list (self->registry, KMS_CONFIG_KIND_MODEL);
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; i < models->len; i++)
    g_ptr_array_add (names, (gpointer) kms_config_info_get_name (g_ptr_array_index (models, i)));
  g_ptr_array_add (names, NULL);
  const char *nearest = kmsctl_nearest (name, (const char *const *) names->pdata);
  if (nearest != NULL)
    g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND, _ ("there is no model \"%s\"; did you mean \"%s\"?"), name,
                 nearest);
  else
    g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND,
                 _ ("there is no model \"%s\"; write %s.model, and \"kmsctl config show\" shows where it is found"),
                 name, name);
  return FALSE;
}

static gboolean
open_model (Kmsctl *self, const char *name, KmsctlRecordTarget *target, GError **error)
{
  g_autoptr (KmsConfigInfo) info = kms_registry_lookup (self->registry, KMS_CONFIG_KIND_MODEL, name, NULL);

  if (info == NULL)
    return fail_unknown (self, name, error);
  target->model = kms_registry_dup_model (self->registry, name, error);
  return target->model != NULL;
}

static gboolean
take_daemon_box (Kmsctl *self, KmsModel *model, const char *key, GError **error)
{
  const char *name = kms_model_get_key_box (model, key);
  g_auto (KmsctlTarget) box = { NULL };

  if (name == NULL)
    return kmsctl_usage_error (error,
                               _ ("--%s: the model has key ids of its own for \"%s\", and kmsd has boxes only; write "
                                  "Box= into [Key %s]"),
                               kmsctl_choice_to_option (kmsctl_get_choice (self)), key, key);
  return kmsctl_daemon_take_box (self, name, &box, error) && kms_model_set_key_box (model, key, box.box);
}

static gboolean
take_daemon_boxes (Kmsctl *self, KmsModel *model, GError **error)
{
  g_auto (GStrv) keys = kms_model_list_keys (model);

  for (guint i = 0; keys[i] != NULL; i++)
    if (!take_daemon_box (self, model, keys[i], error))
      return FALSE;
  return TRUE;
}

static gboolean
open_store (Kmsctl *self, const char *name, KmsctlRecordTarget *target, GError **error)
{
  const char *database = kmsctl_text (self, "db");

  if (database == NULL)
    database = kms_model_get_database (target->model);
  if (database == NULL)
    return kmsctl_usage_error (error,
                               _ ("where is the table? give --db=URI (sqlite:PATH, postgresql:///NAME), or write "
                                  "Database= into %s.model"),
                               name);
  target->store = kms_store_open (self->registry, database, self->cancellable, error);
  return target->store != NULL;
}

gboolean
kmsctl_record_target_open (Kmsctl *self, KmsctlRecordTarget *target, GError **error)
{
  const char *name = kmsctl_argument (self, 0);

  if (kmsctl_open (self, error) == NULL || !open_model (self, name, target, error))
    return FALSE;
  if (kmsctl_get_choice (self) != KMSCTL_DIRECT && !take_daemon_boxes (self, target->model, error))
    return FALSE;
  return open_store (self, name, target, error);
}
