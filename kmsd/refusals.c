/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counters by user, which are there while a user is refused something. */
#include "refusals.h"

#include "trail.h"

typedef struct
{
  guint n_written; /* in this window */
  guint64 n_counted;
} User;

static void
note (Daemon *self, guint32 uid, const User *user)
{
  AuditRecord *record = audit_record_new ("refusals", AUDIT_OUTCOME_REFUSED);

  record->caller.uid = uid;
  record->items = (guint) MIN (user->n_counted, G_MAXUINT);
  record->detail = g_strdup_printf ("more refused calls of uid %u than have a record each", uid);
  trail_note (self, record);
}

/* Who was refused nothing in this window is forgotten. */
static gboolean
end_window (gpointer uid, gpointer value, gpointer data)
{
  User *user = value;
  gboolean is_quiet = user->n_written == 0;

  if (user->n_counted > 0)
    note (data, GPOINTER_TO_UINT (uid), user);
  *user = (User){ 0 };
  return is_quiet;
}

void
refusals_flush (Daemon *self)
{
  if (self->refusals != NULL)
    g_hash_table_foreach_remove (self->refusals, end_window, self);
}

static gboolean
on_window (gpointer data)
{
  Daemon *self = data;

  refusals_flush (self);
  if (g_hash_table_size (self->refusals) > 0)
    return G_SOURCE_CONTINUE;
  self->refusals_source = 0;
  return G_SOURCE_REMOVE;
}

static User *
find_user (Daemon *self, gint64 uid)
{
  gpointer key = GUINT_TO_POINTER ((guint) uid);

  if (self->refusals == NULL)
    self->refusals = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  if (self->refusals_source == 0)
    self->refusals_source = g_timeout_add (REFUSED_WINDOW_MS, on_window, self);
  User *user = g_hash_table_lookup (self->refusals, key);
  if (user == NULL)
    {
      user = g_new0 (User, 1);
      g_hash_table_insert (self->refusals, key, user);
    }
  return user;
}

gboolean
refusals_admit (Daemon *self, const AuditRecord *record)
{
  /* At the end, nothing would be written later. */
  if (self->closing)
    return TRUE;
  User *user = find_user (self, record->caller.uid);
  if (user->n_written < REFUSED_RECORDS)
    {
      user->n_written++;
      return TRUE;
    }
  user->n_counted += MAX (record->items, 1);
  return FALSE;
}

void
refusals_stop (Daemon *self)
{
  g_clear_handle_id (&self->refusals_source, g_source_remove);
  g_clear_pointer (&self->refusals, g_hash_table_unref);
}
