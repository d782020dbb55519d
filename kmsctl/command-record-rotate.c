/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* record rewrap, rekey and verify: one key of a model, or all of them, one behind the other. */
#include <string.h>

#include "command-groups.h"
#include "record-progress.h"
#include "record-target.h"
#include "result.h"

typedef enum {
  ROTATE_REWRAP,
  ROTATE_REKEY,
  ROTATE_VERIFY,
} RotateKind;

static const char *const kind_names[] = { "rewrap", "rekey", "verify" };

/* One file for each rotation that there can be; kmsctl finds it again by what it was told to do. */
static char *
make_checkpoint_path (Kmsctl *self, KmsctlRecordTarget *target, RotateKind kind, const char *key)
{
  const char *given = kmsctl_text (self, "config-root");
  const char *root = given == NULL ? g_getenv ("KMS_CONFIG_ROOT") : given;
  g_autofree char *what =
    g_strjoin ("\n", kmsctl_argument (self, 0), key, kind_names[kind], kms_store_get_uri (target->store), NULL);
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, what, -1);
  g_autofree char *name = g_strdup_printf ("%s-%.16s.checkpoint", kmsctl_argument (self, 0), digest);

  return root == NULL ? g_build_filename (g_get_user_state_dir (), "kms-1", "rotations", name, NULL)
                      : g_build_filename (root, "state", "rotations", name, NULL);
}

/* Where all keys are wanted, those that were not begun are begun. */
static KmsRotation *
make_rotation (Kmsctl *self, KmsctlRecordTarget *target, RotateKind kind, const char *key, GError **error)
{
  KmsRotation *rotation = kms_rotation_new (target->model, key, target->store, error);

  if (rotation == NULL)
    return NULL;
  kms_rotation_set_where (rotation, kmsctl_text (self, "where"));
  kms_rotation_set_from_version (rotation, kmsctl_text (self, "from-version"));
  kms_rotation_set_all (rotation, kmsctl_flag (self, "all"));
  kms_rotation_set_offline (rotation, kmsctl_flag (self, "offline"));
  kms_rotation_set_shared (rotation, kmsctl_flag (self, "shared"));
  kms_rotation_set_ignore_attachments (rotation, kmsctl_flag (self, "ignore-attachments"));
  kms_rotation_set_prune_journal (rotation, kmsctl_flag (self, "prune-journal"));
  kms_rotation_set_batch_size (rotation, kmsctl_number (self, "batch", 0));
  kms_rotation_set_max_per_second (rotation, kmsctl_number (self, "max-per-second", 0));
  if (kmsctl_flag (self, "patience"))
    kms_rotation_set_patience (rotation, kmsctl_number (self, "patience", 0));
  if (!kmsctl_flag (self, "shared"))
    {
      g_autofree char *path = make_checkpoint_path (self, target, kind, key);
      gboolean may_begin = kmsctl_argument (self, 1) == NULL && !g_file_test (path, G_FILE_TEST_EXISTS);
      kms_rotation_set_checkpoint (rotation, path, kmsctl_flag (self, "resume") && !may_begin);
    }
  return rotation;
}

static gboolean
run_kind (Kmsctl *self, KmsRotation *rotation, RotateKind kind, GError **error)
{
  if (kind == ROTATE_REWRAP)
    return kms_rotation_rewrap (rotation, self->cancellable, error);
  if (kind == ROTATE_REKEY)
    return kms_rotation_rekey (rotation, self->cancellable, error);
  return kms_rotation_verify (rotation, kmsctl_flag (self, "repair"), self->cancellable, error);
}

static void
add_quoted (GString *line, const char *word)
{
  g_autofree char *quoted =
    strspn (word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=") == strlen (word)
      ? g_strdup (word)
      : g_shell_quote (word);
  g_string_append_printf (line, " %s", quoted);
}

/* The line that goes on: what was typed, and --resume. Workers that share a table find by themselves what is left. */
static void
tell_how_to_resume (Kmsctl *self, RotateKind kind, const char *key)
{
  g_autoptr (GString) line = g_string_new ("kmsctl record");

  add_quoted (line, kind_names[kind]);
  add_quoted (line, kmsctl_argument (self, 0));
  if (kmsctl_argument (self, 1) != NULL)
    add_quoted (line, key);
  for (guint i = 0; i < self->given->len; i++)
    {
      const KmsctlGiven *given = &g_array_index (self->given, KmsctlGiven, i);
      g_autofree char *word = given->option->type == KMSCTL_TYPE_FLAG
                                ? g_strconcat ("--", given->option->name, NULL)
                                : g_strconcat ("--", given->option->name, "=", given->value, NULL);
      if (strcmp (given->option->name, "resume") != 0)
        add_quoted (line, word);
    }
  if (!kmsctl_flag (self, "shared"))
    add_quoted (line, "--resume");
  kmsctl_note (self, _ ("go on with: %s"), line->str);
}

static gboolean
is_partial (const GError *error)
{
  return g_error_matches (error, KMS_ERROR, KMS_ERROR_PARTIAL);
}

/* What is refused before anything is done need not be resumed. */
static gboolean
has_begun (KmsRotation *rotation)
{
  KmsRotationCounts counts;

  kms_rotation_get_counts (rotation, &counts);
  return counts.n_done + counts.n_skipped + counts.n_failed > 0;
}

/* Who asks for a rotation and gets none wants to know why. */
static void
explain_nothing_done (Kmsctl *self, KmsRotation *rotation, RotateKind kind)
{
  KmsRotationCounts counts;

  kms_rotation_get_counts (rotation, &counts);
  if (kind != ROTATE_VERIFY && counts.n_done == 0 && counts.n_failed == 0 && !kmsctl_flag (self, "all"))
    kmsctl_note (self, _ ("all keys are new enough; --all takes those, too"));
}

static gboolean
rotate_key (Kmsctl *self, KmsctlRecordTarget *target, RotateKind kind, const char *key, GError **error)
{
  g_autoptr (KmsRotation) rotation = make_rotation (self, target, kind, key, error);
  g_autoptr (GError) local = NULL;
  KmsctlRecordProgress progress;

  if (rotation == NULL)
    return FALSE;
  kmsctl_record_progress_watch (&progress, self, rotation, key);
  gboolean done = run_kind (self, rotation, kind, &local);
  kmsctl_record_progress_end (&progress);
  self->changed = kind != ROTATE_VERIFY;
  if (done || is_partial (local))
    {
      const char *state = done ? "done" : "partial";
      if (!kmsctl_print (self, kmsctl_record_progress_describe (&progress, rotation, state), error))
        return FALSE;
    }
  else if (has_begun (rotation))
    tell_how_to_resume (self, kind, key);
  if (done)
    {
      explain_nothing_done (self, rotation, kind);
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static void
add_number (KmsctlFields *fields, GVariant *dict, const char *name)
{
  guint64 number = 0;

  g_variant_lookup (dict, name, "t", &number);
  kmsctl_fields_number (fields, name, (gint64) number);
}

static void
add_price (KmsctlFields *fields, GVariant *dict)
{
  g_autoptr (GVariant) price = g_variant_lookup_value (dict, "price", G_VARIANT_TYPE_DOUBLE);

  kmsctl_fields_variant (fields, "price_usd", price);
}

/* What one service is asked for. */
static GVariant *
describe_usage (Kmsctl *self, GVariant *usage)
{
  g_autoptr (GVariant) quota = g_variant_lookup_value (usage, "values-per-second", G_VARIANT_TYPE_UINT64);
  const char *provider = "";
  KmsctlFields fields;

  g_variant_lookup (usage, "provider", "&s", &provider);
  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "provider", provider);
  add_number (&fields, usage, "values");
  add_number (&fields, usage, "calls");
  add_price (&fields, usage);
  kmsctl_fields_variant (&fields, "quota_per_second", quota);
  if (!g_variant_lookup (usage, "price", "d", NULL))
    kmsctl_note (self, _ ("what the service of provider \"%s\" costs and allows is not known"), provider);
  return kmsctl_fields_end (&fields);
}

static gboolean
estimate_key (Kmsctl *self, KmsctlRecordTarget *target, RotateKind kind, const char *key, GError **error)
{
  g_autoptr (KmsRotation) rotation = make_rotation (self, target, kind, key, error);
  g_autoptr (GVariant) estimate =
    rotation == NULL ? NULL : kms_rotation_estimate (rotation, kind == ROTATE_REKEY, self->cancellable, error);
  g_autoptr (GVariantBuilder) list = g_variant_builder_new (G_VARIANT_TYPE ("aa{sv}"));
  KmsctlFields fields;

  if (estimate == NULL)
    return FALSE;
  g_autoptr (GVariant) usages = g_variant_lookup_value (estimate, "providers", G_VARIANT_TYPE ("aa{sv}"));
  for (gsize i = 0; i < g_variant_n_children (usages); i++)
    {
      g_autoptr (GVariant) usage = g_variant_get_child_value (usages, i);
      g_variant_builder_add_value (list, describe_usage (self, usage));
    }
  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "key", key);
  add_number (&fields, estimate, "rows");
  add_number (&fields, estimate, "values");
  add_number (&fields, estimate, "calls");
  add_price (&fields, estimate);
  kmsctl_fields_variant (&fields, "providers", g_variant_builder_end (list));
  return kmsctl_print (self, kmsctl_fields_end (&fields), error);
}

typedef gboolean (*KeyFunc) (Kmsctl *self, KmsctlRecordTarget *target, RotateKind kind, const char *key,
                             GError **error);

/* Rows that failed under one key do not keep the next one waiting. */
static gboolean
for_each_key (Kmsctl *self, RotateKind kind, KeyFunc func, GError **error)
{
  g_auto (KmsctlRecordTarget) target = { NULL };
  g_autoptr (GError) partial = NULL;

  if (!kmsctl_record_target_open (self, &target, error))
    return FALSE;
  const char *chosen = kmsctl_argument (self, 1);
  g_auto (GStrv) all = kms_model_list_keys (target.model);
  const char *const one[] = { chosen, NULL };
  const char *const *keys = chosen == NULL ? (const char *const *) all : one;
  for (guint i = 0; keys[i] != NULL; i++)
    {
      g_autoptr (GError) local = NULL;
      if (func (self, &target, kind, keys[i], &local))
        continue;
      if (!is_partial (local))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      g_clear_error (&partial);
      partial = g_steal_pointer (&local);
    }
  if (partial == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&partial));
  return FALSE;
}

gboolean
kmsctl_run_record_rewrap (Kmsctl *self, GError **error)
{
  return for_each_key (self, ROTATE_REWRAP, kmsctl_flag (self, "dry-run") ? estimate_key : rotate_key, error);
}

gboolean
kmsctl_run_record_rekey (Kmsctl *self, GError **error)
{
  return for_each_key (self, ROTATE_REKEY, kmsctl_flag (self, "dry-run") ? estimate_key : rotate_key, error);
}

gboolean
kmsctl_run_record_verify (Kmsctl *self, GError **error)
{
  return for_each_key (self, ROTATE_VERIFY, rotate_key, error);
}
