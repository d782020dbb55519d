/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sliding windows of 64 buckets: as exact as an alarm needs, and of one size whatever happens. */
#include "alert.h"

#define N_BUCKETS 64

/* The bucket that is being filled, and the 64 before it: together they cover more than the window, never less. */
typedef struct
{
  AlertLimit limit;
  guint buckets[N_BUCKETS + 1];
  guint64 total;
  gint64 tick;             /* number of the bucket that is being filled, counted from the start of the clock */
  gint64 silent_till_usec; /* an alert was given */
} AlertWindow;

/* One limit, for what who may have asked for and for what others tried. */
typedef struct
{
  AlertWindow done, refused;
} AlertPair;

struct _AlertCounters
{
  AlertFunc func;
  gpointer user_data;
  AlertPair all;
  GHashTable *boxes; /* name → AlertPair */
};

AlertCounters *
alert_counters_new (AlertFunc func, gpointer user_data)
{
  AlertCounters *self = g_new0 (AlertCounters, 1);

  self->func = func;
  self->user_data = user_data;
  self->boxes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
alert_counters_free (AlertCounters *self)
{
  g_hash_table_unref (self->boxes);
  g_free (self);
}

static gint64
get_window_usec (const AlertWindow *window)
{
  return (gint64) window->limit.window_seconds * G_USEC_PER_SEC;
}

static void
window_clear (AlertWindow *self)
{
  AlertLimit limit = self->limit;

  *self = (AlertWindow){ .limit = limit };
}

static void
window_set_limit (AlertWindow *self, const AlertLimit *limit)
{
  gboolean is_same = self->limit.window_seconds == limit->window_seconds;

  self->limit = *limit;
  if (!is_same)
    window_clear (self);
}

static void
pair_set_limit (AlertPair *self, const AlertLimit *limit)
{
  AlertLimit signal = *limit;

  signal.action = ALERT_SIGNAL;
  window_set_limit (&self->done, limit);
  window_set_limit (&self->refused, &signal);
}

static void
pair_clear (AlertPair *self)
{
  window_clear (&self->done);
  window_clear (&self->refused);
}

void
alert_counters_set_limit (AlertCounters *self, const char *box, const AlertLimit *limit)
{
  g_return_if_fail (limit->decrypts == 0 || limit->window_seconds > 0);

  if (box == NULL)
    {
      pair_set_limit (&self->all, limit);
      return;
    }
  if (limit->decrypts == 0)
    {
      g_hash_table_remove (self->boxes, box);
      return;
    }
  AlertPair *pair = g_hash_table_lookup (self->boxes, box);
  if (pair == NULL)
    {
      pair = g_new0 (AlertPair, 1);
      g_hash_table_insert (self->boxes, g_strdup (box), pair);
    }
  pair_set_limit (pair, limit);
}

void
alert_counters_keep_only (AlertCounters *self, const char *const *boxes)
{
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, self->boxes);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (!g_strv_contains (boxes, name))
      g_hash_table_iter_remove (&iter);
}

/* Empties the buckets that have passed since; after a whole window all have. */
static void
window_slide (AlertWindow *self, gint64 now_usec)
{
  gint64 tick = now_usec / MAX (get_window_usec (self) / N_BUCKETS, 1);

  if (tick <= self->tick)
    return;
  gint64 passed = MIN (tick - self->tick, (gint64) G_N_ELEMENTS (self->buckets));
  for (gint64 i = 0; i < passed; i++)
    {
      guint *bucket = &self->buckets[(tick - i) % (gint64) G_N_ELEMENTS (self->buckets)];
      self->total -= *bucket;
      *bucket = 0;
    }
  self->tick = tick;
}

static void
window_add (AlertWindow *self, guint n_items, gint64 now_usec)
{
  guint *bucket;

  window_slide (self, now_usec);
  bucket = &self->buckets[self->tick % (gint64) G_N_ELEMENTS (self->buckets)];
  n_items = MIN (n_items, G_MAXUINT - *bucket);
  *bucket += n_items;
  self->total += n_items;
}

static void
count (AlertCounters *self, AlertPair *pair, const char *box, AlertEvent event, guint n_items, gint64 now_usec)
{
  AlertWindow *window = pair == NULL ? NULL : event.is_refused ? &pair->refused : &pair->done;

  if (window == NULL || window->limit.decrypts == 0)
    return;
  window_add (window, n_items, now_usec);
  if (window->total <= window->limit.decrypts || now_usec < window->silent_till_usec)
    return;
  window->silent_till_usec = now_usec + get_window_usec (window);
  event.box = box;
  event.count = (guint) MIN (window->total, G_MAXUINT);
  event.window_seconds = window->limit.window_seconds;
  event.action = window->limit.action;
  self->func (&event, self->user_data);
}

/* The callback may change the limits, so the box's window is looked up after it. */
void
alert_counters_add (AlertCounters *self, const char *box, Operation operation, gboolean is_refused, guint n_items,
                    gint64 now_usec)
{
  const AlertEvent event = { .operation = operation, .is_refused = is_refused };

  if (!operation_counts_for_alert (operation) || n_items == 0)
    return;
  count (self, &self->all, NULL, event, n_items, now_usec);
  if (box != NULL)
    count (self, g_hash_table_lookup (self->boxes, box), box, event, n_items, now_usec);
}

void
alert_counters_reset (AlertCounters *self, const char *box)
{
  GHashTableIter iter;
  gpointer name, pair;

  if (box == NULL)
    pair_clear (&self->all);
  g_hash_table_iter_init (&iter, self->boxes);
  while (g_hash_table_iter_next (&iter, &name, &pair))
    if (box == NULL || strcmp (box, name) == 0)
      pair_clear (pair);
}

const char *
alert_action_to_string (AlertAction action)
{
  static const char *const words[] = { "signal", "encrypt-only", "sealed" };

  g_return_val_if_fail ((guint) action < G_N_ELEMENTS (words), NULL);

  return words[action];
}
