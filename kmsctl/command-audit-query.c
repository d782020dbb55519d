/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit query: records of kmsd's log, from kmsd or from the files. */
#include <gio/gunixinputstream.h>
#include <string.h>

#include "audit-ending.h"
#include "audit-output.h"
#include "command-groups.h"
#include "daemon.h"
#include "time-argument.h"

/* Each option stands for the filter's member of the same name. */
static const char *const texts[] = { "box", "operation", "outcome", "unit" };
static const char *const times[] = { "since", "until" };

static void
add (GVariantBuilder *filter, const char *name, GVariant *value)
{
  g_variant_builder_add (filter, "{sv}", name, value);
}

/* As Audit.Query takes it, and the reader of the files, too. */
static GVariant *
make_filter (Kmsctl *self)
{
  GVariantBuilder filter;
  gint64 time_usec;

  g_variant_builder_init (&filter, G_VARIANT_TYPE_VARDICT);
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    if (kmsctl_flag (self, texts[i]))
      add (&filter, texts[i], g_variant_new_take_string (g_utf8_make_valid (kmsctl_text (self, texts[i]), -1)));
  for (gsize i = 0; i < G_N_ELEMENTS (times); i++)
    if (kmsctl_flag (self, times[i]) && kmsctl_time_from_argument (kmsctl_text (self, times[i]), &time_usec))
      add (&filter, times[i], g_variant_new_uint64 ((guint64) time_usec));
  if (kmsctl_flag (self, "uid"))
    add (&filter, "uid", g_variant_new_uint32 ((guint32) kmsctl_count (self, "uid", 0)));
  if (kmsctl_flag (self, "limit"))
    add (&filter, "limit", g_variant_new_uint32 (kmsctl_number (self, "limit", 0)));
  if (kmsctl_flag (self, "after"))
    add (&filter, "after", g_variant_new_uint64 (kmsctl_count (self, "after", 0)));
  return g_variant_builder_end (&filter);
}

static char *
read_line (GDataInputStream *lines, gsize *length, KmsctlAuditOutput *output, GError **error)
{
  g_autoptr (GError) local = NULL;
  char *line = g_data_input_stream_read_line (lines, length, output->kmsctl->cancellable, &local);

  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else if (line == NULL)
    g_set_error (error, KMS_ERROR, KMS_ERROR_UNAVAILABLE,
                 _ ("kmsd stopped in the middle of its answer, so these are not all records; try again"));
  return line;
}

static gboolean
print_stream (KmsctlAuditOutput *output, int fd, GError **error)
{
  g_autoptr (GInputStream) pipe = g_unix_input_stream_new (fd, TRUE);
  g_autoptr (GDataInputStream) lines = g_data_input_stream_new (pipe);

  for (;;)
    {
      gsize length;
      guint64 n_skipped;
      g_autofree char *line = read_line (lines, &length, output, error);
      AuditEnding ending = line == NULL ? AUDIT_ENDING_FAILED : audit_ending_parse (line, length, &n_skipped, error);
      if (ending == AUDIT_ENDING_FAILED)
        return FALSE;
      if (ending == AUDIT_ENDING_WHOLE)
        {
          output->n_foreign += n_skipped;
          return TRUE;
        }
      if (!kmsctl_audit_output_add (output, line, length, error))
        return FALSE;
    }
}

gboolean
kmsctl_audit_print_query (KmsctlAuditOutput *output, GVariant *filter, GError **error)
{
  int fd = kmsctl_daemon_call_for_pipe (output->kmsctl, KMSCTL_MANAGER, "Audit", "Query",
                                        g_variant_new ("(@a{sv})", filter), error);

  return fd >= 0 && print_stream (output, fd, error);
}

typedef struct
{
  KmsctlAuditOutput *output;
  GError *error;
} Search;

static gboolean
on_found (const AuditRecord *record, const char *line, gsize length, gpointer data)
{
  Search *search = data;

  return kmsctl_audit_output_add (search->output, line, length, &search->error);
}

static gboolean
print_files (KmsctlAuditOutput *output, const char *directory, GVariant *dictionary, GError **error)
{
  AuditFilter filter = AUDIT_FILTER_INIT;
  Search search = { output, NULL };

  if (!audit_filter_from_variant (dictionary, &filter, error)
      || !audit_query (directory, &filter, on_found, &search, output->kmsctl->cancellable, &output->n_foreign, error))
    return FALSE;
  if (search.error == NULL)
    return TRUE;
  g_propagate_error (error, search.error);
  return FALSE;
}

gboolean
kmsctl_run_audit_query (Kmsctl *self, GError **error)
{
  const char *directory = kmsctl_text (self, "directory");
  KmsctlAuditOutput output = { .kmsctl = self };
  g_autoptr (GVariant) filter = g_variant_ref_sink (make_filter (self));

  if (!kmsctl_check_audit_directory (self, error))
    return FALSE;
  return (directory == NULL ? kmsctl_audit_print_query (&output, filter, error)
                            : print_files (&output, directory, filter, error))
         && kmsctl_audit_output_end (&output, error);
}
