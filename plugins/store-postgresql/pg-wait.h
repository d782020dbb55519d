/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for a server without losing sight of the caller, who may not want to wait any more. */
#pragma once

#include <gio/gio.h>
#include <libpq-fe.h>

G_BEGIN_DECLS

typedef enum {
  PG_WAIT_READY,
  PG_WAIT_CANCELLED,
  PG_WAIT_LATE,
} PgWait;

/* The deadline is in microseconds of the monotonic clock; 0: there is none. */
PgWait pg_wait (PGconn *pg, GIOCondition condition, gint64 deadline, GCancellable *cancellable);

G_END_DECLS
