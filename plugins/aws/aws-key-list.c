/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists that come in pages. */
#include "aws-key-list.h"

#include <string.h>

/* Far more than an account may have; a service that goes on and on is not waited for. */
#define MAX_PAGES 10000
#define KEYS_A_PAGE "1000"
#define ALIASES_A_PAGE "100"

#define OF_AWS "alias/aws/"

typedef struct
{
  const char *list; /* the member that has the page */
  const char *size;
  const char *key_id; /* nullable: of this key alone */
  AwsMemberFunc read; /* the members of an entry */
  void (*end) (gpointer data);
  gpointer data;
  char *marker; /* of this page; NULL for the first */
  char *next;
  gboolean truncated;
} Pages;

static void
write_page (KmsHttpBuffer *body, gboolean *first, gpointer data)
{
  Pages *self = data;

  if (self->key_id != NULL)
    aws_body_add_text (body, first, "KeyId", self->key_id);
  aws_body_add_word (body, first, "Limit", self->size);
  if (self->marker != NULL)
    aws_body_add_text (body, first, "Marker", self->marker);
}

static void
read_page (KmsHttpJson *json, const char *name, gpointer data)
{
  Pages *self = data;

  if (strcmp (name, "NextMarker") == 0)
    aws_json_read_text (json, &self->next);
  else if (strcmp (name, "Truncated") == 0)
    aws_json_read_boolean (json, &self->truncated);
  else if (strcmp (name, self->list) != 0 || kms_http_json_peek (json) != KMS_HTTP_JSON_ARRAY)
    kms_http_json_skip (json);
  else
    {
      kms_http_json_enter_array (json);
      while (kms_http_json_next_element (json))
        {
          aws_json_read_object (json, self->read, self->data);
          self->end (self->data);
        }
    }
}

/* A page that is retried would be read twice: what it holds comes again under the same names. */
static gboolean
read_pages (Pages *self, KmsAwsProvider *provider, const char *operation, const char *region, GCancellable *cancellable,
            GError **error)
{
  AwsExchange exchange = { .operation = operation,
                           .region = region,
                           .object = self->key_id,
                           .write = write_page,
                           .data = self,
                           .read = read_page,
                           .result = self };
  gboolean done = TRUE, more = TRUE;

  for (guint page = 0; done && more && page < MAX_PAGES; page++)
    {
      self->truncated = FALSE;
      g_clear_pointer (&self->next, g_free);
      done = aws_exchange_run (&exchange, provider, cancellable, error);
      more = self->truncated && self->next != NULL && g_strcmp0 (self->next, self->marker) != 0;
      g_free (self->marker);
      self->marker = g_steal_pointer (&self->next);
    }
  g_clear_pointer (&self->marker, g_free);
  if (!done || !more)
    return done;
  g_set_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY, "%s: there is no end of pages", operation);
  return FALSE;
}

typedef struct
{
  char *name, *target;
  GHashTable *aliases; /* from a key's id to a GPtrArray of names */
} AliasReader;

static void
read_alias (KmsHttpJson *json, const char *name, gpointer data)
{
  AliasReader *self = data;

  if (strcmp (name, "AliasName") == 0)
    aws_json_read_text (json, &self->name);
  else if (strcmp (name, "TargetKeyId") == 0)
    aws_json_read_text (json, &self->target);
  else
    kms_http_json_skip (json);
}

static void
end_alias (gpointer data)
{
  AliasReader *self = data;
  GPtrArray *names = self->target != NULL ? g_hash_table_lookup (self->aliases, self->target) : NULL;

  if (self->target != NULL && self->name != NULL && names == NULL)
    {
      names = g_ptr_array_new_null_terminated (1, g_free, TRUE);
      g_hash_table_insert (self->aliases, g_strdup (self->target), names);
    }
  if (names != NULL && self->name != NULL && !g_ptr_array_find_with_equal_func (names, self->name, g_str_equal, NULL))
    g_ptr_array_add (names, g_steal_pointer (&self->name));
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->target, g_free);
}

static void
free_names (gpointer names)
{
  g_ptr_array_unref (names);
}

/* Who may not list aliases sees keys without them. */
static GHashTable *
read_aliases (KmsAwsProvider *provider, const char *region, const char *key_id, GCancellable *cancellable,
              GError **error)
{
  g_autoptr (GHashTable) aliases = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_names);
  AliasReader reader = { .aliases = aliases };
  Pages pages = {
    .list = "Aliases", .size = ALIASES_A_PAGE, .key_id = key_id, .read = read_alias, .end = end_alias, .data = &reader
  };
  g_autoptr (GError) local = NULL;

  gboolean done = read_pages (&pages, provider, "ListAliases", region, cancellable, &local);
  g_free (reader.name);
  g_free (reader.target);
  if (done || g_error_matches (local, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED))
    return g_steal_pointer (&aliases);
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

char **
aws_key_list_aliases (KmsAwsProvider *provider, const AwsKeyInfo *info, GCancellable *cancellable, GError **error)
{
  g_autoptr (GHashTable) aliases = read_aliases (provider, info->region, info->id, cancellable, error);

  if (aliases == NULL)
    return NULL;
  GPtrArray *names = g_hash_table_lookup (aliases, info->id);
  return names != NULL ? g_strdupv ((char **) names->pdata) : g_new0 (char *, 1);
}

typedef struct
{
  char *id;
  GHashTable *seen;
  GPtrArray *ids;
} KeyReader;

static void
read_key (KmsHttpJson *json, const char *name, gpointer data)
{
  KeyReader *self = data;

  if (strcmp (name, "KeyId") == 0)
    aws_json_read_text (json, &self->id);
  else
    kms_http_json_skip (json);
}

static void
end_key (gpointer data)
{
  KeyReader *self = data;

  if (self->id == NULL)
    return;
  if (g_hash_table_add (self->seen, g_strdup (self->id)))
    g_ptr_array_add (self->ids, g_steal_pointer (&self->id));
  g_clear_pointer (&self->id, g_free);
}

static GPtrArray *
read_ids (KmsAwsProvider *provider, const char *region, GCancellable *cancellable, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
  KeyReader reader = { .seen = seen, .ids = ids };
  Pages pages = { .list = "Keys", .size = KEYS_A_PAGE, .read = read_key, .end = end_key, .data = &reader };

  gboolean done = read_pages (&pages, provider, "ListKeys", region, cancellable, error);
  g_free (reader.id);
  return done ? g_steal_pointer (&ids) : NULL;
}

/* A key that may not be described is listed, too. */
static KmsKey *
describe (KmsAwsProvider *provider, const char *id, const char *const *aliases, GCancellable *cancellable,
          GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (AwsKeyInfo) info = aws_key_info_read (provider, id, cancellable, &local);
  const char *name = aliases != NULL && aliases[0] != NULL ? aliases[0] : id;

  if (info != NULL)
    return aws_key_info_describe (info, name, aliases);
  if (g_error_matches (local, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED))
    return kms_key_new (name, KMS_KEY_STATE_UNAVAILABLE);
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

static gboolean
is_of_aws (const char *const *aliases)
{
  return aliases != NULL && aliases[0] != NULL && g_str_has_prefix (aliases[0], OF_AWS);
}

static GPtrArray *
describe_all (KmsAwsProvider *provider, GPtrArray *ids, GHashTable *aliases, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < ids->len; i++)
    {
      const char *id = g_ptr_array_index (ids, i);
      GPtrArray *names = g_hash_table_lookup (aliases, id);
      const char *const *texts = names != NULL ? (const char *const *) names->pdata : NULL;
      if (is_of_aws (texts))
        continue;
      KmsKey *key = describe (provider, id, texts, cancellable, error);
      if (key == NULL)
        return NULL;
      g_ptr_array_add (keys, key);
    }
  return g_steal_pointer (&keys);
}

GPtrArray *
aws_key_list (KmsAwsProvider *provider, GCancellable *cancellable, GError **error)
{
  g_autoptr (AwsKeyAddress) anywhere = aws_key_address_find (provider, "alias/any", cancellable, error);
  g_autoptr (GPtrArray) ids = anywhere != NULL ? read_ids (provider, anywhere->region, cancellable, error) : NULL;
  g_autoptr (GHashTable) aliases = ids != NULL ? read_aliases (provider, anywhere->region, NULL, cancellable, error)
                                               : NULL;

  return aliases != NULL ? describe_all (provider, ids, aliases, cancellable, error) : NULL;
}
