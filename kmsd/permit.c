/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order of checks before anything is done with a box. */
#include "permit.h"

static gboolean
check_access (Call *call, Operation operation, GError **error)
{
  AccessKind kind = operation_get_access (operation);
  AccessDecision decision = access_check (call->box->rules, &call->caller->access, kind);

  if (decision == ACCESS_YES)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED,
               "uid %u may not %s with box \"%s\"; who manages the box can add it to %s of its file",
               call->caller->access.uid, operation_to_string (operation), call->box->name, access_kind_get_key (kind));
  return FALSE;
}

gboolean
permit_again (Call *call, Operation operation, GError **error)
{
  return lockdown_permits (call->daemon->lockdown, call->box->name, operation, error);
}

void
permit (Call *call, Operation operation, guint n_items, CallFunc next)
{
  GError *error = NULL;

  /* Refused ones count, too: who tries a thousand times is an attacker, or is broken. */
  alert_counters_add (call->daemon->alerts, call->box->name, operation, n_items, g_get_monotonic_time ());
  if (!permit_again (call, operation, &error) || !check_access (call, operation, &error))
    call_fail (call, error);
  else
    next (call);
}
