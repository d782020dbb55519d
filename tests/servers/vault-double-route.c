/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The routes of the Vault double. */
#include "vault-double-route.h"

#include <string.h>

#include "vault-double-login.h"
#include "vault-double-sys.h"
#include "vault-double-transit.h"

#define CRYPT_FIELDS " context associated_data key_version batch_input partial_failure_response_code name"
#define CONFIG_FIELDS " auto_rotate_period exportable allow_plaintext_backup name"

static const DoubleRoute routes[] = {
  { "transit", "encrypt/*", "update", double_transit_encrypt, "plaintext type convergent_encryption" CRYPT_FIELDS,
    double_transit_key_exists, .is_crypt = TRUE },
  { "transit", "decrypt/*", "update", double_transit_decrypt, "ciphertext" CRYPT_FIELDS, .is_crypt = TRUE },
  { "transit", "rewrap/*", "update", double_transit_rewrap, "ciphertext context key_version batch_input name",
    .is_crypt = TRUE },
  { "transit", "datakey/+/*", "update", double_transit_make_data_key,
    "bits context associated_data key_version name plaintext" },
  { "transit", "keys", "list", double_transit_list_keys, "after limit" },
  { "transit", "keys/*", "update", double_transit_make_key,
    "type derived convergent_encryption key_size" CONFIG_FIELDS },
  { "transit", "keys/*", "read", double_transit_read_key },
  { "transit", "keys/*", "delete", double_transit_delete_key },
  { "transit", "keys/*/config", "update", double_transit_configure_key,
    "min_decryption_version min_encryption_version deletion_allowed" CONFIG_FIELDS },
  { "transit", "keys/*/rotate", "update", double_transit_rotate_key, "name" },
  { "transit", "keys/*/trim", "update", double_transit_trim_key, "min_available_version name" },
  { "transit", "keys/*/soft-delete", "delete", double_transit_soft_delete_key },
  { "transit", "keys/*/soft-delete-restore", "update", double_transit_restore_key, "name" },
  { "transit", "config/keys", "read", double_transit_read_config },
  { "transit", "config/keys", "update", double_transit_write_config, "disable_upsert" },
  { "token", "lookup-self", "read", double_token_call_lookup_self },
  { "token", "lookup-self", "update", double_token_call_lookup_self },
  { "token", "renew-self", "update", double_token_call_renew_self },
  { "token", "revoke-self", "update", double_token_call_revoke_self },
  { "token", "create", "update", double_token_call_create },
  { "approle", "login", "update", double_login_approle, "role_id secret_id", .is_open = TRUE },
  { "approle", "role/*", "update", double_login_make_role },
  { "approle", "role/*/role-id", "read", double_login_read_role_id },
  { "approle", "role/*/secret-id", "update", double_login_make_secret_id },
  { "userpass", "login/*", "update", double_login_userpass, "password username", .is_open = TRUE },
  { "userpass", "users/*", "update", double_login_make_user },
  { "kubernetes", "login", "update", double_login_jwt, "role jwt", .is_open = TRUE },
  { "jwt", "login", "update", double_login_jwt, "role jwt", .is_open = TRUE },
  { "cert", "login", "update", double_login_certificate, "name", .is_open = TRUE },
  { "sys", "capabilities-self", "update", double_token_call_capabilities_self, "path paths token" },
  { "sys", "wrapping/unwrap", "update", double_sys_unwrap, "token", .is_open = TRUE },
  { "sys", "wrapping/lookup", "update", double_sys_look_up_wrapping, "token", .is_open = TRUE },
  { "sys", "audit-hash/*", "update", double_sys_hash_audit, "input path" },
  { "sys", "policies/acl/*", "update", double_sys_write_policy },
  { "sys", "policy/*", "update", double_sys_write_policy },
  { "sys", "mounts/*", "update", double_sys_mount },
  { "sys", "auth/*", "update", double_sys_mount_auth },
  { "sys", "namespaces/*", "update", double_sys_make_namespace },
  { "sys", "quotas/rate-limit/*", "update", double_sys_limit_rate },
  { "sys", "quotas/rate-limit/*", "delete", double_sys_unlimit_rate },
  { "sys", "seal", "update", double_sys_seal },
};

/* The longest that the path starts with; NULL: none. */
static const char *
find_mount (VaultDouble *vault, const char *path)
{
  GHashTableIter iter;
  gpointer mount;
  const char *best = NULL;

  g_hash_table_iter_init (&iter, vault->mounts);
  while (g_hash_table_iter_next (&iter, &mount, NULL))
    {
      gsize length = strlen (mount);
      if (strncmp (path, mount, length) == 0 && (path[length] == '/' || path[length] == '\0')
          && (best == NULL || length > strlen (best)))
        best = mount;
    }
  return best;
}

/* First and last a letter, a digit or "_", and "-" and "." in between. */
static gboolean
is_name (const char *name)
{
  gsize length = strlen (name);

  for (gsize i = 0; i < length; i++)
    {
      gboolean is_inside = i > 0 && i + 1 < length;
      if (!g_ascii_isalnum (name[i]) && name[i] != '_' && !(is_inside && (name[i] == '-' || name[i] == '.')))
        return FALSE;
    }
  return length > 0;
}

static void
take_segment (char **place, const char *segment)
{
  g_free (*place);
  *place = g_strdup (segment);
}

static gboolean
route_fits (const DoubleRoute *route, DoubleCall *call, char **segments)
{
  g_auto (GStrv) wanted = g_strsplit (route->pattern, "/", -1);

  if (g_strv_length (wanted) != g_strv_length (segments))
    return FALSE;
  for (guint i = 0; wanted[i] != NULL; i++)
    {
      if (g_str_equal (wanted[i], "*") && is_name (segments[i]))
        take_segment (&call->name, segments[i]);
      else if (g_str_equal (wanted[i], "+"))
        take_segment (&call->kind, segments[i]);
      else if (!g_str_equal (wanted[i], segments[i]))
        return FALSE;
    }
  return TRUE;
}

static const DoubleRoute *
find_in_engine (DoubleCall *call, const char *type, const char *operation)
{
  const char *rest = call->path + strlen (call->mount);
  g_autofree char *unescaped = g_uri_unescape_string (rest[0] == '/' ? rest + 1 : rest, NULL);
  g_auto (GStrv) segments = g_strsplit (unescaped != NULL ? unescaped : "", "/", -1);
  gboolean is_known = FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (routes); i++)
    {
      if (!g_str_equal (routes[i].type, type) || !route_fits (&routes[i], call, segments))
        continue;
      if (g_str_equal (routes[i].operation, operation))
        return &routes[i];
      is_known = TRUE;
    }
  if (is_known)
    double_call_fail_inside (call, 405, "unsupported operation");
  else
    double_call_fail_inside (call, 404, "unsupported path");
  return NULL;
}

const DoubleRoute *
double_route_find (DoubleCall *call, const char *operation)
{
  const char *mount = find_mount (call->vault, call->path);

  if (mount == NULL)
    {
      double_call_fail (call, 404, "no handler for route \"%s\". route entry not found.", call->path);
      return NULL;
    }
  call->mount = g_strdup (mount);
  return find_in_engine (call, g_hash_table_lookup (call->vault->mounts, mount), operation);
}

static gboolean
is_known_field (DoubleCall *call, char **known, const char *field)
{
  VaultQuirks quirks = call->vault->quirks;
  gboolean is_deaf = (quirks & VAULT_QUIRK_NO_ASSOCIATED_DATA) != 0
                     || ((quirks & VAULT_QUIRK_DATAKEY_NO_ASSOCIATED_DATA) != 0 && call->kind != NULL);

  if (is_deaf && g_str_equal (field, "associated_data"))
    return FALSE;
  return g_strv_contains ((const char *const *) known, field);
}

void
double_route_check_fields (DoubleCall *call, const DoubleRoute *route)
{
  if (route->fields == NULL)
    return;
  g_auto (GStrv) known = g_strsplit (route->fields, " ", -1);
  g_autoptr (GList) fields = g_list_sort (json_object_get_members (call->body), (GCompareFunc) strcmp);
  g_autoptr (GString) unknown = g_string_new (NULL);
  for (GList *field = fields; field != NULL; field = field->next)
    {
      if (!is_known_field (call, known, field->data))
        g_string_append_printf (unknown, "%s%s", unknown->len > 0 ? " " : "", (const char *) field->data);
    }
  if (unknown->len > 0)
    double_call_warn (call, "Endpoint ignored these unrecognized parameters: [%s]", unknown->str);
}
