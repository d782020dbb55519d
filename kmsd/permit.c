/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order of checks before anything is done. */
#include "permit.h"

#include "polkit.h"
#include "trail.h"

#define ACTIONS "org.libkms.kms1."

typedef struct
{
  Operation operation;
  guint n_items;
  PermitDescribe describe;
  CallFunc next;
} Permit;

/* polkit's action, and whether an intent stands in the log before it is done. */
static const struct
{
  const char *action;
  gboolean has_intent;
} operations[N_OPERATIONS] = {
  [OPERATION_ENCRYPT] = { "encrypt", FALSE },
  [OPERATION_DECRYPT] = { "decrypt", FALSE }, /* values.c knows whether it needs one */
  [OPERATION_REWRAP] = { "rewrap", FALSE },
  [OPERATION_GENERATE_DATA_KEY] = { "encrypt", FALSE },
  [OPERATION_GENERATE_DATA_KEY_WITHOUT_PLAINTEXT] = { "encrypt", FALSE },
  [OPERATION_ROTATE_KEY] = { "rotate", TRUE },
};

static AuditRecord *
describe (Call *call, const Permit *self, guint index, AuditOutcome outcome)
{
  return self->describe == NULL ? trail_record_new (call, operation_to_string (self->operation), outcome)
                                : self->describe (call, index, outcome);
}

/* Refused ones count, too, for themselves: who tries a thousand times is an attacker, or is broken. */
static void
count (Call *call, const Permit *self, gboolean is_refused)
{
  alert_counters_add (call->daemon->alerts, call->box->name, self->operation, is_refused, self->n_items,
                      g_get_monotonic_time ());
}

/* One record for all items: nothing was tried. */
static void
refuse (Call *call, Permit *self, GError *error)
{
  AuditRecord *record = describe (call, self, 0, AUDIT_OUTCOME_REFUSED);

  record->items = self->n_items == 1 ? 0 : self->n_items;
  g_free (self);
  trail_fail (call, record, error);
}

static void
on_intents (Call *call, GPtrArray *written, const GError *error)
{
  CallFunc next = call->next;

  if (written == NULL)
    {
      call_fail (call, g_error_copy (error));
      return;
    }
  call->intents = g_ptr_array_ref (written);
  next (call);
}

static void
go_on (Call *call, Permit *self)
{
  g_autofree Permit *owned = self;

  if (!operations[self->operation].has_intent)
    {
      self->next (call);
      return;
    }
  GPtrArray *records = g_ptr_array_new_with_free_func ((GDestroyNotify) audit_record_free);
  for (guint i = 0; i < self->n_items; i++)
    g_ptr_array_add (records, describe (call, self, i, AUDIT_OUTCOME_INTENT));
  call->next = self->next;
  trail_append (call, records, on_intents);
}

static GError *
explain_no (Call *call, Operation operation)
{
  return g_error_new (KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED,
                      "uid %u may not %s with box \"%s\"; who manages the box can add it to %s of its file",
                      call->caller->access.uid, operation_to_string (operation), call->box->name,
                      access_kind_get_key (operation_get_access (operation)));
}

/* Who is asked for a password may look for it for minutes, in which the configuration may have changed. */
static gboolean
may_still_ask (Call *call, Operation operation)
{
  BoxEntry *now = box_table_find_name (call->daemon->boxes, call->box->name);

  return now != NULL && access_check (now->rules, &call->caller->access, operation_get_access (operation)) != ACCESS_NO;
}

static void
on_polkit (Call *call, const GError *refusal)
{
  Permit *self = g_steal_pointer (&call->permit);
  GError *error = NULL;

  count (call, self, refusal != NULL);
  if (refusal != NULL)
    refuse (call, self, g_error_copy (refusal));
  else if (!permit_again (call, self->operation, &error))
    refuse (call, self, error);
  else if (!may_still_ask (call, self->operation))
    refuse (call, self, explain_no (call, self->operation));
  else
    go_on (call, self);
}

static void
ask (Call *call, Permit *self)
{
  g_autofree char *action = g_strconcat (ACTIONS, operations[self->operation].action, NULL);
  const char *version = kms_box_get_version (call->box->box);
  const char *provider = box_entry_get_provider (call->box, version);
  GVariantBuilder details;

  g_variant_builder_init (&details, G_VARIANT_TYPE ("a{ss}"));
  g_variant_builder_add (&details, "{ss}", "box", call->box->name);
  g_variant_builder_add (&details, "{ss}", "operation", operation_to_string (self->operation));
  g_variant_builder_add (&details, "{ss}", "key-version", version);
  if (provider != NULL)
    g_variant_builder_add (&details, "{ss}", "provider", provider);
  call->permit = self;
  polkit_check (call, action, g_variant_builder_end (&details), on_polkit);
}

gboolean
permit_again (Call *call, Operation operation, GError **error)
{
  return lockdown_permits (call->daemon->lockdown, call->box->name, operation, error);
}

void
permit (Call *call, Operation operation, guint n_items, PermitDescribe describe_item, CallFunc next)
{
  Permit *self = g_new (Permit, 1);
  GError *error = NULL;

  *self = (Permit){ operation, n_items, describe_item, next };
  AccessDecision decision = access_check (call->box->rules, &call->caller->access, operation_get_access (operation));
  if (decision != ACCESS_ASK)
    count (call, self, decision == ACCESS_NO);
  if (!permit_again (call, operation, &error))
    {
      refuse (call, self, error);
      return;
    }
  if (decision == ACCESS_YES)
    go_on (call, self);
  else if (decision == ACCESS_ASK)
    ask (call, self);
  else
    refuse (call, self, explain_no (call, operation));
}

static void
on_action (Call *call, const GError *refusal)
{
  if (refusal == NULL)
    call->next (call);
  else
    trail_fail (call, trail_record_new (call, call->action, AUDIT_OUTCOME_REFUSED), g_error_copy (refusal));
}

void
permit_action (Call *call, const char *action, CallFunc next)
{
  const AccessCaller *caller = &call->caller->access;
  GVariantBuilder details;

  call->action = action;
  call->next = next;
  if (daemon_is_ruled_by (call->daemon, caller->uid))
    {
      next (call);
      return;
    }
  if (!caller->can_ask)
    {
      g_autoptr (GError)
        error = g_error_new (KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED,
                             "uid %u may not do that (%s); root and kmsd's own user may", caller->uid, action);
      on_action (call, error);
      return;
    }
  g_autofree char *whole = g_strconcat (ACTIONS, action, NULL);
  g_variant_builder_init (&details, G_VARIANT_TYPE ("a{ss}"));
  g_variant_builder_add (&details, "{ss}", "operation", action);
  if (call->box != NULL)
    g_variant_builder_add (&details, "{ss}", "box", call->box->name);
  polkit_check (call, whole, g_variant_builder_end (&details), on_action);
}
