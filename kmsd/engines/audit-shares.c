/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers by user, of those who have any. */
#include "audit-shares.h"

void
audit_shares_init (AuditShares *self)
{
  *self = (AuditShares){ .users = g_hash_table_new (NULL, NULL) };
}

void
audit_shares_clear (AuditShares *self)
{
  g_clear_pointer (&self->users, g_hash_table_unref);
}

static gpointer
make_key (gint64 uid)
{
  return GUINT_TO_POINTER ((guint) uid);
}

static guint
count (const AuditShares *self, gint64 uid)
{
  return uid < 0 ? 0 : GPOINTER_TO_UINT (g_hash_table_lookup (self->users, make_key (uid)));
}

guint
audit_shares_get_room (const AuditShares *self, gint64 uid)
{
  return MIN (MAX_WAITING - self->n, MAX_WAITING_OF_ONE - count (self, uid));
}

static void
set (AuditShares *self, gint64 uid, guint n)
{
  if (n == 0)
    g_hash_table_remove (self->users, make_key (uid));
  else
    g_hash_table_insert (self->users, make_key (uid), GUINT_TO_POINTER (n));
}

void
audit_shares_take (AuditShares *self, gint64 uid, guint n)
{
  self->n += n;
  if (uid >= 0)
    set (self, uid, count (self, uid) + n);
}

void
audit_shares_give_back (AuditShares *self, gint64 uid, guint n)
{
  self->n -= n;
  if (uid >= 0)
    set (self, uid, count (self, uid) - n);
}
