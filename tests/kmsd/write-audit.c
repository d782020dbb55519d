/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes an audit log of several files, for readers in other languages. Arguments: directory, number of records, and
 * plain, hmac or names. Prints the head. */
#include <audit-log.h>
#include <stdio.h>
#include <stdlib.h>

static AuditRecord *
make_record (AuditLog *log)
{
  g_autoptr (KmsContext) context = kms_context_new ("model_name", "Üser", "model_id", "1", NULL);
  AuditRecord *record = audit_record_new ("decrypt", AUDIT_OUTCOME_DONE);

  record->box = g_strdup ("orders");
  record->detail = g_strdup ("a \"quoted\" reason,\"mac\":\"");
  record->caller.uid = 1001;
  record->caller.pid = 4711;
  audit_log_set_context (log, record, context);
  return record;
}

static AuditContextPolicy
parse_policy (const char *word)
{
  return strcmp (word, "hmac") == 0    ? AUDIT_CONTEXT_HMAC
         : strcmp (word, "names") == 0 ? AUDIT_CONTEXT_NAMES
                                       : AUDIT_CONTEXT_PLAIN;
}

int
main (int argc, char **argv)
{
  if (argc != 4)
    return 2;
  AuditOptions options = { .directory = argv[1], .max_size = 4096, .context = parse_policy (argv[3]) };
  g_autoptr (GError) error = NULL;
  g_autoptr (AuditLog) log = audit_log_open (&options, &error);
  AuditHead head;

  for (int i = 0; log != NULL && error == NULL && i < atoi (argv[2]); i++)
    {
      GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) audit_record_free);
      g_ptr_array_add (records, make_record (log));
      g_autoptr (GPtrArray) written = audit_log_append (log, records, &error);
    }
  if (error != NULL || !audit_log_close (log, &error))
    {
      fprintf (stderr, "%s\n", error->message);
      return 1;
    }
  audit_log_get_head (log, &head);
  g_autofree char *text = audit_head_to_string (&head);
  printf ("%s\n", text);
  return 0;
}
