/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who calls: as the bus daemon or the kernel tells it, never as the caller does, and never from NSS. */
#pragma once

#include "access.h"

G_BEGIN_DECLS

typedef enum {
  BUS_SYSTEM,
  BUS_SESSION,
  BUS_PRIVATE,
} BusKind;

/* Who it is does not change. In the main thread's house only. */
typedef struct
{
  grefcount refs;
  BusKind bus;
  char *unique_name; /* NULL at a private socket */
  AccessCaller access;
  guint32 *gids;
  gint64 pid;         /* -1: not known; only for the audit log */
  char *unit;         /* of systemd, or NULL; only for the audit log, and a hint: see units.h */
  char *label;        /* security label, or NULL; only for the audit log */
  GCancellable *gone; /* cancelled when the caller leaves: nobody would read the answer */
  guint n_running;    /* of its calls; the rest is turns.c's as well */
  GQueue waiting;     /* of Call, which hold the caller */
  gboolean is_handing_on;
} Caller;

Caller *caller_ref (Caller *self);
void caller_unref (Caller *self);

/* What the kernel knows of the other end of a socket. */
Caller *caller_new_from_socket (GSocket *socket, GError **error);

const char *bus_kind_to_string (BusKind kind);

/* The callers of one connection to a bus. */
typedef struct _CallerCache CallerCache;
typedef struct _Units Units;

/* The units are borrowed, and may be NULL. */
CallerCache *caller_cache_new (GDBusConnection *connection, BusKind bus, Units *units);
void caller_cache_free (CallerCache *self);

/* A caller, or NULL and an error. Both are borrowed. */
typedef void (*CallerFunc) (Caller *caller, const GError *error, gpointer user_data);

/* Borrowed; NULL if it is not known yet. */
const Caller *caller_cache_find (CallerCache *self, const char *unique_name);

/* Calls back at once if the name is known, else when the bus daemon has answered, and systemd has or is too slow. */
void caller_cache_identify (CallerCache *self, const char *unique_name, CallerFunc func, gpointer user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Caller, caller_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CallerCache, caller_cache_free)

G_END_DECLS
