/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* No more rows a second than are allowed, and pauses that end when somebody cancels. */
#include "kms-rotation-private.h"

gboolean
_kms_rotation_sleep (gint64 microseconds, GCancellable *cancellable)
{
  GPollFD fd = { .fd = -1 };
  gint64 end = g_get_monotonic_time () + microseconds;

  if (microseconds <= 0 || g_cancellable_is_cancelled (cancellable))
    return !g_cancellable_is_cancelled (cancellable);
  gboolean has_fd = cancellable != NULL && g_cancellable_make_pollfd (cancellable, &fd);
  for (gint64 left = microseconds; left > 0 && !g_cancellable_is_cancelled (cancellable);
       left = end - g_get_monotonic_time ())
    g_poll (&fd, has_fd ? 1 : 0, (int) MIN ((left + 999) / 1000, G_MAXINT));
  if (has_fd)
    g_cancellable_release_fd (cancellable);
  return !g_cancellable_is_cancelled (cancellable);
}

gboolean
_kms_rotation_pace (KmsRotation *self, GCancellable *cancellable)
{
  if (self->max_per_second == 0)
    return !g_cancellable_is_cancelled (cancellable);
  double seconds = (double) (self->counts.n_done + self->counts.n_failed) / self->max_per_second;
  gint64 due = self->started + (gint64) (seconds * G_USEC_PER_SEC);
  return _kms_rotation_sleep (due - g_get_monotonic_time (), cancellable);
}
