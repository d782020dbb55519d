/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results for people: aligned fields for a dictionary, a table for a list of them, colours for states. */
#include <string.h>

#include "bytes.h"
#include "result.h"

static const struct
{
  const char *name, *label;
} labels[] = {
  { "abi", N_ ("Module ABI") },
  { "advice", N_ ("What to do") },
  { "as_read_by", N_ ("Read by") },
  { "binding", N_ ("Binding") },
  { "boxes", N_ ("Boxes") },
  { "by", N_ ("Set by") },
  { "calls", N_ ("Calls of the service") },
  { "capabilities", N_ ("Can") },
  { "created", N_ ("Created") },
  { "current", N_ ("Current") },
  { "daemons", N_ ("kmsd") },
  { "decision", N_ ("Decision") },
  { "decisions", N_ ("Decisions") },
  { "decrypt", N_ ("Decrypt") },
  { "default", N_ ("Default") },
  { "deleted", N_ ("Deleted") },
  { "description", N_ ("Description") },
  { "details", N_ ("Details") },
  { "directories", N_ ("Directories") },
  { "done", N_ ("Done") },
  { "encrypt", N_ ("Encrypt") },
  { "error", N_ ("Error") },
  { "failed", N_ ("Failed") },
  { "file", N_ ("File") },
  { "files", N_ ("Files") },
  { "finding", N_ ("Finding") },
  { "findings", N_ ("Findings") },
  { "flaw", N_ ("Flaw") },
  { "flaws", N_ ("Flaws") },
  { "format", N_ ("Format") },
  { "group", N_ ("Group") },
  { "head", N_ ("Head") },
  { "id", N_ ("Key id") },
  { "json_dialect", N_ ("JSON dialect") },
  { "key", N_ ("Key") },
  { "key_id", N_ ("Key id") },
  { "key_version", N_ ("Version of the master key") },
  { "kind", N_ ("Kind") },
  { "library", N_ ("Library") },
  { "line", N_ ("Line") },
  { "lines", N_ ("Lines") },
  { "lockdown", N_ ("Lockdown") },
  { "lockdown_of_box", N_ ("Lockdown of the box") },
  { "manage", N_ ("Manage") },
  { "memory", N_ ("Locked memory") },
  { "message", N_ ("Message") },
  { "mode", N_ ("Mode") },
  { "module", N_ ("Module") },
  { "name", N_ ("Name") },
  { "operation", N_ ("Operation") },
  { "origin", N_ ("Origin") },
  { "per_second", N_ ("Rows a second") },
  { "prefixes", N_ ("Prefixes") },
  { "price_usd", N_ ("Price (US dollars)") },
  { "provider", N_ ("Provider") },
  { "providers", N_ ("Providers") },
  { "pruned", N_ ("Deleted from the journal") },
  { "quota_per_second", N_ ("Quota (values a second)") },
  { "range", N_ ("Range") },
  { "reason", N_ ("Reason") },
  { "repaired", N_ ("Repaired") },
  { "require_context", N_ ("Requires context") },
  { "rewrap", N_ ("Rewrap") },
  { "root", N_ ("Protected by") },
  { "roots", N_ ("What protects local keys") },
  { "rows", N_ ("Rows") },
  { "sequence", N_ ("Sequence") },
  { "settings", N_ ("Settings that the module knows") },
  { "severity", N_ ("Severity") },
  { "since", N_ ("Since") },
  { "skipped", N_ ("Skipped") },
  { "state", N_ ("State") },
  { "topic", N_ ("Topic") },
  { "type", N_ ("Type") },
  { "uid", N_ ("UID") },
  { "user", N_ ("User") },
  { "value", N_ ("Value") },
  { "values", N_ ("Values") },
  { "version", N_ ("Version") },
  { "versions", N_ ("Versions") },
  { "warnings", N_ ("Warnings") },
  { "whole", N_ ("Whole") },
  { "why", N_ ("Why") },
};

static const struct
{
  const char *word, *color;
} colors[] = {
  { "ok", "32" },
  { "running", "32" },
  { "available", "32" },
  { "loaded", "32" },
  { "enabled", "32" },
  { "warning", "33" },
  { "disabled", "33" },
  { "masked", "33" },
  { "encrypt-only", "33" },
  { "ask", "33" },
  { "no-answer", "33" },
  { "error", "31" },
  { "config-error", "31" },
  { "load-failed", "31" },
  { "abi-mismatch", "31" },
  { "not-installed", "31" },
  { "refused-permissions", "31" },
  { "pending-deletion", "31" },
  { "deleted", "31" },
  { "failed", "31" },
  { "sealed", "31" },
};

static char *
label_of (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (labels); i++)
    if (g_str_equal (labels[i].name, name))
      return g_strdup (_ (labels[i].label));
  char *label = g_strdelimit (g_strdup (name), "_-", ' ');
  label[0] = g_ascii_toupper (label[0]);
  return label;
}

static const char *
color_of (const char *text)
{
  for (gsize i = 0; i < G_N_ELEMENTS (colors); i++)
    if (g_str_equal (colors[i].word, text))
      return colors[i].color;
  return NULL;
}

/* The text of what fits in a cell. */
static char *
cell_text (GVariant *value)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return kmsctl_make_printable (g_variant_get_string (value, NULL));
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    return g_strdup (g_variant_get_boolean (value) ? _ ("yes") : _ ("no"));
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING_ARRAY))
    {
      g_autofree const char **words = g_variant_get_strv (value, NULL);
      g_autofree char *joined = g_strjoinv (", ", (char **) words);
      return kmsctl_make_printable (joined);
    }
  return g_variant_print (value, FALSE);
}

static gboolean
is_list (GVariant *value)
{
  return g_variant_is_of_type (value, G_VARIANT_TYPE ("aa{sv}"));
}

static gboolean
is_block (GVariant *value)
{
  return is_list (value) || g_variant_is_of_type (value, G_VARIANT_TYPE_VARDICT);
}

static glong
width_of (const char *text)
{
  return g_utf8_strlen (text, -1);
}

static void
append_cell (Kmsctl *self, GString *out, const char *text, glong width, const char *color)
{
  if (color != NULL && self->color)
    g_string_append_printf (out, "\033[%sm%s\033[0m", color, text);
  else
    g_string_append (out, text);
  for (glong i = width_of (text); i < width; i++)
    g_string_append_c (out, ' ');
}

static void
indent (GString *out, guint depth)
{
  g_string_append_printf (out, "%*s", (int) depth * 2, "");
}

/* The names of all rows, in the order in which they first appear. */
static GPtrArray *
columns_of (GVariant *list)
{
  GPtrArray *columns = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr (GVariant) row = g_variant_get_child_value (list, i);
      GVariantIter iter;
      const char *name;
      GVariant *value;
      g_variant_iter_init (&iter, row);
      while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
        if (!is_block (value) && !g_ptr_array_find_with_equal_func (columns, name, g_str_equal, NULL))
          g_ptr_array_add (columns, g_strdup (name));
    }
  return columns;
}

static char *
cell_of (GVariant *row, const char *column)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (row, column, NULL);

  return value == NULL ? g_strdup ("-") : cell_text (value);
}

static void
format_row (Kmsctl *self, GVariant *row, GPtrArray *columns, const glong *widths, guint depth, GString *out)
{
  indent (out, depth);
  for (guint i = 0; i < columns->len; i++)
    {
      g_autofree char *text = cell_of (row, g_ptr_array_index (columns, i));
      gboolean last = i + 1 == columns->len;
      append_cell (self, out, text, last ? 0 : widths[i] + 2, color_of (text));
    }
  g_string_append_c (out, '\n');
}

static void
format_table (Kmsctl *self, GVariant *list, guint depth, GString *out)
{
  g_autoptr (GPtrArray) columns = columns_of (list);
  g_autofree glong *widths = g_new0 (glong, columns->len + 1);

  for (guint i = 0; i < columns->len; i++)
    {
      g_autofree char *label = label_of (g_ptr_array_index (columns, i));
      widths[i] = width_of (label);
      for (gsize j = 0; j < g_variant_n_children (list); j++)
        {
          g_autoptr (GVariant) row = g_variant_get_child_value (list, j);
          g_autofree char *text = cell_of (row, g_ptr_array_index (columns, i));
          widths[i] = MAX (widths[i], width_of (text));
        }
    }
  indent (out, depth);
  for (guint i = 0; i < columns->len; i++)
    {
      g_autofree char *label = label_of (g_ptr_array_index (columns, i));
      append_cell (self, out, label, i + 1 == columns->len ? 0 : widths[i] + 2, "1");
    }
  g_string_append_c (out, '\n');
  for (gsize j = 0; j < g_variant_n_children (list); j++)
    {
      g_autoptr (GVariant) row = g_variant_get_child_value (list, j);
      format_row (self, row, columns, widths, depth, out);
    }
}

static gboolean
has_blocks (GVariant *list)
{
  for (gsize i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr (GVariant) row = g_variant_get_child_value (list, i);
      GVariantIter iter;
      GVariant *value;
      gboolean found = FALSE;
      g_variant_iter_init (&iter, row);
      while (!found && g_variant_iter_next (&iter, "{&sv}", NULL, &value))
        {
          found = is_block (value);
          g_variant_unref (value);
        }
      if (found)
        return TRUE;
    }
  return FALSE;
}

static void format_block (Kmsctl *self, GVariant *value, guint depth, GString *out);

static void
format_fields (Kmsctl *self, GVariant *dictionary, guint depth, GString *out)
{
  GVariantIter iter;
  const char *name;
  GVariant *value;
  glong width = 0;

  g_variant_iter_init (&iter, dictionary);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    {
      g_autofree char *label = label_of (name);
      width = is_block (value) ? width : MAX (width, width_of (label));
    }
  g_variant_iter_init (&iter, dictionary);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    {
      g_autofree char *label = label_of (name);
      g_autofree char *heading = g_strconcat (label, ":", NULL);
      if (g_variant_is_container (value) && g_variant_n_children (value) == 0)
        continue;
      indent (out, depth);
      append_cell (self, out, heading, is_block (value) ? 0 : width + 2, "1");
      if (is_block (value))
        {
          g_string_append_c (out, '\n');
          format_block (self, value, depth + 1, out);
          continue;
        }
      g_autofree char *text = cell_text (value);
      append_cell (self, out, text, 0, color_of (text));
      g_string_append_c (out, '\n');
    }
}

static void
format_block (Kmsctl *self, GVariant *value, guint depth, GString *out)
{
  if (!is_list (value))
    format_fields (self, value, depth, out);
  else if (!has_blocks (value) && g_variant_n_children (value) > 0)
    format_table (self, value, depth, out);
  else
    for (gsize i = 0; i < g_variant_n_children (value); i++)
      {
        g_autoptr (GVariant) row = g_variant_get_child_value (value, i);
        if (i > 0)
          g_string_append_c (out, '\n');
        format_fields (self, row, depth, out);
      }
}

void
kmsctl_format (Kmsctl *self, GVariant *value, GString *out)
{
  format_block (self, value, 0, out);
}

/* The first field of each row, a line each. */
void
kmsctl_format_names (GVariant *value, GString *out)
{
  for (gsize i = 0; i < g_variant_n_children (value); i++)
    {
      g_autoptr (GVariant) row = g_variant_get_child_value (value, i);
      GVariantIter iter;
      GVariant *first = NULL;
      g_variant_iter_init (&iter, row);
      if (g_variant_iter_next (&iter, "{&sv}", NULL, &first))
        {
          g_autofree char *text = cell_text (first);
          g_string_append_printf (out, "%s\n", text);
          g_variant_unref (first);
        }
    }
}
