/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is not there: the error says what may have been meant, and where it was looked for. */
#include "kms-error.h"
#include "kms-registry-object-private.h"
#include "kms-routing-private.h"
#include "kms-similar-private.h"

static const struct
{
  const char *noun;
  const char *list;
} kinds[] = {
  [KMS_CONFIG_KIND_GLOBAL] = { "configuration", "kmsctl config show" },
  [KMS_CONFIG_KIND_PROVIDER] = { "provider", "kmsctl provider list" },
  [KMS_CONFIG_KIND_BOX] = { "box", "kmsctl box list" },
  [KMS_CONFIG_KIND_MODEL] = { "model", "kmsctl config show" },
};

static char *
list_places (KmsRegistry *self, KmsSnapshot *snapshot, KmsConfigKind kind)
{
  g_autoptr (GPtrArray) places = g_ptr_array_new_with_free_func (g_free);

  for (KmsLayer layer = 0; layer < KMS_N_LAYERS; layer++)
    if (self->roots->layers[layer] != NULL && (layer != KMS_LAYER_USER || snapshot->has_user_layer))
      g_ptr_array_add (places, g_build_filename (self->roots->layers[layer], _kms_config_kind_directory (kind), NULL));
  g_ptr_array_add (places, NULL);
  return g_strjoinv (", ", (char **) places->pdata);
}

static GPtrArray *
list_names (GHashTable *infos)
{
  GPtrArray *names = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name, info;

  g_hash_table_iter_init (&iter, infos);
  while (g_hash_table_iter_next (&iter, &name, &info))
    if (kms_config_info_get_state (info) != KMS_STATE_MASKED)
      g_ptr_array_add (names, name);
  return names;
}

KmsConfigInfo *
_kms_registry_find_info (KmsRegistry *self, KmsSnapshot *snapshot, KmsConfigKind kind, const char *name, GError **error)
{
  KmsConfigInfo *info = kind == KMS_CONFIG_KIND_GLOBAL ? snapshot->global
                                                       : g_hash_table_lookup (snapshot->infos[kind], name);

  if (info != NULL || error == NULL)
    return info;
  g_autoptr (GPtrArray) names = list_names (snapshot->infos[kind]);
  g_autofree char *similar = _kms_similar_list (name, names);
  g_autofree char *places = list_places (self, snapshot, kind);
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND, "there is no %s \"%s\" in %s%s%s%s; \"%s\" shows what there is",
               kinds[kind].noun, name, places, similar == NULL ? "" : "; did you mean ", similar == NULL ? "" : similar,
               similar == NULL ? "" : "?", kinds[kind].list);
  return NULL;
}

static void
add_all (GPtrArray *names, const char *const *more)
{
  for (guint i = 0; more != NULL && more[i] != NULL; i++)
    g_ptr_array_add (names, (gpointer) more[i]);
}

/* With the rest of the key id behind each prefix, as it would have been typed. */
static void
add_prefixed (GPtrArray *names, GPtrArray *owned, const char *const *prefixes, const char *rest)
{
  for (guint i = 0; prefixes != NULL && prefixes[i] != NULL; i++)
    {
      g_ptr_array_add (owned, g_strconcat (prefixes[i], rest, NULL));
      g_ptr_array_add (names, g_ptr_array_index (owned, owned->len - 1));
    }
}

void
_kms_registry_fail_unclaimed (KmsRegistry *self, KmsSnapshot *snapshot, const char *key_id, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autoptr (GPtrArray) owned = g_ptr_array_new_with_free_func (g_free);
  const char *slash = strchr (key_id, '/');

  for (guint i = 0; i < snapshot->configs->len; i++)
    {
      KmsProviderConfig *config = g_ptr_array_index (snapshot->configs, i);
      add_all (names, _kms_provider_config_get_exact (config));
      if (slash != NULL)
        add_prefixed (names, owned, _kms_provider_config_get_prefixes (config), slash + 1);
      if (slash != NULL)
        add_prefixed (names, owned, _kms_provider_config_get_matches (config), slash + 1);
    }
  gboolean is_reserved = _kms_routing_is_reserved (key_id);
  g_autofree char *similar = is_reserved ? NULL : _kms_similar_list (key_id, names);
  g_autofree char *places = list_places (self, snapshot, KMS_CONFIG_KIND_PROVIDER);
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND,
               "no provider in %s claims the key id \"%s\"%s%s%s%s; \"kmsctl provider list\" shows which key ids are "
               "whose",
               places, key_id, is_reserved ? ": install the package with its provider" : "",
               similar == NULL ? "" : "; did you mean ", similar == NULL ? "" : similar, similar == NULL ? "" : "?");
}
