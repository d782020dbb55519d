/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The port that sets up a Vault double. */
#include "vault-control.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "fault-name.h"

struct _VaultControl
{
  TestServer *port;
  VaultDouble *vault;
  TestServer *server;
};

static const char *
get_text (JsonObject *body, const char *field)
{
  return json_object_get_string_member_with_default (body, field, NULL);
}

static guint
get_number (JsonObject *body, const char *field)
{
  return (guint) json_object_get_int_member_with_default (body, field, 0);
}

static JsonNode *
answer_object (JsonObject *object)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, object);
  return node;
}

static JsonNode *
add_fault (VaultControl *self, JsonObject *body)
{
  const char *kind = json_object_get_string_member_with_default (body, "kind", "answer");
  TestFault fault = {
    .status = get_number (body, "status"),
    .headers = get_text (body, "headers"),
    .body = get_text (body, "body"),
    .delay_ms = get_number (body, "delay_ms"),
  };

  if (!fault_kind_from_name (kind, &fault.kind))
    return NULL;
  test_server_add_fault (self->server, get_text (body, "path"), fault, get_number (body, "times"));
  return answer_object (json_object_new ());
}

static JsonNode *
remove_faults (VaultControl *self, JsonObject *body)
{
  test_server_clear_faults (self->server);
  return answer_object (json_object_new ());
}

static JsonNode *
seal (VaultControl *self, JsonObject *body)
{
  vault_double_seal (self->vault);
  return answer_object (json_object_new ());
}

static JsonNode *
unseal (VaultControl *self, JsonObject *body)
{
  vault_double_unseal (self->vault);
  return answer_object (json_object_new ());
}

static JsonNode *
advance (VaultControl *self, JsonObject *body)
{
  vault_double_advance (self->vault, get_number (body, "seconds"));
  return answer_object (json_object_new ());
}

static JsonNode *
redirect (VaultControl *self, JsonObject *body)
{
  vault_double_set_redirect (self->vault, get_text (body, "address"));
  return answer_object (json_object_new ());
}

static JsonNode *
limit_rate (VaultControl *self, JsonObject *body)
{
  vault_double_set_rate_limit (self->vault, get_number (body, "requests"), get_text (body, "retry_after"));
  return answer_object (json_object_new ());
}

static JsonNode *
add_jwt (VaultControl *self, JsonObject *body)
{
  const char *method = get_text (body, "method"), *role = get_text (body, "role"), *jwt = get_text (body, "jwt");

  if (method == NULL || role == NULL || jwt == NULL)
    return NULL;
  vault_double_add_jwt (self->vault, method, role, jwt);
  return answer_object (json_object_new ());
}

static JsonNode *
add_certificate_role (VaultControl *self, JsonObject *body)
{
  const char *role = get_text (body, "role");

  if (role == NULL)
    return NULL;
  vault_double_add_certificate_role (self->vault, role);
  return answer_object (json_object_new ());
}

static JsonNode *
add_token (VaultControl *self, JsonObject *body)
{
  VaultTokenOptions options = {
    .policy = get_text (body, "policy"),
    .ttl = get_number (body, "ttl"),
    .num_uses = get_number (body, "num_uses"),
    .renewable = json_object_get_boolean_member_with_default (body, "renewable", FALSE),
  };
  g_autofree char *token = vault_double_add_token (self->vault, &options);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "token", token);
  return answer_object (object);
}

static void
set_texts (JsonObject *object, const char *field, char **texts)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; texts[i] != NULL; i++)
    json_array_add_string_element (array, texts[i]);
  json_object_set_array_member (object, field, array);
}

static JsonNode *
read_log (VaultControl *self, JsonObject *body)
{
  JsonArray *entries = json_array_new ();
  JsonObject *object = json_object_new ();

  for (guint i = 0; i < vault_double_count_entries (self->vault); i++)
    {
      const VaultAuditEntry *entry = vault_double_get_entry (self->vault, i);
      JsonObject *line = json_object_new ();
      json_object_set_string_member (line, "operation", entry->operation);
      json_object_set_string_member (line, "path", entry->path);
      json_object_set_int_member (line, "status", entry->status);
      set_texts (line, "contexts", entry->contexts);
      set_texts (line, "associated_data", entry->associated_data);
      json_array_add_object_element (entries, line);
    }
  json_object_set_array_member (object, "entries", entries);
  return answer_object (object);
}

/* They return what is answered, NULL if the body can't be understood. */
static const struct
{
  const char *method;
  const char *path;
  JsonNode *(*run) (VaultControl *self, JsonObject *body);
} commands[] = {
  { "POST", "/test/faults", add_fault },
  { "POST", "/test/no-faults", remove_faults },
  { "POST", "/test/seal", seal },
  { "POST", "/test/unseal", unseal },
  { "POST", "/test/advance", advance },
  { "POST", "/test/redirect", redirect },
  { "POST", "/test/rate", limit_rate },
  { "POST", "/test/jwt", add_jwt },
  { "POST", "/test/certificate", add_certificate_role },
  { "POST", "/test/token", add_token },
  { "GET", "/test/log", read_log },
};

static JsonNode *
run_command (VaultControl *self, const TestRequest *request, JsonObject *body)
{
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      if (g_str_equal (commands[i].method, request->method) && g_str_equal (commands[i].path, request->path))
        return commands[i].run (self, body);
    }
  return NULL;
}

/* An empty object without a body, NULL for one that is no object. */
static JsonObject *
parse_body (const TestRequest *request)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  gsize length = 0;
  const char *text = request->body != NULL ? g_bytes_get_data (request->body, &length) : NULL;

  if (length == 0)
    return json_object_new ();
  if (!json_parser_load_from_data (parser, text, (gssize) length, NULL)
      || !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    return NULL;
  return json_object_ref (json_node_get_object (json_parser_get_root (parser)));
}

static void
on_request (const TestRequest *request, TestResponse *response, gpointer data)
{
  g_autoptr (JsonObject) body = parse_body (request);
  g_autoptr (JsonNode) answer = body != NULL ? run_command (data, request, body) : NULL;
  g_autofree char *text = answer != NULL ? json_to_string (answer, FALSE) : NULL;

  test_response_set_json (response, text != NULL ? 200 : 400,
                          text != NULL ? text : "{\"errors\":[\"not understood\"]}");
}

VaultControl *
vault_control_new (VaultDouble *vault, TestServer *server)
{
  VaultControl *self = g_new0 (VaultControl, 1);

  self->vault = vault;
  self->server = server;
  self->port = test_server_new (TEST_SERVER_PLAIN);
  test_server_set_handler (self->port, on_request, self);
  return self;
}

void
vault_control_free (VaultControl *self)
{
  test_server_free (self->port);
  g_free (self);
}

const char *
vault_control_get_address (const VaultControl *self)
{
  return test_server_get_address (self->port);
}
