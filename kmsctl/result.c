/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Building results and printing them; and what goes to stderr. */
#include "result.h"

#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

#include "bytes.h"

void
kmsctl_fields_init (KmsctlFields *fields)
{
  g_variant_builder_init (fields, G_VARIANT_TYPE_VARDICT);
}

void
kmsctl_fields_text (KmsctlFields *fields, const char *name, const char *value)
{
  if (value == NULL)
    return;
  /* GVariant's strings are UTF-8; a file name need not be. */
  g_autofree char *valid = g_utf8_make_valid (value, -1);
  g_variant_builder_add (fields, "{sv}", name, g_variant_new_string (valid));
}

void
kmsctl_fields_flag (KmsctlFields *fields, const char *name, gboolean value)
{
  g_variant_builder_add (fields, "{sv}", name, g_variant_new_boolean (value));
}

void
kmsctl_fields_number (KmsctlFields *fields, const char *name, gint64 value)
{
  g_variant_builder_add (fields, "{sv}", name, g_variant_new_int64 (value));
}

void
kmsctl_fields_time (KmsctlFields *fields, const char *name, gint64 seconds)
{
  g_autoptr (GDateTime) time = seconds < 0 ? NULL : g_date_time_new_from_unix_utc (seconds);
  g_autofree char *text = time == NULL ? NULL : g_date_time_format_iso8601 (time);

  kmsctl_fields_text (fields, name, text);
}

void
kmsctl_fields_texts (KmsctlFields *fields, const char *name, const char *const *values)
{
  g_autoptr (GVariantBuilder) builder = g_variant_builder_new (G_VARIANT_TYPE_STRING_ARRAY);

  for (guint i = 0; values != NULL && values[i] != NULL; i++)
    {
      g_autofree char *valid = g_utf8_make_valid (values[i], -1);
      g_variant_builder_add (builder, "s", valid);
    }
  g_variant_builder_add (fields, "{sv}", name, g_variant_builder_end (builder));
}

void
kmsctl_fields_variant (KmsctlFields *fields, const char *name, GVariant *value)
{
  if (value != NULL)
    g_variant_builder_add (fields, "{sv}", name, value);
}

GVariant *
kmsctl_fields_end (KmsctlFields *fields)
{
  return g_variant_builder_end (fields);
}

char *
kmsctl_to_json (GVariant *value)
{
  g_autoptr (JsonNode) node = json_gvariant_serialize (value);
  g_autoptr (JsonGenerator) generator = json_generator_new ();

  json_generator_set_root (generator, node);
  return json_generator_to_data (generator, NULL);
}

static gboolean
print_text (Kmsctl *self, const char *text, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (kmsctl_write_all (self, STDOUT_FILENO, _ ("stdout"), text, strlen (text), &local))
    return TRUE;
  /* An error, as the answer is lost; but who repeats the command would do it twice. */
  if (!self->changed)
    g_propagate_error (error, g_steal_pointer (&local));
  else
    g_set_error (error, local->domain, local->code, _ ("%s; only the answer is lost: what was asked for is done"),
                 local->message);
  return FALSE;
}

gboolean
kmsctl_print (Kmsctl *self, GVariant *result, GError **error)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (result);
  g_autoptr (GString) text = g_string_new (NULL);

  if (self->json)
    {
      g_autofree char *json = kmsctl_to_json (value);
      g_string_append_printf (text, "%s\n", json);
    }
  else if (!self->quiet)
    kmsctl_format (self, value, text);
  return print_text (self, text->str, error);
}

gboolean
kmsctl_print_list (Kmsctl *self, const char *name, GVariant *list, GError **error)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (list);
  g_autoptr (GString) text = g_string_new (NULL);

  if (self->json)
    {
      KmsctlFields fields;
      kmsctl_fields_init (&fields);
      kmsctl_fields_variant (&fields, name, value);
      return kmsctl_print (self, kmsctl_fields_end (&fields), error);
    }
  if (self->quiet)
    kmsctl_format_names (value, text);
  else
    kmsctl_format (self, value, text);
  return print_text (self, text->str, error);
}

static void
print_line (const char *text)
{
  g_autofree char *clean = kmsctl_make_printable (text);
  g_autofree char *line = g_strdup_printf ("kmsctl: %s\n", clean);

  /* Where stderr can't be written there is nobody to tell. */
  if (write (STDERR_FILENO, line, strlen (line)) < 0)
    return;
}

void
kmsctl_note (Kmsctl *self, const char *format, ...)
{
  va_list arguments;

  if (self->json || self->quiet)
    return;
  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  print_line (text);
}

void
kmsctl_detail (Kmsctl *self, const char *format, ...)
{
  va_list arguments;

  if (self->json || !self->verbose)
    return;
  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  print_line (text);
}

static char *
error_to_json (const GError *error)
{
  KmsctlFields fields;

  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "error", kms_error_get_id (error));
  kmsctl_fields_text (&fields, "message", error->message);
  kmsctl_fields_text (&fields, "provider", kms_error_get_provider (error));
  if (kms_error_get_http_status (error) != 0)
    kmsctl_fields_number (&fields, "http_status", kms_error_get_http_status (error));
  kmsctl_fields_text (&fields, "service_code", kms_error_get_service_code (error));
  kmsctl_fields_text (&fields, "request_id", kms_error_get_request_id (error));
  g_autoptr (GVariant) value = g_variant_ref_sink (kmsctl_fields_end (&fields));
  return kmsctl_to_json (value);
}

void
kmsctl_complain (Kmsctl *self, const GError *error)
{
  if (!self->json)
    {
      print_line (error->message);
      return;
    }
  g_autofree char *json = error_to_json (error);
  g_autofree char *line = g_strconcat (json, "\n", NULL);
  if (write (STDERR_FILENO, line, strlen (line)) < 0)
    return;
}
