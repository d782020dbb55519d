/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* record status: how many rows have which wrapped keys. */
#include "command-groups.h"
#include "describe.h"
#include "record-target.h"
#include "result.h"

static void
add_group (GVariantBuilder *list, const char *key, GVariant *group)
{
  const char *form, *version, *key_id, *key_version;
  gboolean is_new;
  guint64 n_rows;
  KmsctlFields fields;

  g_variant_get (group, "(&s&s&s&sbt)", &form, &version, &key_id, &key_version, &is_new, &n_rows);
  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "key", key);
  kmsctl_fields_text (&fields, "format", form);
  kmsctl_fields_text (&fields, "version", version);
  kmsctl_fields_text (&fields, "key_id", key_id);
  kmsctl_fields_text (&fields, "key_version", key_version);
  kmsctl_fields_flag (&fields, "current", is_new);
  kmsctl_fields_number (&fields, "rows", (gint64) n_rows);
  g_variant_builder_add_value (list, kmsctl_fields_end (&fields));
}

static gboolean
add_key (Kmsctl *self, KmsctlRecordTarget *target, const char *key, GVariantBuilder *list, GError **error)
{
  g_autoptr (KmsRotation) rotation = kms_rotation_new (target->model, key, target->store, error);

  if (rotation == NULL)
    return FALSE;
  kms_rotation_set_where (rotation, kmsctl_text (self, "where"));
  g_autoptr (GVariant) status = kms_rotation_get_status (rotation, self->cancellable, error);
  if (status == NULL)
    return FALSE;
  for (gsize i = 0; i < g_variant_n_children (status); i++)
    {
      g_autoptr (GVariant) group = g_variant_get_child_value (status, i);
      add_group (list, key, group);
    }
  return TRUE;
}

gboolean
kmsctl_run_record_status (Kmsctl *self, GError **error)
{
  g_auto (KmsctlRecordTarget) target = { NULL };
  g_autoptr (GVariantBuilder) list = kmsctl_list_new ();

  if (!kmsctl_record_target_open (self, &target, error))
    return FALSE;
  const char *chosen = kmsctl_argument (self, 1);
  g_auto (GStrv) keys = kms_model_list_keys (target.model);
  for (guint i = 0; keys[i] != NULL; i++)
    if ((chosen == NULL || g_str_equal (chosen, keys[i])) && !add_key (self, &target, keys[i], list, error))
      return FALSE;
  if (chosen != NULL && !g_strv_contains ((const char *const *) keys, chosen))
    return add_key (self, &target, chosen, list, error);
  return kmsctl_print_list (self, "groups", g_variant_builder_end (list), error);
}
