/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* rewrap and inspect: what works on a stored string without showing its plaintext. */
#include <unistd.h>

#include "bytes.h"
#include "cipher.h"
#include "command-groups.h"
#include "daemon-choice.h"

/* NULL keeps the old one. */
static gboolean
read_new_context (Kmsctl *self, KmsContext **context, GError **error)
{
  g_autoptr (GPtrArray) assignments = kmsctl_texts (self, "new-context");

  if (!kmsctl_flag (self, "no-new-context"))
    return kmsctl_build_context (assignments, context, error);
  if (assignments->len > 0)
    return kmsctl_usage_error (error,
                               _ ("--new-context gives a context and --no-new-context takes it away; choose one"));
  *context = kms_context_new_none ();
  return TRUE;
}

static const char *
describe_new_context (KmsContext *context)
{
  if (context == NULL)
    return "";
  return kms_context_get_form (context) == KMS_CONTEXT_FORM_NONE ? _ (", without a context")
                                                                 : _ (", with the new context");
}

gboolean
kmsctl_run_rewrap (Kmsctl *self, GError **error)
{
  g_auto (KmsctlTarget) target = { NULL };
  g_autoptr (KmsContext) context = NULL;
  g_autoptr (KmsContext) new_context = NULL;
  const char *stored;
  gsize length;

  if (!kmsctl_target_resolve (self, TRUE, &target, error) || !kmsctl_read_context (self, &context, error)
      || !read_new_context (self, &new_context, error))
    return FALSE;
  g_autoptr (KmsSecret) input = kmsctl_read_stored (self, &stored, &length, error);
  if (input == NULL)
    return FALSE;
  g_autoptr (KmsInspection) before = kms_box_inspect (target.box, stored, (gssize) length, self->cancellable, error);
  if (before == NULL)
    return FALSE;

  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_REWRAP);
  kms_batch_add_stored (batch, stored, (gssize) length, context, new_context);
  if (!kmsctl_run_one (self, target.box, batch, error))
    return FALSE;
  kmsctl_detail (self, _ ("rewrapped: version %s of %s became version %s%s"), kms_inspection_get_version (before),
                 target.name, kms_box_get_version (target.box), describe_new_context (new_context));
  return kmsctl_print_stored (self, &target, batch, error);
}

static const char *
format_to_string (KmsStoredFormat format)
{
  static const char *const names[] = {
    [KMS_STORED_FORMAT_VERSIONED] = "versioned",       [KMS_STORED_FORMAT_LEGACY] = "legacy",
    [KMS_STORED_FORMAT_LEGACY_VAULT] = "legacy-vault", [KMS_STORED_FORMAT_LEGACY_GOOGLE] = "legacy-google",
    [KMS_STORED_FORMAT_LEGACY_TEST] = "legacy-test",
  };

  return (gsize) format < G_N_ELEMENTS (names) ? names[format] : "unknown";
}

/* Without a target: who would get it by the form of the string alone. */
static KmsInspection *
inspect (Kmsctl *self, KmsctlTarget *target, const char *stored, gsize length, GError **error)
{
  if (target->box == NULL)
    return kms_inspect (stored, (gssize) length, error);
  return kms_box_inspect (target->box, stored, (gssize) length, self->cancellable, error);
}

gboolean
kmsctl_run_inspect (Kmsctl *self, GError **error)
{
  g_auto (KmsctlTarget) target = { NULL };
  const char *stored;
  gsize length;
  gboolean has_target = kmsctl_argument (self, 0) != NULL || kmsctl_text (self, "box") != NULL
                        || kmsctl_text (self, "key") != NULL
                        || (g_getenv ("KMS_KEY_ID") != NULL && kmsctl_get_choice (self) == KMSCTL_DIRECT);
  KmsctlFields fields;

  if (has_target && !kmsctl_target_resolve (self, TRUE, &target, error))
    return FALSE;
  g_autoptr (KmsSecret) input = kmsctl_read_stored (self, &stored, &length, error);
  if (input == NULL)
    return FALSE;
  g_autoptr (KmsInspection) inspection = inspect (self, &target, stored, length, error);
  if (inspection == NULL)
    return FALSE;

  GBytes *ciphertext = kms_inspection_get_ciphertext (inspection);
  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "format", format_to_string (kms_inspection_get_format (inspection)));
  kmsctl_fields_text (&fields, "version", kms_inspection_get_version (inspection));
  kmsctl_fields_text (&fields, target.is_box ? "box" : "key", target.name);
  kmsctl_fields_text (&fields, "key_id", kms_inspection_get_key_id (inspection));
  kmsctl_fields_text (&fields, "provider", kms_inspection_get_provider (inspection));
  if (target.box != NULL)
    {
      kmsctl_fields_flag (&fields, "active", kms_inspection_get_is_active (inspection));
      kmsctl_fields_flag (&fields, "current", kms_inspection_get_is_current (inspection));
    }
  if (ciphertext != NULL)
    kmsctl_fields_number (&fields, "ciphertext_bytes", (gint64) g_bytes_get_size (ciphertext));
  kmsctl_fields_variant (&fields, "details", kms_inspection_get_details (inspection));
  return kmsctl_print (self, kmsctl_fields_end (&fields), error);
}
