/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What tokens of the Vault double are told about themselves, and the ones that they make. */
#include "vault-double-login.h"
#include "vault-double-policy.h"

static JsonArray *
list_names (char **names)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; names[i] != NULL; i++)
    json_array_add_string_element (array, names[i]);
  return array;
}

static void
set_time (JsonObject *data, const char *name, gint64 time)
{
  g_autofree char *text = double_time_format (time);

  if (time > 0)
    json_object_set_string_member (data, name, text);
  else
    json_object_set_null_member (data, name);
}

void
double_token_call_lookup_self (DoubleCall *call)
{
  const DoubleToken *token = call->token;
  JsonObject *data = json_object_new ();

  json_object_set_string_member (data, "accessor", token->accessor);
  json_object_set_int_member (data, "creation_time", token->created);
  json_object_set_int_member (data, "creation_ttl", token->creation_ttl);
  json_object_set_string_member (data, "display_name", "token");
  json_object_set_string_member (data, "entity_id", "");
  set_time (data, "expire_time", token->expires);
  json_object_set_int_member (data, "explicit_max_ttl", token->max_time > 0 ? token->max_time - token->created : 0);
  json_object_set_string_member (data, "id", token->id);
  set_time (data, "issue_time", token->created);
  json_object_set_null_member (data, "meta");
  json_object_set_int_member (data, "num_uses", token->uses_left);
  json_object_set_boolean_member (data, "orphan", token->is_root);
  json_object_set_string_member (data, "path", token->creation_path);
  json_object_set_array_member (data, "policies", list_names (token->policies));
  json_object_set_boolean_member (data, "renewable", token->renewable);
  json_object_set_int_member (data, "ttl", double_token_get_ttl (call->vault, token));
  json_object_set_string_member (data, "type", token->is_batch ? "batch" : "service");
  double_call_answer (call, data);
}

void
double_token_call_renew_self (DoubleCall *call)
{
  gint64 increment = 0;

  if (!double_call_get_seconds (call, "increment", &increment))
    return;
  if (call->token->is_batch)
    double_call_fail (call, 400, "batch tokens cannot be renewed");
  else if (!double_token_renew (call->vault, call->token, increment))
    double_call_fail (call, 400, "lease is not renewable");
  else
    double_call_answer_auth (call, double_token_describe (call->vault, call->token, NULL, NULL));
}

void
double_token_call_revoke_self (DoubleCall *call)
{
  if (call->token->is_batch)
    {
      double_call_fail (call, 400, "batch tokens cannot be revoked");
      return;
    }
  double_token_remove (call->vault, call->token_id);
  call->token = NULL;
  double_call_answer_nothing (call);
}

/* FALSE with the answer set. */
static gboolean
read_token_options (DoubleCall *call, VaultTokenOptions *options)
{
  gint64 ttl = 2764800, max_ttl = 0, num_uses = 0;
  const char *type = "service";

  if (!double_call_get_seconds (call, "ttl", &ttl) || !double_call_get_seconds (call, "explicit_max_ttl", &max_ttl)
      || !double_call_get_integer (call, "num_uses", &num_uses) || !double_call_get_string (call, "type", &type)
      || !double_call_get_boolean (call, "renewable", &options->renewable)
      || !double_call_get_boolean (call, "no_default_policy", &options->no_default_policy))
    return FALSE;
  options->ttl = (guint) ttl;
  options->max_ttl = (guint) max_ttl;
  options->num_uses = (guint) num_uses;
  options->batch = g_str_equal (type, "batch");
  return TRUE;
}

void
double_token_call_create (DoubleCall *call)
{
  VaultTokenOptions options = { .renewable = TRUE };

  if (!read_token_options (call, &options))
    return;
  /* Without a list it has the policies of who makes it. */
  g_autofree char *policies = double_call_has (call, "policies") ? double_call_join_names (call, "policies")
                                                                 : g_strjoinv (" ", call->token->policies);
  options.policies = policies;
  gboolean is_root = g_str_equal (g_strchomp (policies), "root");
  options.no_default_policy |= is_root;
  DoubleToken *token = double_token_add (call->vault, &options, call->path);
  token->is_root = is_root;
  double_call_answer_auth (call, double_token_describe (call->vault, token, NULL, NULL));
}

static void
add_capabilities (DoubleCall *call, JsonObject *data, const char *path, gboolean is_only)
{
  g_auto (GStrv) capabilities = double_policies_get_capabilities (call->vault, call->token, path);

  json_object_set_array_member (data, path, list_names (capabilities));
  if (is_only)
    json_object_set_array_member (data, "capabilities", list_names (capabilities));
}

void
double_token_call_capabilities_self (DoubleCall *call)
{
  g_autofree char *joined = double_call_join_names (call, "paths");
  const char *path = NULL;

  if (!double_call_get_string (call, "path", &path))
    return;
  g_auto (GStrv) paths = g_strsplit (path != NULL ? path : g_strchomp (joined), " ", -1);
  if (paths[0] == NULL)
    {
      double_call_fail (call, 400, "paths must be supplied");
      return;
    }
  JsonObject *data = json_object_new ();
  for (guint i = 0; paths[i] != NULL; i++)
    add_capabilities (call, data, paths[i], paths[1] == NULL);
  double_call_answer (call, data);
}
