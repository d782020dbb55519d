/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Administration of keys. Most operations take no alias: the key is looked up first. What they change is told as KMS was
 * asked to change it: its own descriptions may be a minute behind. */
#include "aws-key-create.h"
#include "aws-key-list.h"
#include "aws-key-options.h"

#include <string.h>

static void
replace (char **text, const char *with)
{
  g_free (*text);
  *text = g_strdup (with);
}

/* With all that may be looked at. */
static KmsKey *
show_info (KmsAwsProvider *self, AwsKeyInfo *info, const char *key_id, GCancellable *cancellable, GError **error)
{
  g_auto (GStrv) aliases = aws_key_list_aliases (self, info, cancellable, error);

  if (aliases == NULL)
    return NULL;
  return aws_key_info_describe (info, key_id, (const char *const *) aliases);
}

static KmsKey *
show_key (KmsKeyAdmin *admin, const char *key_id, GVariant *options, GCancellable *cancellable, GError **error)
{
  KmsAwsProvider *self = KMS_AWS_PROVIDER (admin);
  g_autoptr (AwsKeyInfo) info = aws_key_info_read (self, key_id, cancellable, error);

  if (info == NULL || !aws_key_info_read_rotation (info, self, cancellable, error))
    return NULL;
  return show_info (self, info, key_id, cancellable, error);
}

static GPtrArray *
list_keys (KmsKeyAdmin *admin, GVariant *options, GCancellable *cancellable, GError **error)
{
  return aws_key_list (KMS_AWS_PROVIDER (admin), cancellable, error);
}

static KmsKey *
create_key (KmsKeyAdmin *admin, const char *key_id, GVariant *options, GCancellable *cancellable, GError **error)
{
  g_autoptr (AwsKeyInfo) info = aws_key_create (KMS_AWS_PROVIDER (admin), key_id, options, cancellable, error);
  return info != NULL ? aws_key_info_describe (info, key_id, NULL) : NULL;
}

/* What only takes the key's id. */
static AwsKeyInfo *
run_on_key (KmsAwsProvider *self, const char *key_id, const char *operation, gboolean once, GCancellable *cancellable,
            GError **error)
{
  g_autoptr (AwsKeyInfo) info = aws_key_info_read (self, key_id, cancellable, error);

  if (info == NULL)
    return NULL;
  AwsExchange exchange = { .operation = operation,
                           .region = info->region,
                           .object = key_id,
                           .write = aws_key_id_write,
                           .data = info->id,
                           .once = once };
  return aws_exchange_run (&exchange, self, cancellable, error) ? g_steal_pointer (&info) : NULL;
}

static KmsKey *
change_state (KmsKeyAdmin *admin, const char *key_id, const char *operation, gboolean once, const char *state,
              GCancellable *cancellable, GError **error)
{
  g_autoptr (AwsKeyInfo) info = run_on_key (KMS_AWS_PROVIDER (admin), key_id, operation, once, cancellable, error);

  if (info == NULL)
    return NULL;
  replace (&info->state, state);
  info->deleted = -1;
  return aws_key_info_describe (info, key_id, NULL);
}

static KmsKey *
enable_key (KmsKeyAdmin *admin, const char *key_id, GVariant *options, GCancellable *cancellable, GError **error)
{
  return change_state (admin, key_id, "EnableKey", FALSE, "Enabled", cancellable, error);
}

static KmsKey *
disable_key (KmsKeyAdmin *admin, const char *key_id, GVariant *options, GCancellable *cancellable, GError **error)
{
  return change_state (admin, key_id, "DisableKey", FALSE, "Disabled", cancellable, error);
}

/* It comes back disabled. */
static KmsKey *
restore_key (KmsKeyAdmin *admin, const char *key_id, GVariant *options, GCancellable *cancellable, GError **error)
{
  return change_state (admin, key_id, "CancelKeyDeletion", TRUE, "Disabled", cancellable, error);
}

/* Once: each makes new material, and a key has only so many. */
static KmsKey *
rotate_key (KmsKeyAdmin *admin, const char *key_id, GVariant *options, GCancellable *cancellable, GError **error)
{
  KmsAwsProvider *self = KMS_AWS_PROVIDER (admin);
  g_autoptr (AwsKeyInfo) info = run_on_key (self, key_id, "RotateKeyOnDemand", TRUE, cancellable, error);

  return info != NULL ? aws_key_info_describe (info, key_id, NULL) : NULL;
}

static KmsKey *
configure_key (KmsKeyAdmin *admin, const char *key_id, GVariant *options, GCancellable *cancellable, GError **error)
{
  KmsAwsProvider *self = KMS_AWS_PROVIDER (admin);

  if (!aws_key_options_check (options, AWS_OPTIONS_CONFIGURE, error))
    return NULL;
  g_autoptr (AwsKeyInfo) info = aws_key_info_read (self, key_id, cancellable, error);
  if (info == NULL || !aws_key_configure (info, self, options, cancellable, error))
    return NULL;
  return show_info (self, info, key_id, cancellable, error);
}

typedef struct
{
  AwsKeyInfo *info;
  guint32 days;
} Deletion;

static void
write_deletion (KmsHttpBuffer *body, gboolean *first, gpointer data)
{
  const Deletion *deletion = data;
  g_autofree char *days = g_strdup_printf ("%u", deletion->days);

  aws_body_add_text (body, first, "KeyId", deletion->info->id);
  aws_body_add_word (body, first, "PendingWindowInDays", days);
}

static void
read_deletion (KmsHttpJson *json, const char *name, gpointer data)
{
  Deletion *deletion = data;

  if (strcmp (name, "DeletionDate") == 0)
    aws_json_read_number (json, &deletion->info->deleted);
  else if (strcmp (name, "KeyState") == 0)
    aws_json_read_text (json, &deletion->info->state);
  else
    kms_http_json_skip (json);
}

static gboolean
read_days (GVariant *options, guint32 *days, GError **error)
{
  gboolean force = FALSE;

  *days = 30;
  if (options != NULL && g_variant_lookup (options, "force", "b", &force) && force)
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
                           "AWS KMS deletes no key at once; use --days=7, which is the least");
      return FALSE;
    }
  if (options != NULL)
    g_variant_lookup (options, "days", "u", days);
  if (*days >= 7 && *days <= 30)
    return TRUE;
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                       "AWS KMS deletes a key after 7 to 30 days; use --days");
  return FALSE;
}

static KmsKey *
delete_key (KmsKeyAdmin *admin, const char *key_id, GVariant *options, GCancellable *cancellable, GError **error)
{
  KmsAwsProvider *self = KMS_AWS_PROVIDER (admin);
  Deletion deletion = { NULL };

  if (!read_days (options, &deletion.days, error))
    return NULL;
  g_autoptr (AwsKeyInfo) info = aws_key_info_read (self, key_id, cancellable, error);
  if (info == NULL)
    return NULL;
  deletion.info = info;
  replace (&info->state, "PendingDeletion");
  AwsExchange exchange = { .operation = "ScheduleKeyDeletion",
                           .region = info->region,
                           .object = key_id,
                           .write = write_deletion,
                           .data = &deletion,
                           .once = TRUE,
                           .read = read_deletion,
                           .result = &deletion };
  return aws_exchange_run (&exchange, self, cancellable, error) ? aws_key_info_describe (info, key_id, NULL) : NULL;
}

void
kms_aws_provider_key_admin_init (KmsKeyAdminInterface *iface)
{
  iface->list_keys = list_keys;
  iface->show_key = show_key;
  iface->create_key = create_key;
  iface->rotate_key = rotate_key;
  iface->enable_key = enable_key;
  iface->disable_key = disable_key;
  iface->delete_key = delete_key;
  iface->restore_key = restore_key;
  iface->configure_key = configure_key;
}
