/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Too many decryptions: when an alert is given, and when none is. Time is handed in, so nothing waits. */
#include <alert.h>

#include "config-fixture.h"

#define SECOND G_USEC_PER_SEC

typedef struct
{
  guint n_events;
  char *box;
  AlertEvent last;
  AlertCounters *counters;
} Heard;

static void
hear (const AlertEvent *event, gpointer user_data)
{
  Heard *heard = user_data;

  heard->n_events++;
  heard->last = *event;
  g_free (heard->box);
  heard->box = g_strdup (event->box);
}

static AlertCounters *
counters_new (Heard *heard, const char *box, guint decrypts, guint window)
{
  AlertCounters *counters = alert_counters_new (hear, heard);
  AlertLimit limit = { decrypts, window, ALERT_ENCRYPT_ONLY };

  *heard = (Heard){ .counters = counters };
  alert_counters_set_limit (counters, box, &limit);
  return counters;
}

static void
decrypt (AlertCounters *counters, const char *box, guint n_items, double seconds)
{
  alert_counters_add (counters, box, OPERATION_DECRYPT, FALSE, n_items, (gint64) (seconds * (double) SECOND));
}

static void
test_crossing (void)
{
  Heard heard;
  g_autoptr (AlertCounters) counters = counters_new (&heard, "orders", 1000, 60);

  for (guint i = 0; i < 1000; i++)
    decrypt (counters, "orders", 1, 100 + i / 1000.0);
  g_assert_cmpuint (heard.n_events, ==, 0);
  decrypt (counters, "orders", 1, 102);
  g_assert_cmpuint (heard.n_events, ==, 1);
  g_assert_cmpstr (heard.box, ==, "orders");
  g_assert_cmpuint (heard.last.count, ==, 1001);
  g_assert_cmpuint (heard.last.window_seconds, ==, 60);
  g_assert_cmpint (heard.last.action, ==, ALERT_ENCRYPT_ONLY);
  g_free (heard.box);
}

/* The same number, spread over more than the window, is everyday's work. */
static void
test_slow (void)
{
  Heard heard;
  g_autoptr (AlertCounters) counters = counters_new (&heard, "orders", 1000, 60);

  for (guint second = 0; second < 600; second++)
    decrypt (counters, "orders", 16, 1000 + second);
  g_assert_cmpuint (heard.n_events, ==, 0);
}

/* Two halves of an attack on both sides of any border that fixed windows would have. */
static void
test_slides (void)
{
  for (guint start = 0; start < 120; start++)
    {
      Heard heard;
      g_autoptr (AlertCounters) counters = counters_new (&heard, "orders", 1000, 60);

      decrypt (counters, "orders", 501, start);
      decrypt (counters, "orders", 500, start + 59.9);
      g_assert_cmpuint (heard.n_events, ==, 1);
      g_free (heard.box);
    }
}

/* Whatever bucket it was in, and however long it is ago. */
static void
test_forgets (void)
{
  for (guint start = 0; start < 130; start++)
    for (guint gap = 62; gap < 130; gap++)
      {
        Heard heard;
        g_autoptr (AlertCounters) counters = counters_new (&heard, "orders", 1000, 60);

        decrypt (counters, "orders", 501, start);
        decrypt (counters, "orders", 500, start + gap);
        g_assert_cmpuint (heard.n_events, ==, 0);
      }
}

/* One alert when it begins, then one a window for as long as it goes on; not one a call. */
static void
test_repeats (void)
{
  Heard heard;
  g_autoptr (AlertCounters) counters = counters_new (&heard, "orders", 10, 60);

  for (guint tenth = 0; tenth < 6000; tenth++)
    decrypt (counters, "orders", 1, 100 + tenth / 10.0);
  g_assert_cmpuint (heard.n_events, ==, 10);
  g_free (heard.box);
}

static void
test_batches_and_others (void)
{
  Heard heard;
  g_autoptr (AlertCounters) counters = counters_new (&heard, "orders", 100, 60);

  alert_counters_add (counters, "orders", OPERATION_ENCRYPT, FALSE, 1000, SECOND);
  alert_counters_add (counters, "orders", OPERATION_REWRAP, FALSE, 1000, SECOND);
  alert_counters_add (counters, "orders", OPERATION_GENERATE_DATA_KEY, FALSE, 1000, SECOND);
  decrypt (counters, "users", 1000, 1);
  g_assert_cmpuint (heard.n_events, ==, 0);
  decrypt (counters, "orders", 101, 1);
  g_assert_cmpuint (heard.n_events, ==, 1);
  g_free (heard.box);
}

static void
test_all_together (void)
{
  Heard heard;
  g_autoptr (AlertCounters) counters = counters_new (&heard, NULL, 100, 60);

  decrypt (counters, "orders", 60, 1);
  decrypt (counters, "users", 41, 2);
  g_assert_cmpuint (heard.n_events, ==, 1);
  g_assert_null (heard.box);
  g_assert_cmpuint (heard.last.count, ==, 101);
}

static void
test_limits_change (void)
{
  Heard heard;
  g_autoptr (AlertCounters) counters = counters_new (&heard, "orders", 1000, 60);
  AlertLimit lower = { 100, 60, ALERT_SEALED }, none = { 0 };
  const char *const nothing[] = { NULL };

  decrypt (counters, "orders", 100, 1);
  alert_counters_set_limit (counters, "orders", &lower);
  decrypt (counters, "orders", 1, 2);
  g_assert_cmpuint (heard.n_events, ==, 1);
  g_assert_cmpint (heard.last.action, ==, ALERT_SEALED);
  alert_counters_set_limit (counters, "orders", &none);
  decrypt (counters, "orders", 10000, 200);
  alert_counters_set_limit (counters, "orders", &lower);
  alert_counters_keep_only (counters, nothing);
  decrypt (counters, "orders", 10000, 400);
  g_assert_cmpuint (heard.n_events, ==, 1);
  g_free (heard.box);
}

/* After a release the attack is counted anew, and noticed anew at once. */
static void
test_reset (void)
{
  Heard heard;
  g_autoptr (AlertCounters) counters = counters_new (&heard, "orders", 100, 60);

  decrypt (counters, "orders", 101, 1);
  alert_counters_reset (counters, "orders");
  decrypt (counters, "orders", 100, 2);
  g_assert_cmpuint (heard.n_events, ==, 1);
  decrypt (counters, "orders", 1, 3);
  g_assert_cmpuint (heard.n_events, ==, 2);
  alert_counters_reset (counters, NULL);
  decrypt (counters, "orders", 100, 4);
  g_assert_cmpuint (heard.n_events, ==, 2);
  g_free (heard.box);
}

static void
drop_limit (const AlertEvent *event, gpointer user_data)
{
  Heard *heard = user_data;
  AlertLimit none = { 0 };

  heard->n_events++;
  alert_counters_set_limit (heard->counters, "orders", &none);
}

/* What the callback does to the counters is seen by the call that it interrupts. */
static void
test_change_in_callback (void)
{
  Heard heard = { 0 };
  g_autoptr (AlertCounters) counters = alert_counters_new (drop_limit, &heard);
  AlertLimit limit = { 1, 60, ALERT_SIGNAL };

  heard.counters = counters;
  alert_counters_set_limit (counters, NULL, &limit);
  alert_counters_set_limit (counters, "orders", &limit);
  decrypt (counters, "orders", 5, 1);
  g_assert_cmpuint (heard.n_events, ==, 1);
}

/* Who may not decrypt is noticed, and stops nobody who may. */
static void
test_refused (void)
{
  Heard heard;
  g_autoptr (AlertCounters) counters = counters_new (&heard, "orders", 100, 60);

  decrypt (counters, "orders", 100, 1);
  alert_counters_add (counters, "orders", OPERATION_DECRYPT, TRUE, 100, SECOND);
  g_assert_cmpuint (heard.n_events, ==, 0);
  alert_counters_add (counters, "orders", OPERATION_DECRYPT, TRUE, 1, SECOND);
  g_assert_cmpuint (heard.n_events, ==, 1);
  g_assert_true (heard.last.is_refused);
  g_assert_cmpint (heard.last.action, ==, ALERT_SIGNAL);
  decrypt (counters, "orders", 1, 1);
  g_assert_cmpuint (heard.n_events, ==, 2);
  g_assert_false (heard.last.is_refused);
  g_assert_cmpint (heard.last.action, ==, ALERT_ENCRYPT_ONLY);
  alert_counters_reset (counters, "orders");
  alert_counters_add (counters, "orders", OPERATION_DECRYPT, TRUE, 100, SECOND);
  g_assert_cmpuint (heard.n_events, ==, 2);
  g_free (heard.box);
}

/* Numbers that don't fit, and a monotonic clock that starts anywhere. */
static void
test_extremes (void)
{
  Heard heard;
  g_autoptr (AlertCounters) counters = counters_new (&heard, "orders", G_MAXINT32, 1);

  decrypt (counters, "orders", G_MAXUINT, 0);
  decrypt (counters, "orders", G_MAXUINT, 0);
  g_assert_cmpuint (heard.n_events, ==, 1);
  g_assert_cmpuint (heard.last.count, ==, G_MAXUINT);
  alert_counters_add (counters, "orders", OPERATION_DECRYPT, FALSE, 1, G_MAXINT64 / 2);
  g_assert_cmpuint (heard.n_events, ==, 1);
  g_free (heard.box);
}

static void
test_read (void)
{
  g_autoptr (KmsConfigInfo) set = config_fixture_read_box ("", "[Alert]\nDecrypts=1000\nWindow=30\nAction=sealed\n");
  g_autoptr (KmsConfigInfo) unset = config_fixture_read_box ("", "");
  g_autoptr (KmsConfigInfo) broken = config_fixture_read_conf ("[Alert]\nDecrypts=1000  # a minute\n");
  g_autoptr (GError) error = NULL;
  AlertLimit limit;

  g_assert_true (alert_limit_read (set, &limit, NULL));
  g_assert_cmpuint (limit.decrypts, ==, 1000);
  g_assert_cmpuint (limit.window_seconds, ==, 30);
  g_assert_cmpint (limit.action, ==, ALERT_SEALED);
  g_assert_cmpstr (alert_action_to_string (limit.action), ==, "sealed");
  g_assert_true (alert_limit_read (unset, &limit, NULL));
  g_assert_cmpuint (limit.decrypts, ==, 0);
  g_assert_false (alert_limit_read (broken, &limit, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CONFIG);
  g_assert_nonnull (strstr (error->message, "admin/kms.conf: [Alert] Decrypts: "));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/alert/crossing", test_crossing);
  g_test_add_func ("/alert/refused", test_refused);
  g_test_add_func ("/alert/slow", test_slow);
  g_test_add_func ("/alert/slides", test_slides);
  g_test_add_func ("/alert/forgets", test_forgets);
  g_test_add_func ("/alert/repeats", test_repeats);
  g_test_add_func ("/alert/batches-and-others", test_batches_and_others);
  g_test_add_func ("/alert/all-together", test_all_together);
  g_test_add_func ("/alert/limits-change", test_limits_change);
  g_test_add_func ("/alert/reset", test_reset);
  g_test_add_func ("/alert/change-in-callback", test_change_in_callback);
  g_test_add_func ("/alert/extremes", test_extremes);
  g_test_add_func ("/alert/read", test_read);
  return g_test_run ();
}
