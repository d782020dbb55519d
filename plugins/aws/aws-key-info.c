/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptions of keys. */
#include "aws-key-info.h"

#include <string.h>

AwsKeyInfo *
aws_key_info_new (const char *region)
{
  AwsKeyInfo *self = g_new0 (AwsKeyInfo, 1);

  self->region = g_strdup (region);
  self->created = self->deleted = self->rotation_days = self->next_rotation = -1;
  return self;
}

void
aws_key_info_free (AwsKeyInfo *self)
{
  char **texts[] = { &self->id,   &self->arn,    &self->region,  &self->state,       &self->usage,
                     &self->spec, &self->origin, &self->manager, &self->description, &self->material };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (*texts[i]);
  g_free (self);
}

static const struct
{
  const char *name;
  gsize offset;
} texts[] = {
  { "KeyId", G_STRUCT_OFFSET (AwsKeyInfo, id) },
  { "Arn", G_STRUCT_OFFSET (AwsKeyInfo, arn) },
  { "KeyState", G_STRUCT_OFFSET (AwsKeyInfo, state) },
  { "KeyUsage", G_STRUCT_OFFSET (AwsKeyInfo, usage) },
  { "KeySpec", G_STRUCT_OFFSET (AwsKeyInfo, spec) },
  { "Origin", G_STRUCT_OFFSET (AwsKeyInfo, origin) },
  { "KeyManager", G_STRUCT_OFFSET (AwsKeyInfo, manager) },
  { "Description", G_STRUCT_OFFSET (AwsKeyInfo, description) },
  { "CurrentKeyMaterialId", G_STRUCT_OFFSET (AwsKeyInfo, material) },
};

static void
read_metadata (KmsHttpJson *json, const char *name, gpointer data)
{
  AwsKeyInfo *self = data;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (strcmp (texts[i].name, name) == 0)
      {
        aws_json_read_text (json, G_STRUCT_MEMBER_P (self, texts[i].offset));
        return;
      }
  if (strcmp (name, "MultiRegion") == 0)
    aws_json_read_boolean (json, &self->multi_region);
  else if (strcmp (name, "CreationDate") == 0)
    aws_json_read_number (json, &self->created);
  else if (strcmp (name, "DeletionDate") == 0)
    aws_json_read_number (json, &self->deleted);
  else
    kms_http_json_skip (json);
}

void
aws_key_info_read_member (KmsHttpJson *json, const char *name, gpointer data)
{
  if (strcmp (name, "KeyMetadata") == 0)
    aws_json_read_object (json, read_metadata, data);
  else
    kms_http_json_skip (json);
}

void
aws_key_id_write (KmsHttpBuffer *body, gboolean *first, gpointer data)
{
  aws_body_add_text (body, first, "KeyId", data);
}

AwsKeyAddress *
aws_key_address_find (KmsAwsProvider *provider, const char *key_id, GCancellable *cancellable, GError **error)
{
  g_autoptr (KmsHttpCredentials) credentials = NULL;

  if (kms_aws_provider_get_region (provider) == NULL && !g_str_has_prefix (key_id, "arn:"))
    {
      credentials = kms_http_provider_dup_credentials (KMS_HTTP_PROVIDER (provider), cancellable, error);
      if (credentials == NULL)
        return NULL;
    }
  return aws_key_address_new (provider->settings, key_id, kms_aws_provider_get_region (provider), error);
}

AwsKeyInfo *
aws_key_info_read (KmsAwsProvider *provider, const char *key_id, GCancellable *cancellable, GError **error)
{
  g_autoptr (AwsKeyAddress) address = aws_key_address_find (provider, key_id, cancellable, error);

  if (address == NULL)
    return NULL;
  g_autoptr (AwsKeyInfo) self = aws_key_info_new (address->region);
  AwsExchange exchange = { .operation = "DescribeKey",
                           .region = address->region,
                           .object = address->key_id,
                           .write = aws_key_id_write,
                           .data = address->key_id,
                           .read = aws_key_info_read_member,
                           .result = self };
  if (!aws_exchange_run (&exchange, provider, cancellable, error))
    return NULL;
  if (self->id != NULL)
    return g_steal_pointer (&self);
  g_set_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY, "DescribeKey with \"%s\": the answer describes no key",
               address->key_id);
  return NULL;
}

static void
read_rotation (KmsHttpJson *json, const char *name, gpointer data)
{
  AwsKeyInfo *self = data;

  if (strcmp (name, "KeyRotationEnabled") == 0)
    {
      self->rotation_known = TRUE;
      aws_json_read_boolean (json, &self->rotates);
    }
  else if (strcmp (name, "RotationPeriodInDays") == 0)
    aws_json_read_number (json, &self->rotation_days);
  else if (strcmp (name, "NextRotationDate") == 0)
    aws_json_read_number (json, &self->next_rotation);
  else
    kms_http_json_skip (json);
}

gboolean
aws_key_info_read_rotation (AwsKeyInfo *self, KmsAwsProvider *provider, GCancellable *cancellable, GError **error)
{
  AwsExchange exchange = { .operation = "GetKeyRotationStatus",
                           .region = self->region,
                           .object = self->id,
                           .write = aws_key_id_write,
                           .data = self->id,
                           .read = read_rotation,
                           .result = self };
  g_autoptr (GError) local = NULL;

  if (!aws_key_info_is_symmetric (self) || aws_exchange_run (&exchange, provider, cancellable, &local)
      || g_error_matches (local, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED)
      || g_error_matches (local, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED)
      || g_error_matches (local, KMS_ERROR, KMS_ERROR_KEY_DISABLED))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* What is not told is what it always was. */
gboolean
aws_key_info_is_symmetric (const AwsKeyInfo *self)
{
  return (self->usage == NULL || strcmp (self->usage, "ENCRYPT_DECRYPT") == 0)
         && (self->spec == NULL || strcmp (self->spec, "SYMMETRIC_DEFAULT") == 0);
}

static KmsKeyState
get_state (const AwsKeyInfo *self)
{
  static const struct
  {
    const char *name;
    KmsKeyState state;
  } states[] = {
    { "Enabled", KMS_KEY_STATE_ENABLED },
    { "Updating", KMS_KEY_STATE_ENABLED },
    { "Disabled", KMS_KEY_STATE_DISABLED },
    { "PendingDeletion", KMS_KEY_STATE_PENDING_DELETION },
    { "PendingReplicaDeletion", KMS_KEY_STATE_PENDING_DELETION },
  };

  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    if (g_strcmp0 (self->state, states[i].name) == 0)
      return states[i].state;
  return KMS_KEY_STATE_UNAVAILABLE;
}

static void
add_text (GVariantDict *details, const char *name, const char *text)
{
  if (text != NULL && text[0] != '\0')
    g_variant_dict_insert (details, name, "s", text);
}

static GVariant *
make_details (const AwsKeyInfo *self, const char *const *aliases)
{
  GVariantDict details;

  g_variant_dict_init (&details, NULL);
  add_text (&details, "arn", self->arn);
  add_text (&details, "region", self->region);
  add_text (&details, "aws-state", self->state);
  add_text (&details, "spec", self->spec);
  add_text (&details, "usage", self->usage);
  add_text (&details, "origin", self->origin);
  add_text (&details, "manager", self->manager);
  add_text (&details, "material", self->material);
  if (self->multi_region)
    g_variant_dict_insert (&details, "multi-region", "b", TRUE);
  if (aliases != NULL && aliases[0] != NULL)
    {
      g_autofree char *joined = g_strjoinv (" ", (char **) aliases);
      g_variant_dict_insert (&details, "aliases", "s", joined);
    }
  if (self->rotation_known)
    g_variant_dict_insert (&details, "rotates", "b", self->rotates);
  if (self->rotates && self->rotation_days > 0)
    g_variant_dict_insert (&details, "rotation-days", "x", self->rotation_days);
  if (self->rotates && self->next_rotation > 0)
    {
      g_autoptr (GDateTime) next = g_date_time_new_from_unix_utc (self->next_rotation);
      g_autofree char *text = next != NULL ? g_date_time_format_iso8601 (next) : NULL;
      add_text (&details, "next-rotation", text);
    }
  return g_variant_dict_end (&details);
}

KmsKey *
aws_key_info_describe (const AwsKeyInfo *self, const char *id, const char *const *aliases)
{
  KmsKey *key = kms_key_new (id, get_state (self));

  if (self->description != NULL && self->description[0] != '\0')
    kms_key_set_description (key, self->description);
  kms_key_set_times (key, self->created, self->deleted);
  kms_key_set_binding (key, aws_key_info_is_symmetric (self) ? KMS_BINDING_VERIFIED : KMS_BINDING_IGNORED);
  kms_key_set_details (key, make_details (self, aliases));
  return key;
}
