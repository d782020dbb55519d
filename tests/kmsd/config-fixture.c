/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Configuration of the daemon's engines, read by the registry as the daemon does. */
#include "config-fixture.h"

#include "../config-root.h"

static KmsConfigInfo *
read_as (KmsConfigKind kind, const char *name, const char *path, const char *text)
{
  g_autoptr (ConfigRoot) root = config_root_new ();
  g_autoptr (GError) error = NULL;

  config_root_write (root, path, text);
  g_autoptr (KmsRegistry) registry = kms_registry_new (root, "kmsd", &error);
  g_assert_no_error (error);
  /* Broken ones can't be looked up, but are listed. */
  g_autoptr (GPtrArray) infos = kms_registry_list (registry, kind);
  for (guint i = 0; i < infos->len; i++)
    if (strcmp (kms_config_info_get_name (g_ptr_array_index (infos, i)), name) == 0)
      return kms_config_info_ref (g_ptr_array_index (infos, i));
  g_error ("%s is not listed", path);
}

KmsConfigInfo *
config_fixture_read_box (const char *more_of_box, const char *more_groups)
{
  g_autofree char *text =
    g_strdup_printf ("[Box]\nVersion=1\n%s[Version 1]\nKeyId=local/orders\n%s", more_of_box, more_groups);

  return read_as (KMS_CONFIG_KIND_BOX, "orders", "admin/boxes.d/orders.box", text);
}

KmsConfigInfo *
config_fixture_read_conf (const char *text)
{
  return read_as (KMS_CONFIG_KIND_GLOBAL, "kms", "admin/kms.conf", text);
}
