/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Health, seal, policies, mounts and the hashes of the audit log in the Vault double. */
#include "vault-double-sys.h"

#include <string.h>

#include "vault-double-policy.h"

#define VERSION "2.7.2"

typedef enum {
  HEALTH_ACTIVE,
  HEALTH_STANDBY,
  HEALTH_PERFORMANCE_STANDBY,
  HEALTH_RECOVERY_SECONDARY,
  HEALTH_UNINITIALIZED,
  HEALTH_SEALED,
} Health;

static const struct
{
  guint status;
  /* The parameters of the query that change it. */
  const char *code;
  const char *ok;
} healths[] = {
  [HEALTH_ACTIVE] = { 200, "activecode", NULL },
  [HEALTH_STANDBY] = { 429, "standbycode", "standbyok" },
  [HEALTH_PERFORMANCE_STANDBY] = { 473, "performancestandbycode", "perfstandbyok" },
  [HEALTH_RECOVERY_SECONDARY] = { 472, "drsecondarycode", NULL },
  [HEALTH_UNINITIALIZED] = { 501, "uninitcode", NULL },
  [HEALTH_SEALED] = { 503, "sealedcode", NULL },
};

static Health
get_health (const VaultDouble *vault)
{
  static const Health of_states[] = {
    [VAULT_STATE_ACTIVE] = HEALTH_ACTIVE,
    [VAULT_STATE_STANDBY] = HEALTH_STANDBY,
    [VAULT_STATE_PERFORMANCE_STANDBY] = HEALTH_PERFORMANCE_STANDBY,
    [VAULT_STATE_RECOVERY_SECONDARY] = HEALTH_RECOVERY_SECONDARY,
    [VAULT_STATE_UNINITIALIZED] = HEALTH_UNINITIALIZED,
  };

  if (vault->state == VAULT_STATE_UNINITIALIZED)
    return HEALTH_UNINITIALIZED;
  if (vault->sealed)
    return HEALTH_SEALED;
  return vault->redirect != NULL ? HEALTH_STANDBY : of_states[vault->state];
}

/* FALSE with the answer set. */
static gboolean
get_health_status (DoubleCall *call, Health health, guint *status)
{
  guint64 wanted = healths[health].status;

  for (gsize i = 0; i < G_N_ELEMENTS (healths); i++)
    {
      guint64 number = 0;
      g_autofree char *code = double_call_get_query (call, healths[i].code);
      if (code == NULL)
        continue;
      if (!g_ascii_string_to_unsigned (code, 10, 100, 599, &number, NULL))
        {
          double_call_fail_missing (call);
          call->status = 400;
          return FALSE;
        }
      if (i == health)
        wanted = number;
    }
  g_autofree char *ok = healths[health].ok != NULL ? double_call_get_query (call, healths[health].ok) : NULL;
  *status = ok != NULL && !g_str_equal (ok, "false") ? 200 : (guint) wanted;
  return TRUE;
}

void
double_sys_health (DoubleCall *call)
{
  Health health = get_health (call->vault);
  gboolean is_sealed = health == HEALTH_SEALED || health == HEALTH_UNINITIALIZED;
  guint status = 0;

  if (!get_health_status (call, health, &status))
    return;
  JsonObject *data = json_object_new ();
  json_object_set_boolean_member (data, "initialized", health != HEALTH_UNINITIALIZED);
  json_object_set_boolean_member (data, "sealed", is_sealed);
  json_object_set_boolean_member (data, "standby", health != HEALTH_ACTIVE);
  json_object_set_string_member (data, "replication_performance_mode", is_sealed ? "unknown" : "disabled");
  json_object_set_string_member (data, "replication_dr_mode", is_sealed ? "unknown" : "disabled");
  json_object_set_int_member (data, "server_time_utc", call->vault->now);
  json_object_set_string_member (data, "version", VERSION);
  if (!is_sealed)
    {
      json_object_set_string_member (data, "cluster_name", "vault-cluster-double");
      json_object_set_string_member (data, "cluster_id", "00000000-0000-4000-8000-000000000000");
    }
  double_call_answer (call, data);
  call->bare = TRUE;
  call->status = status;
}

void
double_sys_seal_status (DoubleCall *call)
{
  JsonObject *data = json_object_new ();

  json_object_set_string_member (data, "type", "shamir");
  json_object_set_boolean_member (data, "initialized", call->vault->state != VAULT_STATE_UNINITIALIZED);
  json_object_set_boolean_member (data, "sealed", call->vault->sealed);
  json_object_set_int_member (data, "t", 1);
  json_object_set_int_member (data, "n", 1);
  json_object_set_int_member (data, "progress", 0);
  json_object_set_string_member (data, "nonce", "");
  json_object_set_string_member (data, "version", VERSION);
  json_object_set_boolean_member (data, "migration", FALSE);
  json_object_set_boolean_member (data, "recovery_seal", FALSE);
  json_object_set_string_member (data, "storage_type", "inmem");
  double_call_answer (call, data);
  call->bare = TRUE;
}

void
double_sys_unseal (DoubleCall *call)
{
  call->vault->sealed = FALSE;
  double_sys_seal_status (call);
}

void
double_sys_seal (DoubleCall *call)
{
  call->vault->sealed = TRUE;
  double_call_answer_nothing (call);
}

void
double_sys_hash_audit (DoubleCall *call)
{
  const char *input = "";
  const char *salt = g_hash_table_lookup (call->vault->devices, call->name);

  if (!double_call_get_string (call, "input", &input))
    return;
  if (input[0] == '\0')
    {
      double_call_fail (call, 400, "the \"input\" parameter is empty");
      return;
    }
  if (salt == NULL)
    {
      double_call_fail (call, 400, "unknown audit backend \"%s/\"", call->name);
      return;
    }
  g_autofree char *hmac =
    g_compute_hmac_for_string (G_CHECKSUM_SHA256, (const guchar *) salt, strlen (salt), input, -1);
  g_autofree char *hash = g_strconcat ("hmac-sha256:", hmac, NULL);
  JsonObject *data = json_object_new ();
  json_object_set_string_member (data, "hash", hash);
  double_call_answer (call, data);
}

void
double_sys_write_policy (DoubleCall *call)
{
  const char *text = "";

  if (!double_call_get_string (call, "policy", &text))
    return;
  DoublePolicy *policy = double_policy_parse (text);
  if (policy == NULL)
    {
      double_call_fail (call, 400, "failed to parse policy");
      return;
    }
  g_hash_table_replace (call->vault->policies, g_strdup (call->name), policy);
  double_call_answer_nothing (call);
}

/* The namespace of the mount that was called, with a slash behind. */
static char *
get_prefix (const DoubleCall *call)
{
  return g_strndup (call->mount, strlen (call->mount) - strlen ("sys"));
}

static void
mount_at (DoubleCall *call, const char *between)
{
  const char *type = "";
  g_autofree char *prefix = get_prefix (call);
  g_autofree char *path = g_strconcat (prefix, between, call->name, NULL);

  if (!double_call_get_string (call, "type", &type))
    return;
  if (g_hash_table_contains (call->vault->mounts, path))
    {
      double_call_fail (call, 400, "path is already in use at %s%s/", between, call->name);
      return;
    }
  g_hash_table_insert (call->vault->mounts, g_strdup (path), g_strdup (type));
  double_call_answer_nothing (call);
}

void
double_sys_mount (DoubleCall *call)
{
  mount_at (call, "");
}

void
double_sys_mount_auth (DoubleCall *call)
{
  mount_at (call, "auth/");
}

void
double_mount_all (VaultDouble *vault, const char *prefix)
{
  static const char *const usual[][2] = {
    { "sys", "sys" },
    { "transit", "transit" },
    { "auth/token", "token" },
    { "auth/approle", "approle" },
    { "auth/userpass", "userpass" },
    { "auth/kubernetes", "kubernetes" },
    { "auth/jwt", "jwt" },
    { "auth/cert", "cert" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (usual); i++)
    g_hash_table_replace (vault->mounts, g_strconcat (prefix, usual[i][0], NULL), g_strdup (usual[i][1]));
}

void
double_sys_make_namespace (DoubleCall *call)
{
  g_autofree char *prefix = get_prefix (call);
  char *name = g_strconcat (prefix, call->name, NULL);
  g_autofree char *mounts = g_strconcat (name, "/", NULL);

  double_mount_all (call->vault, mounts);
  JsonObject *data = json_object_new ();
  json_object_set_string_member (data, "path", mounts);
  g_hash_table_add (call->vault->namespaces, name);
  double_call_answer (call, data);
}

void
double_sys_limit_rate (DoubleCall *call)
{
  gint64 rate = 0;

  if (!double_call_get_integer (call, "rate", &rate))
    return;
  call->vault->rate = (guint) rate;
  call->vault->rate_used = 0;
  double_call_answer_nothing (call);
}

void
double_sys_unlimit_rate (DoubleCall *call)
{
  call->vault->rate = 0;
  double_call_answer_nothing (call);
}
