/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the journal is told: a socket in its place reads the datagrams by the protocol's rules. */
#include <glib/gstdio.h>
#include <journal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../config-root.h"

typedef struct
{
  char *root;
  char *path;
  int fd;
  Journal *journal;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  self->root = config_root_new ();
  self->path = g_build_filename (self->root, "socket", NULL);
  g_strlcpy (address.sun_path, self->path, sizeof address.sun_path);
  self->fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  g_assert_no_errno (bind (self->fd, (struct sockaddr *) &address, sizeof address));
  self->journal = journal_new (self->path);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  journal_free (self->journal);
  close (self->fd);
  g_free (self->path);
  config_root_remove (self->root);
}

static const char *
find_end_of_line (const char *at, const char *end)
{
  const char *newline = memchr (at, '\n', (gsize) (end - at));

  g_assert_nonnull (newline);
  return newline;
}

/* https://systemd.io/JOURNAL_NATIVE_PROTOCOL/: "NAME=value\n", or "NAME\n", 64 bits little-endian, value, "\n". */
static GHashTable *
receive (Fixture *self)
{
  GHashTable *fields = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autofree char *data = g_malloc (100000);
  gssize length = recv (self->fd, data, 100000, 0);
  const char *at = data, *end = data + length;

  g_assert_cmpint (length, >, 0);
  while (at < end)
    {
      const char *newline = find_end_of_line (at, end);
      const char *equals = memchr (at, '=', (gsize) (newline - at));
      guint64 size;
      if (equals != NULL)
        {
          g_hash_table_insert (fields, g_strndup (at, (gsize) (equals - at)),
                               g_strndup (equals + 1, (gsize) (newline - equals - 1)));
          at = newline + 1;
          continue;
        }
      g_assert_cmpint (end - newline, >, 9);
      memcpy (&size, newline + 1, sizeof size);
      size = GUINT64_FROM_LE (size);
      g_assert_cmpuint (size, <, (guint64) (end - newline - 9));
      g_hash_table_insert (fields, g_strndup (at, (gsize) (newline - at)), g_strndup (newline + 9, size));
      at = newline + 9 + size;
      g_assert_cmpint (*at, ==, '\n');
      at++;
    }
  return fields;
}

static void
send_record (Journal *journal, AuditRecord *record)
{
  g_autoptr (GPtrArray) records = g_ptr_array_new ();

  g_ptr_array_add (records, record);
  journal_send_records (journal, records);
}

static void
test_record (Fixture *self, gconstpointer data)
{
  g_autoptr (AuditRecord) record = audit_record_new ("decrypt", AUDIT_OUTCOME_REFUSED);

  record->sequence = 17;
  record->box = g_strdup ("orders");
  record->error = g_strdup ("locked-down");
  record->detail = g_strdup ("two\nKMS_BOX=forged");
  record->caller.uid = 1001;
  record->caller.unit = g_strdup ("shop.service");
  send_record (self->journal, record);
  g_autoptr (GHashTable) fields = receive (self);
  g_assert_cmpstr (g_hash_table_lookup (fields, "MESSAGE"), ==,
                   "decrypt with box \"orders\" for uid 1001: refused (locked-down): two\nKMS_BOX=forged");
  g_assert_cmpstr (g_hash_table_lookup (fields, "PRIORITY"), ==, "5");
  g_assert_cmpstr (g_hash_table_lookup (fields, "KMS_SEQUENCE"), ==, "17");
  g_assert_cmpstr (g_hash_table_lookup (fields, "KMS_BOX"), ==, "orders");
  g_assert_cmpstr (g_hash_table_lookup (fields, "KMS_OUTCOME"), ==, "refused");
  g_assert_cmpstr (g_hash_table_lookup (fields, "KMS_CALLER_UID"), ==, "1001");
  g_assert_cmpstr (g_hash_table_lookup (fields, "KMS_CALLER_UNIT"), ==, "shop.service");
  g_assert_cmpuint (strlen (g_hash_table_lookup (fields, "MESSAGE_ID")), ==, 32);
  g_assert_null (g_hash_table_lookup (fields, "KMS_CALLER_PID"));
  g_assert_cmpuint (journal_get_n_lost (self->journal), ==, 0);
}

/* A batch of which the fourth item failed. */
static void
test_alike (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *sequence, *last_sequence, *items, *outcome;
  } expected[] = { { "7", "9", "3", "done" }, { "10", NULL, NULL, "failed" }, { "11", "12", "2", "done" } };
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func ((GDestroyNotify) audit_record_free);

  for (guint i = 0; i < 6; i++)
    {
      AuditRecord *record = audit_record_new ("decrypt", i == 3 ? AUDIT_OUTCOME_FAILED : AUDIT_OUTCOME_DONE);
      record->sequence = 7 + i;
      record->context = g_strdup_printf ("{\"id\":\"%u\"}", i);
      g_ptr_array_add (records, record);
    }
  journal_send_records (self->journal, records);
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autoptr (GHashTable) fields = receive (self);
      g_assert_cmpstr (g_hash_table_lookup (fields, "KMS_SEQUENCE"), ==, expected[i].sequence);
      g_assert_cmpstr (g_hash_table_lookup (fields, "KMS_LAST_SEQUENCE"), ==, expected[i].last_sequence);
      g_assert_cmpstr (g_hash_table_lookup (fields, "KMS_ITEMS"), ==, expected[i].items);
      g_assert_cmpstr (g_hash_table_lookup (fields, "KMS_OUTCOME"), ==, expected[i].outcome);
    }
}

static void
test_head (Fixture *self, gconstpointer data)
{
  AuditHead head = { 17, { 0xab } };
  AuditHead read;

  journal_send_head (self->journal, &head);
  g_autoptr (GHashTable) fields = receive (self);
  const char *text = g_hash_table_lookup (fields, "KMS_AUDIT_HEAD");
  g_assert_true (g_str_has_prefix (text, "17:ab00"));
  g_assert_true (audit_head_from_string (text, &read, NULL));
}

/* Nobody reads: what does not fit is counted, and nothing waits. */
static void
test_full (Fixture *self, gconstpointer data)
{
  guint sent = 0;

  for (; sent < 100000 && journal_get_n_lost (self->journal) == 0; sent++)
    journal_send_message (self->journal, 4, "a message");
  g_assert_cmpuint (journal_get_n_lost (self->journal), ==, 1);
  for (guint i = 1; i < sent; i++)
    g_hash_table_unref (receive (self));
  journal_send_message (self->journal, 4, "a message");
  g_autoptr (GHashTable) fields = receive (self);
  g_assert_cmpstr (g_hash_table_lookup (fields, "PRIORITY"), ==, "4");
}

static void
test_none (void)
{
  g_autoptr (Journal) journal = journal_new ("/nowhere/socket");
  g_autofree char *long_path = g_strnfill (1000, 'x');
  g_autoptr (Journal) too_long = journal_new (long_path);

  journal_send_message (journal, 4, "a message");
  journal_send_message (too_long, 4, "a message");
  g_assert_cmpuint (journal_get_n_lost (journal), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/journal/record", Fixture, NULL, set_up, test_record, tear_down);
  g_test_add ("/journal/alike", Fixture, NULL, set_up, test_alike, tear_down);
  g_test_add ("/journal/head", Fixture, NULL, set_up, test_head, tear_down);
  g_test_add ("/journal/full", Fixture, NULL, set_up, test_full, tear_down);
  g_test_add_func ("/journal/none", test_none);
  return g_test_run ();
}
