/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A queue for each caller. */
#include "turns.h"

static void
begin (Call *call)
{
  CallFunc run = call->next;

  call->has_turn = TRUE;
  call->caller->n_running++;
  if (g_cancellable_is_cancelled (call->caller->gone))
    call_fail (call, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the caller left"));
  else
    run (call);
}

void
turns_take (Call *call, CallFunc run)
{
  Caller *caller = call->caller;

  call->next = run;
  if (caller->n_running < QUOTA_RUNNING)
    begin (call);
  else
    g_queue_push_tail (&caller->waiting, call);
}

/* Not from within one that just began: a thousand calls that end at once would be a thousand frames of the stack. */
void
turns_give_back (Caller *caller)
{
  g_autoptr (Caller) held = caller_ref (caller);

  caller->n_running--;
  if (caller->is_handing_on)
    return;
  caller->is_handing_on = TRUE;
  while (caller->n_running < QUOTA_RUNNING && !g_queue_is_empty (&caller->waiting))
    begin (g_queue_pop_head (&caller->waiting));
  caller->is_handing_on = FALSE;
}
