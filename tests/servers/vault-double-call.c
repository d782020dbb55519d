/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests to the Vault double: the fields of their bodies, and the envelope of their answers. */
#include "vault-double-call.h"

#include <string.h>

DoubleCall *
double_call_new (VaultDouble *vault, const TestRequest *http)
{
  DoubleCall *self = g_new0 (DoubleCall, 1);

  self->vault = vault;
  self->http = http;
  self->body = json_object_new ();
  self->warnings = g_ptr_array_new_with_free_func (g_free);
  self->errors = g_ptr_array_new_with_free_func (g_free);
  self->status = 204;
  return self;
}

void
double_call_free (DoubleCall *self)
{
  g_free (self->path);
  g_free (self->mount);
  g_free (self->name);
  g_free (self->kind);
  g_free (self->token_id);
  json_object_unref (self->body);
  g_clear_pointer (&self->data, json_object_unref);
  g_clear_pointer (&self->auth, json_object_unref);
  g_ptr_array_unref (self->warnings);
  g_ptr_array_unref (self->errors);
  g_free (self);
}

static void
drop_answer (DoubleCall *self, guint status)
{
  self->status = status;
  self->bare = FALSE;
  g_clear_pointer (&self->data, json_object_unref);
  g_clear_pointer (&self->auth, json_object_unref);
  g_ptr_array_set_size (self->errors, 0);
}

gboolean
double_call_fail (DoubleCall *self, guint status, const char *format, ...)
{
  va_list arguments;

  drop_answer (self, status);
  va_start (arguments, format);
  g_ptr_array_add (self->errors, g_strdup_vprintf (format, arguments));
  va_end (arguments);
  return FALSE;
}

gboolean
double_call_fail_inside (DoubleCall *self, guint status, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return double_call_fail (self, status, "1 error occurred:\n\t* %s\n\n", text);
}

gboolean
double_call_deny (DoubleCall *self)
{
  return double_call_fail_inside (self, 403, "permission denied");
}

gboolean
double_call_fail_missing (DoubleCall *self)
{
  drop_answer (self, 404);
  return FALSE;
}

void
double_call_warn (DoubleCall *self, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_ptr_array_add (self->warnings, g_strdup_vprintf (format, arguments));
  va_end (arguments);
}

void
double_call_answer (DoubleCall *self, JsonObject *data)
{
  drop_answer (self, 200);
  self->data = data;
}

void
double_call_answer_auth (DoubleCall *self, JsonObject *auth)
{
  drop_answer (self, 200);
  self->auth = auth;
}

void
double_call_answer_nothing (DoubleCall *self)
{
  drop_answer (self, 204);
}

static const char *
name_type (JsonNode *node)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    return "map[string]interface {}";
  return JSON_NODE_HOLDS_ARRAY (node) ? "[]interface {}" : "bool";
}

/* NULL for what is missing and for null. */
static JsonNode *
get_field (const DoubleCall *self, const char *field)
{
  JsonNode *node = json_object_get_member (self->body, field);

  return node == NULL || JSON_NODE_HOLDS_NULL (node) ? NULL : node;
}

gboolean
double_call_has (const DoubleCall *self, const char *field)
{
  return get_field (self, field) != NULL;
}

static gboolean
fail_field (DoubleCall *self, const char *field, const char *problem)
{
  return double_call_fail (self, 400, "%serror converting input for field \"%s\": %s",
                           self->is_validated ? "Field validation failed: " : "", field, problem);
}

static gboolean
fail_type (DoubleCall *self, const char *field, const char *wanted, JsonNode *node)
{
  return double_call_fail (
    self, 400, "error converting input for field \"%s\": '' expected type '%s', got unconvertible type '%s'", field,
    wanted, name_type (node));
}

gboolean
double_call_get_string (DoubleCall *self, const char *field, const char **value)
{
  JsonNode *node = get_field (self, field);

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node))
    return fail_type (self, field, "string", node);
  if (json_node_get_value_type (node) != G_TYPE_STRING)
    {
      GType type = json_node_get_value_type (node);
      char *text = type == G_TYPE_BOOLEAN  ? g_strdup (json_node_get_boolean (node) ? "1" : "0")
                   : type == G_TYPE_DOUBLE ? g_strdup_printf ("%g", json_node_get_double (node))
                                           : g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node));
      json_object_set_string_member (self->body, field, text);
      g_free (text);
    }
  *value = json_object_get_string_member (self->body, field);
  return TRUE;
}

gboolean
double_call_get_integer (DoubleCall *self, const char *field, gint64 *value)
{
  JsonNode *node = get_field (self, field);

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node))
    return fail_type (self, field, "int", node);
  if (json_node_get_value_type (node) != G_TYPE_STRING)
    {
      *value = json_node_get_int (node);
      return TRUE;
    }
  if (g_ascii_string_to_signed (json_node_get_string (node), 10, G_MININT, G_MAXINT, value, NULL))
    return TRUE;
  return fail_field (self, field, "'' cannot parse value as 'int': strconv.ParseInt: invalid syntax");
}

gboolean
double_call_get_boolean (DoubleCall *self, const char *field, gboolean *value)
{
  JsonNode *node = get_field (self, field);

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node))
    return fail_type (self, field, "bool", node);
  if (json_node_get_value_type (node) != G_TYPE_STRING)
    {
      *value = json_node_get_value_type (node) == G_TYPE_BOOLEAN ? json_node_get_boolean (node)
                                                                 : json_node_get_int (node) != 0;
      return TRUE;
    }
  const char *text = json_node_get_string (node);
  *value = g_ascii_strcasecmp (text, "true") == 0 || g_str_equal (text, "1");
  return *value || text[0] == '\0' || g_ascii_strcasecmp (text, "false") == 0 || g_str_equal (text, "0")
         || fail_field (self, field, "'' cannot parse value as 'bool': strconv.ParseBool: invalid syntax");
}

gboolean
double_seconds_parse (const char *text, gint64 *seconds)
{
  static const struct
  {
    const char *unit;
    gint64 factor;
  } units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };
  char *end = NULL;
  gint64 number = g_ascii_strtoll (text, &end, 10);

  if (end == text)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (units); i++)
    {
      if (!g_str_equal (end, units[i].unit))
        continue;
      *seconds = number * units[i].factor;
      return TRUE;
    }
  return FALSE;
}

gboolean
double_call_get_seconds (DoubleCall *self, const char *field, gint64 *value)
{
  const char *text = NULL;

  if (!double_call_get_string (self, field, &text))
    return FALSE;
  if (text == NULL || double_seconds_parse (text, value))
    return TRUE;
  g_autofree char *problem = g_strdup_printf ("time: invalid duration \"%s\"", text);
  return fail_field (self, field, problem);
}

char *
double_call_join_names (const DoubleCall *self, const char *field)
{
  GString *names = g_string_new (NULL);
  JsonNode *node = json_object_get_member (self->body, field);

  if (node != NULL && JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);
      for (guint i = 0; i < json_array_get_length (array); i++)
        g_string_append_printf (names, "%s ", json_array_get_string_element (array, i));
    }
  else if (node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    {
      g_string_append (names, json_node_get_string (node));
      g_strdelimit (names->str, ",", ' ');
    }
  return g_string_free (names, FALSE);
}

char *
double_call_get_query (const DoubleCall *self, const char *name)
{
  if (self->http->query == NULL)
    return NULL;
  g_auto (GStrv) pairs = g_strsplit (self->http->query, "&", -1);
  for (guint i = 0; pairs[i] != NULL; i++)
    {
      char *equals = strchr (pairs[i], '=');
      if (equals != NULL)
        *equals = '\0';
      if (g_str_equal (pairs[i], name))
        return g_uri_unescape_string (equals != NULL ? equals + 1 : "", NULL);
    }
  return NULL;
}

static void
count_member (JsonObject *object, const char *name, JsonNode *node, gpointer data)
{
  guint *n = data;

  *n += 1 + double_call_count_strings (node);
}

static void
count_element (JsonArray *array, guint index, JsonNode *node, gpointer data)
{
  guint *n = data;

  *n += double_call_count_strings (node);
}

guint
double_call_count_strings (JsonNode *node)
{
  guint n = 0;

  if (JSON_NODE_HOLDS_OBJECT (node))
    json_object_foreach_member (json_node_get_object (node), count_member, &n);
  else if (JSON_NODE_HOLDS_ARRAY (node))
    json_array_foreach_element (json_node_get_array (node), count_element, &n);
  else if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    n = 1;
  return n;
}

static JsonArray *
list_texts (GPtrArray *texts)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < texts->len; i++)
    json_array_add_string_element (array, texts->pdata[i]);
  return array;
}

static void
set_object (JsonObject *object, const char *name, JsonObject *value)
{
  if (value != NULL)
    json_object_set_object_member (object, name, json_object_ref (value));
  else
    json_object_set_null_member (object, name);
}

static JsonObject *
wrap_in_envelope (const DoubleCall *self, const char *request_id)
{
  JsonObject *envelope = json_object_new ();

  json_object_set_string_member (envelope, "request_id", request_id);
  json_object_set_string_member (envelope, "lease_id", "");
  json_object_set_boolean_member (envelope, "renewable", FALSE);
  json_object_set_int_member (envelope, "lease_duration", 0);
  set_object (envelope, "data", self->data);
  json_object_set_null_member (envelope, "wrap_info");
  if (self->warnings->len > 0)
    json_object_set_array_member (envelope, "warnings", list_texts (self->warnings));
  else
    json_object_set_null_member (envelope, "warnings");
  set_object (envelope, "auth", self->auth);
  return envelope;
}

char *
double_call_get_json (const DoubleCall *self, const char *request_id)
{
  g_autoptr (JsonObject) object = NULL;

  if (self->data == NULL && self->auth == NULL)
    {
      object = json_object_new ();
      json_object_set_array_member (object, "errors", list_texts (self->errors));
    }
  else
    object = self->bare ? json_object_ref (self->data) : wrap_in_envelope (self, request_id);
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  json_node_set_object (root, object);
  return json_to_string (root, FALSE);
}
