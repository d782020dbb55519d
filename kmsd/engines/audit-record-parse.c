/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a line of the audit log. */
#include "audit-record.h"

#include "plugins/http/kms-http-json.h"

typedef enum {
  MEMBER_TEXT,
  MEMBER_NUMBER,
  MEMBER_BOOLEAN,
} MemberType;

typedef struct
{
  const char *name;
  MemberType type;
  gsize offset;
} Member;

#define TEXT(name, field)                                                                                              \
  {                                                                                                                    \
    name, MEMBER_TEXT, G_STRUCT_OFFSET (AuditRecord, field)                                                            \
  }
#define NUMBER(name, field)                                                                                            \
  {                                                                                                                    \
    name, MEMBER_NUMBER, G_STRUCT_OFFSET (AuditRecord, field)                                                          \
  }

/* "sequence", "items" and what is no plain member are read by hand. */
static const Member members[] = {
  TEXT ("operation", operation),
  TEXT ("previous", previous),
  TEXT ("box", box),
  TEXT ("version", version),
  TEXT ("provider", provider),
  TEXT ("key_id", key_id),
  TEXT ("error", error),
  TEXT ("detail", detail),
  TEXT ("request_id", request_id),
  NUMBER ("duration_usec", duration_usec),
  { "cached", MEMBER_BOOLEAN, G_STRUCT_OFFSET (AuditRecord, cached) },
};

static const Member caller_members[] = {
  NUMBER ("uid", caller.uid),   NUMBER ("pid", caller.pid), TEXT ("unit", caller.unit),
  TEXT ("label", caller.label), TEXT ("bus", caller.bus),
};

/* What came twice is kept once: the last one, as most readers of JSON have it. */
static gboolean
read_text (KmsHttpJson *json, char **out)
{
  const char *text;
  gsize length;

  if (!kms_http_json_read_string (json, &text, &length))
    return FALSE;
  g_free (*out);
  *out = g_strndup (text, length);
  return TRUE;
}

static gboolean
read_member (KmsHttpJson *json, const Member *member, AuditRecord *record)
{
  gpointer field = G_STRUCT_MEMBER_P (record, member->offset);

  if (member->type == MEMBER_TEXT)
    return read_text (json, field);
  if (member->type == MEMBER_BOOLEAN)
    return kms_http_json_read_boolean (json, field);
  return kms_http_json_read_integer (json, field);
}

static gboolean
read_from_table (KmsHttpJson *json, const char *name, const Member *table, guint n, AuditRecord *record,
                 gboolean *found)
{
  *found = FALSE;
  for (guint i = 0; i < n; i++)
    if (strcmp (table[i].name, name) == 0)
      {
        *found = TRUE;
        return read_member (json, &table[i], record);
      }
  return TRUE;
}

static gboolean
read_caller (KmsHttpJson *json, AuditRecord *record)
{
  const char *name;

  if (!kms_http_json_enter_object (json))
    return FALSE;
  while (kms_http_json_next_member (json, &name))
    {
      gboolean found;
      if (!read_from_table (json, name, caller_members, G_N_ELEMENTS (caller_members), record, &found)
          || (!found && !kms_http_json_skip (json)))
        return FALSE;
    }
  return kms_http_json_is_good (json);
}

static gboolean
read_count (KmsHttpJson *json, gint64 max, gint64 *out)
{
  return kms_http_json_read_integer (json, out) && *out >= 0 && *out <= max;
}

static gboolean
read_time (KmsHttpJson *json, AuditRecord *record)
{
  g_autofree char *text = NULL;

  return read_text (json, &text) && audit_time_from_string (text, &record->time_usec);
}

static gboolean
read_outcome (KmsHttpJson *json, AuditRecord *record)
{
  g_autofree char *text = NULL;

  return read_text (json, &text) && audit_outcome_from_string (text, &record->outcome);
}

static gboolean
read_numbers (KmsHttpJson *json, const char *name, AuditRecord *record, gboolean *found)
{
  gint64 number = 0;
  gboolean ok = TRUE;

  *found = TRUE;
  if (strcmp (name, "sequence") == 0)
    {
      ok = read_count (json, G_MAXINT64, &number);
      record->sequence = (guint64) number;
    }
  else if (strcmp (name, "intent") == 0)
    {
      ok = read_count (json, G_MAXINT64, &number);
      record->intent = (guint64) number;
    }
  else if (strcmp (name, "items") == 0)
    {
      ok = read_count (json, G_MAXUINT, &number);
      record->items = (guint) number;
    }
  else
    *found = FALSE;
  return ok;
}

/* The reader unescapes in place: what the context looked like is copied from the line itself. */
static gboolean
read_context (KmsHttpJson *json, const char *start, const char *line, AuditRecord *record)
{
  kms_http_json_peek (json);
  const char *from = line + (json->at - start);
  if (!kms_http_json_skip (json))
    return FALSE;
  g_free (record->context);
  record->context = g_strndup (from, (gsize) (line + (json->at - start) - from));
  return TRUE;
}

static gboolean
read_known (KmsHttpJson *json, const char *name, const char *start, const char *line, AuditRecord *record)
{
  gboolean found;

  if (strcmp (name, "time") == 0)
    return read_time (json, record);
  if (strcmp (name, "outcome") == 0)
    return read_outcome (json, record);
  if (strcmp (name, "caller") == 0)
    return read_caller (json, record);
  for (guint form = 0; form < N_AUDIT_CONTEXTS; form++)
    if (strcmp (name, audit_context_member ((AuditContextPolicy) form)) == 0)
      {
        record->context_form = (AuditContextPolicy) form;
        return read_context (json, start, line, record);
      }
  if (!read_numbers (json, name, record, &found))
    return FALSE;
  if (found)
    return TRUE;
  return read_from_table (json, name, members, G_N_ELEMENTS (members), record, &found)
         && (found || kms_http_json_skip (json));
}

static gboolean
read_record (const char *line, gsize length, AuditRecord *record)
{
  g_autofree char *copy = g_malloc (length + 1);
  const char *name;
  KmsHttpJson json;

  memcpy (copy, line, length);
  copy[length] = '\0';
  kms_http_json_init (&json, (guint8 *) copy, length);
  if (!kms_http_json_enter_object (&json))
    return FALSE;
  while (kms_http_json_next_member (&json, &name))
    if (!read_known (&json, name, copy, line, record))
      return FALSE;
  return kms_http_json_finish (&json);
}

AuditRecord *
audit_record_parse (const char *line, gsize length, GError **error)
{
  g_autoptr (AuditRecord) record = audit_record_new (NULL, AUDIT_OUTCOME_DONE);
  const char *what = "it is no JSON object of the kind that kmsd writes";

  record->time_usec = -1;
  if (length > AUDIT_MAX_LINE)
    what = "it is longer than any line that kmsd writes";
  else if (read_record (line, length, record))
    {
      if (record->sequence > 0 && record->operation != NULL && record->time_usec >= 0)
        return g_steal_pointer (&record);
      what = "it has no sequence, time or operation";
    }
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "this is no record of an audit log: %s", what);
  return NULL;
}
