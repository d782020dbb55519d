/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Callers go away in any thread, and may do so while the company ends: what they touch counts its references. */
#include "company.h"

typedef struct
{
  gint n_left; /* atomic: who is still there */
  GCancellable *all;
} Crowd;

typedef struct
{
  GCancellable *cancellable;
  gulong handler;
} Member;

struct _Company
{
  Crowd *crowd; /* atomic reference counts */
  GArray *members;
};

static void
crowd_clear (gpointer data)
{
  g_object_unref (((Crowd *) data)->all);
}

static void
crowd_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, crowd_clear);
}

static void
leave (Crowd *crowd)
{
  if (g_atomic_int_dec_and_test (&crowd->n_left))
    g_cancellable_cancel (crowd->all);
}

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  leave (data);
}

static void
member_clear (gpointer data)
{
  Member *self = data;

  g_cancellable_disconnect (self->cancellable, self->handler);
  g_object_unref (self->cancellable);
}

Company *
company_new (void)
{
  Company *self = g_new (Company, 1);

  self->crowd = g_atomic_rc_box_new (Crowd);
  /* One more, until all were added. */
  *self->crowd = (Crowd){ 1, g_cancellable_new () };
  self->members = g_array_new (FALSE, FALSE, sizeof (Member));
  g_array_set_clear_func (self->members, member_clear);
  return self;
}

void
company_free (Company *self)
{
  g_array_unref (self->members);
  crowd_unref (self->crowd);
  g_free (self);
}

void
company_add (Company *self, GCancellable *cancellable)
{
  g_atomic_int_inc (&self->crowd->n_left);
  if (cancellable == NULL)
    return;
  Member member = { g_object_ref (cancellable), 0 };
  member.handler =
    g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), g_atomic_rc_box_acquire (self->crowd), crowd_unref);
  g_array_append_val (self->members, member);
}

GCancellable *
company_get_cancellable (Company *self)
{
  leave (self->crowd);
  return self->crowd->all;
}
