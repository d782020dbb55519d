/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting between tries, and the budget for them. */
#include "kms-http-backoff.h"

#include <libsoup/soup.h>

/* The bounds of the waiting time, in microseconds: what the clients of Vault and AWS wait, in their order. */
#define FIRST_BOUND (G_USEC_PER_SEC / 2)
#define LARGEST_BOUND (20 * G_USEC_PER_SEC)

/* No service means more than a day by it. */
#define LONGEST_RETRY_AFTER (24 * 60 * 60)

/* A hundred retries that fail in a row, or fifty after timeouts; and one more for every five calls that went well at once.
 * AWS's clients count so, in their standard mode. */
#define FULL_BUDGET 500
#define COST_OF_RETRY 5
#define COST_OF_TIMEOUT 10

void
_kms_http_budget_init (KmsHttpBudget *self)
{
  self->tokens = FULL_BUDGET;
}

guint
_kms_http_budget_spend (KmsHttpBudget *self, gboolean timed_out)
{
  guint cost = timed_out ? COST_OF_TIMEOUT : COST_OF_RETRY;

  if (self->tokens < cost)
    return 0;
  self->tokens -= cost;
  return cost;
}

void
_kms_http_budget_refund (KmsHttpBudget *self, guint cost)
{
  self->tokens = MIN (self->tokens + MAX (cost, 1), FULL_BUDGET);
}

gint64
_kms_http_backoff_draw (guint retry)
{
  gint64 bound = retry < 16 ? MIN ((gint64) FIRST_BOUND << retry, LARGEST_BOUND) : LARGEST_BOUND;
  return (gint64) (g_random_double () * (double) bound);
}

gint64
_kms_http_parse_retry_after (const char *value, gint64 now)
{
  guint64 seconds;

  if (value == NULL)
    return -1;
  if (g_ascii_isdigit (value[0]) && g_ascii_string_to_unsigned (value, 10, 0, LONGEST_RETRY_AFTER, &seconds, NULL))
    return (gint64) seconds * G_USEC_PER_SEC;
  if (!g_ascii_isalpha (value[0]))
    return -1;
  g_autoptr (GDateTime) date = soup_date_time_new_from_http_string (value);
  if (date == NULL)
    return -1;
  gint64 wait = g_date_time_to_unix (date) - now;
  return wait > LONGEST_RETRY_AFTER ? -1 : MAX (wait, 0) * G_USEC_PER_SEC;
}
