/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times as people type them. */
#include "time-argument.h"

#include <string.h>

/* Until the year 9999: more than any calendar of ours can show. */
#define MOST_SECONDS G_GUINT64_CONSTANT (253402300799)

static gboolean
parse_seconds (const char *digits, gsize length, guint64 unit, gint64 *seconds)
{
  g_autofree char *text = g_strndup (digits, length);
  guint64 number;

  if (length == 0 || strspn (text, "0123456789") != length
      || !g_ascii_string_to_unsigned (text, 10, 0, MOST_SECONDS / unit, &number, NULL))
    return FALSE;
  *seconds = (gint64) (number * unit);
  return TRUE;
}

static gboolean
parse_ago (const char *text, gint64 *time_usec)
{
  static const struct
  {
    char letter;
    guint64 seconds;
  } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
  gsize length = strlen (text);
  gint64 seconds;

  for (gsize i = 0; length > 0 && i < G_N_ELEMENTS (units); i++)
    if (text[length - 1] == units[i].letter && parse_seconds (text, length - 1, units[i].seconds, &seconds))
      {
        *time_usec = MAX (g_get_real_time () - seconds * G_USEC_PER_SEC, 0);
        return TRUE;
      }
  return FALSE;
}

/* RFC 3339 and its friends; a date alone is its midnight, and a blank does for the "T". */
static gboolean
parse_calendar (const char *text, gint64 *time_usec)
{
  g_autoptr (GTimeZone) local = g_time_zone_new_local ();
  g_autofree char *whole = strlen (text) == strlen ("2026-11-24")         ? g_strconcat (text, "T00:00:00", NULL)
                           : strlen (text) == strlen ("2026-11-24T13:50") ? g_strconcat (text, ":00", NULL)
                                                                          : g_strdup (text);
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (whole, local);

  if (time == NULL || g_date_time_to_unix (time) < 0)
    return FALSE;
  *time_usec = g_date_time_to_unix (time) * G_USEC_PER_SEC + g_date_time_get_microsecond (time);
  return TRUE;
}

gboolean
kmsctl_time_from_argument (const char *text, gint64 *time_usec)
{
  gint64 seconds;

  if (text[0] != '@')
    return parse_ago (text, time_usec) || parse_calendar (text, time_usec);
  if (!parse_seconds (text + 1, strlen (text + 1), 1, &seconds))
    return FALSE;
  *time_usec = seconds * G_USEC_PER_SEC;
  return TRUE;
}
