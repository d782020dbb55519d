/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Operations of the AWS double that list, in pages: a mark is good for one list of the one who asks. */
#include "aws-double-call.h"

#include <string.h>

#define NOT_USED "alias/aws/rds"

static gint
compare_keys (gconstpointer a, gconstpointer b)
{
  return strcmp (((const AwsDoubleKey *) a)->arn, ((const AwsDoubleKey *) b)->arn);
}

static gint
compare_aliases (gconstpointer a, gconstpointer b)
{
  return strcmp (((const AwsDoubleAlias *) a)->name, ((const AwsDoubleAlias *) b)->name);
}

/* What a mark says is encoded, lest clients go by it. */
static char *
make_mark (const AwsDoubleCall *call, guint at)
{
  g_autofree char *text = g_strdup_printf ("%s %u", call->operation, at);

  return g_base64_encode ((const guchar *) text, strlen (text));
}

/* FALSE after a refusal. */
static gboolean
read_page (AwsDoubleCall *call, guint otherwise, guint max, guint n_entries, guint *start, guint *end)
{
  const char *mark = aws_double_call_get_text (call, "Marker");
  gint64 limit = aws_double_call_get_number (call, "Limit", otherwise);
  gsize length = 0;

  *start = 0;
  if (limit < 1 || limit > max)
    return aws_double_call_refuse_value (call, "limit", "Member must have value between 1 and its maximum, inclusive");
  if (mark != NULL)
    {
      g_autofree guchar *bytes = g_base64_decode (mark, &length);
      g_autofree char *text = g_strndup ((const char *) bytes, length);
      const char *blank = strrchr (text, ' ');
      guint64 at;
      if (blank == NULL || strncmp (text, call->operation, (gsize) (blank - text)) != 0
          || !g_ascii_string_to_unsigned (blank + 1, 10, 0, n_entries, &at, NULL))
        return aws_double_call_fail (call, "InvalidMarkerException", NULL);
      *start = (guint) at;
    }
  guint size = call->aws->page_size != 0 ? MIN (call->aws->page_size, (guint) limit) : (guint) limit;
  *end = MIN (*start + size, n_entries);
  JsonObject *answer = aws_double_call_get_answer (call);
  json_object_set_boolean_member (answer, "Truncated", *end < n_entries);
  if (*end < n_entries)
    {
      g_autofree char *next = make_mark (call, *end);
      json_object_set_string_member (answer, "NextMarker", next);
    }
  return TRUE;
}

gboolean
aws_double_list_keys (AwsDoubleCall *call)
{
  g_autoptr (GList) all = g_list_sort (g_hash_table_get_values (call->aws->keys), compare_keys);
  g_autoptr (GPtrArray) here = g_ptr_array_new ();
  JsonArray *array = json_array_new ();
  guint start, end;

  for (GList *at = all; at != NULL; at = at->next)
    if (g_str_equal (((AwsDoubleKey *) at->data)->region, call->region))
      g_ptr_array_add (here, at->data);
  json_object_set_array_member (aws_double_call_get_answer (call), "Keys", array);
  if (!aws_double_call_check_action (call, "kms:ListKeys", "*")
      || !read_page (call, 100, 1000, here->len, &start, &end))
    return FALSE;
  for (guint i = start; i < end; i++)
    {
      const AwsDoubleKey *key = here->pdata[i];
      JsonObject *object = json_object_new ();
      json_object_set_string_member (object, "KeyId", key->id);
      json_object_set_string_member (object, "KeyArn", key->arn);
      json_array_add_object_element (array, object);
    }
  return TRUE;
}

static JsonObject *
describe (const char *region, const AwsDoubleAlias *alias)
{
  JsonObject *object = json_object_new ();
  g_autofree char *arn = g_strdup_printf ("arn:aws:kms:%s:" AWS_DOUBLE_ACCOUNT ":%s", region, alias->name);
  const char *slash = alias->target != NULL ? strrchr (alias->target, '/') : NULL;

  json_object_set_string_member (object, "AliasName", alias->name);
  json_object_set_string_member (object, "AliasArn", arn);
  if (slash != NULL)
    {
      json_object_set_string_member (object, "TargetKeyId", slash + 1);
      json_object_set_double_member (object, "CreationDate", (double) alias->created);
      json_object_set_double_member (object, "LastUpdatedDate", (double) alias->created);
    }
  return object;
}

/* Without a key, one of AWS's own is among them that was never used, and has no key. */
gboolean
aws_double_list_aliases (AwsDoubleCall *call)
{
  AwsDoubleAlias not_used = { .name = (char *) NOT_USED };
  g_autoptr (GList) all = g_list_sort (g_hash_table_get_values (call->aws->aliases), compare_aliases);
  g_autoptr (GPtrArray) here = g_ptr_array_new ();
  JsonArray *array = json_array_new ();
  guint start, end;
  gboolean of_key = json_object_has_member (call->body, "KeyId");
  AwsDoubleKey *key = of_key ? aws_double_call_find_key (call, "KeyId", FALSE, "kms:ListAliases", NULL) : NULL;

  json_object_set_array_member (aws_double_call_get_answer (call), "Aliases", array);
  if ((of_key && key == NULL) || !aws_double_call_check_action (call, "kms:ListAliases", "*"))
    return FALSE;
  if (!of_key)
    g_ptr_array_add (here, &not_used);
  for (GList *at = all; at != NULL; at = at->next)
    {
      AwsDoubleAlias *alias = at->data;
      if (g_str_equal (alias->region, call->region) && (!of_key || g_strcmp0 (alias->target, key->arn) == 0))
        g_ptr_array_add (here, alias);
    }
  if (!read_page (call, 50, 100, here->len, &start, &end))
    return FALSE;
  for (guint i = start; i < end; i++)
    json_array_add_object_element (array, describe (call->region, here->pdata[i]));
  return TRUE;
}

gboolean
aws_double_list_tags (AwsDoubleCall *call)
{
  AwsDoubleKey *key = aws_double_call_find_key (call, "KeyId", FALSE, "kms:ListResourceTags", NULL);
  JsonArray *array = json_array_new ();
  GHashTableIter iter;
  gpointer name, value;

  json_object_set_array_member (aws_double_call_get_answer (call), "Tags", array);
  if (key == NULL)
    return FALSE;
  for (g_hash_table_iter_init (&iter, key->tags); g_hash_table_iter_next (&iter, &name, &value);)
    {
      JsonObject *tag = json_object_new ();
      json_object_set_string_member (tag, "TagKey", name);
      json_object_set_string_member (tag, "TagValue", value);
      json_array_add_object_element (array, tag);
    }
  json_object_set_boolean_member (call->answer, "Truncated", FALSE);
  return TRUE;
}

void
aws_double_set_page_size (AwsDouble *self, guint size)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->page_size = size;
}
