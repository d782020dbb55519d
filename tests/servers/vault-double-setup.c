/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys, policies, tokens and ways to log in that tests give the Vault double. */
#include <string.h>

#include "vault-double-key.h"
#include "vault-double-login.h"
#include "vault-double-policy.h"
#include "vault-double-sys.h"

static GMutexLocker *
lock (VaultDouble *self)
{
  return g_mutex_locker_new (&self->lock);
}

/* "ns1/transit/orders" with its mount, "orders" without. */
static DoubleKey *
get_key (VaultDouble *self, const char *name)
{
  DoubleKey *key = strchr (name, '/') != NULL ? g_hash_table_lookup (self->keys, name)
                                              : double_key_find (self, "transit", name);

  if (key == NULL)
    g_error ("the Vault double has no key \"%s\"", name);
  return key;
}

void
vault_double_create_key (VaultDouble *self, const char *name, const VaultKeyOptions *options)
{
  g_autoptr (GMutexLocker) locker = lock (self);
  VaultKeyOptions none = { NULL };

  options = options != NULL ? options : &none;
  const DoubleKeyType *type = double_key_type_find (options->type != NULL ? options->type : "aes256-gcm96");
  g_assert_nonnull (type);
  DoubleKey *key = double_key_add (self, options->mount != NULL ? options->mount : "transit", name, type);
  key->derived = options->derived;
  key->convergent = options->convergent;
  key->deletion_allowed = options->deletion_allowed;
}

gboolean
vault_double_has_key (VaultDouble *self, const char *name)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  return (strchr (name, '/') != NULL ? g_hash_table_lookup (self->keys, name)
                                     : (gpointer) double_key_find (self, "transit", name))
         != NULL;
}

guint
vault_double_get_latest_version (VaultDouble *self, const char *name)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  return get_key (self, name)->versions->len;
}

void
vault_double_rotate_key (VaultDouble *self, const char *name)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  double_key_rotate (self, get_key (self, name));
}

void
vault_double_set_min_versions (VaultDouble *self, const char *name, guint min_decryption, guint min_encryption)
{
  g_autoptr (GMutexLocker) locker = lock (self);
  DoubleKey *key = get_key (self, name);

  if (min_decryption > 0)
    key->min_decryption_version = min_decryption;
  if (min_encryption > 0)
    key->min_encryption_version = min_encryption;
}

void
vault_double_soft_delete_key (VaultDouble *self, const char *name, gboolean deleted)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  get_key (self, name)->soft_deleted = deleted;
}

void
vault_double_remove_key (VaultDouble *self, const char *name)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  if (strchr (name, '/') != NULL)
    g_hash_table_remove (self->keys, name);
  else
    double_key_remove (self, "transit", name);
}

void
vault_double_set_disable_upsert (VaultDouble *self, gboolean disabled)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  self->disable_upsert = disabled;
}

void
vault_double_add_policy (VaultDouble *self, const char *name, const char *text)
{
  g_autoptr (GMutexLocker) locker = lock (self);
  DoublePolicy *policy = double_policy_parse (text);

  if (policy == NULL)
    g_error ("the Vault double can't read the policy %s", text);
  g_hash_table_replace (self->policies, g_strdup (name), policy);
}

void
vault_double_add_policy_rules (VaultDouble *self, const char *name, const VaultRule *rules, guint n_rules)
{
  g_autoptr (GMutexLocker) locker = lock (self);
  DoublePolicy *policy = double_policy_new ();

  for (guint i = 0; i < n_rules; i++)
    {
      g_auto (GStrv) capabilities = g_strsplit (rules[i].capabilities, " ", -1);
      double_policy_add (policy, rules[i].path, (const char *const *) capabilities);
    }
  g_hash_table_replace (self->policies, g_strdup (name), policy);
}

char *
vault_double_add_token (VaultDouble *self, const VaultTokenOptions *options)
{
  VaultTokenOptions used = *options;
  g_autofree char *name = NULL;

  if (options->policy != NULL)
    {
      name = double_random_name ("policy-", 12);
      vault_double_add_policy (self, name, options->policy);
      used.policies = name;
    }
  gboolean is_root = used.policies == NULL;
  if (is_root)
    used.policies = "root";
  used.no_default_policy |= is_root;
  g_autoptr (GMutexLocker) locker = lock (self);
  DoubleToken *token = double_token_add (self, &used, "auth/token/create");
  token->is_root = is_root;
  return g_strdup (token->id);
}

void
vault_double_revoke_token (VaultDouble *self, const char *token)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  double_token_remove (self, token);
}

static gboolean
is_not_root_token (gpointer id, gpointer token, gpointer data)
{
  return !g_str_equal (id, VAULT_DOUBLE_ROOT_TOKEN);
}

void
vault_double_revoke_all_tokens (VaultDouble *self)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  g_hash_table_foreach_remove (self->tokens, is_not_root_token, NULL);
}

gboolean
vault_double_is_token_valid (VaultDouble *self, const char *token)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  return double_token_find (self, token) != NULL;
}

guint
vault_double_count_renewals (VaultDouble *self, const char *token)
{
  g_autoptr (GMutexLocker) locker = lock (self);
  const DoubleToken *found = double_token_find (self, token);

  return found != NULL ? found->renewals : 0;
}

guint
vault_double_count_tokens (VaultDouble *self)
{
  g_autoptr (GMutexLocker) locker = lock (self);
  g_autoptr (GList) ids = g_hash_table_get_keys (self->tokens);

  for (GList *id = ids; id != NULL; id = id->next)
    double_token_find (self, id->data);
  return g_hash_table_size (self->tokens) - 1;
}

char *
vault_double_get_last_token (VaultDouble *self)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  return g_strdup (self->last_token);
}

void
vault_double_set_login_options (VaultDouble *self, const VaultTokenOptions *options)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  g_free (self->login_policies);
  self->login_policies = g_strdup (options->policies);
  self->login = *options;
  self->login.policies = self->login_policies;
}

char *
vault_double_add_approle (VaultDouble *self, const char *role)
{
  g_autoptr (GMutexLocker) locker = lock (self);
  DoubleRole *added = double_role_new ();

  g_hash_table_replace (self->roles, g_strdup (role), added);
  return g_strdup (added->id);
}

static const char *
make_secret_id (VaultDouble *self, const char *role, guint num_uses)
{
  DoubleRole *found = g_hash_table_lookup (self->roles, role);

  if (found == NULL)
    g_error ("the Vault double has no role \"%s\"", role);
  return double_role_add_secret (found, num_uses);
}

char *
vault_double_add_secret_id (VaultDouble *self, const char *role, guint num_uses)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  return g_strdup (make_secret_id (self, role, num_uses));
}

char *
vault_double_wrap_secret_id (VaultDouble *self, const char *role, guint ttl, const char *creation_path)
{
  g_autoptr (GMutexLocker) locker = lock (self);
  const char *id = make_secret_id (self, role, 1);
  g_autofree char *accessor = g_uuid_string_random ();
  g_autofree char *data =
    g_strdup_printf ("{\"secret_id\":\"%s\",\"secret_id_accessor\":\"%s\",\"secret_id_num_uses\":1,"
                     "\"secret_id_ttl\":0}",
                     id, accessor);
  g_autofree char *path = g_strdup_printf ("auth/approle/role/%s/secret-id", role);

  g_clear_pointer (&locker, g_mutex_locker_free);
  return vault_double_wrap (self, data, ttl, creation_path != NULL ? creation_path : path);
}

char *
vault_double_wrap (VaultDouble *self, const char *data, guint ttl, const char *creation_path)
{
  g_autoptr (GMutexLocker) locker = lock (self);
  g_autofree char *body = g_strdup_printf ("{\"request_id\":\"\",\"lease_id\":\"\",\"renewable\":false,"
                                           "\"lease_duration\":0,\"data\":%s,\"wrap_info\":null,\"warnings\":null,"
                                           "\"auth\":null}",
                                           data);

  return g_strdup (double_wrapping_add (self, body, ttl, creation_path)->id);
}

void
vault_double_add_user (VaultDouble *self, const char *user, const char *password)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  g_hash_table_replace (self->users, g_ascii_strdown (user, -1), g_strdup (password));
}

void
vault_double_add_jwt (VaultDouble *self, const char *method, const char *role, const char *jwt)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  g_hash_table_replace (self->jwts, g_strconcat (method, " ", role, NULL), g_strdup (jwt));
}

void
vault_double_add_certificate_role (VaultDouble *self, const char *name)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  g_hash_table_add (self->certificate_roles, g_strdup (name));
}

void
vault_double_set_require_mfa (VaultDouble *self, gboolean required)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  self->require_mfa = required;
}
