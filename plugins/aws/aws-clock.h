/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What time the services have, which refuse what is signed five minutes off: ours, and what ours was seen to be wrong by. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Zeroed: our clock is right. */
typedef struct
{
  gint skew; /* atomic: seconds to add to ours */
} AwsClock;

/* Microseconds since 1970. */
gint64 aws_clock_now (AwsClock *self);

/* A service said no because of the time, and what its Date header says (nullable) to a request that was signed at
 * `signed_at`, in seconds. Whether that explains it: then the clock is set right, and the same may go well now. */
gboolean aws_clock_correct (AwsClock *self, const char *date, gint64 signed_at);

/* Whether the Date of an answer from there counts: who can change it has us sign for a day to come. */
gboolean aws_clock_may_trust (const char *url);

G_END_DECLS
