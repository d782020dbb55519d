/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A sorted list of alarms. Nearly all are set with the same delay, so that a new one belongs at the end. */
#include "kms-http-timer.h"

struct _KmsHttpTimer
{
  GSource *source;
  GQueue alarms; /* the earliest first */
};

typedef struct
{
  GSource parent;
  KmsHttpTimer *timer;
} TimerSource;

/* The source's time is left early where an alarm was cleared: setting it at each change would cost more than to wake up
 * once for nothing. */
static void
aim (KmsHttpTimer *self)
{
  KmsHttpAlarm *first = g_queue_peek_head (&self->alarms);
  g_source_set_ready_time (self->source, first != NULL ? first->at : -1);
}

static gboolean
ring (GSource *source, GSourceFunc callback, gpointer user_data)
{
  KmsHttpTimer *self = ((TimerSource *) source)->timer;
  gint64 now = g_source_get_time (source);

  for (KmsHttpAlarm *alarm; (alarm = g_queue_peek_head (&self->alarms)) != NULL && alarm->at <= now;)
    {
      _kms_http_timer_clear (self, alarm);
      alarm->func (alarm->data);
    }
  aim (self);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs timer_source_funcs = { .dispatch = ring };

KmsHttpTimer *
_kms_http_timer_new (GMainContext *context)
{
  KmsHttpTimer *self = g_new0 (KmsHttpTimer, 1);
  g_queue_init (&self->alarms);
  self->source = g_source_new (&timer_source_funcs, sizeof (TimerSource));
  ((TimerSource *) self->source)->timer = self;
  g_source_attach (self->source, context);
  return self;
}

void
_kms_http_timer_free (KmsHttpTimer *self)
{
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_free (self);
}

void
_kms_http_timer_clear (KmsHttpTimer *self, KmsHttpAlarm *alarm)
{
  if (alarm->at == 0)
    return;
  g_queue_unlink (&self->alarms, &alarm->link);
  alarm->at = 0;
}

void
_kms_http_timer_set (KmsHttpTimer *self, KmsHttpAlarm *alarm, gint64 at, KmsHttpAlarmFunc func, gpointer data)
{
  _kms_http_timer_clear (self, alarm);
  alarm->at = MAX (at, 1);
  alarm->func = func;
  alarm->data = data;
  alarm->link.data = alarm;

  GList *after = self->alarms.tail;
  while (after != NULL && ((KmsHttpAlarm *) after->data)->at > alarm->at)
    after = after->prev;
  if (after == NULL)
    g_queue_push_head_link (&self->alarms, &alarm->link);
  else
    g_queue_insert_after_link (&self->alarms, after, &alarm->link);
  gint64 ready = g_source_get_ready_time (self->source);
  if (ready < 0 || alarm->at < ready)
    g_source_set_ready_time (self->source, alarm->at);
}
