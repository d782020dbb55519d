/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* record set and create. Values come from stdin and files, never from the command line. */
#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "command-groups.h"
#include "record-target.h"
#include "result.h"

#define MAX_VALUE (128 * 1024 * 1024)

/* The types whose text has no line of its own: a newline that a shell added is not theirs. */
static gboolean
is_line (KmsValueType type)
{
  return type != KMS_VALUE_TYPE_TEXT && type != KMS_VALUE_TYPE_STRING && type != KMS_VALUE_TYPE_BINARY
         && type != KMS_VALUE_TYPE_HASH && type != KMS_VALUE_TYPE_ARRAY;
}

static KmsSecret *
without_newline (KmsSecret *text, KmsValueType type)
{
  gsize length;
  const guint8 *data = kms_secret_get_data (text, &length);

  if (!is_line (type) || length == 0 || data[length - 1] != '\n')
    return kms_secret_ref (text);
  return kms_secret_new (data, length - 1);
}

/* Text that ends in a newline is kept as it is; whoever used echo may not know. */
static void
note_newline (Kmsctl *self, const char *name, KmsSecret *text)
{
  gsize length;
  const guint8 *data = kms_secret_get_data (text, &length);

  if (length > 0 && memchr (data, '\n', length) == data + length - 1)
    kmsctl_note (self, _ ("%s: the newline at the end belongs to the value now; printf '%%s' writes none"), name);
}

static gboolean
set_value (Kmsctl *self, KmsRecord *record, const char *name, KmsSecret *input, GError **error)
{
  KmsValueType type = kms_model_get_attribute_type (kms_record_get_model (record), name);
  g_autoptr (KmsSecret) text = without_newline (input, type);
  g_autoptr (KmsValue) value = NULL;

  if (!kms_value_parse (type, text, &value, error))
    {
      g_prefix_error (error, "%s: ", name);
      return FALSE;
    }
  if (type == KMS_VALUE_TYPE_TEXT || type == KMS_VALUE_TYPE_STRING)
    note_newline (self, name, text);
  return kms_record_set (record, name, value, error);
}

/* "NAME=@FILE" → NAME and FILE; "NAME" → NAME and NULL. */
static gboolean
split (const char *argument, char **name, const char **path, GError **error)
{
  const char *equals = strchr (argument, '=');

  *name = equals == NULL ? g_strdup (argument) : g_strndup (argument, (gsize) (equals - argument));
  *path = equals == NULL ? NULL : equals + 2;
  if (equals == NULL || equals[1] == '@')
    return TRUE;
  return kmsctl_usage_error (
    error,
    _ ("%s: a value does not stand on the command line, where others see it: give it on stdin, "
       "or write %s=@FILE"),
    *name, *name);
}

static KmsSecret *
read_value (Kmsctl *self, const char *name, const char *path, GError **error)
{
  g_autofree char *prompt = g_strdup_printf (_ ("%s (not shown)"), name);

  return path == NULL ? kmsctl_read_input (self, MAX_VALUE, prompt, error)
                      : kmsctl_read_file (self, path, MAX_VALUE, error);
}

static gboolean
set_attribute (Kmsctl *self, KmsRecord *record, const char *name, const char *path, GError **error)
{
  if (path == NULL && kmsctl_flag (self, "null"))
    return kms_record_set (record, name, NULL, error);
  /* A name that is wrong is told before somebody types a secret. */
  if (!kms_record_set (record, name, NULL, error))
    return FALSE;
  g_autoptr (KmsSecret) input = read_value (self, name, path, error);
  return input != NULL && set_value (self, record, name, input, error);
}

/* One value can come from stdin. */
static gboolean
check_sources (Kmsctl *self, guint first, GError **error)
{
  guint n = 0;

  for (guint i = first; i < self->arguments->len; i++)
    n += strchr (kmsctl_argument (self, i), '=') == NULL;
  if (n == 0 && kmsctl_flag (self, "in"))
    return kmsctl_usage_error (error, _ ("--in is for an attribute that is named without =@FILE"));
  if (n <= 1 || kmsctl_flag (self, "null"))
    return TRUE;
  return kmsctl_usage_error (error, _ ("one value can come from stdin; write ATTRIBUTE=@FILE for the others"));
}

static gboolean
set_attributes (Kmsctl *self, KmsRecord *record, guint first, GError **error)
{
  for (guint i = first; i < self->arguments->len; i++)
    {
      g_autofree char *name = NULL;
      const char *path;
      if (!split (kmsctl_argument (self, i), &name, &path, error) || !set_attribute (self, record, name, path, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
set_columns (Kmsctl *self, KmsRecord *record, GError **error)
{
  g_autoptr (GPtrArray) columns = kmsctl_texts (self, "column");

  for (guint i = 0; i < columns->len; i++)
    {
      const char *text = g_ptr_array_index (columns, i), *equals = strchr (text, '=');
      if (equals == NULL || equals == text)
        return kmsctl_usage_error (error, _ ("--column=%s: write NAME=VALUE"), text);
      g_autofree char *name = g_strndup (text, (gsize) (equals - text));
      if (!kms_record_set_column (record, name, equals + 1, error))
        return FALSE;
    }
  return TRUE;
}

/* Of every attribute that is set. */
static gboolean
renew_keys (Kmsctl *self, KmsRecord *record, guint first, GError **error)
{
  KmsModel *model = kms_record_get_model (record);

  for (guint i = first; kmsctl_flag (self, "new-key") && i < self->arguments->len; i++)
    {
      g_autofree char *name = NULL;
      const char *path;
      if (!split (kmsctl_argument (self, i), &name, &path, error)
          || !kms_record_renew_key (record, kms_model_get_attribute_key (model, name), error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
print_id (Kmsctl *self, KmsRecord *record, GError **error)
{
  const char *id = kms_record_get_id (record);
  KmsctlFields fields;

  self->changed = TRUE;
  if (self->json)
    {
      kmsctl_fields_init (&fields);
      if (kms_record_get_is_id_integer (record))
        kmsctl_fields_number (&fields, "id", g_ascii_strtoll (id, NULL, 10));
      else
        kmsctl_fields_text (&fields, "id", id);
      return kmsctl_print (self, kmsctl_fields_end (&fields), error);
    }
  g_autofree char *line = g_strconcat (id, "\n", NULL);
  return kmsctl_write_all (self, STDOUT_FILENO, _ ("stdout"), line, strlen (line), error);
}

gboolean
kmsctl_run_record_set (Kmsctl *self, GError **error)
{
  g_auto (KmsctlRecordTarget) target = { NULL };

  if (self->arguments->len == 2 && !kmsctl_flag (self, "column"))
    return kmsctl_usage_error (error, _ ("\"kmsctl %s\" needs %s"), self->command->name, "ATTRIBUTE");
  if (!check_sources (self, 2, error) || !kmsctl_record_target_open (self, &target, error))
    return FALSE;
  g_autoptr (KmsRecord)
    record = kms_record_load (target.model, target.store, kmsctl_argument (self, 1), self->cancellable, error);
  if (record == NULL || !set_columns (self, record, error) || !set_attributes (self, record, 2, error)
      || !renew_keys (self, record, 2, error) || !kms_record_save (record, self->cancellable, error))
    return FALSE;
  return !self->json || print_id (self, record, error);
}

gboolean
kmsctl_run_record_create (Kmsctl *self, GError **error)
{
  g_auto (KmsctlRecordTarget) target = { NULL };

  if (!check_sources (self, 1, error) || !kmsctl_record_target_open (self, &target, error))
    return FALSE;
  g_autoptr (KmsRecord) record = kms_record_new (target.model, target.store);
  return set_columns (self, record, error) && set_attributes (self, record, 1, error)
         && kms_record_save (record, self->cancellable, error) && print_id (self, record, error);
}
