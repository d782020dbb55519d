/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counters by user: what is over the limit is refused at once, so that one user does not use up what all share. */
#include "quota.h"

#include <libkms/kms.h>

static const struct
{
  guint limit;
  const char *noun;
} kinds[N_QUOTA_KINDS] = {
  [QUOTA_KIND_CALL] = { QUOTA_CALLS, "calls" },
  [QUOTA_KIND_BYTES] = { QUOTA_BYTES, "bytes of messages" },
  [QUOTA_KIND_PIPE] = { QUOTA_PIPES, "pipes" },
  [QUOTA_KIND_CONNECTION] = { QUOTA_CONNECTIONS, "connections" },
  [QUOTA_KIND_GREETING] = { QUOTA_GREETINGS, "connections that have not authenticated" },
  [QUOTA_KIND_WORKER] = { QUOTA_WORKERS, "calls of administration" },
  [QUOTA_KIND_LOCKED] = { QUOTA_LOCKED, "bytes of secrets" },
};

typedef struct
{
  guint counts[N_QUOTA_KINDS];
} User;

struct _Quotas
{
  GHashTable *users; /* uid → User */
  guint totals[N_QUOTA_KINDS];
};

Quotas *
quotas_new (void)
{
  Quotas *self = g_new0 (Quotas, 1);
  self->users = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  return self;
}

void
quotas_free (Quotas *self)
{
  g_hash_table_unref (self->users);
  g_free (self);
}

gboolean
quotas_take_many (Quotas *self, guint32 uid, QuotaKind kind, guint n, GError **error)
{
  User *user = g_hash_table_lookup (self->users, GUINT_TO_POINTER (uid));

  if (user == NULL)
    {
      user = g_new0 (User, 1);
      g_hash_table_insert (self->users, GUINT_TO_POINTER (uid), user);
    }
  if (n > kinds[kind].limit - user->counts[kind])
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_QUOTA,
                   "uid %u has %u %s open, and one user may have %u; wait for one of them to end, then try again", uid,
                   user->counts[kind], kinds[kind].noun, kinds[kind].limit);
      return FALSE;
    }
  user->counts[kind] += n;
  self->totals[kind] += n;
  return TRUE;
}

gboolean
quotas_take (Quotas *self, guint32 uid, QuotaKind kind, GError **error)
{
  return quotas_take_many (self, uid, kind, 1, error);
}

static gboolean
is_idle (const User *user)
{
  for (guint i = 0; i < N_QUOTA_KINDS; i++)
    if (user->counts[i] > 0)
      return FALSE;
  return TRUE;
}

void
quotas_give_back_many (Quotas *self, guint32 uid, QuotaKind kind, guint n)
{
  User *user = g_hash_table_lookup (self->users, GUINT_TO_POINTER (uid));

  g_return_if_fail (user != NULL && user->counts[kind] >= n);
  user->counts[kind] -= n;
  self->totals[kind] -= n;
  if (is_idle (user))
    g_hash_table_remove (self->users, GUINT_TO_POINTER (uid));
}

void
quotas_give_back (Quotas *self, guint32 uid, QuotaKind kind)
{
  quotas_give_back_many (self, uid, kind, 1);
}

guint
quotas_count (Quotas *self, QuotaKind kind)
{
  return self->totals[kind];
}
