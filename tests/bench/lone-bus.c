/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decrypts one value after the other until its standard input ends, and prints how long that took: calls, median, 99 of
 * 100, longest, in nanoseconds. A process of its own, so that it waits for the service and not for other callers. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "bus-caller.h"

#define MAX_CALLS 100000
#define PAUSE_USEC 1000

static gint64
get_wall (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return now.tv_sec * G_GINT64_CONSTANT (1000000000) + now.tv_nsec;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  gint64 first = *(const gint64 *) a, second = *(const gint64 *) b;

  return (first > second) - (first < second);
}

static gboolean
is_over (void)
{
  GPollFD input = { STDIN_FILENO, G_IO_IN | G_IO_HUP, 0 };
  return g_poll (&input, 1, 0) != 0;
}

int
main (int argc, char **argv)
{
  if (argc != 3)
    {
      g_printerr ("Usage: lone-bus NAME PATH   (of the service and its object; until standard input ends)\n");
      return 2;
    }
  g_autoptr (GDBusConnection) connection = bus_connect ();
  g_autofree gint64 *waits = g_new (gint64, MAX_CALLS);
  g_auto (BusCaller) caller = { NULL };
  gsize n = 0;

  bus_caller_init (&caller, connection, argv[1], argv[2]);
  bus_caller_decrypt (&caller, 1);
  g_print ("ready\n");
  while (n < MAX_CALLS && (n == 0 || !is_over ()))
    {
      gint64 start = get_wall ();
      bus_caller_decrypt (&caller, 1);
      waits[n++] = get_wall () - start;
      g_usleep (PAUSE_USEC);
    }
  qsort (waits, n, sizeof *waits, compare);
  g_print ("%" G_GSIZE_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n", n, waits[n / 2],
           waits[n * 99 / 100], waits[n - 1]);
  return 0;
}
