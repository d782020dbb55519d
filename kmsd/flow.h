/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a user may have under way at private sockets: there is no bus daemon that bounds what its clients may queue, and
 * GDBus reads as fast as a peer writes, keeps answers that the peer does not read, and for each connection a buffer as
 * large as its largest message. So messages are counted before GDBus sees them, and answers when they begin to be
 * written; who has too much under way is not read from, and waits. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _Flows Flows;
typedef struct _Flow Flow; /* of one connection */

typedef enum {
  FLOW_TAKEN,
  FLOW_WAIT,  /* the source is made ready when there may be room */
  FLOW_FULL,  /* QUOTA: no waiting helps */
  FLOW_TWICE, /* a call with that serial is not answered yet */
} FlowAnswer;

/* All of it in any thread. */
Flows *flows_new (void);
void flows_unref (Flows *self);

/* The source is borrowed: it outlives the flow's end. */
Flow *flow_new (Flows *flows, guint32 uid, GSource *source);
Flow *flow_ref (Flow *self);
void flow_unref (Flow *self);

/* No more comes: what is under way counts no more. */
void flow_end (Flow *self);

/* A call of that length is about to be read. */
FlowAnswer flow_take (Flow *self, guint32 serial, gsize length);

/* GDBus has read it: the next large one may come. */
void flow_note_parsed (Flow *self, guint32 serial);

void flow_note_answered (Flow *self, guint32 serial);

/* Tells it of what GDBus reads and writes. Before the connection's messages are processed. */
void flow_watch (Flow *self, GDBusConnection *connection);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Flow, flow_unref)

G_END_DECLS
