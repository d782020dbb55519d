/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A key has no name of people's own; an alias is one, which can be moved. Both are made here, one after the other. */
#include "aws-key-create.h"

#include "aws-key-options.h"

#include <string.h>

typedef struct
{
  const char *id;
  const char *alias;
  const char *text;
  gint64 days;
} Change;

static void
write_alias (KmsHttpBuffer *body, gboolean *first, gpointer data)
{
  const Change *change = data;

  aws_body_add_text (body, first, "AliasName", change->alias);
  if (change->id != NULL)
    aws_body_add_text (body, first, "TargetKeyId", change->id);
}

static void
write_description (KmsHttpBuffer *body, gboolean *first, gpointer data)
{
  const Change *change = data;

  aws_body_add_text (body, first, "KeyId", change->id);
  aws_body_add_text (body, first, "Description", change->text);
}

static void
write_rotation (KmsHttpBuffer *body, gboolean *first, gpointer data)
{
  const Change *change = data;
  g_autofree char *days = g_strdup_printf ("%" G_GINT64_FORMAT, change->days);

  aws_body_add_text (body, first, "KeyId", change->id);
  if (change->days > 0)
    aws_body_add_word (body, first, "RotationPeriodInDays", days);
}

static gboolean
run_change (KmsAwsProvider *provider, const char *operation, const char *region, AwsBodyFunc write, Change *change,
            GCancellable *cancellable, GError **error)
{
  AwsExchange exchange = { .operation = operation,
                           .region = region,
                           .object = change->alias != NULL ? change->alias : change->id,
                           .write = write,
                           .data = change };
  return aws_exchange_run (&exchange, provider, cancellable, error);
}

/* An alias that is there already may be what an earlier try made, whose answer was lost. */
static gboolean
create_alias (KmsAwsProvider *provider, const AwsKeyInfo *info, const char *alias, GCancellable *cancellable,
              GError **error)
{
  Change change = { .id = info->id, .alias = alias };
  g_autoptr (GError) local = NULL;

  if (run_change (provider, "CreateAlias", info->region, write_alias, &change, cancellable, &local))
    return TRUE;
  if (g_error_matches (local, KMS_ERROR, KMS_ERROR_ALREADY_EXISTS))
    {
      g_autoptr (AwsKeyInfo) there = aws_key_info_read (provider, alias, cancellable, NULL);
      if (there != NULL && strcmp (there->id, info->id) == 0)
        return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
set_rotation (AwsKeyInfo *info, KmsAwsProvider *provider, gint64 days, GCancellable *cancellable, GError **error)
{
  Change change = { .id = info->id, .days = days };

  if (!run_change (provider, days > 0 ? "EnableKeyRotation" : "DisableKeyRotation", info->region, write_rotation,
                   &change, cancellable, error))
    return FALSE;
  info->rotation_known = TRUE;
  info->rotates = days > 0;
  info->rotation_days = days;
  info->next_rotation = -1;
  return TRUE;
}

static const char *
get_alias_name (const char *key_id)
{
  const char *at = g_str_has_prefix (key_id, "arn:") ? strstr (key_id, ":alias/") : NULL;
  return at != NULL ? at + 1 : key_id;
}

/* One "name=value" after the other, with "," between. */
static gboolean
write_tags (KmsHttpBuffer *json, const char *tags, GError **error)
{
  g_auto (GStrv) pairs = g_strsplit (tags, ",", -1);

  for (guint i = 0; pairs[i] != NULL; i++)
    {
      gboolean first = TRUE;
      char *equals = strchr (pairs[i], '=');
      if (equals == NULL || equals == pairs[i])
        {
          g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                               "option \"tags\": write NAME=VALUE,NAME=VALUE");
          return FALSE;
        }
      *equals = '\0';
      kms_http_buffer_append_text (json, i > 0 ? ",{" : "[{");
      aws_body_add_text (json, &first, "TagKey", pairs[i]);
      aws_body_add_text (json, &first, "TagValue", equals + 1);
      kms_http_buffer_append (json, "}", 1);
    }
  kms_http_buffer_append_text (json, pairs[0] != NULL ? "]" : "[]");
  return TRUE;
}

typedef struct
{
  GVariant *options;
  const char *tags; /* as JSON; nullable */
} Creation;

static void
write_creation (KmsHttpBuffer *body, gboolean *first, gpointer data)
{
  const Creation *creation = data;
  g_autofree char *description = aws_key_options_dup (creation->options, "description");
  g_autofree char *policy = aws_key_options_dup (creation->options, "policy");
  g_autofree char *multi_region = aws_key_options_dup (creation->options, "multi-region");

  if (description != NULL)
    aws_body_add_text (body, first, "Description", description);
  if (policy != NULL)
    aws_body_add_text (body, first, "Policy", policy);
  if (multi_region != NULL)
    aws_body_add_word (body, first, "MultiRegion", multi_region);
  if (creation->tags != NULL)
    aws_body_add_word (body, first, "Tags", creation->tags);
}

/* Sent once: who sent it twice would have two keys, and pay for both. */
static AwsKeyInfo *
create_key (KmsAwsProvider *provider, const char *region, GVariant *options, GCancellable *cancellable, GError **error)
{
  g_autoptr (AwsKeyInfo) info = aws_key_info_new (region);
  g_autoptr (KmsHttpBuffer) json = kms_http_buffer_new ();
  g_autofree char *tags = aws_key_options_dup (options, "tags");
  gsize length;
  Creation creation = { .options = options };
  AwsExchange exchange = { .operation = "CreateKey",
                           .region = region,
                           .write = write_creation,
                           .data = &creation,
                           .once = TRUE,
                           .read = aws_key_info_read_member,
                           .result = info };

  if (tags != NULL && !write_tags (json, tags, error))
    return NULL;
  if (tags != NULL)
    creation.tags = (const char *) kms_http_buffer_get_data (json, &length);
  if (!aws_exchange_run (&exchange, provider, cancellable, error))
    return NULL;
  if (info->id != NULL)
    return g_steal_pointer (&info);
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INTEGRITY, "CreateKey: the answer describes no key");
  return NULL;
}

static gboolean
check_absent (KmsAwsProvider *provider, const char *alias, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (AwsKeyInfo) there = aws_key_info_read (provider, alias, cancellable, &local);

  if (there != NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_ALREADY_EXISTS, "\"%s\" is there already: it is key %s", alias,
                   there->id);
      return FALSE;
    }
  if (g_error_matches (local, KMS_ERROR, KMS_ERROR_NOT_FOUND)
      || g_error_matches (local, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

AwsKeyInfo *
aws_key_create (KmsAwsProvider *provider, const char *alias, GVariant *options, GCancellable *cancellable,
                GError **error)
{
  const char *name = get_alias_name (alias);
  gint64 days = 0;

  if (!aws_alias_check (name, error) || !aws_key_options_check (options, AWS_OPTIONS_CREATE, error))
    return NULL;
  g_autoptr (AwsKeyAddress) address = aws_key_address_find (provider, alias, cancellable, error);
  if (address == NULL || !check_absent (provider, alias, cancellable, error))
    return NULL;
  g_autoptr (AwsKeyInfo) info = create_key (provider, address->region, options, cancellable, error);
  if (info == NULL)
    return NULL;
  if (create_alias (provider, info, name, cancellable, error)
      && (!aws_key_options_get_number (options, "rotation-days", &days) || days == 0
          || set_rotation (info, provider, days, cancellable, error)))
    return g_steal_pointer (&info);
  g_prefix_error (error, "key %s was made, and is there now, but not all of it could be done: ", info->id);
  return NULL;
}

static gboolean
configure_alias (const AwsKeyInfo *info, KmsAwsProvider *provider, GVariant *options, GCancellable *cancellable,
                 GError **error)
{
  g_autofree char *add = aws_key_options_dup (options, "add-alias");
  g_autofree char *move = aws_key_options_dup (options, "move-alias");
  g_autofree char *remove = aws_key_options_dup (options, "remove-alias");
  Change moved = { .id = info->id, .alias = move }, removed = { .alias = remove };

  return (add == NULL || create_alias (provider, info, add, cancellable, error))
         && (move == NULL
             || run_change (provider, "UpdateAlias", info->region, write_alias, &moved, cancellable, error))
         && (remove == NULL
             || run_change (provider, "DeleteAlias", info->region, write_alias, &removed, cancellable, error));
}

gboolean
aws_key_configure (AwsKeyInfo *info, KmsAwsProvider *provider, GVariant *options, GCancellable *cancellable,
                   GError **error)
{
  g_autofree char *description = aws_key_options_dup (options, "description");
  Change change = { .id = info->id, .text = description };
  gint64 days;

  if (description != NULL)
    {
      if (!run_change (provider, "UpdateKeyDescription", info->region, write_description, &change, cancellable, error))
        return FALSE;
      g_free (info->description);
      info->description = g_strdup (description);
    }
  if (aws_key_options_get_number (options, "rotation-days", &days)
      && !set_rotation (info, provider, days, cancellable, error))
    return FALSE;
  return configure_alias (info, provider, options, cancellable, error);
}
