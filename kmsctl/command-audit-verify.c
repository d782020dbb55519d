/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit verify: whether the log of kmsd is whole, by kmsd itself or, without trusting or having it, by the files. */
#include "audit-output.h"
#include "command-groups.h"
#include "daemon-choice.h"
#include "daemon.h"
#include "describe.h"

gboolean
kmsctl_check_audit_directory (Kmsctl *self, GError **error)
{
  gboolean names_daemon = kmsctl_flag (self, "system") || kmsctl_flag (self, "user") || kmsctl_flag (self, "socket");

  if (kmsctl_flag (self, "directory"))
    return !names_daemon
           || kmsctl_usage_error (error, _ ("--directory reads the files without kmsd; leave --system, --user and "
                                            "--socket out"));
  if (kmsctl_flag (self, "direct"))
    return kmsctl_usage_error (error, _ ("--direct: without kmsd, say where the log is: --directory=DIR, such as "
                                         "/var/lib/kmsd/audit"));
  return !kmsctl_flag (self, "key-file")
         || kmsctl_usage_error (error, _ ("--key-file is for --directory; kmsd uses its own key"));
}

static void
add_flaw (GVariantBuilder *list, const char *kind, guint64 sequence, guint64 line, const char *message)
{
  KmsctlFields fields;

  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "flaw", kind);
  kmsctl_fields_number (&fields, "sequence", (gint64) sequence);
  if (line > 0)
    kmsctl_fields_number (&fields, "line", (gint64) line);
  kmsctl_fields_text (&fields, "message", message);
  g_variant_builder_add_value (list, kmsctl_fields_end (&fields));
}

/* A log that begins later can't be told from one whose beginning somebody took away to hide it. */
static void
add_late_beginning (GVariantBuilder *list, guint64 first_sequence)
{
  g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, first_sequence);

  if (first_sequence <= 1)
    return;
  g_autofree char *message = g_strdup_printf (_ ("the log begins with sequence %s: earlier files were taken away; put "
                                                 "them into a directory with these and audit.key, and verify that"),
                                              number);
  add_flaw (list, "beginning", 1, 0, message);
}

static gboolean
print_verdict (Kmsctl *self, gboolean is_whole, guint64 n_lines, const char *head, GVariantBuilder *flaws,
               GError **error)
{
  KmsctlFields fields;

  kmsctl_fields_init (&fields);
  kmsctl_fields_flag (&fields, "whole", is_whole);
  kmsctl_fields_number (&fields, "lines", (gint64) n_lines);
  kmsctl_fields_text (&fields, "head", head);
  kmsctl_fields_variant (&fields, "flaws", g_variant_builder_end (flaws));
  self->negative = !is_whole;
  if (!kmsctl_print (self, kmsctl_fields_end (&fields), error))
    return FALSE;
  if (is_whole && !kmsctl_flag (self, "head"))
    kmsctl_note (self, _ ("whether the end was cut off shows only against a head that is kept elsewhere: "
                          "--head=SEQ:MAC, which kmsd writes to the journal as KMS_AUDIT_HEAD"));
  return TRUE;
}

static gboolean
verify_by_daemon (Kmsctl *self, GError **error)
{
  const char *expected = kmsctl_text (self, "head"), *head = NULL;
  g_auto (GVariantDict) options = G_VARIANT_DICT_INIT (NULL);
  g_autoptr (GVariantBuilder) list = kmsctl_list_new ();
  g_autoptr (GVariantIter) flaws = NULL;
  gboolean is_whole = FALSE;
  guint64 n_lines = 0, first = 0;
  GVariant *flaw;

  if (expected != NULL)
    g_variant_dict_insert (&options, "head", "s", expected);
  g_autoptr (GVariant)
    reply = kmsctl_daemon_call (self, KMSCTL_MANAGER, "Audit", "Verify",
                                g_variant_new ("(@a{sv})", g_variant_dict_end (&options)), "(a{sv})", error);
  if (reply == NULL)
    return FALSE;
  g_autoptr (GVariant) result = g_variant_get_child_value (reply, 0);
  g_variant_lookup (result, "whole", "b", &is_whole);
  g_variant_lookup (result, "lines", "t", &n_lines);
  g_variant_lookup (result, "head", "&s", &head);
  g_variant_lookup (result, "first", "t", &first);
  if (g_variant_lookup (result, "flaws", "aa{sv}", &flaws))
    while (g_variant_iter_loop (flaws, "@a{sv}", &flaw))
      {
        const char *kind = NULL, *message = NULL;
        guint64 sequence = 0, line = 0;
        g_variant_lookup (flaw, "kind", "&s", &kind);
        g_variant_lookup (flaw, "message", "&s", &message);
        g_variant_lookup (flaw, "sequence", "t", &sequence);
        g_variant_lookup (flaw, "line", "t", &line);
        add_flaw (list, kind, sequence, line, message);
      }
  add_late_beginning (list, first);
  return print_verdict (self, is_whole, n_lines, head, list, error);
}

static gboolean
verify_files (Kmsctl *self, const char *directory, const AuditHead *expected, GError **error)
{
  g_auto (AuditVerdict) verdict = { NULL };
  g_autoptr (GVariantBuilder) list = kmsctl_list_new ();

  if (!audit_verify (directory, kmsctl_text (self, "key-file"), expected, self->cancellable, &verdict, error))
    return FALSE;
  for (guint i = 0; i < verdict.flaws->len; i++)
    {
      const AuditFlaw *flaw = g_ptr_array_index (verdict.flaws, i);
      add_flaw (list, audit_flaw_kind_to_string (flaw->kind), flaw->sequence, flaw->line, flaw->message);
    }
  add_late_beginning (list, verdict.first_sequence);
  g_autofree char *head = verdict.n_lines == 0 ? NULL : audit_head_to_string (&verdict.head);
  return print_verdict (self, verdict.is_whole, verdict.n_lines, head, list, error);
}

gboolean
kmsctl_run_audit_verify (Kmsctl *self, GError **error)
{
  const char *directory = kmsctl_text (self, "directory"), *head = kmsctl_text (self, "head");
  g_autoptr (GError) wrong = NULL;
  AuditHead expected;

  if (!kmsctl_check_audit_directory (self, error))
    return FALSE;
  if (head != NULL && !audit_head_from_string (head, &expected, &wrong))
    return kmsctl_usage_error (error, "--head=%s: %s", head, wrong->message);
  return directory == NULL ? verify_by_daemon (self, error)
                           : verify_files (self, directory, head == NULL ? NULL : &expected, error);
}
