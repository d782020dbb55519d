/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Members of requests to the KMS of the AWS double, and the keys that they name. */
#include "aws-double-call.h"

#include <string.h>

#define ARN_FIELDS 6

gboolean
aws_double_call_fail (AwsDoubleCall *self, const char *code, const char *format, ...)
{
  va_list arguments;

  g_clear_pointer (&self->answer, json_object_unref);
  self->code = g_strdup (code);
  if (format == NULL)
    return FALSE;
  va_start (arguments, format);
  self->message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return FALSE;
}

gboolean
aws_double_call_refuse_value (AwsDoubleCall *self, const char *member, const char *constraint)
{
  return aws_double_call_fail (self, "ValidationException",
                               "1 validation error detected: Value at '%s' failed to satisfy constraint: %s", member,
                               constraint);
}

const char *
aws_double_call_get_text (const AwsDoubleCall *self, const char *member)
{
  JsonNode *node = json_object_get_member (self->body, member);

  return node != NULL && !JSON_NODE_HOLDS_NULL (node) ? json_node_get_string (node) : NULL;
}

gint64
aws_double_call_get_number (const AwsDoubleCall *self, const char *member, gint64 otherwise)
{
  return json_object_get_int_member_with_default (self->body, member, otherwise);
}

static gboolean
has_only_texts (JsonObject *object)
{
  g_autoptr (GList) values = json_object_get_values (object);

  for (GList *at = values; at != NULL; at = at->next)
    if (!JSON_NODE_HOLDS_VALUE ((JsonNode *) at->data) || json_node_get_value_type (at->data) != G_TYPE_STRING)
      return FALSE;
  return TRUE;
}

gboolean
aws_double_call_get_context (AwsDoubleCall *self, const char *member, JsonObject **context)
{
  JsonNode *node = json_object_get_member (self->body, member);

  *context = NULL;
  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (!JSON_NODE_HOLDS_OBJECT (node) || !has_only_texts (json_node_get_object (node)))
    return aws_double_call_fail (self, "SerializationException", "%s is no map of strings", member);
  *context = json_node_get_object (node);
  return TRUE;
}

/* As GLib's decoder skips what is no base64, the bytes must encode to the same text. */
GBytes *
aws_double_call_get_blob (AwsDoubleCall *self, const char *member, gsize min, gsize max)
{
  const char *text = aws_double_call_get_text (self, member);
  gsize length = 0;

  if (text == NULL)
    {
      aws_double_call_refuse_value (self, member, "Member must not be null");
      return NULL;
    }
  g_autofree guchar *data = g_base64_decode (text, &length);
  g_autofree char *again = g_base64_encode (data, length);
  if (strcmp (again, text) != 0)
    aws_double_call_fail (self, "SerializationException", "%s is no base64", member);
  else if (length < min)
    aws_double_call_refuse_value (self, member, "Member must have length greater than or equal to 1");
  else if (length > max)
    aws_double_call_refuse_value (self, member, "Member must have length less than or equal to its limit");
  else
    return g_bytes_new_take (g_steal_pointer (&data), length);
  return NULL;
}

JsonObject *
aws_double_call_get_answer (AwsDoubleCall *self)
{
  if (self->answer == NULL)
    self->answer = json_object_new ();
  return self->answer;
}

void
aws_double_call_set_blob (AwsDoubleCall *self, const char *member, const guint8 *data, gsize length)
{
  g_autofree char *text = g_base64_encode (data, length);

  json_object_set_string_member (aws_double_call_get_answer (self), member, text);
}

gboolean
aws_double_call_check_action (AwsDoubleCall *self, const char *action, const char *resource)
{
  AwsDoubleAct act = { .action = action, .resource = resource };

  if (aws_double_policy_allows (self->identity->policy, &act))
    return TRUE;
  return aws_double_call_fail (self, "AccessDeniedException",
                               "User: %s is not authorized to perform: %s because no identity-based policy allows the "
                               "%s action",
                               self->identity->principal, action, action);
}

gboolean
aws_double_call_is_allowed (AwsDoubleCall *self, const AwsDoubleKey *key, const char *alias, const char *action,
                            JsonObject *context)
{
  g_autoptr (GHashTable) aliases = aws_double_key_list_aliases (self->aws, key);
  AwsDoubleAct act = { action, key->arn, alias, aliases, context };

  if (aws_double_policy_allows (self->identity->policy, &act))
    return TRUE;
  return aws_double_call_fail (self, "AccessDeniedException",
                               "User: %s is not authorized to perform: %s on resource: %s because no identity-based "
                               "policy allows the %s action",
                               self->identity->principal, action, key->arn, action);
}

/* What the key id says, made whole: the ARN of a key, or of an alias. NULL after a refusal. */
static char *
make_arn (AwsDoubleCall *self, const char *key_id)
{
  g_auto (GStrv) fields = g_strsplit (key_id, ":", ARN_FIELDS);

  if (strlen (key_id) > 2048)
    {
      aws_double_call_refuse_value (self, "keyId", "Member must have length less than or equal to 2048");
      return NULL;
    }
  if (!g_str_has_prefix (key_id, "arn:"))
    return g_strdup_printf ("arn:aws:kms:%s:" AWS_DOUBLE_ACCOUNT ":%s%s", self->region,
                            g_str_has_prefix (key_id, "alias/") ? "" : "key/", key_id);
  if (g_strv_length (fields) == ARN_FIELDS && g_str_equal (fields[2], "kms")
      && g_str_equal (fields[4], AWS_DOUBLE_ACCOUNT) && g_str_equal (fields[3], self->region))
    return g_strdup (key_id);
  if (g_strv_length (fields) == ARN_FIELDS && g_str_equal (fields[2], "kms") && g_str_equal (fields[3], self->region))
    aws_double_call_fail (self, "AccessDeniedException",
                          "User: %s is not authorized to perform: kms:%s on resource: %s", self->identity->principal,
                          self->operation, key_id);
  else
    aws_double_call_fail (self, "NotFoundException", "Invalid arn %s",
                          g_strv_length (fields) == ARN_FIELDS ? fields[3] : key_id);
  return NULL;
}

AwsDoubleKey *
aws_double_call_find_key (AwsDoubleCall *self, const char *member, gboolean takes_alias, const char *action,
                          JsonObject *context)
{
  const char *key_id = aws_double_call_get_text (self, member);

  if (key_id == NULL || key_id[0] == '\0')
    {
      aws_double_call_refuse_value (self, member, "Member must not be null");
      return NULL;
    }
  g_autofree char *arn = make_arn (self, key_id);
  if (arn == NULL)
    return NULL;
  const char *alias = strstr (arn, ":alias/");
  if (alias != NULL && !takes_alias)
    {
      aws_double_call_fail (self, "NotFoundException", "Invalid keyId '%s'", key_id);
      return NULL;
    }
  const AwsDoubleAlias *found = alias != NULL ? aws_double_find_alias_of (self->aws, self->region, alias + 1) : NULL;
  AwsDoubleKey *key = g_hash_table_lookup (self->aws->keys, alias == NULL                            ? arn
                                                            : found != NULL && found->target != NULL ? found->target
                                                                                                     : "");
  if (key == NULL)
    {
      /* Who may not do it learns nothing of what there is. */
      if (aws_double_call_check_action (self, action, arn))
        aws_double_call_fail (self, "NotFoundException",
                              alias != NULL ? "Alias %s is not found." : "Key '%s' does not exist", arn);
      return NULL;
    }
  return aws_double_call_is_allowed (self, key, alias != NULL ? alias + 1 : NULL, action, context) ? key : NULL;
}

gboolean
aws_double_call_check_state (AwsDoubleCall *self, const AwsDoubleKey *key)
{
  static const struct
  {
    const char *state;
    const char *code;
    const char *words;
  } states[] = {
    { "Disabled", "DisabledException", "is disabled." },
    { "PendingDeletion", "KMSInvalidStateException", "is pending deletion." },
    { "PendingImport", "KMSInvalidStateException", "is pending import." },
    { "Unavailable", "KeyUnavailableException", "is not available." },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (states); i++)
    if (g_str_equal (states[i].state, key->state))
      return aws_double_call_fail (self, states[i].code, "%s %s", key->arn, states[i].words);
  return TRUE;
}
