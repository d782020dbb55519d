/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Items become records. A thousand lines that say the same tell no more than one that says how many they are. */
#include "values-records.h"

#include <string.h>

#include "trail.h"

/* Often one for all items of a batch. */
static void
show_context (Call *call, AuditRecord *record, KmsContext *context)
{
  Values *self = values_get (call);

  if (context == self->shown)
    {
      record->context = g_strdup (self->shown_text);
      record->context_form = self->shown_form;
      return;
    }
  trail_set_context (call, record, context);
  g_free (self->shown_text);
  self->shown = context;
  self->shown_text = g_strdup (record->context);
  self->shown_form = record->context_form;
}

AuditRecord *
values_describe_item (Call *call, guint index, AuditOutcome outcome)
{
  Values *self = values_get (call);
  AuditRecord *record = trail_record_new (call, operation_to_string (self->operation), outcome);
  KmsContext *context = values_get_context (call, index);

  record->version = g_strdup (values_get_version (call, index));
  record->key_id = g_strdup (kms_box_get_key_id (call->box->box, record->version, NULL));
  record->provider = g_strdup (box_entry_get_provider (call->box, record->version));
  if (context != NULL)
    show_context (call, record, context);
  return record;
}

static AuditRecord *
describe_outcome (Call *call, guint index, gint64 duration)
{
  GPtrArray *intents = call->intents;
  AuditRecord *record =
    intents == NULL
      ? values_describe_item (call, index, AUDIT_OUTCOME_DONE)
      : audit_record_new_outcome (g_ptr_array_index (intents, MIN (index, intents->len - 1)), AUDIT_OUTCOME_DONE);
  Values *self = values_get (call);
  const char *request_id = kms_batch_get_request_id (self->batch, index);
  const GError *failure = self->refusal != NULL ? self->refusal : kms_batch_get_error (self->batch, index);

  record->items = 0;
  record->duration_usec = duration;
  if (request_id != NULL)
    {
      g_free (record->request_id);
      record->request_id = g_strdup (request_id);
    }
  if (failure != NULL)
    audit_record_set_error (record, failure);
  return record;
}

/* Equal contexts that the caller sent one by one are not looked for: it has one for all, or rows of a table. */
static gboolean
are_tried_alike (Call *call)
{
  Values *self = values_get (call);
  guint n = kms_batch_get_n_items (self->batch);

  for (guint i = 1; i < n; i++)
    if (strcmp (values_get_version (call, i), values_get_version (call, 0)) != 0
        || values_get_context (call, i) != values_get_context (call, 0))
      return FALSE;
  return n > 1;
}

static GPtrArray *
new_records (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) audit_record_free);
}

GPtrArray *
values_describe_intents (Call *call)
{
  guint n = kms_batch_get_n_items (values_get (call)->batch);
  gboolean alike = are_tried_alike (call);
  GPtrArray *records = new_records ();

  for (guint i = 0; i < (alike ? 1 : n); i++)
    g_ptr_array_add (records, values_describe_item (call, i, AUDIT_OUTCOME_INTENT));
  if (alike)
    ((AuditRecord *) g_ptr_array_index (records, 0))->items = n;
  return records;
}

GPtrArray *
values_describe_outcomes (Call *call, gint64 duration)
{
  guint n = kms_batch_get_n_items (values_get (call)->batch);
  gboolean alike = are_tried_alike (call) && values_succeed_alike (call);
  GPtrArray *records = new_records ();

  for (guint i = 0; i < (alike ? 1 : n); i++)
    g_ptr_array_add (records, describe_outcome (call, i, duration));
  if (alike)
    ((AuditRecord *) g_ptr_array_index (records, 0))->items = n;
  return records;
}
