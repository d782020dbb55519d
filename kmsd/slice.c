/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One queue, and one source that is ready while there is something in it. */
#include "slice.h"

typedef struct
{
  GSourceOnceFunc func;
  gpointer user_data;
} Piece;

static GQueue pieces = G_QUEUE_INIT;
static gboolean is_scheduled = FALSE;

static gboolean
run_some (gpointer data)
{
  gint64 end = g_get_monotonic_time () + SLICE_USEC;

  do
    {
      g_autofree Piece *piece = g_queue_pop_head (&pieces);
      piece->func (piece->user_data);
    }
  while (!g_queue_is_empty (&pieces) && g_get_monotonic_time () < end);
  is_scheduled = !g_queue_is_empty (&pieces);
  return is_scheduled ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

void
slice_add (GSourceOnceFunc func, gpointer user_data)
{
  Piece *piece = g_new (Piece, 1);

  *piece = (Piece){ func, user_data };
  g_queue_push_tail (&pieces, piece);
  if (!is_scheduled)
    g_idle_add_full (G_PRIORITY_DEFAULT, run_some, NULL, NULL);
  is_scheduled = TRUE;
}
