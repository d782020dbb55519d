/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Operations of the AWS double that look at keys and change them. */
#include "aws-double-call.h"

#include <string.h>

#define DAY (24 * 60 * 60)
#define MAX_ROTATIONS 10
#define MAX_DESCRIPTION 8192

static AwsDoubleKey *
find (AwsDoubleCall *call, const char *action)
{
  return aws_double_call_find_key (call, "KeyId", FALSE, action, NULL);
}

static gboolean
has_state (const AwsDoubleKey *key, const char *state)
{
  return g_str_equal (key->state, state);
}

static void
set_state (AwsDoubleKey *key, const char *state)
{
  g_free (key->state);
  key->state = g_strdup (state);
}

/* What can't be done to a key that is on its way out. */
static gboolean
check_stays (AwsDoubleCall *call, const AwsDoubleKey *key)
{
  return !has_state (key, "PendingDeletion")
         || aws_double_call_fail (call, "KMSInvalidStateException", "%s is pending deletion.", key->arn);
}

static JsonObject *
describe (const AwsDoubleKey *key)
{
  JsonObject *object = json_object_new ();
  JsonArray *algorithms = json_array_new ();

  json_object_set_string_member (object, "AWSAccountId", AWS_DOUBLE_ACCOUNT);
  json_object_set_string_member (object, "KeyId", key->id);
  json_object_set_string_member (object, "Arn", key->arn);
  json_object_set_double_member (object, "CreationDate", (double) key->created + 0.25);
  json_object_set_boolean_member (object, "Enabled", has_state (key, "Enabled"));
  json_object_set_string_member (object, "Description", key->description);
  json_object_set_string_member (object, "KeyUsage", "ENCRYPT_DECRYPT");
  json_object_set_string_member (object, "KeyState", key->state);
  json_object_set_string_member (object, "Origin", "AWS_KMS");
  json_object_set_string_member (object, "KeyManager", "CUSTOMER");
  json_object_set_string_member (object, "KeySpec", key->spec);
  json_object_set_string_member (object, "CustomerMasterKeySpec", key->spec);
  json_object_set_boolean_member (object, "MultiRegion", key->multi_region);
  if (key->deletion != 0)
    json_object_set_double_member (object, "DeletionDate", (double) key->deletion);
  json_array_add_string_element (algorithms,
                                 aws_double_key_is_symmetric (key) ? "SYMMETRIC_DEFAULT" : "RSAES_OAEP_SHA_256");
  json_object_set_array_member (object, "EncryptionAlgorithms", algorithms);
  if (aws_double_key_is_symmetric (key))
    {
      g_autofree char *material = aws_double_key_get_material_id (key, key->materials->len - 1);
      json_object_set_string_member (object, "CurrentKeyMaterialId", material);
    }
  return object;
}

gboolean
aws_double_describe (AwsDoubleCall *call)
{
  AwsDoubleKey *key = aws_double_call_find_key (call, "KeyId", TRUE, "kms:DescribeKey", NULL);

  if (key == NULL)
    return FALSE;
  json_object_set_object_member (aws_double_call_get_answer (call), "KeyMetadata", describe (key));
  return TRUE;
}

/* [{"TagKey":…,"TagValue":…}]; FALSE after a refusal. A set of NULL only checks. */
static gboolean
read_tags (AwsDoubleCall *call, GHashTable *tags)
{
  JsonArray *array = json_object_has_member (call->body, "Tags") ? json_object_get_array_member (call->body, "Tags")
                                                                 : NULL;

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonObject *tag = json_array_get_object_element (array, i);
      const char *name = json_object_get_string_member_with_default (tag, "TagKey", "");
      const char *value = json_object_get_string_member_with_default (tag, "TagValue", NULL);
      if (name[0] == '\0' || strlen (name) > 128 || value == NULL || strlen (value) > 256
          || g_str_has_prefix (name, "aws:"))
        return aws_double_call_fail (call, "TagException", "Tag %u is not valid", i);
      if (tags != NULL)
        g_hash_table_replace (tags, g_strdup (name), g_strdup (value));
    }
  return TRUE;
}

static gboolean
check_kind (AwsDoubleCall *call, const char **spec)
{
  const char *usage = aws_double_call_get_text (call, "KeyUsage"), *origin = aws_double_call_get_text (call, "Origin");

  *spec = aws_double_call_get_text (call, "KeySpec");
  if ((usage != NULL && !g_str_equal (usage, "ENCRYPT_DECRYPT"))
      || (origin != NULL && !g_str_equal (origin, "AWS_KMS")))
    return aws_double_call_fail (call, "UnsupportedOperationException", "The double makes no such keys");
  if (*spec == NULL || g_str_equal (*spec, "SYMMETRIC_DEFAULT"))
    return TRUE;
  if (g_str_has_prefix (*spec, "RSA_") && usage != NULL)
    return TRUE;
  return aws_double_call_fail (call, "ValidationException", "You must specify a KeyUsage value for an asymmetric CMK.");
}

gboolean
aws_double_create (AwsDoubleCall *call)
{
  AwsDoubleKeyOptions options = {
    .region = call->region,
    .multi_region = json_object_get_boolean_member_with_default (call->body, "MultiRegion", FALSE),
  };
  const char *description = aws_double_call_get_text (call, "Description");

  if (!aws_double_call_check_action (call, "kms:CreateKey", "*") || !check_kind (call, &options.spec)
      || !read_tags (call, NULL))
    return FALSE;
  if (description != NULL && strlen (description) > MAX_DESCRIPTION)
    return aws_double_call_refuse_value (call, "description", "Member must have length less than or equal to 8192");
  if (call->aws->key_quota != 0 && g_hash_table_size (call->aws->keys) >= call->aws->key_quota)
    return aws_double_call_fail (call, "LimitExceededException", "You have reached your CMK quota in this region");
  AwsDoubleKey *key = aws_double_key_new (call->aws, &options);
  if (description != NULL)
    {
      g_free (key->description);
      key->description = g_strdup (description);
    }
  read_tags (call, key->tags);
  json_object_set_object_member (aws_double_call_get_answer (call), "KeyMetadata", describe (key));
  return TRUE;
}

gboolean
aws_double_enable (AwsDoubleCall *call)
{
  AwsDoubleKey *key = find (call, "kms:EnableKey");

  if (key == NULL || !check_stays (call, key))
    return FALSE;
  set_state (key, "Enabled");
  return TRUE;
}

gboolean
aws_double_disable (AwsDoubleCall *call)
{
  AwsDoubleKey *key = find (call, "kms:DisableKey");

  if (key == NULL || !check_stays (call, key))
    return FALSE;
  set_state (key, "Disabled");
  return TRUE;
}

gboolean
aws_double_schedule_deletion (AwsDoubleCall *call)
{
  gint64 days = aws_double_call_get_number (call, "PendingWindowInDays", 30);
  AwsDoubleKey *key = find (call, "kms:ScheduleKeyDeletion");

  if (key == NULL || !check_stays (call, key))
    return FALSE;
  if (days < 7 || days > 30)
    return aws_double_call_refuse_value (call, "pendingWindowInDays",
                                         "Member must have value between 7 and 30, inclusive");
  set_state (key, "PendingDeletion");
  key->deletion = aws_double_now (call->aws) + days * DAY;
  JsonObject *answer = aws_double_call_get_answer (call);
  json_object_set_string_member (answer, "KeyId", key->arn);
  json_object_set_double_member (answer, "DeletionDate", (double) key->deletion);
  json_object_set_string_member (answer, "KeyState", key->state);
  json_object_set_int_member (answer, "PendingWindowInDays", days);
  return TRUE;
}

gboolean
aws_double_cancel_deletion (AwsDoubleCall *call)
{
  AwsDoubleKey *key = find (call, "kms:CancelKeyDeletion");

  if (key == NULL)
    return FALSE;
  if (!has_state (key, "PendingDeletion"))
    return aws_double_call_fail (call, "KMSInvalidStateException", "%s is not pending deletion.", key->arn);
  /* It comes back disabled. */
  set_state (key, "Disabled");
  key->deletion = 0;
  json_object_set_string_member (aws_double_call_get_answer (call), "KeyId", key->arn);
  return TRUE;
}

static AwsDoubleKey *
find_rotatable (AwsDoubleCall *call, const char *action)
{
  AwsDoubleKey *key = find (call, action);

  if (key == NULL)
    return NULL;
  if (!aws_double_key_is_symmetric (key))
    {
      aws_double_call_fail (call, "UnsupportedOperationException", "%s is asymmetric.", key->arn);
      return NULL;
    }
  return key;
}

gboolean
aws_double_enable_rotation (AwsDoubleCall *call)
{
  gint64 days = aws_double_call_get_number (call, "RotationPeriodInDays", 365);
  AwsDoubleKey *key = find_rotatable (call, "kms:EnableKeyRotation");

  if (key == NULL || !aws_double_call_check_state (call, key))
    return FALSE;
  if (days < 90 || days > 2560)
    return aws_double_call_refuse_value (call, "rotationPeriodInDays",
                                         "Member must have value between 90 and 2560, inclusive");
  key->rotates = TRUE;
  key->period = (guint) days;
  return TRUE;
}

gboolean
aws_double_disable_rotation (AwsDoubleCall *call)
{
  AwsDoubleKey *key = find_rotatable (call, "kms:DisableKeyRotation");

  if (key == NULL || !aws_double_call_check_state (call, key))
    return FALSE;
  key->rotates = FALSE;
  return TRUE;
}

gboolean
aws_double_get_rotation (AwsDoubleCall *call)
{
  AwsDoubleKey *key = find_rotatable (call, "kms:GetKeyRotationStatus");

  if (key == NULL)
    return FALSE;
  JsonObject *answer = aws_double_call_get_answer (call);
  json_object_set_boolean_member (answer, "KeyRotationEnabled", key->rotates);
  json_object_set_string_member (answer, "KeyId", key->arn);
  if (key->rotates)
    {
      json_object_set_int_member (answer, "RotationPeriodInDays", key->period);
      json_object_set_double_member (answer, "NextRotationDate", (double) key->created + (double) key->period * DAY);
    }
  if (key->rotated != 0)
    json_object_set_double_member (answer, "OnDemandRotationStartDate", (double) key->rotated);
  return TRUE;
}

gboolean
aws_double_rotate_on_demand (AwsDoubleCall *call)
{
  AwsDoubleKey *key = find_rotatable (call, "kms:RotateKeyOnDemand");

  if (key == NULL || !aws_double_call_check_state (call, key))
    return FALSE;
  if (key->rotations >= MAX_ROTATIONS)
    return aws_double_call_fail (call, "LimitExceededException",
                                 "You have reached your on-demand rotations quota for this key.");
  aws_double_key_rotate (key);
  key->rotations++;
  key->rotated = aws_double_now (call->aws);
  json_object_set_string_member (aws_double_call_get_answer (call), "KeyId", key->arn);
  return TRUE;
}

gboolean
aws_double_update_description (AwsDoubleCall *call)
{
  const char *description = aws_double_call_get_text (call, "Description");
  AwsDoubleKey *key = find (call, "kms:UpdateKeyDescription");

  if (key == NULL || !check_stays (call, key))
    return FALSE;
  if (description == NULL || strlen (description) > MAX_DESCRIPTION)
    return aws_double_call_refuse_value (call, "description", "Member must have length less than or equal to 8192");
  g_free (key->description);
  key->description = g_strdup (description);
  return TRUE;
}

gboolean
aws_double_tag (AwsDoubleCall *call)
{
  AwsDoubleKey *key = find (call, "kms:TagResource");

  return key != NULL && check_stays (call, key) && read_tags (call, key->tags);
}

gboolean
aws_double_untag (AwsDoubleCall *call)
{
  AwsDoubleKey *key = find (call, "kms:UntagResource");
  JsonArray *names =
    json_object_has_member (call->body, "TagKeys") ? json_object_get_array_member (call->body, "TagKeys") : NULL;

  if (key == NULL || !check_stays (call, key))
    return FALSE;
  for (guint i = 0; names != NULL && i < json_array_get_length (names); i++)
    g_hash_table_remove (key->tags, json_array_get_string_element (names, i));
  return TRUE;
}

void
aws_double_set_key_quota (AwsDouble *self, guint quota)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->key_quota = quota;
}
