/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tokens of the Vault double. */
#include "vault-double-token.h"

#include "vault-double-policy.h"

char *
double_random_name (const char *prefix, guint length)
{
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  GString *name = g_string_new (prefix);

  for (guint i = 0; i < length; i++)
    g_string_append_c (name, letters[g_random_int_range (0, sizeof letters - 1)]);
  return g_string_free (name, FALSE);
}

char *
double_time_format (gint64 time)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (time);

  return g_date_time_format (date, "%Y-%m-%dT%H:%M:%SZ");
}

void
double_token_free (DoubleToken *self)
{
  g_free (self->id);
  g_free (self->accessor);
  g_free (self->creation_path);
  g_strfreev (self->policies);
  g_free (self->wrapped);
  g_free (self);
}

static char **
list_policies (const VaultTokenOptions *options)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_auto (GStrv) wanted = g_strsplit (options->policies != NULL ? options->policies : "", " ", -1);

  for (guint i = 0; wanted[i] != NULL; i++)
    {
      if (wanted[i][0] != '\0' && !g_str_equal (wanted[i], "default"))
        g_strv_builder_add (names, wanted[i]);
    }
  if (!options->no_default_policy)
    g_strv_builder_add (names, "default");
  return g_strv_builder_end (names);
}

DoubleToken *
double_token_add (VaultDouble *vault, const VaultTokenOptions *options, const char *creation_path)
{
  DoubleToken *self = g_new0 (DoubleToken, 1);

  self->is_batch = options->batch;
  self->id = double_random_name (options->batch ? "b." : "s.", options->batch ? 120 : 24);
  self->accessor = double_random_name ("", options->batch ? 0 : 24);
  self->creation_path = g_strdup (creation_path);
  self->policies = list_policies (options);
  self->created = vault->now;
  self->creation_ttl = options->ttl;
  self->expires = options->ttl > 0 ? vault->now + options->ttl : 0;
  self->max_time = options->max_ttl > 0 ? vault->now + options->max_ttl : 0;
  if (self->max_time > 0 && self->expires > 0)
    self->expires = MIN (self->expires, self->max_time);
  self->is_limited = options->num_uses > 0;
  self->uses_left = options->num_uses;
  self->renewable = options->renewable && !options->batch;
  g_hash_table_replace (vault->tokens, self->id, self);
  g_free (vault->last_token);
  vault->last_token = g_strdup (self->id);
  return self;
}

void
double_token_remove (VaultDouble *vault, const char *id)
{
  g_hash_table_remove (vault->tokens, id);
}

DoubleToken *
double_token_find (VaultDouble *vault, const char *id)
{
  DoubleToken *self = id != NULL ? g_hash_table_lookup (vault->tokens, id) : NULL;

  if (self == NULL)
    return NULL;
  if ((self->expires == 0 || vault->now < self->expires) && !double_token_is_used_up (self))
    return self;
  double_token_remove (vault, id);
  return NULL;
}

void
double_token_use (DoubleToken *self)
{
  if (self->is_limited && self->uses_left > 0)
    self->uses_left--;
}

gboolean
double_token_is_used_up (const DoubleToken *self)
{
  return self->is_limited && self->uses_left == 0;
}

guint
double_token_get_ttl (VaultDouble *vault, const DoubleToken *self)
{
  return self->expires > 0 ? (guint) (self->expires - vault->now) : 0;
}

gboolean
double_token_renew (VaultDouble *vault, DoubleToken *self, gint64 increment)
{
  if (!self->renewable || self->expires == 0)
    return FALSE;
  self->expires = vault->now + (increment > 0 ? increment : self->creation_ttl);
  if (self->max_time > 0)
    self->expires = MIN (self->expires, self->max_time);
  self->renewals++;
  return TRUE;
}

gboolean
double_token_may (VaultDouble *vault, const DoubleToken *self, const char *path, const char *capability)
{
  g_auto (GStrv) capabilities = double_policies_get_capabilities (vault, self, path);

  return g_strv_contains ((const char *const *) capabilities, "root")
         || g_strv_contains ((const char *const *) capabilities, capability);
}

static JsonArray *
list_names (char **names)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; names[i] != NULL; i++)
    json_array_add_string_element (array, names[i]);
  return array;
}

JsonObject *
double_token_describe (VaultDouble *vault, const DoubleToken *self, const char *key, const char *value)
{
  JsonObject *auth = json_object_new ();

  json_object_set_string_member (auth, "client_token", self->id);
  json_object_set_string_member (auth, "accessor", self->accessor);
  json_object_set_array_member (auth, "policies", list_names (self->policies));
  json_object_set_array_member (auth, "token_policies", list_names (self->policies));
  if (key != NULL)
    {
      JsonObject *metadata = json_object_new ();
      json_object_set_string_member (metadata, key, value);
      json_object_set_object_member (auth, "metadata", metadata);
    }
  else
    json_object_set_null_member (auth, "metadata");
  json_object_set_int_member (auth, "lease_duration", double_token_get_ttl (vault, self));
  json_object_set_boolean_member (auth, "renewable", self->renewable);
  json_object_set_string_member (auth, "entity_id", "");
  json_object_set_string_member (auth, "token_type", self->is_batch ? "batch" : "service");
  json_object_set_boolean_member (auth, "orphan", !g_str_equal (self->creation_path, "auth/token/create"));
  json_object_set_null_member (auth, "mfa_requirement");
  json_object_set_int_member (auth, "num_uses", self->uses_left);
  return auth;
}
