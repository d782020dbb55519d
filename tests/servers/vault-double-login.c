/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* AppRole, userpass, kubernetes, jwt and cert of the Vault double. */
#include "vault-double-login.h"

#include <gnutls/gnutls.h>
#include <string.h>

typedef struct
{
  char *accessor;
  guint uses_left;
  gboolean is_limited;
} Secret;

static void
secret_free (gpointer data)
{
  Secret *secret = data;

  g_free (secret->accessor);
  g_free (secret);
}

DoubleRole *
double_role_new (void)
{
  DoubleRole *self = g_new0 (DoubleRole, 1);

  self->id = g_uuid_string_random ();
  self->secrets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, secret_free);
  return self;
}

void
double_role_free (DoubleRole *self)
{
  g_free (self->id);
  g_free (self->policies);
  g_hash_table_unref (self->secrets);
  g_free (self);
}

const char *
double_role_add_secret (DoubleRole *self, guint num_uses)
{
  char *id = g_uuid_string_random ();
  Secret *secret = g_new0 (Secret, 1);

  secret->accessor = g_uuid_string_random ();
  secret->uses_left = num_uses;
  secret->is_limited = num_uses > 0;
  g_hash_table_insert (self->secrets, id, secret);
  return id;
}

static JsonObject *
describe_second_factor (DoubleCall *call, DoubleToken *token)
{
  JsonObject *auth = double_token_describe (call->vault, token, NULL, NULL);
  JsonObject *requirement = json_object_new ();
  g_autofree char *id = g_uuid_string_random ();

  json_object_set_string_member (auth, "client_token", "");
  json_object_set_string_member (requirement, "mfa_request_id", id);
  json_object_set_object_member (requirement, "mfa_constraints", json_object_new ());
  json_object_set_object_member (auth, "mfa_requirement", requirement);
  return auth;
}

/* Gives out a token with the options of logins; policies may be NULL. */
static void
accept_login (DoubleCall *call, const char *policies, const char *key, const char *value)
{
  VaultTokenOptions options = call->vault->login;

  if (policies != NULL)
    options.policies = policies;
  DoubleToken *token = double_token_add (call->vault, &options, call->path);

  if (!call->vault->require_mfa)
    {
      double_call_answer_auth (call, double_token_describe (call->vault, token, key, value));
      return;
    }
  double_call_answer_auth (call, describe_second_factor (call, token));
  double_token_remove (call->vault, token->id);
}

static DoubleRole *
find_role_by_id (VaultDouble *vault, const char *id, const char **name)
{
  GHashTableIter iter;
  gpointer key, role;

  g_hash_table_iter_init (&iter, vault->roles);
  while (g_hash_table_iter_next (&iter, &key, &role))
    {
      *name = key;
      if (g_str_equal (((DoubleRole *) role)->id, id))
        return role;
    }
  return NULL;
}

void
double_login_approle (DoubleCall *call)
{
  const char *role_id = "", *secret_id = "", *name = NULL;

  if (!double_call_get_string (call, "role_id", &role_id) || !double_call_get_string (call, "secret_id", &secret_id))
    return;
  if (role_id[0] == '\0')
    {
      double_call_fail (call, 500, "missing role_id");
      return;
    }
  DoubleRole *role = find_role_by_id (call->vault, role_id, &name);
  if (role != NULL && secret_id[0] == '\0')
    {
      double_call_fail (call, 400, "missing secret_id");
      return;
    }
  Secret *secret = role != NULL ? g_hash_table_lookup (role->secrets, secret_id) : NULL;
  if (secret == NULL)
    {
      double_call_fail (call, 400, "invalid role or secret ID");
      return;
    }
  if (secret->is_limited && --secret->uses_left == 0)
    g_hash_table_remove (role->secrets, secret_id);
  accept_login (call, role->policies, "role_name", name);
}

void
double_login_make_role (DoubleCall *call)
{
  DoubleRole *role = g_hash_table_lookup (call->vault->roles, call->name);

  if (role == NULL)
    {
      role = double_role_new ();
      g_hash_table_insert (call->vault->roles, g_strdup (call->name), role);
    }
  if (double_call_has (call, "token_policies"))
    {
      g_free (role->policies);
      role->policies = double_call_join_names (call, "token_policies");
    }
  double_call_answer_nothing (call);
}

/* NULL with the answer set. */
static DoubleRole *
find_role (DoubleCall *call)
{
  DoubleRole *role = g_hash_table_lookup (call->vault->roles, call->name);

  if (role == NULL)
    double_call_fail (call, 404, "role \"%s\" does not exist", call->name);
  return role;
}

void
double_login_read_role_id (DoubleCall *call)
{
  const DoubleRole *role = g_hash_table_lookup (call->vault->roles, call->name);

  if (role == NULL)
    {
      double_call_fail_missing (call);
      return;
    }
  JsonObject *data = json_object_new ();
  json_object_set_string_member (data, "role_id", role->id);
  double_call_answer (call, data);
}

void
double_login_make_secret_id (DoubleCall *call)
{
  gint64 num_uses = 1;
  DoubleRole *role = find_role (call);

  if (role == NULL || !double_call_get_integer (call, "num_uses", &num_uses))
    return;
  const char *id = double_role_add_secret (role, (guint) num_uses);
  const Secret *secret = g_hash_table_lookup (role->secrets, id);
  JsonObject *data = json_object_new ();
  json_object_set_string_member (data, "secret_id", id);
  json_object_set_string_member (data, "secret_id_accessor", secret->accessor);
  json_object_set_int_member (data, "secret_id_num_uses", num_uses);
  json_object_set_int_member (data, "secret_id_ttl", 0);
  double_call_answer (call, data);
}

void
double_login_userpass (DoubleCall *call)
{
  const char *password = "";
  g_autofree char *user = g_ascii_strdown (call->name, -1);
  const char *expected = g_hash_table_lookup (call->vault->users, user);

  if (!double_call_get_string (call, "password", &password))
    return;
  if (password[0] == '\0')
    double_call_fail (call, 500, "missing password");
  else if (g_strcmp0 (expected, password) != 0)
    double_call_fail (call, 400, "invalid username or password");
  else
    accept_login (call, NULL, "username", user);
}

void
double_login_make_user (DoubleCall *call)
{
  const char *password = "";

  if (!double_call_get_string (call, "password", &password))
    return;
  g_hash_table_replace (call->vault->users, g_ascii_strdown (call->name, -1), g_strdup (password));
  double_call_answer_nothing (call);
}

/* For kubernetes and jwt, whose words differ. */
void
double_login_jwt (DoubleCall *call)
{
  const char *role = "", *jwt = "";
  const char *method = g_hash_table_lookup (call->vault->mounts, call->mount);
  gboolean is_kubernetes = g_str_equal (method, "kubernetes");

  if (!double_call_get_string (call, "role", &role) || !double_call_get_string (call, "jwt", &jwt))
    return;
  if (role[0] == '\0')
    {
      double_call_fail (call, 400, "missing role");
      return;
    }
  if (jwt[0] == '\0')
    {
      double_call_fail (call, 400, is_kubernetes ? "missing jwt" : "missing token");
      return;
    }
  g_autofree char *key = g_strconcat (method, " ", role, NULL);
  const char *expected = g_hash_table_lookup (call->vault->jwts, key);
  if (expected == NULL)
    double_call_fail (call, 400, is_kubernetes ? "invalid role name \"%s\"" : "role \"%s\" could not be found", role);
  else if (g_str_equal (expected, jwt))
    accept_login (call, NULL, "role", role);
  else if (is_kubernetes)
    double_call_fail (call, 403, "permission denied");
  else
    double_call_fail (call, 400,
                      "error validating token: error verifying token signature: no known key successfully "
                      "validated the token signature");
}

void
double_login_certificate (DoubleCall *call)
{
  const char *name = "";

  if (!double_call_get_string (call, "name", &name))
    return;
  if (call->http->certificate == NULL)
    double_call_fail (call, 400, "no client certificate found");
  else if (g_hash_table_size (call->vault->certificate_roles) == 0
           || (name[0] != '\0' && !g_hash_table_contains (call->vault->certificate_roles, name)))
    double_call_fail (call, 400, "invalid certificate or no client certificate supplied");
  else
    accept_login (call, NULL, "cert_name", name);
}
