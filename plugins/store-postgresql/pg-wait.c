/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One poll of a connection's socket, and of what tells that the caller has enough. */
#include "pg-wait.h"

#define FOR_EVER (-1)

static int
get_milliseconds (gint64 deadline)
{
  gint64 left = deadline - g_get_monotonic_time ();

  if (deadline == 0)
    return FOR_EVER;
  return left <= 0 ? 0 : (int) MIN (left / 1000 + 1, G_MAXINT);
}

PgWait
pg_wait (PGconn *pg, GIOCondition condition, gint64 deadline, GCancellable *cancellable)
{
  GPollFD fds[2] = { { PQsocket (pg), (gushort) condition, 0 } };
  gboolean has_cancellable = g_cancellable_make_pollfd (cancellable, &fds[1]);
  int n_ready;

  do /* a signal is no answer */
    n_ready = g_poll (fds, has_cancellable ? 2 : 1, get_milliseconds (deadline));
  while (n_ready < 0);
  if (has_cancellable)
    g_cancellable_release_fd (cancellable);
  if (g_cancellable_is_cancelled (cancellable))
    return PG_WAIT_CANCELLED;
  return n_ready > 0 ? PG_WAIT_READY : PG_WAIT_LATE;
}
