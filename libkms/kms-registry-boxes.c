/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Boxes of a registry: made of their files when somebody asks for them, and the same as long as nothing changes. */
#include "kms-box.h"
#include "kms-registry-object-private.h"
#include "kms-registry-private.h"

static KmsBox *
find_known_box (KmsRegistry *self, const char *key)
{
  g_mutex_lock (&self->lock);
  GWeakRef *known = g_hash_table_lookup (self->boxes, key);
  KmsBox *box = known == NULL ? NULL : g_weak_ref_get (known);
  g_mutex_unlock (&self->lock);
  return box;
}

static void
remember_box (KmsRegistry *self, const char *key, KmsBox *box)
{
  GWeakRef *weak = g_new0 (GWeakRef, 1);

  g_weak_ref_init (weak, box);
  g_mutex_lock (&self->lock);
  g_hash_table_replace (self->boxes, g_strdup (key), weak);
  g_mutex_unlock (&self->lock);
}

/**
 * kms_registry_dup_box:
 * @self: a registry
 * @name: the stem of the box's file
 * @error: return location for an error
 *
 * Gets a box. No module is loaded before its first use.
 *
 * Returns: (transfer full): a box, or %NULL with @error set
 *
 * Since: 1.0
 */
KmsBox *
kms_registry_dup_box (KmsRegistry *self, const char *name, GError **error)
{
  g_return_val_if_fail (KMS_IS_REGISTRY (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_autoptr (KmsSnapshot) snapshot = _kms_registry_get_snapshot (self);
  KmsConfigInfo *info = _kms_registry_find_info (self, snapshot, KMS_CONFIG_KIND_BOX, name, error);

  if (info == NULL)
    return NULL;
  if (info->error != NULL)
    {
      g_propagate_error (error, g_error_copy (info->error));
      return NULL;
    }
  /* The same files of the box and of all providers make the same box. */
  g_autofree char *key = g_strconcat (name, " ", info->fingerprint, " ", snapshot->providers_fingerprint, NULL);
  KmsBox *box = find_known_box (self, key);
  if (box != NULL)
    return box;
  box = _kms_box_new_from_config (self, info, error);
  if (box != NULL)
    remember_box (self, key, box);
  return box;
}
