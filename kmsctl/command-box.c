/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* box list, show, enable, disable and test. */
#include "box-file.h"
#include "command-groups.h"
#include "daemon-box.h"
#include "daemon-choice.h"
#include "describe.h"

#define TEST_LENGTH 32

/* A file that is right by its syntax may still make no box. */
static GVariant *
describe_in_line (Kmsctl *self, const char *name, KmsState state)
{
  g_autoptr (GError) wrong = NULL;
  g_autoptr (KmsBox) box = kms_registry_dup_box (self->registry, name, &wrong);
  KmsctlFields fields;

  if (box == NULL && state == KMS_STATE_AVAILABLE)
    state = KMS_STATE_CONFIG_ERROR;
  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "name", name);
  kmsctl_fields_text (&fields, "state",
                      box == NULL ? kms_state_to_string (state)
                                  : kmsctl_nick (KMS_TYPE_BOX_STATE, (int) kms_box_get_state (box)));
  if (box != NULL)
    {
      kmsctl_fields_text (&fields, "version", kms_box_get_version (box));
      kmsctl_fields_text (&fields, "key_id", kms_box_get_key_id (box, kms_box_get_version (box), NULL));
      kmsctl_fields_text (&fields, "description", kms_box_get_description (box));
    }
  kmsctl_fields_text (&fields, "error", wrong == NULL ? NULL : wrong->message);
  return kmsctl_fields_end (&fields);
}

gboolean
kmsctl_run_box_list (Kmsctl *self, GError **error)
{
  g_autoptr (GVariantBuilder) list = kmsctl_list_new ();

  if (kmsctl_get_choice (self) != KMSCTL_DIRECT)
    return kmsctl_daemon_print_boxes (self, error);
  if (kmsctl_open (self, error) == NULL)
    return FALSE;
  g_autoptr (GPtrArray) infos = kms_registry_list (self->registry, KMS_CONFIG_KIND_BOX);
  for (guint i = 0; i < infos->len; i++)
    {
      KmsConfigInfo *info = g_ptr_array_index (infos, i);
      g_variant_builder_add_value (
        list, describe_in_line (self, kms_config_info_get_name (info), kms_config_info_get_state (info)));
    }
  return kmsctl_print_list (self, "boxes", g_variant_builder_end (list), error);
}

gboolean
kmsctl_run_box_show (Kmsctl *self, GError **error)
{
  const char *name = kmsctl_argument (self, 0);

  if (kmsctl_get_choice (self) != KMSCTL_DIRECT)
    return kmsctl_daemon_print_box (self, name, error);
  if (kmsctl_open (self, error) == NULL)
    return FALSE;
  g_autoptr (KmsConfigInfo) info = kms_registry_lookup (self->registry, KMS_CONFIG_KIND_BOX, name, error);
  g_autoptr (KmsBox) box = info == NULL ? NULL : kms_registry_dup_box (self->registry, name, error);
  return box != NULL && kmsctl_print (self, kmsctl_describe_box (info, box), error);
}

static gboolean
set_state (Kmsctl *self, const char *state, GError **error)
{
  g_auto (KmsctlBoxFile) box = { NULL };

  if (!kmsctl_box_file_open (self, kmsctl_argument (self, 0), FALSE, &box, error))
    return FALSE;
  g_key_file_set_value (box.file, "Box", "State", state);
  return kmsctl_box_file_save (self, &box, error) && kmsctl_box_file_print (self, &box, NULL, error);
}

gboolean
kmsctl_run_box_enable (Kmsctl *self, GError **error)
{
  return set_state (self, "enabled", error);
}

gboolean
kmsctl_run_box_disable (Kmsctl *self, GError **error)
{
  return set_state (self, kmsctl_flag (self, "encrypt-only") ? "encrypt-only" : "disabled", error);
}

/* A context with the names that the box requires. */
static KmsContext *
make_context (KmsBox *box, GError **error)
{
  const char *const *names = kms_box_get_require_context (box);
  g_autoptr (KmsContextBuilder) builder = kms_context_builder_new ();

  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    kms_context_builder_add_string (builder, KMS_NAME_KIND_UNMARKED, names[i], -1, "kmsctl box test", -1);
  if (names == NULL || names[0] == NULL)
    kms_context_builder_add_string (builder, KMS_NAME_KIND_UNMARKED, "test", -1, "kmsctl box test", -1);
  return kms_context_builder_end (builder, error);
}

/* The version alone, in a box that is enabled: the file's state says what users may do, not whether the key works. */
static KmsBox *
make_box (Kmsctl *self, KmsBox *box, const char *version, GError **error)
{
  const char *provider = NULL;
  const char *key_id = kms_box_get_key_id (box, version, &provider);
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->registry, kms_box_get_name (box));

  kms_box_builder_set_key (builder, version, key_id, provider);
  kms_box_builder_set_json_dialect (builder, kms_box_get_json_dialect (box), FALSE);
  return kms_box_builder_end (builder, error);
}

static gboolean
test_version (Kmsctl *self, KmsBox *box, const char *version, GError **error)
{
  g_autoptr (KmsSecret) random = kms_secret_new_random (TEST_LENGTH, error);
  g_autoptr (KmsContext) context = make_context (box, error);
  g_autoptr (KmsBox) one = make_box (self, box, version, error);

  if (random == NULL || context == NULL || one == NULL)
    return FALSE;
  g_autofree char *stored = kms_box_encrypt (one, random, context, self->cancellable, error);
  g_autoptr (KmsSecret) back = stored == NULL ? NULL
                                              : kms_box_decrypt (one, stored, -1, context, self->cancellable, error);
  if (back == NULL)
    return FALSE;
  if (kms_secret_equal (random, back))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY, _ ("version %s: what was decrypted is not what was encrypted"),
               version);
  return FALSE;
}

static GVariant *
describe_outcome (KmsBox *box, const char *version, const GError *wrong)
{
  KmsctlFields fields;

  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "version", version);
  kmsctl_fields_flag (&fields, "current", g_str_equal (version, kms_box_get_version (box)));
  kmsctl_fields_text (&fields, "key_id", kms_box_get_key_id (box, version, NULL));
  kmsctl_fields_text (&fields, "result", wrong == NULL ? "ok" : "failed");
  kmsctl_fields_text (&fields, "error", wrong == NULL ? NULL : wrong->message);
  return kmsctl_fields_end (&fields);
}

static KmsBox *
open_box (Kmsctl *self, const char *name, GError **error)
{
  g_auto (KmsctlTarget) target = { NULL };

  if (kmsctl_get_choice (self) == KMSCTL_DIRECT)
    return kmsctl_open (self, error) == NULL ? NULL : kms_registry_dup_box (self->registry, name, error);
  return kmsctl_daemon_take_box (self, name, &target, error) ? g_object_ref (target.box) : NULL;
}

gboolean
kmsctl_run_box_test (Kmsctl *self, GError **error)
{
  g_autoptr (GVariantBuilder) list = kmsctl_list_new ();
  guint n_failed = 0;

  g_autoptr (KmsBox) box = open_box (self, kmsctl_argument (self, 0), error);
  if (box == NULL)
    return FALSE;
  if (kms_box_get_state (box) != KMS_BOX_STATE_ENABLED)
    kmsctl_note (self, _ ("box \"%s\" is %s; its keys are tested all the same"), kms_box_get_name (box),
                 kmsctl_nick (KMS_TYPE_BOX_STATE, (int) kms_box_get_state (box)));
  g_auto (GStrv) versions = kms_box_list_versions (box);
  g_autoptr (GError) first = NULL;
  for (guint i = 0; versions[i] != NULL; i++)
    {
      g_autoptr (GError) wrong = NULL;
      if (!test_version (self, box, versions[i], &wrong))
        n_failed++;
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      g_variant_builder_add_value (list, describe_outcome (box, versions[i], wrong));
      if (wrong != NULL && first == NULL)
        first = g_steal_pointer (&wrong);
    }
  if (!kmsctl_print_list (self, "versions", g_variant_builder_end (list), error))
    return FALSE;
  if (n_failed == 0)
    return TRUE;
  if (n_failed == g_strv_length (versions))
    g_propagate_error (error, g_steal_pointer (&first));
  else
    g_set_error (error, KMS_ERROR, KMS_ERROR_PARTIAL, _ ("box \"%s\": %u of %u versions failed; the first: %s"),
                 kms_box_get_name (box), n_failed, g_strv_length (versions), first->message);
  return FALSE;
}
