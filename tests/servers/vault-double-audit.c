/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What requests to the Vault double leave behind: strings as they were sent, without a look at what they mean. */
#include "vault-double-audit.h"

void
double_audit_entry_free (VaultAuditEntry *entry)
{
  g_free (entry->operation);
  g_free (entry->path);
  g_free (entry->token);
  g_strfreev (entry->contexts);
  g_strfreev (entry->associated_data);
  g_free (entry);
}

static const char *
get_text (JsonObject *object, const char *field)
{
  JsonNode *node = json_object_get_member (object, field);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
           ? json_node_get_string (node)
           : "";
}

static JsonArray *
get_batch (DoubleCall *call)
{
  JsonNode *node = json_object_get_member (call->body, "batch_input");

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static char **
collect (DoubleCall *call, JsonArray *batch, const char *field)
{
  g_autoptr (GStrvBuilder) texts = g_strv_builder_new ();

  if (batch == NULL)
    g_strv_builder_add (texts, get_text (call->body, field));
  for (guint i = 0; batch != NULL && i < json_array_get_length (batch); i++)
    {
      JsonNode *node = json_array_get_element (batch, i);
      g_strv_builder_add (texts, JSON_NODE_HOLDS_OBJECT (node) ? get_text (json_node_get_object (node), field) : "");
    }
  return g_strv_builder_end (texts);
}

void
double_audit_note (DoubleCall *call)
{
  VaultAuditEntry *entry = g_new0 (VaultAuditEntry, 1);
  JsonArray *batch = get_batch (call);

  entry->operation = g_strdup (call->operation);
  entry->path = g_strdup (call->path);
  entry->token = g_strdup (call->token_id);
  entry->status = call->status;
  entry->contexts = collect (call, batch, "context");
  entry->associated_data = collect (call, batch, "associated_data");
  entry->n_items = g_strv_length (entry->contexts);
  g_ptr_array_add (call->vault->entries, entry);
}
