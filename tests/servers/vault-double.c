/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Vault double as tests make it and set it up. */
#include "vault-double.h"

#include <string.h>

#include "vault-double-audit.h"
#include "vault-double-gate.h"
#include "vault-double-key.h"
#include "vault-double-login.h"
#include "vault-double-policy.h"
#include "vault-double-sys.h"

static void
add_root_token (VaultDouble *self)
{
  DoubleToken *token = g_new0 (DoubleToken, 1);

  token->id = g_strdup (VAULT_DOUBLE_ROOT_TOKEN);
  token->accessor = double_random_name ("", 24);
  token->creation_path = g_strdup ("auth/token/create");
  token->policies = g_strsplit ("root", " ", -1);
  token->created = self->now;
  token->is_root = TRUE;
  g_hash_table_replace (self->tokens, token->id, token);
}

VaultDouble *
vault_double_new (TestServer *server)
{
  VaultDouble *self = g_new0 (VaultDouble, 1);

  g_mutex_init (&self->lock);
  self->server = server;
  self->now = g_get_real_time () / G_USEC_PER_SEC;
  self->mounts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->namespaces = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) double_key_free);
  self->policies = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) double_policy_free);
  self->tokens = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) double_token_free);
  self->roles = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) double_role_free);
  self->users = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->jwts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->certificate_roles = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->entries = g_ptr_array_new_with_free_func ((GDestroyNotify) double_audit_entry_free);
  self->devices = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->login = (VaultTokenOptions){ .ttl = 3600, .renewable = TRUE };
  double_mount_all (self, "");
  double_policies_add_default (self);
  add_root_token (self);
  vault_double_add_audit_device (self, "file");
  test_server_set_handler (server, double_gate_handle, self);
  return self;
}

void
vault_double_free (VaultDouble *self)
{
  GHashTable *tables[] = { self->mounts, self->namespaces, self->keys, self->policies,          self->tokens,
                           self->roles,  self->users,      self->jwts, self->certificate_roles, self->devices };

  test_server_set_handler (self->server, NULL, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tables); i++)
    g_hash_table_unref (tables[i]);
  g_ptr_array_unref (self->entries);
  g_free (self->last_token);
  g_free (self->login_policies);
  g_free (self->redirect);
  g_free (self->retry_after);
  g_free (self->agent_token);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static GMutexLocker *
lock (VaultDouble *self)
{
  return g_mutex_locker_new (&self->lock);
}

void
vault_double_advance (VaultDouble *self, guint seconds)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  self->now += seconds;
}

void
vault_double_mount (VaultDouble *self, const char *type, const char *path)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  g_hash_table_replace (self->mounts, g_strdup (path), g_strdup (type));
}

void
vault_double_add_namespace (VaultDouble *self, const char *name)
{
  g_autoptr (GMutexLocker) locker = lock (self);
  g_autofree char *prefix = g_strconcat (name, "/", NULL);

  g_hash_table_add (self->namespaces, g_strdup (name));
  double_mount_all (self, prefix);
}

void
vault_double_set_quirks (VaultDouble *self, VaultQuirks quirks)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  self->quirks = quirks;
}

void
vault_double_seal (VaultDouble *self)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  self->sealed = TRUE;
}

void
vault_double_unseal (VaultDouble *self)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  self->sealed = FALSE;
}

void
vault_double_set_state (VaultDouble *self, VaultState state)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  self->state = state;
}

static void
set_text (VaultDouble *self, char **place, const char *text)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  g_free (*place);
  *place = g_strdup (text);
}

void
vault_double_set_redirect (VaultDouble *self, const char *address)
{
  set_text (self, &self->redirect, address);
}

void
vault_double_set_agent_token (VaultDouble *self, const char *token)
{
  set_text (self, &self->agent_token, token);
}

void
vault_double_set_rate_limit (VaultDouble *self, guint requests, const char *retry_after)
{
  set_text (self, &self->retry_after, retry_after);
  g_autoptr (GMutexLocker) locker = lock (self);
  self->rate = requests;
  self->rate_used = 0;
}

void
vault_double_require_request_header (VaultDouble *self, gboolean required)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  self->require_header = required;
}

guint
vault_double_count_entries (VaultDouble *self)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  return self->entries->len;
}

const VaultAuditEntry *
vault_double_get_entry (VaultDouble *self, guint index)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  g_assert_cmpuint (index, <, self->entries->len);
  return self->entries->pdata[index];
}

void
vault_double_forget_entries (VaultDouble *self)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  g_ptr_array_set_size (self->entries, 0);
}

void
vault_double_add_audit_device (VaultDouble *self, const char *device)
{
  g_autoptr (GMutexLocker) locker = lock (self);

  g_hash_table_replace (self->devices, g_strdup (device), double_random_name ("", 32));
}

char *
vault_double_hash_audit (VaultDouble *self, const char *device, const char *input)
{
  g_autoptr (GMutexLocker) locker = lock (self);
  const char *salt = g_hash_table_lookup (self->devices, device);

  g_assert_nonnull (salt);
  g_autofree char *hmac =
    g_compute_hmac_for_string (G_CHECKSUM_SHA256, (const guchar *) salt, strlen (salt), input, -1);
  return g_strconcat ("hmac-sha256:", hmac, NULL);
}
