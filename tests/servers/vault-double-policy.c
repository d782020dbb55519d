/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads policies, and finds the rule that fits a path best: https://openbao.org/docs/concepts/policies/ */
#include "vault-double-policy.h"

#include <string.h>

typedef struct
{
  char *path;
  char **capabilities;
} Rule;

struct _DoublePolicy
{
  GPtrArray *rules;
};

static void
rule_free (gpointer data)
{
  Rule *rule = data;

  g_free (rule->path);
  g_strfreev (rule->capabilities);
  g_free (rule);
}

DoublePolicy *
double_policy_new (void)
{
  DoublePolicy *self = g_new0 (DoublePolicy, 1);

  self->rules = g_ptr_array_new_with_free_func (rule_free);
  return self;
}

void
double_policy_free (DoublePolicy *self)
{
  g_ptr_array_unref (self->rules);
  g_free (self);
}

void
double_policy_add (DoublePolicy *self, const char *path, const char *const *capabilities)
{
  Rule *rule = g_new0 (Rule, 1);

  rule->path = g_strdup (path);
  rule->capabilities = g_strdupv ((char **) capabilities);
  g_ptr_array_add (self->rules, rule);
}

static void
add_from_json (JsonObject *paths, const char *path, JsonNode *node, gpointer data)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  JsonObject *rule = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  JsonNode *list = rule != NULL ? json_object_get_member (rule, "capabilities") : NULL;

  if (list != NULL && JSON_NODE_HOLDS_ARRAY (list))
    {
      JsonArray *array = json_node_get_array (list);
      for (guint i = 0; i < json_array_get_length (array); i++)
        g_strv_builder_add (names, json_array_get_string_element (array, i));
    }
  g_auto (GStrv) capabilities = g_strv_builder_end (names);
  double_policy_add (data, path, (const char *const *) capabilities);
}

static DoublePolicy *
parse_json (const char *text)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (DoublePolicy) self = double_policy_new ();

  if (!json_parser_load_from_data (parser, text, -1, NULL) || !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    return NULL;
  JsonNode *paths = json_object_get_member (json_node_get_object (json_parser_get_root (parser)), "path");
  if (paths != NULL && JSON_NODE_HOLDS_OBJECT (paths))
    json_object_foreach_member (json_node_get_object (paths), add_from_json, self);
  return g_steal_pointer (&self);
}

static void
add_from_hcl (DoublePolicy *self, const char *path, const char *list)
{
  static const char capability[] = "\"([a-z]+)\"";
  g_autoptr (GRegex) regex = g_regex_new (capability, 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (g_regex_match (regex, list, 0, &match); g_match_info_matches (match); g_match_info_next (match, NULL))
    {
      g_autofree char *name = g_match_info_fetch (match, 1);
      g_strv_builder_add (names, name);
    }
  g_auto (GStrv) capabilities = g_strv_builder_end (names);
  double_policy_add (self, path, (const char *const *) capabilities);
}

DoublePolicy *
double_policy_parse (const char *text)
{
  static const char stanza[] = "\\s*path\\s+\"([^\"]*)\"\\s*\\{\\s*capabilities\\s*=\\s*\\[([^\\]]*)\\]\\s*\\}\\s*";
  g_autoptr (DoublePolicy) self = double_policy_new ();
  g_autoptr (GRegex) regex = g_regex_new (stanza, 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  gsize at = 0;

  if (text[strspn (text, " \t\r\n")] == '{')
    return parse_json (text);
  g_regex_match (regex, text, 0, &match);
  while (g_match_info_matches (match))
    {
      int start = 0, end = 0;
      g_match_info_fetch_pos (match, 0, &start, &end);
      if ((gsize) start != at)
        return NULL;
      at = (gsize) end;
      g_autofree char *path = g_match_info_fetch (match, 1);
      g_autofree char *list = g_match_info_fetch (match, 2);
      add_from_hcl (self, path, list);
      g_match_info_next (match, NULL);
    }
  return text[at] == '\0' ? g_steal_pointer (&self) : NULL;
}

/* "+" stands for one segment, "*" at the end for all that follows. */
static gboolean
path_fits (const char *pattern, const char *path)
{
  for (; *pattern != '\0'; pattern++, path++)
    {
      if (pattern[0] == '*' && pattern[1] == '\0')
        return TRUE;
      if (pattern[0] == '+' && (pattern[1] == '/' || pattern[1] == '\0'))
        path += strcspn (path, "/") - 1;
      else if (*pattern != *path)
        return FALSE;
    }
  return *path == '\0';
}

/* The later its first wildcard comes, the better a pattern fits; none is best, then the one that does not end in "*", then
 * the one with fewer "+", then the longer one. */
static gboolean
fits_better (const char *pattern, const char *than)
{
  gsize first = strcspn (pattern, "+*"), other_first = strcspn (than, "+*");
  gboolean open = g_str_has_suffix (pattern, "*"), other_open = g_str_has_suffix (than, "*");

  if ((pattern[first] == '\0') != (than[other_first] == '\0'))
    return pattern[first] == '\0';
  if (first != other_first)
    return first > other_first;
  return open != other_open ? other_open : strlen (pattern) > strlen (than);
}

static void
look_at_policy (DoublePolicy *policy, const char *path, const char **best, GHashTable *capabilities)
{
  for (guint i = 0; i < policy->rules->len; i++)
    {
      const Rule *rule = policy->rules->pdata[i];
      if (!path_fits (rule->path, path) || (*best != NULL && fits_better (*best, rule->path)))
        continue;
      if (*best == NULL || !g_str_equal (*best, rule->path))
        g_hash_table_remove_all (capabilities);
      *best = rule->path;
      for (guint j = 0; rule->capabilities[j] != NULL; j++)
        g_hash_table_add (capabilities, rule->capabilities[j]);
    }
}

static char **
one_capability (const char *name)
{
  const char *const names[] = { name, NULL };

  return g_strdupv ((char **) names);
}

char **
double_policies_get_capabilities (VaultDouble *vault, const DoubleToken *token, const char *path)
{
  g_autoptr (GHashTable) capabilities = g_hash_table_new (g_str_hash, g_str_equal);
  const char *best = NULL;

  if (token->is_root)
    return one_capability ("root");
  for (guint i = 0; token->policies[i] != NULL; i++)
    {
      DoublePolicy *policy = g_hash_table_lookup (vault->policies, token->policies[i]);
      if (policy != NULL)
        look_at_policy (policy, path, &best, capabilities);
    }
  if (g_hash_table_size (capabilities) == 0 || g_hash_table_contains (capabilities, "deny"))
    return one_capability ("deny");
  g_autoptr (GList) names = g_list_sort (g_hash_table_get_keys (capabilities), (GCompareFunc) strcmp);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  for (GList *name = names; name != NULL; name = name->next)
    g_strv_builder_add (builder, name->data);
  return g_strv_builder_end (builder);
}

void
double_policies_add_default (VaultDouble *vault)
{
  DoublePolicy *policy = double_policy_parse ("path \"auth/token/lookup-self\" { capabilities = [\"read\"] }"
                                              "path \"auth/token/renew-self\" { capabilities = [\"update\"] }"
                                              "path \"auth/token/revoke-self\" { capabilities = [\"update\"] }"
                                              "path \"sys/capabilities-self\" { capabilities = [\"update\"] }"
                                              "path \"sys/wrapping/wrap\" { capabilities = [\"update\"] }"
                                              "path \"sys/wrapping/lookup\" { capabilities = [\"update\"] }"
                                              "path \"sys/wrapping/unwrap\" { capabilities = [\"update\"] }");

  g_assert_nonnull (policy);
  g_hash_table_replace (vault->policies, g_strdup ("default"), policy);
}
