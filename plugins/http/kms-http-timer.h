/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* All the alarms of a provider on one source of its main context: each source costs every turn of the loop. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _KmsHttpTimer KmsHttpTimer;
typedef struct _KmsHttpAlarm KmsHttpAlarm;
typedef void (*KmsHttpAlarmFunc) (gpointer data);

/* Part of what waits for it; zeroed at first. Everything runs on the thread of the context. */
struct _KmsHttpAlarm
{
  GList link;
  gint64 at; /* of g_get_monotonic_time(); 0 while it is not set */
  KmsHttpAlarmFunc func;
  gpointer data;
};

KmsHttpTimer *_kms_http_timer_new (GMainContext *context);
void _kms_http_timer_free (KmsHttpTimer *self);

/* Sets the alarm, or sets it anew; it rings once. */
void _kms_http_timer_set (KmsHttpTimer *self, KmsHttpAlarm *alarm, gint64 at, KmsHttpAlarmFunc func, gpointer data);
void _kms_http_timer_clear (KmsHttpTimer *self, KmsHttpAlarm *alarm);

G_END_DECLS
