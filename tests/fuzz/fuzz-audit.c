/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The audit log: the lines of a file, records, MACs, heads and times, as anybody may have written them. */
#include "fuzz.h"

#include <audit-files.h>
#include <audit-line.h>
#include <sys/mman.h>
#include <unistd.h>

/* What was read is written and read again, and is the same record. */
static void
check_record (const char *line, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AuditRecord) record = audit_record_parse (line, length, &error);
  g_autoptr (GString) first = g_string_new (NULL);
  g_autoptr (GString) second = g_string_new (NULL);

  FUZZ_CHECK_OUTCOME (record != NULL, error);
  if (record == NULL)
    return;
  FUZZ_CHECK (record->sequence > 0 && record->time_usec >= 0);
  audit_record_write (record, first);
  g_string_append_c (first, '}');
  FUZZ_CHECK (first->len < AUDIT_MAX_LINE && memchr (first->str, '\n', first->len) == NULL);
  g_autoptr (AuditRecord) again = audit_record_parse (first->str, first->len, NULL);
  FUZZ_CHECK (again != NULL && again->sequence == record->sequence && again->time_usec == record->time_usec);
  FUZZ_CHECK (again->outcome == record->outcome && again->items == record->items);
  audit_record_write (again, second);
  g_string_append_c (second, '}');
  FUZZ_CHECK (g_string_equal (first, second));
}

static void
check_line (const char *line, gsize length)
{
  char hex[2 * AUDIT_MAC_SIZE + 1];
  AuditLine parts;

  check_record (line, length);
  if (!audit_line_split (line, length, &parts))
    return;
  FUZZ_CHECK (parts.sequence > 0 && parts.text_length < length);
  audit_mac_to_hex (parts.mac, hex);
  FUZZ_CHECK (memcmp (line + length - 2 - 2 * AUDIT_MAC_SIZE, hex, 2 * AUDIT_MAC_SIZE) == 0);
}

/* All bytes are in one line or another. */
static void
check_file (const guint8 *data, gsize size)
{
  g_auto (AuditFile) file = { .fd = -1 };
  AuditReadResult result;
  const char *line;
  gsize length;
  int fd = memfd_create ("audit", MFD_CLOEXEC);

  FUZZ_CHECK (fd >= 0 && write (fd, data, size) == (gssize) size && lseek (fd, 0, SEEK_SET) == 0);
  audit_file_take (&file, fd, g_strdup ("tried"));
  do
    {
      result = audit_file_read (&file, &line, &length, NULL);
      FUZZ_CHECK (result != AUDIT_READ_FAILED && file.next_offset <= size);
      FUZZ_CHECK (result != AUDIT_READ_LINE || memcmp (line, data + file.line_offset, length) == 0);
      FUZZ_CHECK (result != AUDIT_READ_LINE || memchr (line, '\n', length) == NULL);
      if (result == AUDIT_READ_LINE)
        check_line (line, length);
    }
  while (result == AUDIT_READ_LINE || result == AUDIT_READ_TOO_LONG);
  FUZZ_CHECK (file.next_offset == size);
}

static void
check_texts (const char *text)
{
  g_autoptr (GError) error = NULL;
  AuditHead head;
  guint64 sequence;
  gint64 time;
  gboolean ok = audit_head_from_string (text, &head, &error);

  FUZZ_CHECK_OUTCOME (ok, error);
  if (ok)
    {
      g_autofree char *again = audit_head_to_string (&head);
      FUZZ_CHECK (strcmp (again, text) == 0);
    }
  if (audit_time_from_string (text, &time))
    {
      g_autofree char *again = audit_time_to_string (time);
      FUZZ_CHECK (strcmp (again, text) == 0);
    }
  if (audit_file_name_parse (text, &sequence))
    {
      g_autofree char *again = audit_file_name (sequence);
      FUZZ_CHECK (strcmp (again, text) == 0);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);

  check_file (data, size);
  check_texts (text);
  return 0;
}
