/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* From box files to what callers meet: the box, its object path, who may use it. */
#include "box-table.h"

#include <string.h>

#include "object-path.h"
#include "quota.h"

/* The module that encrypts nothing. */
#define INSECURE_MODULE "kms-test.so"

struct _BoxTable
{
  gatomicrefcount refs;
  GPtrArray *entries; /* of BoxEntry, by name */
  GHashTable *by_path, *by_name;
};

BoxEntry *
box_entry_ref (BoxEntry *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
box_entry_unref (BoxEntry *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_free (self->name);
  g_free (self->path);
  g_clear_object (&self->box);
  g_clear_pointer (&self->rules, access_rules_unref);
  g_ptr_array_unref (self->opened);
  g_clear_pointer (&self->told, g_variant_unref);
  g_hash_table_unref (self->providers);
  g_free (self);
}

const char *
box_entry_get_provider (BoxEntry *self, const char *version)
{
  return g_hash_table_lookup (self->providers, version);
}

static void
find_providers (BoxEntry *self, KmsRegistry *registry)
{
  g_auto (GStrv) versions = kms_box_list_versions (self->box);

  for (guint i = 0; versions[i] != NULL; i++)
    {
      const char *pinned = NULL, *key_id = kms_box_get_key_id (self->box, versions[i], &pinned);
      char *name = pinned != NULL ? g_strdup (pinned)
                                  : kms_registry_find_provider_for_key (registry, key_id, NULL, NULL);
      if (name != NULL)
        g_hash_table_insert (self->providers, g_strdup (versions[i]), name);
    }
}

static gboolean
is_insecure (KmsRegistry *registry, const char *name)
{
  g_autoptr (KmsConfigInfo) info = name == NULL ? NULL
                                                : kms_registry_lookup (registry, KMS_CONFIG_KIND_PROVIDER, name, NULL);
  const char *module = info == NULL ? NULL : kms_config_info_get_module_path (info);
  g_autofree char *base = module == NULL ? NULL : g_path_get_basename (module);

  return g_strcmp0 (base, INSECURE_MODULE) == 0;
}

static gboolean
check_security (const BoxTableOptions *options, BoxEntry *entry, GError **error)
{
  g_auto (GStrv) versions = kms_box_list_versions (entry->box);

  for (guint i = 0; !options->allow_insecure && versions[i] != NULL; i++)
    if (is_insecure (options->registry, box_entry_get_provider (entry, versions[i])))
      {
        g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
                     "box \"%s\": version %s has a key that encrypts nothing; choose another, or, for tests, set "
                     "AllowInsecure=true in [Daemon] of kms.conf",
                     entry->name, versions[i]);
        return FALSE;
      }
  return TRUE;
}

static gboolean
set_version (BoxEntry *entry, GError **error)
{
  guint64 version;

  if (!g_ascii_string_to_unsigned (kms_box_get_version (entry->box), 10, 0, G_MAXUINT32, &version, NULL))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
                   "box \"%s\": version %s does not fit into 32 bits; choose a lower one", entry->name,
                   kms_box_get_version (entry->box));
      return FALSE;
    }
  entry->version = (guint32) version;
  return TRUE;
}

static void
warn (const char *const *warnings)
{
  for (guint i = 0; warnings[i] != NULL; i++)
    g_warning ("%s", warnings[i]);
}

static BoxEntry *
make_entry (const BoxTableOptions *options, KmsConfigInfo *info, GError **error)
{
  const GError *problem = kms_config_info_get_error (info);
  g_autoptr (BoxEntry) self = g_new0 (BoxEntry, 1);

  g_atomic_ref_count_init (&self->refs);
  self->opened = g_ptr_array_new_with_free_func (g_free);
  self->providers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->name = g_strdup (kms_config_info_get_name (info));
  if (problem != NULL)
    {
      g_propagate_error (error, g_error_copy (problem));
      return NULL;
    }
  self->path = object_path_new (OBJECT_BOXES, self->name);
  self->box = kms_registry_dup_box (options->registry, self->name, error);
  if (self->box == NULL)
    return NULL;
  find_providers (self, options->registry);
  if (!check_security (options, self, error) || !set_version (self, error)
      || !alert_limit_read (info, &self->alert, error))
    return NULL;
  self->rules = access_rules_new (info, options->unset, options->owner, NULL);
  warn (access_rules_get_warnings (self->rules));
  return g_steal_pointer (&self);
}

static void
add_entry (BoxTable *self, BoxEntry *entry)
{
  g_ptr_array_add (self->entries, entry);
  g_hash_table_insert (self->by_path, entry->path, entry);
  g_hash_table_insert (self->by_name, entry->name, entry);
}

static void
add_box (BoxTable *self, const BoxTableOptions *options, KmsConfigInfo *info, BoxTable *old)
{
  const char *name = kms_config_info_get_name (info);
  KmsState state = kms_config_info_get_state (info);
  g_autoptr (GError) error = NULL;

  if (state == KMS_STATE_MASKED || state == KMS_STATE_DISABLED)
    return;
  if (self->entries->len >= MAX_BOXES)
    {
      g_warning ("box \"%s\" is left out: kmsd serves %d boxes at most", name, MAX_BOXES);
      return;
    }
  BoxEntry *entry = make_entry (options, info, &error);
  BoxEntry *known = old == NULL ? NULL : box_table_find_name (old, name);
  if (entry != NULL)
    add_entry (self, entry);
  else if (known != NULL)
    {
      g_warning ("%s; box \"%s\" stays as it was", error->message, name);
      add_entry (self, box_entry_ref (known));
    }
  else
    g_warning ("%s; box \"%s\" is left out", error->message, name);
}

BoxTable *
box_table_new (const BoxTableOptions *options, BoxTable *old)
{
  g_autoptr (GPtrArray) infos = kms_registry_list (options->registry, KMS_CONFIG_KIND_BOX);
  BoxTable *self = g_new0 (BoxTable, 1);

  g_atomic_ref_count_init (&self->refs);
  self->entries = g_ptr_array_new_with_free_func ((GDestroyNotify) box_entry_unref);
  self->by_path = g_hash_table_new (g_str_hash, g_str_equal);
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < infos->len; i++)
    add_box (self, options, g_ptr_array_index (infos, i), old);
  return self;
}

BoxTable *
box_table_ref (BoxTable *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
box_table_unref (BoxTable *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_hash_table_unref (self->by_path);
  g_hash_table_unref (self->by_name);
  g_ptr_array_unref (self->entries);
  g_free (self);
}

guint
box_table_get_n (BoxTable *self)
{
  return self->entries->len;
}

BoxEntry *
box_table_get (BoxTable *self, guint index)
{
  return g_ptr_array_index (self->entries, index);
}

BoxEntry *
box_table_find_path (BoxTable *self, const char *path)
{
  return g_hash_table_lookup (self->by_path, path);
}

BoxEntry *
box_table_find_name (BoxTable *self, const char *name)
{
  return g_hash_table_lookup (self->by_name, name);
}

const char **
box_table_list_names (BoxTable *self)
{
  const char **names = g_new0 (const char *, self->entries->len + 1);

  for (guint i = 0; i < self->entries->len; i++)
    names[i] = box_table_get (self, i)->name;
  return names;
}
