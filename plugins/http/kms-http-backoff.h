/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long to wait before the next try, and whether the provider's budget has one left. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a provider may still spend on retries: a service in trouble must not get several times its load from us. Zeroed
 * is not full: see _kms_http_budget_init(). */
typedef struct
{
  guint tokens;
} KmsHttpBudget;

void _kms_http_budget_init (KmsHttpBudget *self);
/* What a retry costs, which is more after a timeout; 0 where the budget has no more for it. */
guint _kms_http_budget_spend (KmsHttpBudget *self, gboolean timed_out);
/* It went well: what its last retry cost comes back, or a little where it took none. */
void _kms_http_budget_refund (KmsHttpBudget *self, guint cost);

/* Microseconds to wait before the retry of this number, 0 the first: a random time up to a bound that doubles ("full
 * jitter"). */
gint64 _kms_http_backoff_draw (guint retry);

/* Microseconds that Retry-After asks for: seconds or an HTTP date (RFC 9110, section 10.2.3); -1 for none, or none that
 * makes sense. `now` is wall-clock time in seconds. */
gint64 _kms_http_parse_retry_after (const char *value, gint64 now);

G_END_DECLS
