/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The thread and main context that belong to one provider with submit(). */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _KmsProviderThread KmsProviderThread;
typedef void (*KmsProviderThreadFunc) (gpointer data);

/* NULL where there are no threads to be had. */
KmsProviderThread *_kms_provider_thread_new (const char *name, GError **error);

/* Any thread. The function runs in the provider's thread, after those that were posted before. */
void _kms_provider_thread_post (KmsProviderThread *self, KmsProviderThreadFunc func, gpointer data);

/* Runs the function in the provider's thread as the last one, waits for it (unless this is that thread), and ends the
 * thread. */
void _kms_provider_thread_stop (KmsProviderThread *self, KmsProviderThreadFunc func, gpointer data);

/* Waits until everything has run that was posted before, and what that posted; no longer than `timeout` microseconds. Not
 * from a provider's thread. */
void _kms_provider_thread_catch_up (KmsProviderThread *self, gint64 timeout);

/* Whether this thread belongs to some provider, where nobody may block. */
gboolean _kms_provider_thread_is_current (void);

G_END_DECLS
