/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.libkms.Kms1.Manager: what there is, for its caller. */
#include "methods.h"
#include "object-path.h"
#include "properties.h"
#include "box-access.h"
#include "trail.h"

static GVariant *
describe_box (Call *call, BoxEntry *entry)
{
  const char *description = kms_box_get_description (entry->box);
  GVariantBuilder info;

  g_variant_builder_init (&info, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&info, "{sv}", "name", g_variant_new_string (entry->name));
  if (description != NULL)
    g_variant_builder_add (&info, "{sv}", "description", g_variant_new_string (description));
  g_variant_builder_add (&info, "{sv}", "state",
                         g_variant_new_string (box_state_to_string (kms_box_get_state (entry->box))));
  g_variant_builder_add (&info, "{sv}", "version", g_variant_new_uint32 (entry->version));
  box_access_describe (entry, &call->caller->access, FALSE, &info);
  return g_variant_builder_end (&info);
}

void
manager_list_boxes (Call *call)
{
  BoxTable *boxes = call->daemon->boxes;
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("a{oa{sv}}"));
  for (guint i = 0; i < box_table_get_n (boxes); i++)
    {
      BoxEntry *entry = box_table_get (boxes, i);
      if (box_access_may_see (call, entry))
        g_variant_builder_add (&list, "{o@a{sv}}", entry->path, describe_box (call, entry));
    }
  call_return (call, g_variant_new ("(a{oa{sv}})", &list));
}

void
manager_lookup_box (Call *call)
{
  g_autoptr (GVariant) name = call_dup_argument (call, 0);
  BoxEntry *entry = box_table_find_name (call->daemon->boxes, g_variant_get_string (name, NULL));

  if (entry != NULL && box_access_may_see (call, entry))
    call_return (call, g_variant_new ("(o)", entry->path));
  else
    call_fail_new (call, KMS_ERROR_NOT_FOUND,
                   "there is no box \"%.64s\" that uid %u may use; ListBoxes tells those that are",
                   g_variant_get_string (name, NULL), call->caller->access.uid);
}

static void
on_recorded (Call *call, GPtrArray *written, const GError *error)
{
  if (written == NULL)
    call_fail (call, g_error_copy (error));
  else
    call_return (call, NULL);
}

static void
on_reloaded (GObject *source, GAsyncResult *result, gpointer data)
{
  Call *call = data;
  GError *error = NULL;
  gboolean success = daemon_reload_finish (call->daemon, result, &error);
  AuditRecord *record = trail_record_new (call, "reload", AUDIT_OUTCOME_DONE);

  if (!success)
    {
      record->detail = g_strdup (error->message);
      trail_fail (call, record, error);
      return;
    }
  trail_append_one (call, record, on_recorded);
}

static void
refuse_reload (Call *call)
{
  guint32 uid = call->caller->access.uid;

  trail_fail (call, trail_record_new (call, "reload", AUDIT_OUTCOME_REFUSED),
              g_error_new (KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED,
                           "uid %u may not have kmsd read its configuration again; ask root to", uid));
}

void
manager_reload (Call *call)
{
  guint32 uid = call->caller->access.uid;

  if (!daemon_is_ruled_by (call->daemon, uid))
    refuse_reload (call);
  else
    daemon_reload_async (call->daemon, on_reloaded, call);
}

void
manager_inspect_ciphertext (Call *call)
{
  static const char *const formats[] = {
    [KMS_STORED_FORMAT_VERSIONED] = "versioned",       [KMS_STORED_FORMAT_LEGACY] = "legacy",
    [KMS_STORED_FORMAT_LEGACY_VAULT] = "legacy-vault", [KMS_STORED_FORMAT_LEGACY_GOOGLE] = "legacy-google",
    [KMS_STORED_FORMAT_LEGACY_TEST] = "legacy-test",
  };
  g_autoptr (GVariant) bytes = call_dup_argument (call, 0);
  gsize length;
  const char *stored = g_variant_get_fixed_array (bytes, &length, 1);
  GError *error = NULL;
  g_autoptr (KmsInspection) inspection = kms_inspect (length == 0 ? "" : stored, (gssize) length, &error);
  GVariantBuilder info;
  guint64 version;

  if (inspection == NULL)
    {
      call_fail (call, error);
      return;
    }
  g_variant_builder_init (&info, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&info, "{sv}", "format",
                         g_variant_new_string (formats[kms_inspection_get_format (inspection)]));
  if (kms_inspection_get_version (inspection) != NULL
      && g_ascii_string_to_unsigned (kms_inspection_get_version (inspection), 10, 0, G_MAXUINT32, &version, NULL))
    g_variant_builder_add (&info, "{sv}", "version", g_variant_new_uint32 ((guint32) version));
  if (kms_inspection_get_key_id (inspection) != NULL)
    g_variant_builder_add (&info, "{sv}", "key-id",
                           g_variant_new_take_string (g_utf8_make_valid (kms_inspection_get_key_id (inspection), -1)));
  call_return (call, g_variant_new ("(a{sv})", &info));
}
