/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The AWS double as tests make it and set it up: its clock, who may sign, and what was asked. */
#include "aws-double-key.h"
#include "aws-double-state.h"

#include <gnutls/crypto.h>
#include <string.h>

static void
handle (const TestRequest *request, TestResponse *response, gpointer data)
{
  static gboolean (*const services[]) (AwsDouble *, const TestRequest *, TestResponse *) = {
    aws_double_kms_handle,  aws_double_sts_handle, aws_double_container_handle,
    aws_double_imds_handle, aws_double_sso_handle,
  };
  AwsDouble *self = data;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->has_date)
    {
      g_autoptr (GDateTime) now = g_date_time_new_from_unix_utc (aws_double_now (self));
      g_autofree char *date = g_date_time_format (now, "%a, %d %b %Y %H:%M:%S GMT");
      test_response_add_header (response, "Date", date);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (services); i++)
    if (services[i](self, request, response))
      return;
  test_response_set_json (response, 404, "{\"message\":\"no service of the double is asked so\"}");
}

AwsDouble *
aws_double_new (TestServer *server)
{
  AwsDouble *self = g_new0 (AwsDouble, 1);

  g_mutex_init (&self->lock);
  self->server = server;
  self->has_date = TRUE;
  self->identities = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) aws_double_identity_free);
  self->keys = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) aws_double_key_free);
  self->aliases = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) aws_double_alias_free);
  self->answers = g_ptr_array_new_with_free_func ((GDestroyNotify) aws_double_script_free);
  self->entries = g_ptr_array_new_with_free_func ((GDestroyNotify) aws_double_entry_free);
  self->roles = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) aws_double_place_free);
  self->imds_tokens = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->sso_tokens = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) aws_double_place_free);
  self->sso_refreshs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  aws_double_add_access_key (self, AWS_DOUBLE_ADMIN, AWS_DOUBLE_ADMIN_SECRET, NULL);
  test_server_set_handler (server, handle, self);
  return self;
}

void
aws_double_free (AwsDouble *self)
{
  GHashTable *tables[] = { self->identities,  self->keys,       self->aliases,     self->roles,
                           self->imds_tokens, self->sso_tokens, self->sso_refreshs };

  test_server_set_handler (self->server, NULL, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tables); i++)
    g_hash_table_unref (tables[i]);
  g_ptr_array_unref (self->answers);
  g_ptr_array_unref (self->entries);
  g_clear_pointer (&self->container, aws_double_place_free);
  g_clear_pointer (&self->instance, aws_double_place_free);
  g_free (self->imds_region);
  g_mutex_clear (&self->lock);
  g_free (self);
}

gint64
aws_double_now (const AwsDouble *self)
{
  return g_get_real_time () / G_USEC_PER_SEC + self->ahead;
}

char *
aws_double_format_time (gint64 seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);

  return g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ");
}

char *
aws_double_random_name (guint bytes)
{
  GString *name = g_string_new (NULL);

  for (guint i = 0; i < bytes; i++)
    g_string_append_printf (name, "%02x", (guint) g_random_int_range (0, 256));
  return g_string_free (name, FALSE);
}

void
aws_double_advance (AwsDouble *self, gint seconds)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->ahead += seconds;
}

void
aws_double_set_says_skewed (AwsDouble *self, gboolean skewed)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->says_skewed = skewed;
}

void
aws_double_set_has_date (AwsDouble *self, gboolean has_date)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->has_date = has_date;
}

void
aws_double_identity_free (AwsDoubleIdentity *self)
{
  g_free (self->id);
  g_free (self->secret);
  g_free (self->token);
  g_clear_pointer (&self->policy, aws_double_policy_free);
  g_free (self->principal);
  g_free (self);
}

void
aws_double_add_access_key (AwsDouble *self, const char *id, const char *secret, const char *policy)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  AwsDoubleIdentity *identity = g_new0 (AwsDoubleIdentity, 1);

  identity->id = g_strdup (id);
  identity->secret = g_strdup (secret);
  identity->policy = aws_double_policy_new (policy);
  identity->principal = g_strdup_printf ("arn:aws:iam::" AWS_DOUBLE_ACCOUNT ":user/%s", id);
  g_hash_table_replace (self->identities, identity->id, identity);
}

void
aws_double_remove_access_key (AwsDouble *self, const char *id)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_assert_true (g_hash_table_remove (self->identities, id));
}

void
aws_double_entry_free (AwsDoubleEntry *self)
{
  g_free (self->operation);
  g_free (self->access_key_id);
  g_free (self->region);
  g_free (self->key_id);
  g_free (self->context);
  g_free (self->code);
  g_free (self);
}

AwsDoubleEntry *
aws_double_add_entry (AwsDouble *self, const char *operation)
{
  AwsDoubleEntry *entry = g_new0 (AwsDoubleEntry, 1);

  entry->operation = g_strdup (operation);
  entry->status = 200;
  g_ptr_array_add (self->entries, entry);
  return entry;
}

guint
aws_double_count_entries (AwsDouble *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->entries->len;
}

guint
aws_double_count_entries_of (AwsDouble *self, const char *operation)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  guint count = 0;

  for (guint i = 0; i < self->entries->len; i++)
    count += g_str_equal (((AwsDoubleEntry *) self->entries->pdata[i])->operation, operation) ? 1 : 0;
  return count;
}

const AwsDoubleEntry *
aws_double_get_entry (AwsDouble *self, guint index)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_assert_cmpuint (index, <, self->entries->len);
  return self->entries->pdata[index];
}

void
aws_double_forget_entries (AwsDouble *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_ptr_array_set_size (self->entries, 0);
}

void
aws_double_answer_json (TestResponse *response, guint status, JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, object);
  g_autofree char *text = json_to_string (node, FALSE);
  test_response_set_json (response, status, text);
}

char *
aws_double_form_get (const char *form, const char *name)
{
  g_auto (GStrv) pairs = g_strsplit (form != NULL ? form : "", "&", -1);

  for (guint i = 0; pairs[i] != NULL; i++)
    {
      g_auto (GStrv) halves = g_strsplit (pairs[i], "=", 2);
      if (g_strcmp0 (halves[0], name) != 0)
        continue;
      g_strdelimit (halves[1] != NULL ? halves[1] : halves[0], "+", ' ');
      return g_uri_unescape_string (halves[1] != NULL ? halves[1] : "", NULL);
    }
  return NULL;
}
