/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Speaks to the journal in its own protocol. */
#include "journal.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#define DEFAULT_PATH "/run/systemd/journal/socket"

/* Made for these messages (journalctl MESSAGE_ID=…). */
#define RECORD_ID "4dfab4c6b63c42cab20c27a61f9f54f0"
#define HEAD_ID "8946763bbe0746938c14de50bd65d3d3"

/* Nearly all messages fit: they are made for each call. */
#define MESSAGE_SIZE 1024

#define RETRY_USEC G_USEC_PER_SEC

struct _Journal
{
  int fd;
  struct sockaddr_un address;
  gboolean is_connected;
  gint64 next_try; /* monotonic: where there is no journal, it is not looked for at each record */
  guint64 n_lost;
};

Journal *
journal_new (const char *socket_path)
{
  Journal *self = g_new0 (Journal, 1);
  const char *path = socket_path == NULL ? DEFAULT_PATH : socket_path;

  self->fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  self->address.sun_family = AF_UNIX;
  g_strlcpy (self->address.sun_path, path, sizeof self->address.sun_path);
  return self;
}

void
journal_free (Journal *self)
{
  if (self->fd >= 0)
    close (self->fd);
  g_free (self);
}

/* NAME, line end, length in 64 bits little-endian, bytes, line end: fits every value, lines with line ends included. */
static void
add (GByteArray *message, const char *name, const char *value)
{
  if (value == NULL)
    return;
  guint64 length = GUINT64_TO_LE ((guint64) strlen (value));
  g_byte_array_append (message, (const guint8 *) name, (guint) strlen (name));
  g_byte_array_append (message, (const guint8 *) "\n", 1);
  g_byte_array_append (message, (const guint8 *) &length, sizeof length);
  g_byte_array_append (message, (const guint8 *) value, (guint) strlen (value));
  g_byte_array_append (message, (const guint8 *) "\n", 1);
}

static void
add_number (GByteArray *message, const char *name, gint64 number, gint64 unknown)
{
  g_autofree char *text = number == unknown ? NULL : g_strdup_printf ("%" G_GINT64_FORMAT, number);

  add (message, name, text);
}

static GByteArray *
begin (int priority, const char *text, const char *id)
{
  GByteArray *message = g_byte_array_sized_new (MESSAGE_SIZE);

  add (message, "MESSAGE", text);
  add_number (message, "PRIORITY", priority, -1);
  add (message, "SYSLOG_IDENTIFIER", "kmsd");
  add (message, "MESSAGE_ID", id);
  return message;
}

/* FALSE with errno, ENOENT where there is no journal. */
static gboolean
connect_again (Journal *self)
{
  gint64 now = g_get_monotonic_time ();

  errno = ENOENT;
  if (now < self->next_try)
    return FALSE;
  self->is_connected = connect (self->fd, (const struct sockaddr *) &self->address, sizeof self->address) == 0;
  if (!self->is_connected && errno == ENOENT)
    self->next_try = now + RETRY_USEC;
  return self->is_connected;
}

static gboolean
is_there (Journal *self)
{
  return self->is_connected || connect_again (self);
}

static gboolean
send_once (Journal *self, GByteArray *message)
{
  return is_there (self) && send (self->fd, message->data, message->len, MSG_NOSIGNAL) >= 0;
}

/* A journal that was restarted has another socket at the same path. */
static gboolean
send_to (Journal *self, GByteArray *message)
{
  gboolean was_connected = self->is_connected;

  if (send_once (self, message))
    return TRUE;
  if (!was_connected || (errno != ECONNREFUSED && errno != ENOTCONN && errno != ECONNRESET))
    return FALSE;
  self->is_connected = FALSE;
  return send_once (self, message);
}

/* A machine without a journal loses nothing: it has none to read. */
static gboolean
send_and_free (Journal *self, GByteArray *message)
{
  gboolean is_lost = self->fd >= 0 && !send_to (self, message) && errno != ENOENT;

  self->n_lost += is_lost ? 1 : 0;
  g_byte_array_unref (message);
  return !is_lost;
}

static char *
describe (const AuditRecord *record)
{
  GString *text = g_string_new (record->operation);

  if (record->box != NULL)
    g_string_append_printf (text, " with box \"%s\"", record->box);
  if (record->caller.uid >= 0)
    g_string_append_printf (text, " for uid %" G_GINT64_FORMAT, record->caller.uid);
  g_string_append_printf (text, ": %s", audit_outcome_to_string (record->outcome));
  if (record->error != NULL)
    g_string_append_printf (text, " (%s)", record->error);
  if (record->detail != NULL)
    g_string_append_printf (text, ": %s", record->detail);
  return g_string_free (text, FALSE);
}

static int
get_priority (const AuditRecord *record)
{
  static const int priorities[] = {
    [AUDIT_OUTCOME_INTENT] = LOG_INFO,
    [AUDIT_OUTCOME_DONE] = LOG_INFO,
    [AUDIT_OUTCOME_REFUSED] = LOG_NOTICE,
    [AUDIT_OUTCOME_FAILED] = LOG_NOTICE,
  };

  return priorities[record->outcome];
}

static void
send_group (Journal *self, const AuditRecord *record, guint n)
{
  g_autofree char *text = describe (record);
  GByteArray *message = begin (get_priority (record), text, RECORD_ID);

  add_number (message, "KMS_SEQUENCE", (gint64) record->sequence, 0);
  add (message, "KMS_OPERATION", record->operation);
  add (message, "KMS_OUTCOME", audit_outcome_to_string (record->outcome));
  add (message, "KMS_BOX", record->box);
  add (message, "KMS_VERSION", record->version);
  add (message, "KMS_PROVIDER", record->provider);
  add (message, "KMS_KEY_ID", record->key_id);
  add (message, "KMS_ERROR", record->error);
  add (message, "KMS_DETAIL", record->detail);
  add (message, "KMS_REQUEST_ID", record->request_id);
  add_number (message, "KMS_DURATION_USEC", record->duration_usec, -1);
  add_number (message, "KMS_INTENT", (gint64) record->intent, 0);
  add_number (message, "KMS_ITEMS", n == 1 ? record->items : n, 0);
  add_number (message, "KMS_LAST_SEQUENCE", n == 1 ? 0 : (gint64) (record->sequence + n - 1), 0);
  add_number (message, "KMS_CALLER_UID", record->caller.uid, -1);
  add_number (message, "KMS_CALLER_PID", record->caller.pid, -1);
  add (message, "KMS_CALLER_UNIT", record->caller.unit);
  add (message, "KMS_CALLER_LABEL", record->caller.label);
  add (message, "KMS_CALLER_BUS", record->caller.bus);
  send_and_free (self, message);
}

static gboolean
say_the_same (const AuditRecord *a, const AuditRecord *b)
{
  const char *const texts[][2] = {
    { a->operation, b->operation },
    { a->box, b->box },
    { a->version, b->version },
    { a->provider, b->provider },
    { a->key_id, b->key_id },
    { a->error, b->error },
    { a->detail, b->detail },
    { a->request_id, b->request_id },
    { a->caller.label, b->caller.label },
    { a->caller.unit, b->caller.unit },
    { a->caller.bus, b->caller.bus },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (g_strcmp0 (texts[i][0], texts[i][1]) != 0)
      return FALSE;
  return a->outcome == b->outcome && a->items == 0 && b->items == 0 && a->caller.uid == b->caller.uid
         && a->caller.pid == b->caller.pid;
}

void
journal_send_records (Journal *self, GPtrArray *records)
{
  /* Spares making what nobody reads. */
  if (self->fd < 0 || (!is_there (self) && errno == ENOENT))
    return;
  for (guint i = 0; i < records->len;)
    {
      const AuditRecord *first = g_ptr_array_index (records, i);
      guint n = 1;

      while (i + n < records->len && say_the_same (first, g_ptr_array_index (records, i + n)))
        n++;
      send_group (self, first, n);
      i += n;
    }
}

gboolean
journal_send_head (Journal *self, const AuditHead *head)
{
  g_autofree char *text = audit_head_to_string (head);
  g_autofree char *sentence = g_strdup_printf ("the audit log has reached %s", text);
  GByteArray *message = begin (LOG_INFO, sentence, HEAD_ID);

  add (message, "KMS_AUDIT_HEAD", text);
  return send_and_free (self, message);
}

void
journal_send_message (Journal *self, int priority, const char *message)
{
  send_and_free (self, begin (priority, message, NULL));
}

guint64
journal_get_n_lost (Journal *self)
{
  return self->n_lost;
}
