/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads single values and batches, and answers them as OpenBao's transit does (path_encrypt.go, path_decrypt.go). */
#include "vault-double-items.h"

static void
item_free (gpointer data)
{
  DoubleItem *item = data;

  g_free (item->value);
  g_free (item->context);
  g_free (item->associated_data);
  g_free (item->reference);
  g_free (item->trouble.text);
  g_clear_pointer (&item->result, json_object_unref);
  g_free (item);
}

static gboolean
is_batch (const DoubleCall *call)
{
  return double_call_has (call, "batch_input");
}

static const char *
name_type (JsonNode *node)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    return "map[string]interface {}";
  if (JSON_NODE_HOLDS_ARRAY (node))
    return "[]interface {}";
  if (json_node_get_value_type (node) == G_TYPE_STRING)
    return "string";
  return json_node_get_value_type (node) == G_TYPE_BOOLEAN ? "bool" : "json.Number";
}

typedef struct
{
  DoubleCall *call;
  const DoubleItemRules *rules;
  GPtrArray *items;
  char *problem;
} Reading;

/* A string of an item. Where the rules are not strict, what is no string reads as one that is no good. */
static char *
read_text (Reading *reading, JsonObject *object, const char *field)
{
  JsonNode *node = json_object_get_member (object, field);

  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return NULL;
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    return g_strdup (json_node_get_string (node));
  if (reading->rules->is_strict && reading->problem == NULL)
    reading->problem = g_strdup_printf ("'[%u].%s' expected type 'string', got unconvertible type '%s'",
                                        reading->items->len, field, name_type (node));
  return g_strdup ("?");
}

static gint64
read_version (Reading *reading, JsonObject *object)
{
  JsonNode *node = json_object_get_member (object, "key_version");

  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return 0;
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64)
    return json_node_get_int (node);
  if (reading->problem == NULL)
    reading->problem = g_strdup_printf ("'[%u].key_version' expected type 'int', got unconvertible type '%s'",
                                        reading->items->len, name_type (node));
  return 0;
}

static void
read_element (JsonArray *array, guint index, JsonNode *node, gpointer data)
{
  Reading *reading = data;

  if (reading->problem != NULL)
    return;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    {
      reading->problem = g_strdup_printf ("[%u] expected a map, got '%s'", index, name_type (node));
      return;
    }
  JsonObject *object = json_node_get_object (node);
  DoubleItem *item = g_new0 (DoubleItem, 1);
  item->value = read_text (reading, object, reading->rules->field);
  item->context = read_text (reading, object, "context");
  item->associated_data = read_text (reading, object, "associated_data");
  item->reference = read_text (reading, object, "reference");
  item->version = read_version (reading, object);
  if (item->value == NULL && reading->rules->is_strict && reading->problem == NULL)
    reading->problem = g_strdup_printf ("'[%u].%s' %s", index, reading->rules->field, reading->rules->missing);
  g_ptr_array_add (reading->items, item);
}

static gboolean
read_batch (Reading *reading)
{
  DoubleCall *call = reading->call;
  JsonNode *node = json_object_get_member (call->body, "batch_input");

  if (!JSON_NODE_HOLDS_ARRAY (node))
    return double_call_fail_inside (
      call, 500, "failed to parse batch input: source data must be an array or slice, got %s", name_type (node));
  json_array_foreach_element (json_node_get_array (node), read_element, reading);
  if (reading->problem != NULL)
    return double_call_fail_inside (call, 500, "failed to parse batch input: %s", reading->problem);
  return reading->items->len > 0 || double_call_fail (call, 400, "missing batch input to process");
}

static gboolean
read_single (Reading *reading)
{
  DoubleCall *call = reading->call;
  const char *value = NULL, *context = NULL, *associated_data = NULL;
  gint64 version = 0;

  if (!double_call_get_string (call, reading->rules->field, &value)
      || !double_call_get_string (call, "context", &context)
      || !double_call_get_string (call, "associated_data", &associated_data)
      || !double_call_get_integer (call, "key_version", &version))
    return FALSE;
  /* null is there, and empty. */
  if (value == NULL && json_object_has_member (call->body, reading->rules->field))
    value = "";
  DoubleItem *item = g_new0 (DoubleItem, 1);
  item->value = g_strdup (value);
  item->context = g_strdup (context);
  item->associated_data = g_strdup (associated_data);
  item->version = version;
  g_ptr_array_add (reading->items, item);
  return TRUE;
}

GPtrArray *
double_items_read (DoubleCall *call, const DoubleItemRules *rules)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (item_free);
  Reading reading = { call, rules, items, NULL };

  gboolean is_read = is_batch (call) ? read_batch (&reading) : read_single (&reading);
  g_free (reading.problem);
  return is_read ? g_steal_pointer (&items) : NULL;
}

static gboolean
is_set (const char *text)
{
  return text != NULL && text[0] != '\0';
}

static void
check_base64 (DoubleItem *item, const char *text)
{
  if (item->trouble.text == NULL && is_set (text))
    g_clear_pointer (&(GBytes *){ double_base64_decode (text, &item->trouble) }, g_bytes_unref);
}

gboolean
double_items_check (DoubleCall *call, const DoubleItemRules *rules, GPtrArray *items)
{
  const DoubleItem *first = items->pdata[0];

  for (guint i = 0; i < items->len; i++)
    {
      DoubleItem *item = items->pdata[i];
      if (is_set (item->context) != is_set (first->context))
        return double_call_fail (call, 400, "context should be set either in all the request blocks or in none");
      if (item->value == NULL || (item->value[0] == '\0' && !rules->may_be_empty))
        item->trouble.text = g_strdup (rules->missing);
      if (rules->may_be_empty)
        check_base64 (item, item->value);
      check_base64 (item, item->context);
    }
  /* Without a value a single request does not even ask for the key. */
  if (!is_batch (call) && first->trouble.text != NULL)
    return double_call_fail (call, 400, "%s", first->trouble.text);
  return TRUE;
}

DoubleBinding
double_item_get_binding (const DoubleCall *call, GPtrArray *items, guint index)
{
  const DoubleItem *item = items->pdata[index];
  VaultQuirks quirks = call->vault->quirks;

  return (DoubleBinding){
    .context = item->context,
    .associated_data = (quirks & VAULT_QUIRK_NO_ASSOCIATED_DATA) != 0 ? NULL : item->associated_data,
    .version = item->version,
    .index = index,
    .is_old = (quirks & VAULT_QUIRK_UNABLE_TO_DECRYPT) != 0,
  };
}

static void
answer_single (DoubleCall *call, DoubleItem *item)
{
  if (item->trouble.text == NULL)
    double_call_answer (call, json_object_ref (item->result));
  else if (item->trouble.is_internal)
    double_call_fail_inside (call, 500, "%s", item->trouble.text);
  else
    double_call_fail (call, 400, "%s", item->trouble.text);
}

static JsonObject *
describe_item (const DoubleCall *call, const DoubleItemRules *rules, const DoubleItem *item)
{
  JsonObject *result = item->result != NULL ? json_object_ref (item->result) : json_object_new ();

  if (item->trouble.text != NULL)
    {
      /* In decryption only: there the field is always written. */
      if (rules->is_strict && !rules->may_be_empty)
        json_object_set_string_member (result, "plaintext", "");
      json_object_set_string_member (result, "error", item->trouble.text);
    }
  if ((call->vault->quirks & VAULT_QUIRK_NO_REFERENCE) == 0)
    json_object_set_string_member (result, "reference", item->reference != NULL ? item->reference : "");
  return result;
}

static guint
get_batch_status (DoubleCall *call, GPtrArray *items)
{
  gboolean is_wrong = FALSE, is_internal = FALSE, is_done = FALSE;
  gint64 code = 0;

  for (guint i = 0; i < items->len; i++)
    {
      const DoubleItem *item = items->pdata[i];
      is_done |= item->trouble.text == NULL;
      is_internal |= item->trouble.text != NULL && item->trouble.is_internal;
      is_wrong |= item->trouble.text != NULL && !item->trouble.is_internal && !item->trouble.is_tolerated;
    }
  if (!is_wrong && !is_internal)
    return 200;
  if (!double_call_get_integer (call, "partial_failure_response_code", &code))
    return 0;
  return is_done && code > 0 ? (guint) code : is_wrong ? 400 : 500;
}

void
double_items_answer (DoubleCall *call, const DoubleItemRules *rules, GPtrArray *items)
{
  guint n = items->len;

  if (!is_batch (call))
    {
      answer_single (call, items->pdata[0]);
      return;
    }
  guint status = rules->tolerates_errors ? 200 : get_batch_status (call, items);
  if (status == 0)
    return;
  if ((call->vault->quirks & VAULT_QUIRK_SHORT_BATCH) != 0)
    n--;
  JsonArray *results = json_array_new ();
  for (guint i = 0; i < n; i++)
    json_array_add_object_element (results, describe_item (call, rules, items->pdata[i]));
  JsonObject *data = json_object_new ();
  json_object_set_array_member (data, "batch_results", results);
  double_call_answer (call, data);
  call->status = status;
}
