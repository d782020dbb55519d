/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counts what is on its way of one call. */
#include "shipment.h"

struct _Shipment
{
  KmsCall *call;
  guint n_holds;
};

Shipment *
shipment_new (KmsCall *call)
{
  Shipment *self = g_new (Shipment, 1);

  *self = (Shipment){ kms_call_ref (call), 1 };
  return self;
}

void
shipment_hold (Shipment *self)
{
  self->n_holds++;
}

void
shipment_release (Shipment *self)
{
  if (--self->n_holds > 0)
    return;
  kms_call_complete (self->call, NULL);
  kms_call_unref (self->call);
  g_free (self);
}

gboolean
shipment_is_cancelled (Shipment *self)
{
  return kms_call_is_cancelled (self->call);
}

int
shipment_get_timeout (Shipment *self)
{
  gint64 deadline = kms_call_get_deadline (self->call);

  if (deadline < 0)
    return -1;
  return (int) CLAMP ((deadline - g_get_monotonic_time ()) / G_TIME_SPAN_MILLISECOND, 1, G_MAXINT);
}

GCancellable *
shipment_get_cancellable (Shipment *self)
{
  return kms_call_get_cancellable (self->call);
}
