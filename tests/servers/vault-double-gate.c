/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The front of the Vault double: states, namespaces, bodies, quotas, tokens and policies, in the order of OpenBao's. */
#include "vault-double-gate.h"

#include <string.h>

#include "vault-double-audit.h"
#include "vault-double-route.h"
#include "vault-double-sys.h"

#define MAX_STRINGS 1000

/* These answer in every state, and for the root namespace only. */
static const struct
{
  const char *path;
  void (*run) (DoubleCall *call);
} always[] = {
  { "sys/health", double_sys_health },
  { "sys/seal-status", double_sys_seal_status },
  { "sys/unseal", double_sys_unseal },
};

/* What the header asks for, without slashes around; NULL: the root namespace. Free with g_free(). */
static char *
get_namespace (const DoubleCall *call)
{
  const char *header = test_request_get_header (call->http, "X-Vault-Namespace");
  const char *start = header;

  if (header == NULL)
    return NULL;
  while (*start == '/')
    start++;
  g_autofree char *name = g_strdup (start);
  while (g_str_has_suffix (name, "/"))
    name[strlen (name) - 1] = '\0';
  return name[0] == '\0' || g_str_equal (name, "root") ? NULL : g_steal_pointer (&name);
}

/* Whether the answer is set. */
static gboolean
answer_always (DoubleCall *call)
{
  g_autofree char *ns = get_namespace (call);

  for (gsize i = 0; i < G_N_ELEMENTS (always); i++)
    {
      if (!g_str_equal (call->path, always[i].path))
        continue;
      if (ns != NULL)
        double_call_fail (call, 400, "operation unavailable in namespaces");
      else
        always[i].run (call);
      return TRUE;
    }
  return FALSE;
}

static gboolean
redirect (DoubleCall *call, TestResponse *response)
{
  const char *query = call->http->query;
  g_autofree char *location =
    g_strconcat (call->vault->redirect, call->http->path, query != NULL ? "?" : "", query != NULL ? query : "", NULL);

  test_response_add_header (response, "Location", location);
  double_call_answer_nothing (call);
  call->status = 307;
  return FALSE;
}

/* FALSE with the answer set. */
static gboolean
check_state (DoubleCall *call, TestResponse *response)
{
  const VaultDouble *vault = call->vault;

  if (vault->sealed || vault->state == VAULT_STATE_UNINITIALIZED)
    return double_call_fail (call, 503, "Vault is sealed");
  if (vault->redirect != NULL)
    return redirect (call, response);
  if (vault->state == VAULT_STATE_STANDBY)
    return double_call_fail (call, 500, "local node not active but active cluster node not found");
  if (vault->state == VAULT_STATE_RECOVERY_SECONDARY)
    return double_call_fail (call, 400, "path disabled in replication DR secondary mode");
  return TRUE;
}

/* FALSE with the answer set. */
static gboolean
enter_namespace (DoubleCall *call)
{
  g_autofree char *ns = get_namespace (call);

  if (ns == NULL)
    return TRUE;
  if (!g_hash_table_contains (call->vault->namespaces, ns))
    return double_call_fail (call, 404, "namespace not found");
  g_autofree char *path = g_steal_pointer (&call->path);
  call->path = g_strconcat (ns, "/", path, NULL);
  return TRUE;
}

/* FALSE with the answer set. */
static gboolean
read_body (DoubleCall *call)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  gsize length = 0;
  const char *text = call->http->body != NULL ? g_bytes_get_data (call->http->body, &length) : NULL;

  if (length == 0)
    return TRUE;
  if (!g_utf8_validate (text, (gssize) length, NULL)
      || !json_parser_load_from_data (parser, text, (gssize) length, NULL))
    return double_call_fail (call, 400, "failed to decode JSON input: unexpected EOF");
  JsonNode *root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return double_call_fail (call, 400,
                             "failed to decode JSON input: json: cannot unmarshal array into Go value of type "
                             "map[string]interface {}");
  if ((call->vault->quirks & VAULT_QUIRK_NO_STRING_LIMIT) == 0 && double_call_count_strings (root) > MAX_STRINGS)
    return double_call_fail (call, 400,
                             "refused JSON input due to high complexity: exceeded maximum number of strings");
  json_object_unref (call->body);
  call->body = json_object_ref (json_node_get_object (root));
  return TRUE;
}

/* FALSE with the answer set. */
static gboolean
check_rate (DoubleCall *call, TestResponse *response)
{
  VaultDouble *vault = call->vault;

  /* Who sets limits is not held up by them. */
  if (vault->rate == 0 || strstr (call->path, "sys/quotas/") != NULL)
    return TRUE;
  if (vault->rate_second != vault->now)
    {
      vault->rate_second = vault->now;
      vault->rate_used = 0;
    }
  if (vault->rate_used++ < vault->rate)
    return TRUE;
  if (vault->retry_after != NULL)
    test_response_add_header (response, "Retry-After", vault->retry_after);
  return double_call_fail (call, 429, "request path \"%s\": rate limit quota exceeded", call->path);
}

static void
take_token (DoubleCall *call)
{
  const char *header = test_request_get_header (call->http, "X-Vault-Token");
  const char *bearer = test_request_get_header (call->http, "Authorization");

  if (header == NULL && bearer != NULL && g_str_has_prefix (bearer, "Bearer "))
    header = bearer + strlen ("Bearer ");
  if (header == NULL || header[0] == '\0')
    header = call->vault->agent_token;
  call->token_id = g_strdup (header);
  call->token = double_token_find (call->vault, header);
}

static const char *
get_operation (const DoubleCall *call)
{
  static const struct
  {
    const char *method;
    const char *operation;
  } operations[] = {
    { "GET", "read" }, { "LIST", "list" }, { "POST", "update" }, { "PUT", "update" }, { "DELETE", "delete" },
  };
  g_autofree char *list = double_call_get_query (call, "list");

  if (g_str_equal (call->http->method, "GET") && g_strcmp0 (list, "true") == 0)
    return "list";
  for (gsize i = 0; i < G_N_ELEMENTS (operations); i++)
    {
      if (g_str_equal (call->http->method, operations[i].method))
        return operations[i].operation;
    }
  return "patch";
}

static void
run_call (DoubleCall *call)
{
  call->operation = get_operation (call);
  take_token (call);
  /* What it fails with is told to nobody who may not ask. */
  const DoubleRoute *route = double_route_find (call, call->operation);
  if (route == NULL || !route->is_open)
    {
      if (call->token == NULL)
        {
          double_call_fail (call, 403, "permission denied");
          return;
        }
      double_token_use (call->token);
      if (route != NULL && route->exists != NULL && !route->exists (call))
        call->operation = "create";
      if (!double_token_may (call->vault, call->token, call->path, call->operation))
        {
          double_call_deny (call);
          return;
        }
    }
  if (route == NULL)
    return;
  double_route_check_fields (call, route);
  call->is_validated = !route->is_crypt;
  route->run (call);
}

static void
end_used_token (DoubleCall *call)
{
  const DoubleToken *token = call->token_id != NULL ? g_hash_table_lookup (call->vault->tokens, call->token_id) : NULL;

  if (token != NULL && double_token_is_used_up (token))
    double_token_remove (call->vault, call->token_id);
  call->token = NULL;
}

/* Seconds that the answer is to be kept for, 0: it is not. FALSE with the answer set. */
static gboolean
get_wrap_ttl (DoubleCall *call, gint64 *ttl)
{
  const char *header = test_request_get_header (call->http, "X-Vault-Wrap-TTL");

  if (header == NULL || double_seconds_parse (header, ttl))
    return TRUE;
  return double_call_fail (call, 400, "error parsing X-Vault-Wrap-TTL header: time: invalid duration \"%s\"", header);
}

static void
serve (DoubleCall *call, TestResponse *response, gint64 *wrap_ttl)
{
  if (!check_state (call, response) || !enter_namespace (call) || !read_body (call) || !check_rate (call, response)
      || !get_wrap_ttl (call, wrap_ttl))
    return;
  run_call (call);
  double_audit_note (call);
  end_used_token (call);
}

static void
write_answer (DoubleCall *call, TestResponse *response, gint64 wrap_ttl)
{
  g_autofree char *id = g_uuid_string_random ();
  g_autofree char *json = double_call_get_json (call, id);

  response->status = call->status;
  if (call->status == 204 || call->status == 307 || g_str_equal (call->http->method, "HEAD"))
    return;
  if (wrap_ttl > 0 && call->status == 200)
    {
      g_autofree char *inside = g_steal_pointer (&json);
      json = double_wrapping_describe (double_wrapping_add (call->vault, inside, (guint) wrap_ttl, call->path));
    }
  test_response_add_header (response, "Cache-Control", "no-store");
  test_response_set_json (response, call->status, json);
}

void
double_gate_handle (const TestRequest *request, TestResponse *response, gpointer data)
{
  VaultDouble *vault = data;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&vault->lock);
  g_autoptr (DoubleCall) call = double_call_new (vault, request);
  const char *header = test_request_get_header (request, "X-Vault-Request");
  gint64 wrap_ttl = 0;

  if (!g_str_has_prefix (request->path, "/v1/"))
    double_call_fail_missing (call);
  else if (vault->require_header && g_strcmp0 (header, "true") != 0)
    double_call_fail (call, 412, "missing 'X-Vault-Request' header");
  else
    {
      call->path = g_strdup (request->path + strlen ("/v1/"));
      if (!answer_always (call))
        serve (call, response, &wrap_ttl);
    }
  write_answer (call, response, wrap_ttl);
}
