/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers of the Vault double that are fetched once, with a token of their own. */
#include "vault-double-sys.h"

DoubleToken *
double_wrapping_add (VaultDouble *vault, const char *body, guint ttl, const char *creation_path)
{
  /* For anything but sys/wrapping it is used up without an answer. */
  VaultTokenOptions options = {
    .policies = "response-wrapping",
    .ttl = ttl,
    .num_uses = 1,
    .no_default_policy = TRUE,
  };
  DoubleToken *token = double_token_add (vault, &options, creation_path);

  token->wrapped = g_strdup (body);
  return token;
}

char *
double_wrapping_describe (const DoubleToken *token)
{
  g_autofree char *created = double_time_format (token->created);

  return g_strdup_printf (
    "{\"request_id\":\"\",\"lease_id\":\"\",\"renewable\":false,\"lease_duration\":0,\"data\":null,"
    "\"wrap_info\":{\"token\":\"%s\",\"accessor\":\"%s\",\"ttl\":%u,\"creation_time\":\"%s\","
    "\"creation_path\":\"%s\",\"wrapped_accessor\":\"\"},\"warnings\":null,\"auth\":null}",
    token->id, token->accessor, token->creation_ttl, created, token->creation_path);
}

/* That of the body, or that of the request. NULL with the answer set. */
static DoubleToken *
find_token (DoubleCall *call)
{
  const char *id = call->token_id;

  if (!double_call_get_string (call, "token", &id))
    return NULL;
  if (id == NULL || id[0] == '\0')
    {
      double_call_fail (call, 403, "error validating wrapping token: token is empty");
      return NULL;
    }
  DoubleToken *token = double_token_find (call->vault, id);
  if (token != NULL && token->wrapped != NULL)
    return token;
  double_call_fail (call, 400, "wrapping token is not valid or does not exist");
  return NULL;
}

void
double_sys_unwrap (DoubleCall *call)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  const DoubleToken *token = find_token (call);

  if (token == NULL)
    return;
  /* One that stands in the body needs somebody who sent it. */
  if (call->token == NULL)
    {
      double_call_fail (call, 403, "permission denied");
      return;
    }
  g_assert_true (json_parser_load_from_data (parser, token->wrapped, -1, NULL));
  double_call_answer (call, json_object_ref (json_node_get_object (json_parser_get_root (parser))));
  call->bare = TRUE;
  double_token_remove (call->vault, token->id);
}

void
double_sys_look_up_wrapping (DoubleCall *call)
{
  const DoubleToken *token = find_token (call);

  if (token == NULL)
    return;
  g_autofree char *created = double_time_format (token->created);
  JsonObject *data = json_object_new ();
  json_object_set_string_member (data, "creation_path", token->creation_path);
  json_object_set_string_member (data, "creation_time", created);
  json_object_set_int_member (data, "creation_ttl", token->creation_ttl);
  double_call_answer (call, data);
}
