/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts threads. A library must not end the process where there are no more to be had, which is what g_thread_new() does. */
#include "kms-thread-private.h"

#include "kms-error.h"

GThread *
_kms_thread_start (const char *name, GThreadFunc func, gpointer data, GError **error)
{
  g_autoptr (GError) local = NULL;
  GThread *thread = g_thread_try_new (name, func, data, &local);

  if (thread == NULL)
    g_set_error (error, KMS_ERROR, KMS_ERROR_UNAVAILABLE,
                 "no thread could be started: %s; raise the limit of processes (ulimit -u, TasksMax=) and try again",
                 local->message);
  return thread;
}
