/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One clock for all services of a provider: it is ours that is wrong, not theirs. */
#include "aws-clock.h"

#include <libsoup/soup.h>
#include <string.h>

/* What services tolerate, in seconds; and less than so much of a change is the time on the way. */
#define TOLERATED 300
#define NOISE 60

gint64
aws_clock_now (AwsClock *self)
{
  return g_get_real_time () + (gint64) g_atomic_int_get (&self->skew) * G_USEC_PER_SEC;
}

gboolean
aws_clock_correct (AwsClock *self, const char *date, gint64 signed_at)
{
  g_autoptr (GDateTime) theirs = date != NULL ? soup_date_time_new_from_http_string (date) : NULL;
  gint old = g_atomic_int_get (&self->skew);

  if (theirs == NULL)
    return FALSE;
  /* Against what we signed with; others may have corrected the clock since. */
  gint64 off = g_date_time_to_unix (theirs) - signed_at;
  gint64 skew = g_date_time_to_unix (theirs) - g_get_real_time () / G_USEC_PER_SEC;
  if (ABS (off) <= TOLERATED || ABS (skew) > G_MAXINT)
    return FALSE;
  if (ABS (skew - old) > NOISE)
    g_atomic_int_set (&self->skew, (gint) skew);
  return TRUE;
}

static gboolean
is_here (const char *host)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);
  return strcmp (host, "localhost") == 0 || (address != NULL && g_inet_address_get_is_loopback (address));
}

gboolean
aws_clock_may_trust (const char *url)
{
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_ENCODED, NULL);

  return uri != NULL && g_uri_get_host (uri) != NULL
         && (strcmp (g_uri_get_scheme (uri), "https") == 0 || is_here (g_uri_get_host (uri)));
}
