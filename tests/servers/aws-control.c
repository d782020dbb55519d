/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The port that sets up an AWS double. */
#include "aws-control.h"

#include <json-glib/json-glib.h>

#include "fault-name.h"

struct _AwsControl
{
  TestServer *port;
  AwsDouble *aws;
  TestServer *server;
};

static const char *
get_text (JsonObject *body, const char *field)
{
  return json_object_get_string_member_with_default (body, field, NULL);
}

static int
get_number (JsonObject *body, const char *field)
{
  return (int) json_object_get_int_member_with_default (body, field, 0);
}

static AwsDoubleSession
get_session (JsonObject *body)
{
  return (AwsDoubleSession){
    .policy = get_text (body, "policy"),
    .seconds = (guint) get_number (body, "seconds"),
    .expired_seconds = get_number (body, "expired_seconds"),
  };
}

static JsonObject *
add_access_key (AwsControl *self, JsonObject *body)
{
  aws_double_add_access_key (self->aws, get_text (body, "id"), get_text (body, "secret"), get_text (body, "policy"));
  return json_object_new ();
}

static JsonObject *
create_key (AwsControl *self, JsonObject *body)
{
  AwsDoubleKeyOptions options = {
    .region = get_text (body, "region"),
    .spec = get_text (body, "spec"),
    .multi_region = json_object_get_boolean_member_with_default (body, "multi_region", FALSE),
  };
  g_autofree char *arn = aws_double_create_key (self->aws, get_text (body, "alias"), &options);
  JsonObject *answer = json_object_new ();

  json_object_set_string_member (answer, "arn", arn);
  return answer;
}

static JsonObject *
move_alias (AwsControl *self, JsonObject *body)
{
  aws_double_move_alias (self->aws, get_text (body, "alias"), get_text (body, "arn"));
  return json_object_new ();
}

static JsonObject *
set_key_state (AwsControl *self, JsonObject *body)
{
  aws_double_set_key_state (self->aws, get_text (body, "arn"), get_text (body, "state"));
  return json_object_new ();
}

static JsonObject *
set_page_size (AwsControl *self, JsonObject *body)
{
  aws_double_set_page_size (self->aws, (guint) get_number (body, "size"));
  return json_object_new ();
}

static JsonObject *
set_quota (AwsControl *self, JsonObject *body)
{
  aws_double_set_key_quota (self->aws, (guint) get_number (body, "keys"));
  return json_object_new ();
}

static JsonObject *
set_void (AwsControl *self, JsonObject *body)
{
  aws_double_set_void (self->aws, (AwsDoubleVoid) get_number (body, "kind"));
  return json_object_new ();
}

static JsonObject *
add_answer (AwsControl *self, JsonObject *body)
{
  AwsDoubleAnswer answer = {
    .operation = get_text (body, "operation"),
    .status = (guint) get_number (body, "status"),
    .code = get_text (body, "code"),
    .message = get_text (body, "message"),
    .error_type = get_text (body, "error_type"),
    .body = get_text (body, "body"),
  };

  aws_double_add_answer (self->aws, &answer, (guint) get_number (body, "times"));
  return json_object_new ();
}

static JsonObject *
clear_answers (AwsControl *self, JsonObject *body)
{
  aws_double_clear_answers (self->aws);
  return json_object_new ();
}

static JsonObject *
advance (AwsControl *self, JsonObject *body)
{
  aws_double_advance (self->aws, get_number (body, "seconds"));
  return json_object_new ();
}

static JsonObject *
add_role (AwsControl *self, JsonObject *body)
{
  AwsDoubleRole role = { get_session (body), get_text (body, "external_id"), get_text (body, "web_identity") };

  aws_double_add_role (self->aws, get_text (body, "name"), &role);
  return json_object_new ();
}

static JsonObject *
set_container (AwsControl *self, JsonObject *body)
{
  AwsDoubleSession session = get_session (body);

  aws_double_set_container (self->aws, get_text (body, "authorization"), &session);
  return json_object_new ();
}

static JsonObject *
set_imds (AwsControl *self, JsonObject *body)
{
  AwsDoubleSession session = get_session (body);

  aws_double_set_imds (self->aws, (AwsDoubleImdsFlags) get_number (body, "flags"), get_text (body, "region"), &session);
  return json_object_new ();
}

static JsonObject *
add_sso (AwsControl *self, JsonObject *body)
{
  AwsDoubleSession session = get_session (body);

  aws_double_add_sso (self->aws, get_text (body, "token"), get_text (body, "account"), get_text (body, "role"),
                      &session);
  return json_object_new ();
}

static JsonObject *
add_sso_refresh (AwsControl *self, JsonObject *body)
{
  aws_double_add_sso_refresh (self->aws, get_text (body, "client_id"), get_text (body, "client_secret"),
                              get_text (body, "refresh_token"), get_text (body, "old"), get_text (body, "new"));
  return json_object_new ();
}

static JsonObject *
add_fault (AwsControl *self, JsonObject *body)
{
  const char *kind = json_object_get_string_member_with_default (body, "kind", "answer");
  TestFault fault = {
    .status = (guint) get_number (body, "status"),
    .headers = get_text (body, "headers"),
    .body = get_text (body, "body"),
    .delay_ms = (guint) get_number (body, "delay_ms"),
  };

  if (!fault_kind_from_name (kind, &fault.kind))
    return NULL;
  test_server_add_fault (self->server, get_text (body, "path"), fault, (guint) get_number (body, "times"));
  return json_object_new ();
}

static JsonObject *
clear_faults (AwsControl *self, JsonObject *body)
{
  test_server_clear_faults (self->server);
  return json_object_new ();
}

static void
set_text (JsonObject *object, const char *field, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, field, text);
  else
    json_object_set_null_member (object, field);
}

static JsonObject *
read_log (AwsControl *self, JsonObject *body)
{
  JsonArray *entries = json_array_new ();
  JsonObject *answer = json_object_new ();

  for (guint i = 0; i < aws_double_count_entries (self->aws); i++)
    {
      const AwsDoubleEntry *entry = aws_double_get_entry (self->aws, i);
      JsonObject *line = json_object_new ();
      set_text (line, "operation", entry->operation);
      set_text (line, "access_key_id", entry->access_key_id);
      set_text (line, "region", entry->region);
      set_text (line, "key_id", entry->key_id);
      set_text (line, "context", entry->context);
      json_object_set_int_member (line, "status", entry->status);
      set_text (line, "code", entry->code);
      json_array_add_object_element (entries, line);
    }
  json_object_set_array_member (answer, "entries", entries);
  return answer;
}

static JsonObject *
clear_log (AwsControl *self, JsonObject *body)
{
  aws_double_forget_entries (self->aws);
  return json_object_new ();
}

/* They return what is answered, NULL if the body can't be understood. */
static const struct
{
  const char *method;
  const char *path;
  JsonObject *(*run) (AwsControl *self, JsonObject *body);
} commands[] = {
  { "POST", "/test/access-key", add_access_key },
  { "POST", "/test/key", create_key },
  { "POST", "/test/move-alias", move_alias },
  { "POST", "/test/key-state", set_key_state },
  { "POST", "/test/page-size", set_page_size },
  { "POST", "/test/quota", set_quota },
  { "POST", "/test/void", set_void },
  { "POST", "/test/answer", add_answer },
  { "POST", "/test/no-answers", clear_answers },
  { "POST", "/test/advance", advance },
  { "POST", "/test/role", add_role },
  { "POST", "/test/container", set_container },
  { "POST", "/test/imds", set_imds },
  { "POST", "/test/sso", add_sso },
  { "POST", "/test/sso-refresh", add_sso_refresh },
  { "POST", "/test/faults", add_fault },
  { "POST", "/test/no-faults", clear_faults },
  { "GET", "/test/log", read_log },
  { "POST", "/test/no-log", clear_log },
};

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

static JsonObject *
run_command (AwsControl *self, const TestRequest *request, JsonObject *body)
{
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (commands[i].method, request->method) && g_str_equal (commands[i].path, request->path))
      return commands[i].run (self, body);
  return NULL;
}

static void
on_request (const TestRequest *request, TestResponse *response, gpointer data)
{
  g_autoptr (JsonObject) body = parse_body (request);
  g_autoptr (JsonObject) answer = body != NULL ? run_command (data, request, body) : NULL;

  if (answer == NULL)
    {
      test_response_set_json (response, 400, "{\"error\":\"not understood\"}");
      return;
    }
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  json_node_set_object (node, answer);
  g_autofree char *text = json_to_string (node, FALSE);
  test_response_set_json (response, 200, text);
}

AwsControl *
aws_control_new (AwsDouble *aws, TestServer *server)
{
  AwsControl *self = g_new0 (AwsControl, 1);

  self->aws = aws;
  self->server = server;
  self->port = test_server_new (TEST_SERVER_PLAIN);
  test_server_set_handler (self->port, on_request, self);
  return self;
}

void
aws_control_free (AwsControl *self)
{
  test_server_free (self->port);
  g_free (self);
}

const char *
aws_control_get_address (const AwsControl *self)
{
  return test_server_get_address (self->port);
}
