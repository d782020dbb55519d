/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pieces of work that one thread at a time does, without a lock that is held meanwhile. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * KmsTurn:
 * @KMS_TURN_MINE: nobody was at it; _kms_turn_end() must follow
 * @KMS_TURN_MINE_AFTER_OTHERS: the same, but another thread was at it before, and may have done it
 * @KMS_TURN_CIRCLE: this thread is at it already, or another one that is waits for this thread
 * @KMS_TURN_TIMED_OUT: another thread has been at it for too long
 */
typedef enum {
  KMS_TURN_MINE,
  KMS_TURN_MINE_AFTER_OTHERS,
  KMS_TURN_CIRCLE,
  KMS_TURN_TIMED_OUT,
} KmsTurn;

/* Waits until no other thread does what the name says; in microseconds, -1 for as long as it takes. */
KmsTurn _kms_turn_take (const char *name, gint64 timeout);
void _kms_turn_end (const char *name);

G_END_DECLS
