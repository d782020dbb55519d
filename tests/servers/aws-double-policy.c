/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Evaluates policies: what is denied is denied, what is allowed otherwise is allowed, and all else is not. */
#include "aws-double-policy.h"

#include <string.h>

#define CONTEXT "kms:EncryptionContext:"

typedef struct
{
  gboolean deny;
  char **actions;
  char **resources;
  JsonObject *conditions; /* nullable */
} Statement;

struct _AwsDoublePolicy
{
  GPtrArray *statements;
};

static void
statement_free (Statement *self)
{
  g_strfreev (self->actions);
  g_strfreev (self->resources);
  g_clear_pointer (&self->conditions, json_object_unref);
  g_free (self);
}

/* A text, or several in an array. */
static char **
read_texts (JsonNode *node)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_assert_nonnull (node);
  if (JSON_NODE_HOLDS_ARRAY (node))
    for (guint i = 0; i < json_array_get_length (json_node_get_array (node)); i++)
      g_strv_builder_add (builder, json_array_get_string_element (json_node_get_array (node), i));
  else
    g_strv_builder_add (builder, json_node_get_string (node));
  return g_strv_builder_end (builder);
}

static void
assert_understood (JsonObject *object, const char *const *names)
{
  g_autoptr (GList) members = json_object_get_members (object);

  for (GList *at = members; at != NULL; at = at->next)
    if (!g_strv_contains (names, at->data))
      g_error ("the double's policies know no \"%s\"", (const char *) at->data);
}

static Statement *
read_statement (JsonObject *object)
{
  static const char *const names[] = { "Sid", "Effect", "Action", "Resource", "Condition", NULL };
  static const char *const operators[] = {
    "StringEquals",           "StringLike", "Null", "ForAllValues:StringEquals", "ForAnyValue:StringEquals",
    "ForAnyValue:StringLike", NULL
  };
  Statement *self = g_new0 (Statement, 1);

  assert_understood (object, names);
  self->deny = g_str_equal (json_object_get_string_member (object, "Effect"), "Deny");
  self->actions = read_texts (json_object_get_member (object, "Action"));
  self->resources = read_texts (json_object_get_member (object, "Resource"));
  if (json_object_has_member (object, "Condition"))
    {
      self->conditions = json_object_ref (json_object_get_object_member (object, "Condition"));
      assert_understood (self->conditions, operators);
    }
  return self;
}

AwsDoublePolicy *
aws_double_policy_new (const char *text)
{
  static const char *const names[] = { "Version", "Id", "Statement", NULL };
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;

  if (text == NULL)
    return NULL;
  json_parser_load_from_data (parser, text, -1, &error);
  g_assert_no_error (error);
  JsonObject *root = json_node_get_object (json_parser_get_root (parser));
  assert_understood (root, names);
  AwsDoublePolicy *self = g_new0 (AwsDoublePolicy, 1);
  self->statements = g_ptr_array_new_with_free_func ((GDestroyNotify) statement_free);
  JsonNode *statements = json_object_get_member (root, "Statement");
  if (JSON_NODE_HOLDS_OBJECT (statements))
    g_ptr_array_add (self->statements, read_statement (json_node_get_object (statements)));
  else
    for (guint i = 0; i < json_array_get_length (json_node_get_array (statements)); i++)
      g_ptr_array_add (self->statements,
                       read_statement (json_array_get_object_element (json_node_get_array (statements), i)));
  return self;
}

void
aws_double_policy_free (AwsDoublePolicy *self)
{
  g_ptr_array_unref (self->statements);
  g_free (self);
}

static gboolean
matches_any (char **patterns, const char *text, gboolean like)
{
  for (guint i = 0; patterns[i] != NULL; i++)
    if (like ? g_pattern_match_simple (patterns[i], text) : strcmp (patterns[i], text) == 0)
      return TRUE;
  return FALSE;
}

/* Actions are written in any case. */
static gboolean
matches_action (char **patterns, const char *action)
{
  g_autofree char *small = g_ascii_strdown (action, -1);

  for (guint i = 0; patterns[i] != NULL; i++)
    {
      g_autofree char *pattern = g_ascii_strdown (patterns[i], -1);
      if (g_pattern_match_simple (pattern, small))
        return TRUE;
    }
  return FALSE;
}

/* What a request has for the key of a condition: none, one, or several. */
static char **
find_values (const AwsDoubleAct *act, const char *key)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (g_str_has_prefix (key, CONTEXT))
    {
      const char *name = key + strlen (CONTEXT);
      if (act->context != NULL && json_object_has_member (act->context, name))
        g_strv_builder_add (builder, json_object_get_string_member (act->context, name));
    }
  else if (g_str_equal (key, "kms:EncryptionContextKeys"))
    {
      g_autoptr (GList) names = act->context != NULL ? json_object_get_members (act->context) : NULL;
      for (GList *at = names; at != NULL; at = at->next)
        g_strv_builder_add (builder, at->data);
    }
  else if (g_str_equal (key, "kms:RequestAlias"))
    {
      if (act->alias != NULL)
        g_strv_builder_add (builder, act->alias);
    }
  else if (g_str_equal (key, "kms:ResourceAliases"))
    {
      GHashTableIter iter;
      gpointer alias;
      if (act->aliases != NULL)
        for (g_hash_table_iter_init (&iter, act->aliases); g_hash_table_iter_next (&iter, &alias, NULL);)
          g_strv_builder_add (builder, alias);
    }
  else
    {
      g_error ("the double's policies know no \"%s\"", key);
    }
  return g_strv_builder_end (builder);
}

static gboolean
holds (const AwsDoubleAct *act, const char *operator, const char * key, JsonNode *wanted)
{
  g_auto (GStrv) values = find_values (act, key);
  g_auto (GStrv) patterns = read_texts (wanted);
  gboolean like = g_str_has_suffix (operator, "StringLike");
  guint matching = 0;

  if (g_str_equal (operator, "Null"))
    return (values[0] == NULL) == g_str_equal (patterns[0], "true");
  for (guint i = 0; values[i] != NULL; i++)
    matching += matches_any (patterns, values[i], like) ? 1 : 0;
  if (g_str_has_prefix (operator, "ForAllValues:"))
    return matching == g_strv_length (values);
  return matching > 0;
}

static gboolean
all_hold (const Statement *statement, const AwsDoubleAct *act)
{
  g_autoptr (GList) operators = statement->conditions != NULL ? json_object_get_members (statement->conditions) : NULL;

  for (GList *operator= operators; operator!= NULL; operator= operator->next)
    {
      JsonObject *keys = json_object_get_object_member (statement->conditions, operator->data);
      g_autoptr (GList) names = json_object_get_members (keys);
      for (GList *name = names; name != NULL; name = name->next)
        if (!holds (act, operator->data, name->data, json_object_get_member (keys, name->data)))
          return FALSE;
    }
  return TRUE;
}

gboolean
aws_double_policy_allows (const AwsDoublePolicy *self, const AwsDoubleAct *act)
{
  gboolean allowed = FALSE;

  if (self == NULL)
    return TRUE;
  for (guint i = 0; i < self->statements->len; i++)
    {
      const Statement *statement = self->statements->pdata[i];
      if (!matches_action (statement->actions, act->action) || !matches_any (statement->resources, act->resource, TRUE)
          || !all_hold (statement, act))
        continue;
      if (statement->deny)
        return FALSE;
      allowed = TRUE;
    }
  return allowed;
}
