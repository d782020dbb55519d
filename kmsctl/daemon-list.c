/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kmsd has: boxes that the caller may use, and keys. With the names that the same lists have without it. */
#include "daemon-box.h"
#include "daemon.h"
#include "describe.h"

static const char *const decisions[] = { "encrypt", "decrypt", "rewrap", "manage" };

static void
add_text (KmsctlFields *fields, const char *name, GVariant *info, const char *member)
{
  const char *text = NULL;

  if (g_variant_lookup (info, member, "&s", &text))
    kmsctl_fields_text (fields, name, text);
}

static void
add_head (KmsctlFields *fields, GVariant *info)
{
  guint32 version;

  add_text (fields, "name", info, "name");
  add_text (fields, "state", info, "state");
  if (g_variant_lookup (info, "version", "u", &version))
    {
      g_autofree char *text = g_strdup_printf ("%u", version);
      kmsctl_fields_text (fields, "version", text);
    }
}

static void
add_decisions (KmsctlFields *fields, GVariant *info)
{
  for (gsize i = 0; i < G_N_ELEMENTS (decisions); i++)
    add_text (fields, decisions[i], info, decisions[i]);
}

static GVariant *
list_objects (Kmsctl *self, const char *method, GError **error)
{
  g_autoptr (GVariant) reply = kmsctl_daemon_call (
    self, KMSCTL_MANAGER, "Manager", method, g_variant_new ("(@a{sv})", kmsctl_no_options ()), "(a{oa{sv}})", error);

  return reply == NULL ? NULL : g_variant_get_child_value (reply, 0);
}

gboolean
kmsctl_daemon_print_boxes (Kmsctl *self, GError **error)
{
  g_autoptr (GVariantBuilder) list = kmsctl_list_new ();
  g_autoptr (GVariant) boxes = list_objects (self, "ListBoxes", error);
  GVariantIter iter;
  GVariant *info;

  if (boxes == NULL)
    return FALSE;
  g_variant_iter_init (&iter, boxes);
  while (g_variant_iter_loop (&iter, "{&o@a{sv}}", NULL, &info))
    {
      KmsctlFields fields;
      kmsctl_fields_init (&fields);
      add_head (&fields, info);
      add_decisions (&fields, info);
      add_text (&fields, "description", info, "description");
      g_variant_builder_add_value (list, kmsctl_fields_end (&fields));
    }
  return kmsctl_print_list (self, "boxes", g_variant_builder_end (list), error);
}

static GVariant *
describe_versions (GVariant *info)
{
  g_autoptr (GVariantBuilder) list = kmsctl_list_new ();
  g_autoptr (GVariantIter) versions = NULL;
  guint32 current = 0, version;

  g_variant_lookup (info, "version", "u", &current);
  if (g_variant_lookup (info, "versions", "au", &versions))
    while (g_variant_iter_next (versions, "u", &version))
      {
        g_autofree char *text = g_strdup_printf ("%u", version);
        KmsctlFields fields;
        kmsctl_fields_init (&fields);
        kmsctl_fields_text (&fields, "version", text);
        kmsctl_fields_flag (&fields, "current", version == current);
        g_variant_builder_add_value (list, kmsctl_fields_end (&fields));
      }
  return g_variant_builder_end (list);
}

gboolean
kmsctl_daemon_print_box (Kmsctl *self, const char *name, GError **error)
{
  g_autoptr (GVariant) info = kmsctl_daemon_get_box (self, name, error);
  g_autofree const char **required = NULL;
  KmsctlFields fields;

  if (info == NULL)
    return FALSE;
  kmsctl_fields_init (&fields);
  add_head (&fields, info);
  add_text (&fields, "lockdown", info, "lockdown");
  add_text (&fields, "description", info, "description");
  add_text (&fields, "json_dialect", info, "json-dialect");
  if (g_variant_lookup (info, "require-context", "^a&s", &required))
    kmsctl_fields_texts (&fields, "require_context", required);
  add_decisions (&fields, info);
  kmsctl_fields_variant (&fields, "versions", describe_versions (info));
  return kmsctl_print (self, kmsctl_fields_end (&fields), error);
}

static gboolean
add_keys (Kmsctl *self, const char *path, GVariantBuilder *list, GError **error)
{
  g_autoptr (GVariant) reply = kmsctl_daemon_call (self, path, "Provider", "ListKeys",
                                                   g_variant_new ("(@a{sv})", kmsctl_no_options ()), "(aa{sv})", error);
  g_autoptr (GVariantIter) keys = NULL;
  GVariant *key;

  if (reply == NULL)
    return FALSE;
  g_variant_get (reply, "(aa{sv})", &keys);
  while (g_variant_iter_loop (keys, "@a{sv}", &key))
    {
      KmsctlFields fields;
      kmsctl_fields_init (&fields);
      add_text (&fields, "id", key, "id");
      add_text (&fields, "state", key, "state");
      add_text (&fields, "version", key, "version");
      add_text (&fields, "description", key, "description");
      g_variant_builder_add_value (list, kmsctl_fields_end (&fields));
    }
  return TRUE;
}

/* As without kmsd: one that has no keys to list is passed over, and the first that fails is said in the end. */
static void
add_provider (Kmsctl *self, const char *path, gboolean is_named, GVariantBuilder *list, GError **failure)
{
  g_autoptr (GError) local = NULL;

  if (add_keys (self, path, list, &local) || (!is_named && g_error_matches (local, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED))
      || *failure != NULL)
    return;
  *failure = g_steal_pointer (&local);
}

gboolean
kmsctl_daemon_print_keys (Kmsctl *self, const char *provider, GError **error)
{
  g_autoptr (GVariantBuilder) list = kmsctl_list_new ();
  g_autoptr (GVariant) providers = list_objects (self, "ListProviders", error);
  g_autoptr (GError) failure = NULL;
  guint n_found = 0;
  GVariantIter iter;
  const char *path;
  GVariant *info;

  if (providers == NULL)
    return FALSE;
  g_variant_iter_init (&iter, providers);
  while (g_variant_iter_loop (&iter, "{&o@a{sv}}", &path, &info))
    {
      const char *name = "";
      g_variant_lookup (info, "name", "&s", &name);
      if (provider != NULL && !g_str_equal (provider, name))
        continue;
      n_found++;
      add_provider (self, path, provider != NULL, list, &failure);
    }
  if (provider != NULL && n_found == 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND, _ ("kmsd has no provider \"%s\""), provider);
      return FALSE;
    }
  if ((failure == NULL || provider == NULL) && !kmsctl_print_list (self, "keys", g_variant_builder_end (list), error))
    return FALSE;
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}
