/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of the HTTP base class that need no network: waiting times, the budget, alarms, buffers. */
#include "kms-http-backoff.h"
#include "kms-http-buffer.h"
#include "kms-http-timer.h"

#include <stdlib.h>
#include <string.h>

static void
test_retry_after (void)
{
  const gint64 now = 784111700; /* 77 seconds before the date of RFC 9110's example */

  g_assert_cmpint (_kms_http_parse_retry_after (NULL, now), ==, -1);
  g_assert_cmpint (_kms_http_parse_retry_after ("0", now), ==, 0);
  g_assert_cmpint (_kms_http_parse_retry_after ("120", now), ==, 120 * G_USEC_PER_SEC);
  g_assert_cmpint (_kms_http_parse_retry_after ("\v120", now), ==, -1);
  g_assert_cmpint (_kms_http_parse_retry_after ("\v+120", now), ==, -1);
  g_assert_cmpint (_kms_http_parse_retry_after ("+120", now), ==, -1);
  g_assert_cmpint (_kms_http_parse_retry_after ("Sun, 06 Nov 1994 08:49:37 GMT", now), ==, 77 * G_USEC_PER_SEC);
  g_assert_cmpint (_kms_http_parse_retry_after ("Sun, 06 Nov 1994 08:49:37 GMT", now + 1000), ==, 0);
  g_assert_cmpint (_kms_http_parse_retry_after ("Sun, 06 Nov 2094 08:49:37 GMT", now), ==, -1);
  g_assert_cmpint (_kms_http_parse_retry_after ("-5", now), ==, -1);
  g_assert_cmpint (_kms_http_parse_retry_after ("99999999999999999999", now), ==, -1);
  g_assert_cmpint (_kms_http_parse_retry_after ("1.5", now), ==, -1);
  g_assert_cmpint (_kms_http_parse_retry_after ("soon", now), ==, -1);
  g_assert_cmpint (_kms_http_parse_retry_after ("", now), ==, -1);
}

/* Anywhere up to the bound, which doubles, and not beyond 20 seconds. */
static void
test_backoff (void)
{
  static const struct
  {
    guint retry;
    gint64 bound;
  } cases[] = { { 0, 500000 }, { 1, 1000000 }, { 3, 4000000 }, { 6, 20000000 }, { 1000, 20000000 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gint64 least = G_MAXINT64, most = 0;
      for (guint n = 0; n < 2000; n++)
        {
          gint64 wait = _kms_http_backoff_draw (cases[i].retry);
          least = MIN (least, wait);
          most = MAX (most, wait);
        }
      g_assert_cmpint (least, >=, 0);
      g_assert_cmpint (least, <, cases[i].bound / 10);
      g_assert_cmpint (most, >, cases[i].bound / 10 * 9);
      g_assert_cmpint (most, <=, cases[i].bound);
    }
}

static void
test_budget (void)
{
  KmsHttpBudget budget;
  guint n = 0;

  _kms_http_budget_init (&budget);
  while (_kms_http_budget_spend (&budget, FALSE) == 5)
    n++;
  g_assert_cmpuint (n, ==, 100);
  for (guint i = 0; i < 4; i++)
    _kms_http_budget_refund (&budget, 0);
  g_assert_cmpuint (_kms_http_budget_spend (&budget, FALSE), ==, 0);
  _kms_http_budget_refund (&budget, 0);
  g_assert_cmpuint (_kms_http_budget_spend (&budget, TRUE), ==, 0);
  g_assert_cmpuint (_kms_http_budget_spend (&budget, FALSE), ==, 5);

  _kms_http_budget_init (&budget);
  for (n = 0; _kms_http_budget_spend (&budget, TRUE) == 10;)
    n++;
  g_assert_cmpuint (n, ==, 50);
  _kms_http_budget_refund (&budget, 10);
  g_assert_cmpuint (_kms_http_budget_spend (&budget, TRUE), ==, 10);

  /* It is never more than full. */
  _kms_http_budget_init (&budget);
  _kms_http_budget_refund (&budget, 10);
  for (n = 0; _kms_http_budget_spend (&budget, FALSE) == 5;)
    n++;
  g_assert_cmpuint (n, ==, 100);
}

typedef struct
{
  KmsHttpTimer *timer;
  KmsHttpAlarm alarm;
  KmsHttpAlarm *clears;
  GString *order;
  char letter;
} Bell;

static void
on_bell (gpointer data)
{
  Bell *bell = data;
  g_string_append_c (bell->order, bell->letter);
  if (bell->clears != NULL)
    _kms_http_timer_clear (bell->timer, bell->clears);
}

static void
test_timer (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GString) order = g_string_new (NULL);
  KmsHttpTimer *timer = _kms_http_timer_new (context);
  gint64 now = g_get_monotonic_time ();
  Bell bells[5] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (bells); i++)
    {
      bells[i].timer = timer;
      bells[i].order = order;
      bells[i].letter = (char) ('a' + i);
    }
  _kms_http_timer_set (timer, &bells[2].alarm, now + 3000, on_bell, &bells[2]);
  _kms_http_timer_set (timer, &bells[0].alarm, now + 1000, on_bell, &bells[0]);
  _kms_http_timer_set (timer, &bells[3].alarm, now + 4000, on_bell, &bells[3]);
  _kms_http_timer_set (timer, &bells[1].alarm, now + 9000, on_bell, &bells[1]);
  _kms_http_timer_set (timer, &bells[1].alarm, now + 2000, on_bell, &bells[1]);
  _kms_http_timer_set (timer, &bells[4].alarm, now + 5000, on_bell, &bells[4]);
  bells[2].clears = &bells[3].alarm;
  while (order->len < 4)
    g_main_context_iteration (context, TRUE);
  g_assert_cmpstr (order->str, ==, "abce");
  g_assert_cmpint (g_get_monotonic_time (), >=, now + 5000);
  _kms_http_timer_free (timer);
}

static void
test_buffer (void)
{
  g_autoptr (KmsHttpBuffer) buffer = kms_http_buffer_new ();
  gsize length;

  g_assert_cmpstr ((const char *) kms_http_buffer_get_data (buffer, &length), ==, "");
  g_assert_cmpuint (length, ==, 0);
  kms_http_buffer_append_text (buffer, "[");
  kms_http_buffer_append_json_string (buffer, "a\"\\\n\x1f\x7f", -1);
  kms_http_buffer_append_json_string (buffer, "\0b", 2);
  kms_http_buffer_append_base64 (buffer, (const guint8 *) "\xfb\xff\xfe", 3);
  kms_http_buffer_append_base64 (buffer, NULL, 0);
  g_assert_cmpstr ((const char *) kms_http_buffer_get_data (buffer, &length), ==,
                   "[\"a\\\"\\\\\\n\\u001f\x7f\"\"\\u0000b\"+//+");
  g_assert_cmpuint (length, ==, strlen ((const char *) kms_http_buffer_get_data (buffer, &length)));
  for (guint i = 0; i < 10000; i++)
    kms_http_buffer_append (buffer, "0123456789", 10);
  kms_http_buffer_get_data (buffer, &length);
  g_assert_cmpuint (length, ==, 30 + 100000);
  kms_http_buffer_truncate (buffer, 1);
  const guint8 *data = kms_http_buffer_get_data (buffer, &length);
  g_assert_cmpstr ((const char *) data, ==, "[");
  for (guint i = 1; i < 30 + 100000; i++)
    g_assert_cmpuint (data[i], ==, 0);
}

/* The buffer's memory goes back through here. */
static const guint8 *watched;
static gsize watched_length;
static int freed; /* 1: as it was, 2: with nothing but zeros */

void (g_free) (gpointer memory)
{
  if (memory != NULL && memory == watched)
    {
      freed = 2;
      for (gsize i = 0; i < watched_length; i++)
        if (watched[i] != 0)
          freed = 1;
      watched = NULL;
    }
  free (memory);
}

static void
watch (KmsHttpBuffer *buffer)
{
  watched = kms_http_buffer_get_data (buffer, &watched_length);
  freed = 0;
}

/* What it moves away from is wiped before it is given back, and so is what it had at its end. */
static void
test_buffer_wipes (void)
{
  KmsHttpBuffer *buffer = kms_http_buffer_new ();
  g_autofree char *filling = g_strnfill (100000, 'x');

  kms_http_buffer_append_text (buffer, "secret");
  watch (buffer);
  kms_http_buffer_append_text (buffer, filling);
  g_assert_cmpint (freed, ==, 2);
  watch (buffer);
  kms_http_buffer_unref (buffer);
  g_assert_cmpint (freed, ==, 2);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/retry-after", test_retry_after);
  g_test_add_func ("/http/backoff", test_backoff);
  g_test_add_func ("/http/budget", test_budget);
  g_test_add_func ("/http/timer", test_timer);
  g_test_add_func ("/http/buffer", test_buffer);
  g_test_add_func ("/http/buffer/wipes", test_buffer_wipes);
  return g_test_run ();
}
