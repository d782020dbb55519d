/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon's state, which its objects share. All of it belongs to the main thread. */
#pragma once

#include "alert.h"
#include "audit-log.h"
#include "box-table.h"
#include "caller.h"
#include "daemon-settings.h"
#include "gate.h"
#include "journal.h"
#include "lockdown.h"
#include "quota.h"

G_BEGIN_DECLS

/* The command line. Strings live as long as the process. */
typedef struct
{
  BusKind bus; /* BUS_PRIVATE: no bus at all */
  const char *private_socket;
  const char *config_root;
  const char *state_directory;
  const char *journal_socket; /* NULL: the system's */
} DaemonOptions;

typedef struct _Door Door;
typedef struct _PrivateSocket PrivateSocket;

typedef struct
{
  const DaemonOptions *options;
  GMainLoop *loop;
  GError *failure; /* why it ended, if it did not end well */
  KmsRegistry *registry;
  DaemonSettings settings;
  BoxTable *boxes;
  LockdownStore *lockdown;
  AlertCounters *alerts;
  GQueue news;    /* trail.c's: records that are on the disk, and told to nobody yet */
  GQueue unsaved; /* unsaved.c's: refusals that wait for the disk */
  guint n_unsaved;
  guint unsaved_source;
  AuditLog *audit;
  Journal *journal;
  GHashTable *refusals; /* refusals.c's, or NULL */
  guint refusals_source;
  GHashTable *openings; /* openings.c's, or NULL */
  guint n_untold;       /* records since the journal got the log's head */
  guint head_source;
  GPtrArray *subscribers; /* to the audit log; or NULL */
  Quotas *quotas;
  Gates *gates; /* of private connections */
  PrivateSocket *private_socket;
  gboolean owns_name;
  guint bus_source; /* that looks for the bus again */
  guint bus_delay_ms;
  Door *bus_door;
  Units *units;     /* of that bus's systemd; NULL without a bus */
  GPtrArray *doors; /* of Door: private connections */
  GQueue reloads;   /* of GTask: the first one is under way */
  int state_lock;
  guint n_flushing; /* connections whose last answers are being sent */
  gulong changed_handler;
  guint n_calls;    /* that are not answered */
  guint32 uid;      /* its own */
  gboolean closing; /* no new calls */
  guint idle_source;
  gint64 last_use; /* monotonic: of the last call's end */
} Daemon;

/* FALSE with an error if nothing can be served at all. */
gboolean daemon_start (Daemon *self, const DaemonOptions *options, GError **error);
void daemon_clear (Daemon *self);

/* Reads the configuration again, in a worker thread; the old one stays until it is read, or if it can't be. */
void daemon_reload_async (Daemon *self, GAsyncReadyCallback callback, gpointer user_data);
gboolean daemon_reload_finish (Daemon *self, GAsyncResult *result, GError **error);

/* What came of one that no caller asked for, in the audit log; an error is warned of, too. */
void daemon_note_reload (Daemon *self, const char *cause, const GError *error);

/* Stops accepting, releases the name, and ends the main loop once the calls in flight are answered, or DRAIN_TIMEOUT_MS
 * are over. Takes the reason over, if it is one to complain of. */
void daemon_quit (Daemon *self, GError *failure);

/* Private connections: the door belongs to the daemon until its connection closes. */
void daemon_add_door (Daemon *self, Door *door);
void daemon_drop_door (Daemon *self, GDBusConnection *connection);

/* Whether what concerns the whole daemon is that user's to do: root's, and of the user that it runs as. */
gboolean daemon_is_ruled_by (const Daemon *self, guint32 uid);

/* Tells the daemon that a call began or ended. */
void daemon_hold (Daemon *self);
void daemon_release (Daemon *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Daemon, daemon_clear)

G_END_DECLS
