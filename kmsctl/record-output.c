/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows in the three forms. Values stay in locked memory until they are written. */
#include "record-output.h"

#include <math.h>
#include <string.h>

void
kmsctl_cell_clear (gpointer cell)
{
  KmsctlCell *self = cell;

  g_clear_pointer (&self->value, kms_value_unref);
  g_clear_error (&self->error);
}

typedef void (*AddFunc) (KmsctlSecretOutput *output, const char *text, gsize length);

static void
add_raw (KmsctlSecretOutput *output, const char *text, gsize length)
{
  kmsctl_secret_output_add (output, text, length);
}

static void
add_secret (KmsctlSecretOutput *output, KmsSecret *secret, AddFunc add)
{
  gsize length;
  const char *text = (const char *) kms_secret_get_data (secret, &length);

  add (output, text == NULL ? "" : text, length);
}

/* What is no number to JSON is a text. */
static AddFunc
choose_json (KmsValue *value)
{
  switch (kms_value_get_value_type (value))
    {
    case KMS_VALUE_TYPE_BOOLEAN:
    case KMS_VALUE_TYPE_INTEGER:
      return add_raw;
    case KMS_VALUE_TYPE_FLOAT:
      return isfinite (kms_value_get_float (value)) ? add_raw : kmsctl_secret_output_add_json;
    default:
      return kmsctl_secret_output_add_json;
    }
}

/* JSON within JSON, unless it is none; it is checked by reading it. */
static gboolean
add_document (KmsctlSecretOutput *output, KmsValue *value)
{
  g_autoptr (KmsValue) checked = NULL;

  if (kms_value_get_value_type (value) != KMS_VALUE_TYPE_JSON
      || !kms_value_parse (KMS_VALUE_TYPE_JSON, kms_value_get_plaintext (value), &checked, NULL) || checked == NULL)
    return FALSE;
  add_secret (output, kms_value_get_plaintext (checked), add_raw);
  return TRUE;
}

static void
add_base64 (KmsctlSecretOutput *output, KmsValue *value, const char *quote)
{
  gsize length;
  const guint8 *bytes = kms_secret_get_data (kms_value_get_plaintext (value), &length);

  kmsctl_secret_output_add_text (output, quote);
  kmsctl_secret_output_add_base64 (output, bytes, length);
  kmsctl_secret_output_add_text (output, quote);
}

static void
add_value (KmsctlSecretOutput *output, KmsValue *value, AddFunc add)
{
  g_autoptr (KmsSecret) text = kms_value_to_text (value);

  if (text != NULL)
    add_secret (output, text, add);
}

static void
add_json_value (KmsctlSecretOutput *output, KmsValue *value)
{
  if (value == NULL)
    kmsctl_secret_output_add_text (output, "null");
  else if (kms_value_get_value_type (value) == KMS_VALUE_TYPE_BINARY)
    add_base64 (output, value, "\"");
  else if (!add_document (output, value))
    add_value (output, value, choose_json (value));
}

static void
add_plain_value (KmsctlSecretOutput *output, KmsValue *value, AddFunc add)
{
  if (kms_value_get_value_type (value) == KMS_VALUE_TYPE_BINARY)
    add_base64 (output, value, "");
  else
    add_value (output, value, add);
}

static void
add_json_text (KmsctlSecretOutput *output, const char *text)
{
  kmsctl_secret_output_add_json (output, text, strlen (text));
}

/* Members of an object for those cells that have a value, or those that have an error. */
static void
add_members (KmsctlSecretOutput *output, GArray *cells, gboolean errors)
{
  gboolean is_first = TRUE;

  for (guint i = 0; i < cells->len; i++)
    {
      const KmsctlCell *cell = &g_array_index (cells, KmsctlCell, i);
      if ((cell->error != NULL) != errors)
        continue;
      if (!is_first)
        kmsctl_secret_output_add_text (output, ",");
      is_first = FALSE;
      add_json_text (output, cell->name);
      kmsctl_secret_output_add_text (output, ":");
      if (errors)
        add_json_text (output, cell->error->message);
      else
        add_json_value (output, cell->value);
    }
}

static gboolean
has_errors (GArray *cells)
{
  for (guint i = 0; i < cells->len; i++)
    if (g_array_index (cells, KmsctlCell, i).error != NULL)
      return TRUE;
  return FALSE;
}

static void
add_json_row (KmsctlRecordOutput *self, const char *id, gboolean is_id_integer, GArray *cells)
{
  KmsctlSecretOutput *output = &self->output;

  kmsctl_secret_output_add_text (output, self->n_rows > 0 ? ",\n" : "");
  kmsctl_secret_output_add_text (output, "{\"id\":");
  if (is_id_integer)
    kmsctl_secret_output_add_text (output, id);
  else
    add_json_text (output, id);
  kmsctl_secret_output_add_text (output, ",\"attributes\":{");
  add_members (output, cells, FALSE);
  if (has_errors (cells))
    {
      kmsctl_secret_output_add_text (output, "},\"errors\":{");
      add_members (output, cells, TRUE);
    }
  kmsctl_secret_output_add_text (output, "}}");
}

static void
add_line (KmsctlRecordOutput *self, const char *id, GArray *cells, const char *between, AddFunc add, const char *null)
{
  KmsctlSecretOutput *output = &self->output;

  add (output, id, strlen (id));
  for (guint i = 0; i < cells->len; i++)
    {
      const KmsctlCell *cell = &g_array_index (cells, KmsctlCell, i);
      kmsctl_secret_output_add_text (output, between);
      if (cell->value == NULL)
        kmsctl_secret_output_add_text (output, cell->error == NULL ? null : "");
      else
        add_plain_value (output, cell->value, add);
    }
  kmsctl_secret_output_add_text (output, "\n");
}

/* A line for each attribute. */
static void
add_fields (KmsctlRecordOutput *self, GArray *cells)
{
  KmsctlSecretOutput *output = &self->output;

  for (guint i = 0; i < cells->len; i++)
    {
      const KmsctlCell *cell = &g_array_index (cells, KmsctlCell, i);
      kmsctl_secret_output_add_printable (output, cell->name, strlen (cell->name));
      kmsctl_secret_output_add_text (output, ": ");
      if (cell->value != NULL)
        add_plain_value (output, cell->value, kmsctl_secret_output_add_printable);
      else
        kmsctl_secret_output_add_text (output, "-");
      kmsctl_secret_output_add_text (output, "\n");
    }
}

static void
add_heading (KmsctlRecordOutput *self, const char *const *names)
{
  AddFunc add = self->csv ? kmsctl_secret_output_add_csv : kmsctl_secret_output_add_printable;

  kmsctl_secret_output_add_text (&self->output, "id");
  for (guint i = 0; names[i] != NULL; i++)
    {
      kmsctl_secret_output_add_text (&self->output, self->csv ? "," : "\t");
      add (&self->output, names[i], strlen (names[i]));
    }
  kmsctl_secret_output_add_text (&self->output, "\n");
}

gboolean
kmsctl_record_output_begin (KmsctlRecordOutput *self, Kmsctl *kmsctl, gboolean is_list, const char *const *names,
                            GError **error)
{
  *self = (KmsctlRecordOutput){ .json = kmsctl->json, .csv = kmsctl_flag (kmsctl, "csv"), .is_list = is_list };
  if (self->json && self->csv)
    return kmsctl_usage_error (error, _ ("give --json or --csv, not both"));
  if (!kmsctl_secret_output_init (&self->output, kmsctl, error))
    return FALSE;
  if (self->json)
    kmsctl_secret_output_add_text (&self->output, is_list ? "[\n" : "");
  else if (self->csv || (is_list && !kmsctl->quiet))
    add_heading (self, names);
  return TRUE;
}

void
kmsctl_record_output_add (KmsctlRecordOutput *self, const char *id, gboolean is_id_integer, GArray *cells)
{
  if (self->json)
    add_json_row (self, id, is_id_integer, cells);
  else if (self->csv)
    add_line (self, id, cells, ",", kmsctl_secret_output_add_csv, "");
  else if (self->is_list)
    add_line (self, id, cells, "\t", kmsctl_secret_output_add_printable, "-");
  else
    add_fields (self, cells);
  self->n_rows++;
}

gboolean
kmsctl_record_output_end (KmsctlRecordOutput *self, GError **error)
{
  if (self->json)
    kmsctl_secret_output_add_text (&self->output, self->is_list ? "\n]\n" : "\n");
  return kmsctl_secret_output_end (&self->output, error);
}

void
kmsctl_record_output_clear (KmsctlRecordOutput *self)
{
  kmsctl_secret_output_clear (&self->output);
}
