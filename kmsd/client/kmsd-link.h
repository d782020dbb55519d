/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection to a kmsd: the library's own, so that neither an application's main loop nor its limits are touched.
 * Used by one thread at a time. */
#pragma once

#include <gio/gunixfdlist.h>

#include "kmsd-place.h"

G_BEGIN_DECLS

#define KMSD_MANAGER_PATH "/org/libkms/Kms1/Manager"
#define KMSD_MANAGER "org.libkms.Kms1.Manager"
#define KMSD_BOX "org.libkms.Kms1.Box"
#define KMSD_LOCKDOWN "org.libkms.Kms1.Lockdown"
#define KMSD_AUDIT "org.libkms.Kms1.Audit"

typedef struct _KmsdLink KmsdLink;

typedef struct
{
  const char *path, *interface, *method;
  GVariant *parameters;      /* NULL for none; consumed if it floats */
  const GVariantType *reply; /* what the answer is to be; NULL: whatever it is */
  int timeout_ms;            /* -1: none */
  gboolean interactive;      /* polkit may ask the user */
  GUnixFDList *descriptors;  /* NULL for none; they are duplicated */
} KmsdCall;

/* Connects to a bus, or to what stands in for it where there is none. Does not start the daemon: the first call does.
 * UNAVAILABLE with advice. The callback comes in the thread-default main context of now. */
KmsdLink *kmsd_link_open (const KmsdPlace *place, GCancellable *cancellable, GError **error);
void kmsd_link_open_async (const KmsdPlace *place, GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data);
KmsdLink *kmsd_link_open_finish (GAsyncResult *result, GError **error);
KmsdLink *kmsd_link_ref (KmsdLink *self);
void kmsd_link_unref (KmsdLink *self);

const KmsdPlace *kmsd_link_get_place (KmsdLink *self);

/* FALSE where a private socket stands in for the bus. */
gboolean kmsd_link_is_bus (KmsdLink *self);

/* Nothing comes through it any more: open another one. */
gboolean kmsd_link_is_closed (KmsdLink *self);

/* The connection, for signals. */
GDBusConnection *kmsd_link_get_connection (KmsdLink *self);

/* One call; the errors are those of kmsd-failure.h. The answer is a new reference, and `out` gets what descriptors came
 * with it (NULL if none did); whoever doesn't take them closes them. */
GVariant *kmsd_link_call_sync (KmsdLink *self, const KmsdCall *call, GUnixFDList **out, GCancellable *cancellable,
                               GError **error);
void kmsd_link_call (KmsdLink *self, const KmsdCall *call, GCancellable *cancellable, GAsyncReadyCallback callback,
                     gpointer user_data);
GVariant *kmsd_link_call_finish (GAsyncResult *result, GUnixFDList **out, GError **error);

/* The path of a box: asked for once, and again when another daemon answers than did before. The answer is borrowed until
 * the next call of any function here. NOT_FOUND also for a box that the caller may not use. */
const char *kmsd_link_find_box (KmsdLink *self, const char *box); /* what is known; NULL: look it up */
const char *kmsd_link_lookup_box_sync (KmsdLink *self, const char *box, int timeout_ms, GCancellable *cancellable,
                                       GError **error);
void kmsd_link_lookup_box (KmsdLink *self, const char *box, int timeout_ms, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data);
const char *kmsd_link_lookup_box_finish (KmsdLink *self, const char *box, GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsdLink, kmsd_link_unref)

G_END_DECLS
