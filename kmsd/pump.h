/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages and their descriptors from one socket to another. Nothing is ever read past the end of a message: descriptors
 * belong to the bytes that they come with. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PUMP_DESCRIPTORS 2 /* of a message that are passed on: one more than any call takes, so that this can be told */

typedef struct
{
  int from, to;
  guint8 *data;
  gsize allocated, filled, sent;
  gsize left; /* bytes of the message that are not read yet */
  int descriptors[PUMP_DESCRIPTORS];
  guint n_descriptors;
} Pump;

typedef enum {
  PUMP_DONE,
  PUMP_WAIT,
  PUMP_END,
} PumpResult;

void pump_init (Pump *self, int from, int to);
void pump_clear (Pump *self);

/* Reads until there are so many bytes. */
PumpResult pump_fill (Pump *self, gsize wanted);

/* Reads whatever is there, up to so many bytes. */
PumpResult pump_read (Pump *self, gsize most);

/* Sends all that is filled, and lets go of it. */
PumpResult pump_send (Pump *self);

/* Lets go of it without sending. */
void pump_drop (Pump *self);

G_END_DECLS
