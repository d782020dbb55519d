/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much one user may ask for at a time, and how long anybody may keep the daemon waiting. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define LOCKED_MEMORY (64 * 1024 * 1024) /* bytes, for all secrets: as the unit's LimitMEMLOCK= */

#define QUOTA_RUNNING 64               /* calls of one connection that are worked at; more wait for their turn */
#define QUOTA_CALLS 2048               /* running and waiting, of all connections */
#define QUOTA_BYTES (32 * 1024 * 1024) /* of the messages of those calls */
#define MAX_UNANSWERED 4096            /* calls at private sockets, with those whose answers nobody reads; more wait */
#define MAX_UNANSWERED_BYTES (2 * QUOTA_BYTES)
#define QUOTA_BUFFERS (128 * 1024 * 1024) /* bytes of the largest messages of all connections to private sockets */
#define QUOTA_PIPES 32                    /* open, read or written by the daemon */
#define QUOTA_LOCKED (LOCKED_MEMORY / 4)  /* bytes of secrets that calls hold, and pipes that nobody reads */
#define QUOTA_CONNECTIONS 256             /* to private sockets */
#define QUOTA_GREETINGS 8                 /* connections that have not said who they are */
#define QUOTA_WORKERS 4                   /* calls of administration, which take threads that everything shares */
#define MAX_WORKERS 6                     /* of all users: GLib has ten such threads */

#define MAX_BOXES 1024
#define MAX_MESSAGE (9 * 1024 * 1024) /* bytes of all arguments of a call: the largest batch and its contexts */
#define MAX_FIELDS (64 * 1024)        /* bytes of what stands in front of them, at private sockets */
#define MAX_VALUES 65536              /* of a message at private sockets: a batch with twenty pairs in each context */
#define LARGE_MESSAGE 16384           /* bytes; one of each user is read at a time at private sockets */
#define MAX_ITEMS 1024                /* of a batch */
#define MAX_SECRET 4096               /* bytes of one secret: PIPE_BUF, and what AWS encrypts */
#define MAX_SECRETS (1024 * 1024)     /* bytes of all secrets of a batch */
#define MAX_CIPHERTEXT (4 * 1024 * 1024) /* bytes of one: no stored string is longer */
#define MAX_CIPHERTEXTS MAX_CIPHERTEXT   /* bytes of all ciphertexts of a batch */
#define MAX_CONTEXT (64 * 1024)          /* bytes of all names and values of a context */
#define MAX_CONTEXTS (4 * 1024 * 1024)   /* bytes of all contexts of a batch */

#define PIPE_TIMEOUT_MS 5000
#define GREETING_TIMEOUT_MS 10000
#define MESSAGE_TIMEOUT_MS 5000 /* for a large one at a private socket to come as a whole */
#define DRAIN_TIMEOUT_MS 5000
#define UNSAVED_TIMEOUT_MS 4000 /* so that a kmsd that ends answers, too */

typedef enum {
  QUOTA_KIND_CALL,
  QUOTA_KIND_BYTES,
  QUOTA_KIND_PIPE,
  QUOTA_KIND_CONNECTION,
  QUOTA_KIND_GREETING,
  QUOTA_KIND_WORKER,
  QUOTA_KIND_LOCKED,
  N_QUOTA_KINDS,
} QuotaKind;

typedef struct _Quotas Quotas;

/* Counts by uid, not by connection: connections are free. Main thread only. */
Quotas *quotas_new (void);
void quotas_free (Quotas *self);

/* FALSE with QUOTA. Each one that was taken is given back. */
gboolean quotas_take (Quotas *self, guint32 uid, QuotaKind kind, GError **error);
void quotas_give_back (Quotas *self, guint32 uid, QuotaKind kind);

/* The same for so many at once: all or none. */
gboolean quotas_take_many (Quotas *self, guint32 uid, QuotaKind kind, guint n, GError **error);
void quotas_give_back_many (Quotas *self, guint32 uid, QuotaKind kind, guint n);

/* Of all users together. */
guint quotas_count (Quotas *self, QuotaKind kind);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Quotas, quotas_free)

G_END_DECLS
