/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Audit records as values, and how they are written as JSON. */
#include "audit-record.h"

#include <time.h>

static const char *const outcomes[] = {
  [AUDIT_OUTCOME_INTENT] = "intent",
  [AUDIT_OUTCOME_DONE] = "done",
  [AUDIT_OUTCOME_REFUSED] = "refused",
  [AUDIT_OUTCOME_FAILED] = "failed",
};

static const char *const context_members[] = {
  [AUDIT_CONTEXT_PLAIN] = "context",
  [AUDIT_CONTEXT_HMAC] = "context_hmac",
  [AUDIT_CONTEXT_NAMES] = "context_names",
};

G_STATIC_ASSERT (G_N_ELEMENTS (context_members) == N_AUDIT_CONTEXTS);
G_STATIC_ASSERT (G_N_ELEMENTS (outcomes) == N_AUDIT_OUTCOMES);

const char *
audit_outcome_to_string (AuditOutcome outcome)
{
  g_return_val_if_fail ((guint) outcome < N_AUDIT_OUTCOMES, NULL);

  return outcomes[outcome];
}

const char *
audit_context_member (AuditContextPolicy form)
{
  g_return_val_if_fail ((guint) form < N_AUDIT_CONTEXTS, NULL);

  return context_members[form];
}

gboolean
audit_outcome_from_string (const char *text, AuditOutcome *outcome)
{
  for (guint i = 0; i < N_AUDIT_OUTCOMES; i++)
    if (strcmp (outcomes[i], text) == 0)
      {
        *outcome = (AuditOutcome) i;
        return TRUE;
      }
  return FALSE;
}

AuditRecord *
audit_record_new (const char *operation, AuditOutcome outcome)
{
  AuditRecord *self = g_new0 (AuditRecord, 1);

  self->operation = g_strdup (operation);
  self->outcome = outcome;
  self->caller.uid = -1;
  self->caller.pid = -1;
  self->duration_usec = -1;
  return self;
}

AuditRecord *
audit_record_copy (const AuditRecord *self)
{
  AuditRecord *copy = g_memdup2 (self, sizeof *self);
  char **texts[] = { &copy->operation,  &copy->box,        &copy->version, &copy->provider,    &copy->key_id,
                     &copy->context,    &copy->error,      &copy->detail,  &copy->caller.unit, &copy->caller.label,
                     &copy->caller.bus, &copy->request_id, &copy->previous };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    *texts[i] = g_strdup (*texts[i]);
  return copy;
}

void
audit_record_free (AuditRecord *self)
{
  char *texts[] = { self->operation,  self->box,        self->version, self->provider,    self->key_id,
                    self->context,    self->error,      self->detail,  self->caller.unit, self->caller.label,
                    self->caller.bus, self->request_id, self->previous };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
  g_free (self);
}

static gboolean
is_refusal (const GError *error)
{
  static const int codes[] = { KMS_ERROR_LOCKED_DOWN, KMS_ERROR_NOT_AUTHORIZED, KMS_ERROR_NOT_AUTHORIZED_CAN_OBTAIN,
                               KMS_ERROR_NOT_AUTHORIZED_DISMISSED, KMS_ERROR_QUOTA };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    if (g_error_matches (error, KMS_ERROR, codes[i]))
      return TRUE;
  return FALSE;
}

/* The id only: a message may quote what the caller sent. */
void
audit_record_set_error (AuditRecord *self, const GError *error)
{
  g_clear_pointer (&self->error, g_free);
  self->outcome = AUDIT_OUTCOME_DONE;
  if (error == NULL)
    return;
  self->outcome = is_refusal (error) ? AUDIT_OUTCOME_REFUSED : AUDIT_OUTCOME_FAILED;
  self->error = g_strdup (kms_error_get_id (error));
  if (error->domain != KMS_ERROR || kms_error_get_request_id (error) == NULL)
    return;
  g_free (self->request_id);
  self->request_id = g_strdup (kms_error_get_request_id (error));
}

AuditRecord *
audit_record_new_outcome (const AuditRecord *intent, AuditOutcome outcome)
{
  AuditRecord *self = audit_record_copy (intent);

  self->intent = intent->sequence;
  self->sequence = 0;
  self->time_usec = 0;
  self->outcome = outcome;
  g_clear_pointer (&self->error, g_free);
  return self;
}

/* By hand: a GDateTime costs more than the rest of the line. */
char *
audit_time_to_string (gint64 time_usec)
{
  time_t seconds = (time_t) (time_usec / G_USEC_PER_SEC);
  struct tm parts;

  if (time_usec < 0 || gmtime_r (&seconds, &parts) == NULL || parts.tm_year > 8099)
    return NULL;
  return g_strdup_printf ("%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                          parts.tm_hour, parts.tm_min, parts.tm_sec, (int) (time_usec % G_USEC_PER_SEC));
}

gboolean
audit_time_from_string (const char *text, gint64 *time_usec)
{
  struct tm parts = { 0 };
  const char *fraction = strptime (text, "%Y-%m-%dT%H:%M:%S", &parts);
  guint64 usec;
  g_autofree char *again = NULL;

  if (fraction == NULL || fraction[0] != '.' || strlen (fraction) != 8 || fraction[7] != 'Z')
    return FALSE;
  g_autofree char *digits = g_strndup (fraction + 1, 6);
  if (!g_ascii_string_to_unsigned (digits, 10, 0, 999999, &usec, NULL))
    return FALSE;
  *time_usec = (gint64) timegm (&parts) * G_USEC_PER_SEC + (gint64) usec;
  /* strptime() takes blanks, signs, the 31st of every month. */
  again = audit_time_to_string (*time_usec);
  return g_strcmp0 (text, again) == 0;
}

void
audit_append_string (GString *out, const char *text)
{
  static const char digits[] = "0123456789abcdef";

  g_string_append_c (out, '"');
  for (const char *p = text; *p != '\0'; p++)
    {
      guint8 byte = (guint8) *p;
      if (byte == '"' || byte == '\\')
        g_string_append_c (out, '\\');
      if (byte >= 0x20 && byte != 0x7f)
        g_string_append_c (out, *p);
      else
        {
          g_string_append (out, "\\u00");
          g_string_append_c (out, digits[byte >> 4]);
          g_string_append_c (out, digits[byte & 15]);
        }
    }
  g_string_append_c (out, '"');
}

/* Nearly all that is written is of such characters. */
static gsize
count_plain (const char *text)
{
  gsize n = 0;

  while (text[n] >= 0x20 && text[n] < 0x7f && text[n] != '"' && text[n] != '\\')
    n++;
  return n;
}

static void
append_name (GString *out, const char *name)
{
  g_string_append_len (out, ",\"", 2);
  g_string_append (out, name);
  g_string_append_len (out, "\":", 2);
}

static void
append_quoted (GString *out, const char *name, const char *text, gsize length)
{
  append_name (out, name);
  g_string_append_c (out, '"');
  g_string_append_len (out, text, (gssize) length);
  g_string_append_c (out, '"');
}

/* By hand, for the same reason as the time. */
static void
append_digits (GString *out, guint64 number)
{
  char digits[20];
  gsize start = sizeof digits;

  do
    digits[--start] = (char) ('0' + number % 10);
  while ((number /= 10) != 0);
  g_string_append_len (out, digits + start, (gssize) (sizeof digits - start));
}

/* Strings come from callers and services, so their length and bytes are theirs. */
static void
write_member (GString *out, const char *name, const char *text)
{
  if (text == NULL)
    return;
  gsize plain = count_plain (text);
  if (text[plain] == '\0' && plain <= AUDIT_MAX_TEXT)
    {
      append_quoted (out, name, text, plain);
      return;
    }
  g_autofree char *valid = g_utf8_make_valid (text, (gssize) strnlen (text, AUDIT_MAX_TEXT + 1));
  append_name (out, name);
  if (strlen (valid) > AUDIT_MAX_TEXT)
    {
      char *end = g_utf8_find_prev_char (valid, valid + AUDIT_MAX_TEXT - strlen ("…"));
      *(end == NULL ? valid : end) = '\0';
      g_autofree char *cut = g_strconcat (valid, "…", NULL);
      audit_append_string (out, cut);
      return;
    }
  audit_append_string (out, valid);
}

static void
write_number (GString *out, const char *name, gint64 number, gint64 unknown)
{
  if (number == unknown)
    return;
  append_name (out, name);
  if (number < 0)
    g_string_append_c (out, '-');
  append_digits (out, number < 0 ? -(guint64) number : (guint64) number);
}

static void
write_caller (GString *out, const AuditCaller *caller)
{
  gsize start = out->len;

  write_number (out, "uid", caller->uid, -1);
  write_number (out, "pid", caller->pid, -1);
  write_member (out, "unit", caller->unit);
  write_member (out, "label", caller->label);
  write_member (out, "bus", caller->bus);
  if (out->len == start)
    return;
  /* The first comma stands before the object, not in it. */
  out->str[start] = '{';
  g_string_insert (out, (gssize) start, ",\"caller\":");
  g_string_append_c (out, '}');
}

void
audit_record_write (const AuditRecord *self, GString *out)
{
  g_autofree char *time = audit_time_to_string (self->time_usec);

  g_string_append (out, "{\"sequence\":");
  append_digits (out, self->sequence);
  write_member (out, "time", time);
  write_member (out, "operation", self->operation);
  write_member (out, "outcome", audit_outcome_to_string (self->outcome));
  write_member (out, "previous", self->previous);
  write_member (out, "box", self->box);
  write_member (out, "version", self->version);
  write_member (out, "provider", self->provider);
  write_member (out, "key_id", self->key_id);
  if (self->context != NULL && strlen (self->context) <= AUDIT_MAX_CONTEXT)
    {
      append_name (out, audit_context_member (self->context_form));
      g_string_append (out, self->context);
    }
  write_caller (out, &self->caller);
  write_member (out, "error", self->error);
  write_member (out, "detail", self->detail);
  write_number (out, "duration_usec", self->duration_usec, -1);
  write_member (out, "request_id", self->request_id);
  write_number (out, "intent", (gint64) self->intent, 0);
  write_number (out, "items", self->items, 0);
  if (self->cached)
    g_string_append (out, ",\"cached\":true");
}
