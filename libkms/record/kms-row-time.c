/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes timestamps of rows. */
#include "kms-row-time-private.h"

#include <time.h>

gsize
_kms_row_time_now (char text[KMS_ROW_TIME_SIZE])
{
  gint64 now = g_get_real_time ();
  time_t seconds = (time_t) (now / G_USEC_PER_SEC);
  struct tm utc;

  gmtime_r (&seconds, &utc);
  gsize length = strftime (text, KMS_ROW_TIME_SIZE, "%Y-%m-%d %H:%M:%S", &utc);
  return length + (gsize) g_snprintf (text + length, KMS_ROW_TIME_SIZE - length, ".%06d", (int) (now % G_USEC_PER_SEC));
}
