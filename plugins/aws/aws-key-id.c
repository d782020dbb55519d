/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking key ids apart. */
#include "aws-key-id.h"

#include "aws-region.h"

#include <string.h>

#define MAX_KEY_ID 2048

/* arn:PARTITION:kms:REGION:ACCOUNT:RESOURCE */
enum {
  ARN_SERVICE = 2,
  ARN_REGION = 3,
  ARN_ACCOUNT = 4,
  ARN_RESOURCE = 5,
  ARN_FIELDS = 6,
};

void
aws_key_address_free (AwsKeyAddress *self)
{
  g_free (self->region);
  g_free (self->key_id);
  g_free (self);
}

static const char *
get_resource (const char *key_id)
{
  if (!g_str_has_prefix (key_id, "arn:"))
    return key_id;
  for (guint i = 0; key_id != NULL && i < ARN_RESOURCE; i++)
    {
      const char *colon = strchr (key_id, ':');
      if (colon == NULL)
        return key_id;
      key_id = colon + 1;
    }
  return key_id;
}

gboolean
aws_key_id_is_alias (const char *key_id)
{
  return g_str_has_prefix (get_resource (key_id), "alias/");
}

const char *
aws_key_id_get_short (const char *key_id)
{
  const char *resource = get_resource (key_id);
  return resource != key_id && g_str_has_prefix (resource, "key/") ? resource + strlen ("key/") : key_id;
}

static gboolean
check_text (const char *key_id, GError **error)
{
  gsize length = strlen (key_id);
  const char *wrong = NULL;

  if (length == 0)
    wrong = "is empty";
  else if (length > MAX_KEY_ID)
    wrong = "is longer than 2048 characters";
  else
    for (gsize i = 0; i < length && wrong == NULL; i++)
      if (!g_ascii_isgraph (key_id[i]))
        wrong = "holds blanks or bytes that no key id of AWS holds";
  if (wrong == NULL)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
               "the key id %s; write a key's id, alias/NAME, or the ARN of either", wrong);
  return FALSE;
}

static gboolean
check_arn (char **fields, const char *key_id, GError **error)
{
  const char *resource = g_strv_length (fields) == ARN_FIELDS ? fields[ARN_RESOURCE] : "";

  if ((g_str_has_prefix (resource, "key/") || g_str_has_prefix (resource, "alias/"))
      && strcmp (fields[ARN_SERVICE], "kms") == 0 && fields[ARN_REGION][0] != '\0')
    return aws_region_check (fields[ARN_REGION], key_id, error);
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
               "\"%s\" is no ARN of a key; write arn:aws:kms:REGION:ACCOUNT:key/ID, or :alias/NAME", key_id);
  return FALSE;
}

/* A multi-Region key has the same id in each of its regions, under an ARN of its own there. */
static AwsKeyAddress *
take_arn (const AwsSettings *settings, const char *key_id, GError **error)
{
  g_auto (GStrv) fields = g_strsplit (key_id, ":", ARN_FIELDS);
  AwsKeyAddress *self;

  if (!check_arn (fields, key_id, error))
    return NULL;
  gboolean elsewhere = settings->explicit_region && strcmp (settings->region, fields[ARN_REGION]) != 0;
  if (elsewhere && !g_str_has_prefix (fields[ARN_RESOURCE], "key/mrk-"))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
                   "the key is in %s, and %s is %s; take that away, or give keys of another region a provider of "
                   "their own",
                   fields[ARN_REGION], settings->region_from, settings->region);
      return NULL;
    }
  self = g_new0 (AwsKeyAddress, 1);
  if (elsewhere)
    {
      g_free (fields[ARN_REGION]);
      fields[ARN_REGION] = g_strdup (settings->region);
    }
  self->region = g_strdup (fields[ARN_REGION]);
  self->key_id = g_strjoinv (":", fields);
  return self;
}

AwsKeyAddress *
aws_key_address_new (const AwsSettings *settings, const char *key_id, const char *found, GError **error)
{
  const char *region = settings->region != NULL ? settings->region : found;

  if (!check_text (key_id, error))
    return NULL;
  if (g_str_has_prefix (key_id, "arn:"))
    return take_arn (settings, key_id, error);
  if (region == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
                   "no region: set Region= in %s.provider, AWS_REGION, or region in the profile \"%s\", or name the "
                   "key by its ARN",
                   settings->label, settings->profile);
      return NULL;
    }
  AwsKeyAddress *self = g_new0 (AwsKeyAddress, 1);
  self->region = g_strdup (region);
  self->key_id = g_strdup (key_id);
  return self;
}
