/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.libkms.Kms1.Lockdown, on the Manager and on every box. */
#include "methods.h"
#include "permit.h"
#include "trail.h"

typedef struct
{
  LockdownMode mode;
  const char *reason; /* the message's */
} Change;

static const char *
get_operation (const Change *change)
{
  return change->mode == LOCKDOWN_NORMAL ? "lockdown-release" : "lockdown-engage";
}

static AuditRecord *
describe (Call *call, AuditOutcome outcome)
{
  const Change *change = call->data;
  AuditRecord *record = trail_record_new (call, get_operation (change), outcome);

  record->detail = g_strdup_printf ("%s: %s", lockdown_mode_to_string (change->mode), change->reason);
  return record;
}

static void
on_outcome (Call *call, GPtrArray *written, const GError *error)
{
  if (written == NULL)
    call_fail (call, g_error_copy (error));
  else
    call_return (call, NULL);
}

static void
on_set (GObject *source, GAsyncResult *result, gpointer data)
{
  Call *call = data;
  const Change *change = call->data;
  const char *box = call->box == NULL ? NULL : call->box->name;
  GError *error = NULL;

  if (!lockdown_store_set_finish (call->daemon->lockdown, result, &error))
    {
      trail_fail (call, describe (call, AUDIT_OUTCOME_FAILED), error);
      return;
    }
  if (change->mode == LOCKDOWN_NORMAL)
    alert_counters_reset (call->daemon->alerts, box);
  trail_append_one (call, describe (call, AUDIT_OUTCOME_DONE), on_outcome);
}

static void
set (Call *call)
{
  const Change *change = call->data;
  g_autofree char *by = g_strdup_printf ("uid:%u", call->caller->access.uid);

  lockdown_store_set_async (call->daemon->lockdown, call->box == NULL ? NULL : call->box->name, change->mode,
                            change->reason, by, on_set, call);
}

static void
on_intent (Call *call, GPtrArray *written, const GError *error)
{
  if (written == NULL)
    call_fail (call, g_error_copy (error));
  else
    set (call);
}

/* Decryption does not begin again unless it stands in the log who wanted that; stopping it waits for nothing. */
static void
permitted (Call *call)
{
  const Change *change = call->data;

  if (change->mode == LOCKDOWN_NORMAL)
    trail_append_one (call, describe (call, AUDIT_OUTCOME_INTENT), on_intent);
  else
    set (call);
}

/* Who manages a box may also stop it; to let it go on takes a right over the daemon. */
static void
ask (Call *call)
{
  const Change *change = call->data;
  gboolean manages = call->box != NULL && change->mode != LOCKDOWN_NORMAL
                     && access_check (call->box->rules, &call->caller->access, ACCESS_MANAGE) == ACCESS_YES;

  if (manages)
    permitted (call);
  else
    permit_action (call, get_operation (change), permitted);
}

static Change *
make_change (Call *call)
{
  Change *change = g_new0 (Change, 1);

  call->data = change;
  call->free_data = g_free;
  return change;
}

void
lockdown_engage (Call *call)
{
  Change *change = make_change (call);
  const char *mode;

  g_variant_get (call->parameters, "(&s&s@a{sv})", &mode, &change->reason, NULL);
  if (!lockdown_mode_from_string (mode, &change->mode) || change->mode == LOCKDOWN_NORMAL)
    call_fail_new (call, KMS_ERROR_INVALID_ARGUMENT, "\"%.32s\" is no mode to engage; say encrypt-only or sealed",
                   mode);
  else
    ask (call);
}

void
lockdown_release (Call *call)
{
  Change *change = make_change (call);

  change->mode = LOCKDOWN_NORMAL;
  g_variant_get (call->parameters, "(&s@a{sv})", &change->reason, NULL);
  ask (call);
}

/* A reason may say more about an attack than who has no box here needs to know. */
static gboolean
may_know_reason (Call *call)
{
  const AccessCaller *caller = &call->caller->access;
  BoxTable *boxes = call->daemon->boxes;

  if (call->box != NULL || daemon_is_ruled_by (call->daemon, caller->uid))
    return TRUE;
  for (guint i = 0; i < box_table_get_n (boxes); i++)
    if (access_may_see (box_table_get (boxes, i)->rules, caller))
      return TRUE;
  return FALSE;
}

static void
add_text (GVariantBuilder *info, const char *name, const char *text)
{
  if (text != NULL)
    g_variant_builder_add (info, "{sv}", name, g_variant_new_string (text));
}

void
lockdown_get_info (Call *call)
{
  g_auto (LockdownState) state = { 0 };
  GVariantBuilder info;

  lockdown_store_get (call->daemon->lockdown, call->box == NULL ? NULL : call->box->name, &state);
  g_variant_builder_init (&info, G_VARIANT_TYPE_VARDICT);
  add_text (&info, "mode", lockdown_mode_to_string (state.mode));
  g_variant_builder_add (&info, "{sv}", "since", g_variant_new_uint64 ((guint64) state.since_usec));
  if (may_know_reason (call))
    {
      add_text (&info, "reason", state.reason);
      add_text (&info, "by", state.by);
    }
  call_return (call, g_variant_new ("(a{sv})", &info));
}
