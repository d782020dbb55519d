/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One method call, from its arrival to its one answer. */
#pragma once

#include <gio/gunixfdlist.h>

#include "daemon.h"
#include "options.h"

G_BEGIN_DECLS

typedef struct _Call Call;
typedef void (*CallFunc) (Call *call);

/* For a method that hands its options on: a provider looks at them. */
#define OPTIONS_ANY G_MAXUINT

/* A row of the table of methods. */
typedef struct
{
  const char *interface;
  const char *name;
  CallFunc run;
  const OptionSpec
    *options; /* what stands in the argument "options"; NULL and OPTIONS_ANY: whatever a provider takes */
  guint n_options;
  gboolean is_short; /* takes no longer than going to another thread, where nothing is waited for */
} Method;

struct _Call
{
  Daemon *daemon;
  GDBusConnection *connection;
  GDBusMessage *message;
  GVariant *parameters; /* a tuple */
  const Method *method;
  Caller *caller;
  BoxEntry *box;           /* NULL where the object is no box */
  KmsConfigInfo *provider; /* NULL where it is no provider */
  GVariant *options;       /* a{sv}, of names and types that the method knows */
  gboolean may_interact;
  gboolean has_turn; /* among the caller's */
  gboolean has_worker;
  guint n_locked;     /* bytes of secrets that count for the caller's quota */
  guint n_bytes;      /* of its arguments, which count for the caller's quota */
  gint64 started;     /* monotonic */
  CallFunc next;      /* what comes after a wait */
  const char *action; /* that polkit was asked for */
  gpointer permit;    /* permit.c's, during a question */
  AuditLog *audit;    /* that it began with; NULL: it is not in any yet */
  GPtrArray *intents; /* of AuditRecord, as they stand in the log; or NULL */
  gpointer data;      /* the method's own */
  GDestroyNotify free_data;
};

/* Takes the message over, whose arguments have the types of the method. */
Call *call_new (Daemon *daemon, GDBusConnection *connection, GDBusMessage *message, const Method *method);

/* Answers what does not become a call, with an error of that name. */
void call_turn_away (GDBusConnection *connection, GDBusMessage *message, const char *name, const char *text);

/* From here on the call counts for the caller's quota. FALSE if it was answered with an error. */
gboolean call_set_caller (Call *self, Caller *caller);

/* Before it takes a thread of those that everything shares, for as long as a service likes. FALSE with QUOTA or THROTTLED. */
gboolean call_take_worker (Call *self, GError **error);

/* Before secrets of so many bytes are made for the call: FALSE with QUOTA if they would take the room of others' secrets. */
gboolean call_take_locked (Call *self, gsize n_bytes, GError **error);
gboolean call_take_room (gsize n_bytes, gpointer call, GError **error); /* the same, for pipe_read() */

/* More than any method takes would be held while the call waits. */
gboolean call_has_too_many_descriptors (Call *self);

/* Borrowed: an argument, counted from 0. */
GVariant *call_dup_argument (Call *self, guint index);

/* The descriptor behind an argument of type h, which is the caller of this function's to close; -1 with an error. */
int call_take_descriptor (Call *self, guint index, GError **error);

/* Each answers and frees the call. The variant is consumed if it floats, the descriptor is taken over. */
void call_return (Call *self, GVariant *parameters);
void call_return_descriptor (Call *self, GVariant *parameters, int fd);
void call_fail (Call *self, GError *error); /* takes the error over; unsaved.h may hold the answer back */
void call_fail_new (Call *self, KmsError code, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* At once. */
void call_refuse (Call *self, GError *error);

G_END_DECLS
