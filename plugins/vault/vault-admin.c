/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Administration of transit keys. Rotating twice makes two versions: what changes something is sent once. */
#include <string.h>

#include "vault-exchange.h"
#include "vault-key-options.h"
#include "vault-values.h"

static const char *
join_path (KmsVaultProvider *self, const char *name, const char *what, char **path)
{
  return *path = g_strconcat (self->settings->mount, "/keys/", name, what, NULL);
}

static KmsKeyState
get_state (const VaultKeyInfo *info)
{
  if (!info->known)
    return KMS_KEY_STATE_UNAVAILABLE;
  return info->soft_deleted ? KMS_KEY_STATE_DISABLED : KMS_KEY_STATE_ENABLED;
}

static GVariant *
describe_details (const VaultKeyInfo *info)
{
  GVariantDict details;

  g_variant_dict_init (&details, NULL);
  if (!info->known)
    {
      g_variant_dict_insert (&details, "problem", "s", "the token may not read the key");
      return g_variant_dict_end (&details);
    }
  g_variant_dict_insert (&details, "type", "s", info->type);
  g_variant_dict_insert (&details, "derived", "b", info->derived);
  g_variant_dict_insert (&details, "convergent", "b", info->convergent);
  g_variant_dict_insert (&details, "exportable", "b", info->exportable);
  g_variant_dict_insert (&details, "allow-plaintext-backup", "b", info->allow_plaintext_backup);
  g_variant_dict_insert (&details, "deletion-allowed", "b", info->deletion_allowed);
  g_variant_dict_insert (&details, "min-decryption-version", "x", info->min_decryption_version);
  g_variant_dict_insert (&details, "min-encryption-version", "x", info->min_encryption_version);
  g_variant_dict_insert (&details, "min-available-version", "x", info->min_available_version);
  return g_variant_dict_end (&details);
}

static KmsKey *
describe_key (KmsVaultProvider *self, const char *name, const VaultKeyInfo *info)
{
  KmsKey *key = kms_key_new (name, get_state (info));
  char number[24];

  if (info->versions->len > 0)
    kms_key_set_times (key, g_array_index (info->versions, VaultKeyVersion, 0).created, -1);
  kms_key_set_binding (key, vault_key_info_get_binding (info, self->settings));
  kms_key_set_details (key, describe_details (info));
  for (guint i = 0; i < info->versions->len; i++)
    {
      const VaultKeyVersion *version = &g_array_index (info->versions, VaultKeyVersion, i);
      gboolean retired = (gint64) version->number < info->min_decryption_version;
      g_snprintf (number, sizeof number, "%" G_GUINT64_FORMAT, version->number);
      kms_key_add_version (key, number, retired ? KMS_KEY_STATE_DISABLED : get_state (info), version->created);
    }
  return key;
}

static KmsKey *
show_key (KmsKeyAdmin *admin, const char *name, GVariant *options, GCancellable *cancellable, GError **error)
{
  KmsVaultProvider *self = KMS_VAULT_PROVIDER (admin);
  g_autoptr (VaultKeyInfo) info = kms_vault_provider_read_key (self, name, cancellable, error);

  if (info == NULL || info->known)
    return info != NULL ? describe_key (self, name, info) : NULL;
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED,
               "the token may not look at key \"%s\"; allow \"read\" on %s/keys/%s", name, self->settings->mount, name);
  return NULL;
}

static void
read_names (KmsHttpJson *json, const char *name, gpointer data)
{
  if (strcmp (name, "keys") == 0)
    vault_json_read_texts (json, data);
}

/* One request tells the names, and nothing else of the keys: asking for each would take as many requests as there are. */
static GPtrArray *
list_keys (KmsKeyAdmin *admin, GVariant *options, GCancellable *cancellable, GError **error)
{
  KmsVaultProvider *self = KMS_VAULT_PROVIDER (admin);
  g_autofree char *path = g_strconcat (self->settings->mount, "/keys?list=true", NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  GPtrArray *keys;
  VaultSection section = { "data", read_names, names };
  VaultExchange exchange = { .method = "GET", .path = path, .sections = &section, .n_sections = 1 };
  g_autoptr (GError) local = NULL;

  /* None is 404 without an error. */
  if (!vault_exchange_run (&exchange, self, cancellable, &local) && (exchange.status != 404 || exchange.n_errors > 0))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  keys = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < names->len; i++)
    if (vault_check_key_name (g_ptr_array_index (names, i), NULL))
      g_ptr_array_add (keys, kms_key_new (g_ptr_array_index (names, i), KMS_KEY_STATE_ENABLED));
  return keys;
}

typedef struct
{
  GVariant *options;
  VaultOptionsUse use;
  gboolean derive;
} Change;

static void
write_change (KmsHttpBuffer *body, gpointer data)
{
  const Change *change = data;
  gboolean first = TRUE;

  if (change->derive)
    vault_body_add_word (body, &first, "derived", "true");
  vault_key_options_write (change->options, change->use, &first, body);
}

/* Sends one change. What this process knew of the key is void then, even where it failed: it may have been done. */
static gboolean
send_change (KmsVaultProvider *self, const char *method, const char *name, const char *what, Change *change,
             GCancellable *cancellable, GError **error)
{
  g_autofree char *path = NULL;
  VaultExchange exchange = { .method = method, .path = join_path (self, name, what, &path), .once = TRUE };
  Change nothing = { NULL };

  if (g_strcmp0 (method, "DELETE") != 0)
    {
      exchange.write = write_change;
      exchange.data = change != NULL ? change : &nothing;
    }
  gboolean done = vault_exchange_run (&exchange, self, cancellable, error);
  vault_key_cache_forget (self->keys, name);
  return done;
}

/* As it is after a change; that it may not be looked at does not undo that. */
static KmsKey *
show_changed (KmsVaultProvider *self, const char *name, gboolean changed, GCancellable *cancellable, GError **error)
{
  g_autoptr (VaultKeyInfo) info = changed ? kms_vault_provider_read_key (self, name, cancellable, error) : NULL;

  return info != NULL ? describe_key (self, name, info) : NULL;
}

/* The server answers the same for a key that it made and for one that was there. */
static gboolean
check_absent (KmsVaultProvider *self, const char *name, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (VaultKeyInfo) info = kms_vault_provider_read_key (self, name, cancellable, &local);

  if (info != NULL && info->known)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_ALREADY_EXISTS, "there is a key \"%s\" under \"%s\" already", name,
                   self->settings->mount);
      return FALSE;
    }
  if (info != NULL || g_error_matches (local, KMS_ERROR, KMS_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* Derived, if not said otherwise: other keys bind no context. */
static KmsKey *
create_key (KmsKeyAdmin *admin, const char *name, GVariant *options, GCancellable *cancellable, GError **error)
{
  KmsVaultProvider *self = KMS_VAULT_PROVIDER (admin);
  gboolean says_derived =
    options != NULL
    && (g_variant_lookup (options, "derived", "b", NULL) || g_variant_lookup (options, "derived", "s", NULL));
  Change change = { options, VAULT_OPTIONS_CREATE, !says_derived && !self->settings->associated_data };

  if (!vault_key_options_check (options, VAULT_OPTIONS_CREATE, error) || !check_absent (self, name, cancellable, error))
    return NULL;
  return show_changed (self, name, send_change (self, "POST", name, "", &change, cancellable, error), cancellable,
                       error);
}

static KmsKey *
rotate_key (KmsKeyAdmin *admin, const char *name, GVariant *options, GCancellable *cancellable, GError **error)
{
  KmsVaultProvider *self = KMS_VAULT_PROVIDER (admin);

  if (!vault_check_key_name (name, error))
    return NULL;
  return show_changed (self, name, send_change (self, "POST", name, "/rotate", NULL, cancellable, error), cancellable,
                       error);
}

static KmsKey *
configure_key (KmsKeyAdmin *admin, const char *name, GVariant *options, GCancellable *cancellable, GError **error)
{
  KmsVaultProvider *self = KMS_VAULT_PROVIDER (admin);
  Change config = { options, VAULT_OPTIONS_CONFIG, FALSE }, trim = { options, VAULT_OPTIONS_TRIM, FALSE };

  if (!vault_check_key_name (name, error)
      || !vault_key_options_check (options, VAULT_OPTIONS_CONFIG | VAULT_OPTIONS_TRIM, error))
    return NULL;
  /* In this order: trimming needs the two minimum versions. */
  if (vault_key_options_has (options, VAULT_OPTIONS_CONFIG)
      && !send_change (self, "POST", name, "/config", &config, cancellable, error))
    return NULL;
  if (vault_key_options_has (options, VAULT_OPTIONS_TRIM)
      && !send_change (self, "POST", name, "/trim", &trim, cancellable, error))
    return NULL;
  return show_changed (self, name, TRUE, cancellable, error);
}

/* OpenBao can take a key out of use and back; Vault can't. */
static KmsKey *
change_use (KmsVaultProvider *self, const char *name, gboolean use, GCancellable *cancellable, GError **error)
{
  g_autoptr (VaultKeyInfo) info = kms_vault_provider_read_key (self, name, cancellable, error);
  g_autoptr (GError) local = NULL;

  if (info == NULL)
    return NULL;
  if (info->known && info->soft_deleted != use)
    return describe_key (self, name, info);
  if (send_change (self, use ? "POST" : "DELETE", name, use ? "/soft-delete-restore" : "/soft-delete", NULL,
                   cancellable, &local))
    return show_changed (self, name, TRUE, cancellable, error);
  if (g_error_matches (local, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED))
    g_set_error (
      error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
      "this server can't take a key out of use; take the policies away that allow to use \"%s\", or raise its "
      "min-decryption-version above old versions with: kmsctl key configure",
      name);
  else
    g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

static KmsKey *
enable_key (KmsKeyAdmin *admin, const char *name, GVariant *options, GCancellable *cancellable, GError **error)
{
  return change_use (KMS_VAULT_PROVIDER (admin), name, TRUE, cancellable, error);
}

static KmsKey *
disable_key (KmsKeyAdmin *admin, const char *name, GVariant *options, GCancellable *cancellable, GError **error)
{
  return change_use (KMS_VAULT_PROVIDER (admin), name, FALSE, cancellable, error);
}

static KmsKey *
delete_key (KmsKeyAdmin *admin, const char *name, GVariant *options, GCancellable *cancellable, GError **error)
{
  KmsVaultProvider *self = KMS_VAULT_PROVIDER (admin);
  g_autoptr (VaultKeyInfo) info = kms_vault_provider_read_key (self, name, cancellable, error);
  g_autoptr (GVariant) allowance = NULL;
  gboolean force = FALSE;

  if (info == NULL)
    return NULL;
  if (options == NULL || !g_variant_lookup (options, "force", "b", &force) || !force)
    {
      g_set_error (
        error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
        "this server deletes a key at once or not at all: use --force, or kmsctl key disable, which can be undone");
      return NULL;
    }
  /* Two requests by hand, too; who may send the first is a matter of the server's policies. */
  allowance = g_variant_ref_sink (g_variant_new_parsed ("{'deletion-allowed': <true>}"));
  Change allow = { allowance, VAULT_OPTIONS_CONFIG, FALSE };
  if (!(info->known && info->deletion_allowed)
      && !send_change (self, "POST", name, "/config", &allow, cancellable, error))
    return NULL;
  if (!send_change (self, "DELETE", name, "", NULL, cancellable, error))
    return NULL;
  return describe_key (self, name, info);
}

void
kms_vault_provider_key_admin_init (KmsKeyAdminInterface *iface)
{
  iface->list_keys = list_keys;
  iface->show_key = show_key;
  iface->create_key = create_key;
  iface->rotate_key = rotate_key;
  iface->enable_key = enable_key;
  iface->disable_key = disable_key;
  iface->delete_key = delete_key;
  iface->restore_key = enable_key;
  iface->configure_key = configure_key;
}
