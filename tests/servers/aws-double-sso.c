/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Single sign-on of the AWS double: the portal, and what renews its access tokens.
 * https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html
 * https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html */
#include "aws-double-state.h"

#include <string.h>

#define PORTAL "/federation/credentials"
#define RENEWAL "/token"

static char *
join (const char *a, const char *b, const char *c)
{
  return g_strdup_printf ("%s %s %s", a, b, c);
}

void
aws_double_add_sso (AwsDouble *self, const char *access_token, const char *account, const char *role,
                    const AwsDoubleSession *session)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_hash_table_replace (self->sso_tokens, join (access_token, account, role), aws_double_place_new (session));
}

void
aws_double_add_sso_refresh (AwsDouble *self, const char *client_id, const char *client_secret,
                            const char *refresh_token, const char *old_access_token, const char *new_access_token)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_hash_table_replace (self->sso_refreshs, join (client_id, client_secret, refresh_token),
                        g_strdup_printf ("%s %s", old_access_token, new_access_token));
}

/* All that one token is for becomes what another one is for, or nothing. */
static void
replace_token (AwsDouble *self, const char *old_token, const char *new_token)
{
  g_autofree char *prefix = g_strconcat (old_token, " ", NULL);
  g_autoptr (GList) names = g_hash_table_get_keys (self->sso_tokens);

  for (GList *at = names; at != NULL; at = at->next)
    {
      const char *name = at->data;
      if (!g_str_has_prefix (name, prefix))
        continue;
      if (new_token != NULL)
        g_hash_table_replace (self->sso_tokens, g_strdup_printf ("%s %s", new_token, name + strlen (prefix)),
                              aws_double_place_copy (g_hash_table_lookup (self->sso_tokens, name)));
      g_hash_table_remove (self->sso_tokens, name);
    }
}

void
aws_double_end_sso_token (AwsDouble *self, const char *access_token)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  replace_token (self, access_token, NULL);
}

static gboolean
knows_token (AwsDouble *aws, const char *token)
{
  g_autofree char *prefix = g_strconcat (token, " ", NULL);
  g_autoptr (GList) names = g_hash_table_get_keys (aws->sso_tokens);

  for (GList *at = names; at != NULL; at = at->next)
    if (g_str_has_prefix (at->data, prefix))
      return TRUE;
  return FALSE;
}

static void
refuse (TestResponse *response, guint status, const char *type, const char *body)
{
  test_response_set_json (response, status, body);
  test_response_add_header (response, "x-amzn-ErrorType", type);
}

static void
answer_session (AwsDouble *aws, const AwsDoublePlace *place, const char *role, TestResponse *response)
{
  g_autofree char *principal =
    g_strdup_printf ("arn:aws:sts::" AWS_DOUBLE_ACCOUNT ":assumed-role/AWSReservedSSO_%s/person", role);
  const AwsDoubleIdentity *identity = aws_double_place_issue (aws, place, principal, 0);
  JsonObject *object = json_object_new (), *inner = json_object_new ();

  json_object_set_string_member (inner, "accessKeyId", identity->id);
  json_object_set_string_member (inner, "secretAccessKey", identity->secret);
  json_object_set_string_member (inner, "sessionToken", identity->token);
  /* Milliseconds, unlike everywhere else. */
  json_object_set_int_member (inner, "expiration", identity->expires_at * 1000);
  json_object_set_object_member (object, "roleCredentials", inner);
  aws_double_answer_json (response, 200, object);
}

static void
answer_portal (AwsDouble *aws, const TestRequest *request, TestResponse *response)
{
  const char *token = test_request_get_header (request, "x-amz-sso_bearer_token");
  g_autofree char *account = aws_double_form_get (request->query, "account_id");
  g_autofree char *role = aws_double_form_get (request->query, "role_name");

  if (token == NULL || !knows_token (aws, token))
    {
      refuse (response, 401, "UnauthorizedException",
              "{\"message\":\"Session token not found or invalid\",\"__type\":\"com.amazonaws.switchboard.portal#"
              "UnauthorizedException\"}");
      return;
    }
  g_autofree char *name = join (token, account != NULL ? account : "", role != NULL ? role : "");
  const AwsDoublePlace *place = g_hash_table_lookup (aws->sso_tokens, name);
  if (place == NULL)
    refuse (response, 403, "ForbiddenException", "{\"message\":\"No access\"}");
  else
    answer_session (aws, place, role, response);
}

static const char *
get_text (JsonObject *body, const char *name)
{
  return json_object_get_string_member_with_default (body, name, "");
}

static void
renew (AwsDouble *aws, const char *tokens, TestResponse *response)
{
  g_auto (GStrv) halves = g_strsplit (tokens, " ", 2);
  JsonObject *object = json_object_new ();

  replace_token (aws, halves[0], halves[1]);
  json_object_set_string_member (object, "accessToken", halves[1]);
  json_object_set_int_member (object, "expiresIn", 28800);
  json_object_set_string_member (object, "refreshToken", "the next refresh token");
  json_object_set_string_member (object, "tokenType", "Bearer");
  aws_double_answer_json (response, 200, object);
}

static void
answer_renewal (AwsDouble *aws, const TestRequest *request, TestResponse *response)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  gsize length = 0;
  const char *text = request->body != NULL ? g_bytes_get_data (request->body, &length) : NULL;

  if (text == NULL || !json_parser_load_from_data (parser, text, (gssize) length, NULL)
      || !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    {
      refuse (response, 400, "InvalidRequestException", "{\"error\":\"invalid_request\"}");
      return;
    }
  JsonObject *body = json_node_get_object (json_parser_get_root (parser));
  g_autofree char *name =
    join (get_text (body, "clientId"), get_text (body, "clientSecret"), get_text (body, "refreshToken"));
  const char *tokens = g_hash_table_lookup (aws->sso_refreshs, name);
  if (!g_str_equal (get_text (body, "grantType"), "refresh_token"))
    refuse (response, 400, "UnsupportedGrantTypeException", "{\"error\":\"unsupported_grant_type\"}");
  else if (tokens == NULL)
    refuse (response, 400, "InvalidGrantException",
            "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid refresh token provided\"}");
  else
    renew (aws, tokens, response);
}

gboolean
aws_double_sso_handle (AwsDouble *aws, const TestRequest *request, TestResponse *response)
{
  gboolean is_portal = g_str_equal (request->path, PORTAL) && g_str_equal (request->method, "GET");
  gboolean is_renewal = g_str_equal (request->path, RENEWAL) && g_str_equal (request->method, "POST");

  if (!is_portal && !is_renewal)
    return FALSE;
  AwsDoubleEntry *entry = aws_double_add_entry (aws, is_portal ? "sso" : "oidc");
  if (is_portal)
    answer_portal (aws, request, response);
  else
    answer_renewal (aws, request, response);
  entry->status = response->status;
  return TRUE;
}
