/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Providers of a registry: found by name or key id, loaded at their first use, kept until their files change. */
#include "kms-error.h"
#include "kms-module-private.h"
#include "kms-provider-private.h"
#include "kms-registry-object-private.h"
#include "kms-registry.h"
#include "kms-routing-private.h"
#include "kms-settings-private.h"
#include "kms-turn-private.h"

static KmsProviderConfig *
find_config (GPtrArray *configs, const char *name)
{
  for (guint i = 0; i < configs->len; i++)
    if (strcmp (_kms_provider_config_get_name (g_ptr_array_index (configs, i)), name) == 0)
      return g_ptr_array_index (configs, i);
  return NULL;
}

char *
_kms_registry_make_provider_key (KmsConfigInfo *info)
{
  return g_strconcat (info->name, " ", info->fingerprint, NULL);
}

static KmsProvider *
fail_provider (KmsConfigInfo *info, KmsState state, GError *reason, GError **error)
{
  _kms_config_info_fail (info, state, g_error_copy (reason));
  g_propagate_error (error, reason);
  return NULL;
}

/* Called without the lock: module code runs. */
static KmsProvider *
make_provider (KmsSnapshot *snapshot, KmsConfigInfo *info, KmsProviderConfig *config, GError **error)
{
  KmsState state = KMS_STATE_LOAD_FAILED;
  GError *local = NULL;
  GType type = _kms_module_load (info->module_path, KMS_TYPE_PROVIDER, _kms_provider_config_get_needs (config),
                                 snapshot->permissions, &state, &local);

  if (type == 0)
    {
      g_prefix_error (&local, "%s: ", info->name);
      return fail_provider (info, state, local, error);
    }
  KmsProvider *provider = _kms_provider_new (type, config, &local);
  if (provider == NULL)
    {
      state = g_error_matches (local, KMS_ERROR, KMS_ERROR_CONFIG) ? KMS_STATE_CONFIG_ERROR : KMS_STATE_LOAD_FAILED;
      return fail_provider (info, state, local, error);
    }
  _kms_config_info_set_loaded (info);
  return provider;
}

static KmsProvider *
find_known (KmsRegistry *self, const char *key)
{
  g_mutex_lock (&self->lock);
  KmsProvider *known = g_hash_table_lookup (self->providers, key);
  if (known != NULL)
    g_object_ref (known);
  g_mutex_unlock (&self->lock);
  return known;
}

/* If the files changed while it was made, it is the caller's alone, and the next one asks for another. */
static void
remember (KmsRegistry *self, const char *key, const char *name, KmsProvider *made)
{
  g_mutex_lock (&self->lock);
  KmsConfigInfo *info = g_hash_table_lookup (self->snapshot->infos[KMS_CONFIG_KIND_PROVIDER], name);
  g_autofree char *now = info == NULL ? NULL : _kms_registry_make_provider_key (info);
  if (g_strcmp0 (now, key) == 0)
    {
      g_hash_table_insert (self->providers, g_strdup (key), g_object_ref (made));
      _kms_config_info_set_settings (info, _kms_settings_get_declared (KMS_PROVIDER_GET_CLASS (made)));
      _kms_config_info_set_loaded (info);
    }
  g_mutex_unlock (&self->lock);
}

static KmsProvider *
make_in_turn (KmsRegistry *self, KmsSnapshot *snapshot, KmsConfigInfo *info, KmsProviderConfig *config, const char *key,
              gboolean after_others, GError **error)
{
  g_autoptr (KmsProvider) known = find_known (self, key);

  if (known != NULL)
    return g_steal_pointer (&known);
  /* What another thread was told a moment ago is the answer for this one, too: ten of them would not try in a row. */
  const GError *failed = after_others ? kms_config_info_get_error (info) : NULL;
  if (failed != NULL)
    {
      g_propagate_error (error, g_error_copy (failed));
      return NULL;
    }
  known = make_provider (snapshot, info, config, error);
  if (known != NULL)
    remember (self, key, info->name, known);
  return g_steal_pointer (&known);
}

static KmsProvider *
make_or_wait (KmsRegistry *self, KmsSnapshot *snapshot, KmsConfigInfo *info, KmsProviderConfig *config, const char *key,
              GError **error)
{
  /* Not by the registry: a module that asks for itself makes one of its own for that. */
  KmsTurn turn = _kms_turn_take (key, -1);

  if (turn == KMS_TURN_CIRCLE)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_MODULE,
                   "%s: is being started, and its module asked for it meanwhile, which is a bug of the module",
                   info->name);
      return NULL;
    }
  KmsProvider *provider = make_in_turn (self, snapshot, info, config, key, turn == KMS_TURN_MINE_AFTER_OTHERS, error);
  _kms_turn_end (key);
  return provider;
}

static KmsProvider *
dup_provider (KmsRegistry *self, KmsSnapshot *snapshot, const char *name, GError **error)
{
  KmsConfigInfo *info = _kms_registry_find_info (self, snapshot, KMS_CONFIG_KIND_PROVIDER, name, error);
  KmsProviderConfig *config = find_config (snapshot->configs, name);

  if (info == NULL)
    return NULL;
  if (config == NULL)
    {
      g_propagate_error (error, g_error_copy (info->error));
      return NULL;
    }
  g_autofree char *key = _kms_registry_make_provider_key (info);
  KmsProvider *known = find_known (self, key);
  return known != NULL ? known : make_or_wait (self, snapshot, info, config, key, error);
}

/**
 * kms_registry_dup_provider:
 * @self: a registry
 * @name: the stem of the provider's file
 * @error: return location for an error
 *
 * Gets a provider, and loads its module if that is not loaded yet. That reads local files and never waits for the
 * service, so it can't be cancelled.
 *
 * Returns: (transfer full): a provider, or %NULL with @error set
 *
 * Since: 1.0
 */
KmsProvider *
kms_registry_dup_provider (KmsRegistry *self, const char *name, GError **error)
{
  g_return_val_if_fail (KMS_IS_REGISTRY (self), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_autoptr (KmsSnapshot) snapshot = _kms_registry_get_snapshot (self);

  return dup_provider (self, snapshot, name, error);
}

static KmsConfigInfo *
get_provider_info (KmsSnapshot *snapshot, KmsProviderConfig *config)
{
  return g_hash_table_lookup (snapshot->infos[KMS_CONFIG_KIND_PROVIDER], _kms_provider_config_get_name (config));
}

/* Who claims a key id but can't be used must not lose it to another, who takes more or the rest: plaintext would go to
 * another service. Of two that claim the same, one can be switched off to let the other have it. */
static gboolean
keeps (KmsSnapshot *snapshot, KmsProviderConfig *unusable, KmsProviderConfig *found, const char *key_id)
{
  if (!_kms_routing_is_stronger (unusable, found, key_id))
    return FALSE;
  return kms_config_info_get_state (get_provider_info (snapshot, unusable)) != KMS_STATE_DISABLED
         || _kms_routing_matches_longer (unusable, found, key_id);
}

static KmsProviderConfig *
route (KmsRegistry *self, KmsSnapshot *snapshot, const char *key_id, gboolean *is_fallback, GError **error)
{
  KmsProviderConfig *found = _kms_routing_find (snapshot->configs, key_id, is_fallback);
  KmsProviderConfig *unusable = _kms_routing_find (snapshot->unusable, key_id, NULL);

  if (found != NULL && (unusable == NULL || !keeps (snapshot, unusable, found, key_id)))
    return found;
  if (unusable != NULL)
    {
      KmsConfigInfo *info = get_provider_info (snapshot, unusable);
      g_propagate_prefixed_error (error, g_error_copy (info->error), "key id \"%s\": ", key_id);
      return NULL;
    }
  if (error != NULL)
    _kms_registry_fail_unclaimed (self, snapshot, key_id, error);
  return NULL;
}

/**
 * kms_registry_find_provider_for_key:
 * @self: a registry
 * @key_id: a key id
 * @is_fallback: (out) (optional): whether the provider is only the fallback for what nobody claims
 * @error: return location for an error
 *
 * Finds who a key id belongs to. No module is loaded.
 *
 * Returns: (transfer full): the provider's name, or %NULL with @error set
 *
 * Since: 1.0
 */
char *
kms_registry_find_provider_for_key (KmsRegistry *self, const char *key_id, gboolean *is_fallback, GError **error)
{
  g_return_val_if_fail (KMS_IS_REGISTRY (self), NULL);
  g_return_val_if_fail (key_id != NULL, NULL);
  g_autoptr (KmsSnapshot) snapshot = _kms_registry_get_snapshot (self);
  gboolean fallback = FALSE;
  KmsProviderConfig *config = route (self, snapshot, key_id, &fallback, error);

  if (is_fallback != NULL)
    *is_fallback = fallback;
  return config == NULL ? NULL : g_strdup (_kms_provider_config_get_name (config));
}

/**
 * kms_registry_dup_provider_for_key:
 * @self: a registry
 * @key_id: a key id
 * @provider_name: (nullable): the provider to use; %NULL for whoever claims the key id
 * @provider_key_id: (out) (optional): the key id without the provider's prefix
 * @error: return location for an error
 *
 * Gets the provider that a key id belongs to, and loads its module if that is not loaded yet: see
 * kms_registry_dup_provider().
 *
 * Returns: (transfer full): a provider, or %NULL with @error set
 *
 * Since: 1.0
 */
KmsProvider *
kms_registry_dup_provider_for_key (KmsRegistry *self, const char *key_id, const char *provider_name,
                                   char **provider_key_id, GError **error)
{
  g_return_val_if_fail (KMS_IS_REGISTRY (self), NULL);
  g_return_val_if_fail (key_id != NULL, NULL);
  g_autoptr (KmsSnapshot) snapshot = _kms_registry_get_snapshot (self);
  gboolean is_fallback = FALSE;
  KmsProviderConfig *config = provider_name != NULL ? find_config (snapshot->configs, provider_name)
                                                    : route (self, snapshot, key_id, &is_fallback, error);

  if (provider_name == NULL && config == NULL)
    return NULL;
  const char *name = provider_name != NULL ? provider_name : _kms_provider_config_get_name (config);
  const char *stripped = config == NULL ? key_id : _kms_routing_strip (config, key_id, error);
  if (stripped == NULL)
    return NULL;
  KmsProvider *provider = dup_provider (self, snapshot, name, error);
  if (provider != NULL && provider_key_id != NULL)
    *provider_key_id = g_strdup (stripped);
  return provider;
}
