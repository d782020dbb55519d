/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds records of an audit log. */
#include <unistd.h>

#include "audit-files.h"
#include "audit-reader.h"

typedef struct
{
  const AuditFilter *filter;
  AuditFoundFunc func;
  gpointer user_data;
  GQueue last; /* of Found, where only the last so many are wanted */
  guint64 n_skipped;
  gboolean is_stopped;
} Query;

typedef struct
{
  AuditRecord *record;
  char *line;
  gsize length;
} Found;

static void
found_free (gpointer data)
{
  Found *self = data;

  audit_record_free (self->record);
  g_free (self->line);
  g_free (self);
}

static gboolean
matches_text (const char *wanted, const char *text)
{
  return wanted == NULL || g_strcmp0 (wanted, text) == 0;
}

/* Every line is looked at, and none for its place: the clock may have gone back. */
static gboolean
matches (const AuditFilter *filter, const AuditRecord *record)
{
  return record->time_usec >= filter->since_usec && (filter->until_usec == 0 || record->time_usec < filter->until_usec)
         && record->sequence > filter->after_sequence && matches_text (filter->box, record->box)
         && matches_text (filter->operation, record->operation)
         && matches_text (filter->outcome, audit_outcome_to_string (record->outcome))
         && matches_text (filter->unit, record->caller.unit) && (filter->uid < 0 || filter->uid == record->caller.uid);
}

static void
keep (Query *self, AuditRecord *record, const char *line, gsize length)
{
  Found *found = g_new (Found, 1);

  *found = (Found){ record, g_strndup (line, length), length };
  g_queue_push_tail (&self->last, found);
  if (g_queue_get_length (&self->last) > self->filter->limit)
    found_free (g_queue_pop_head (&self->last));
}

static void
take_line (Query *self, const char *line, gsize length)
{
  g_autoptr (AuditRecord) record = audit_record_parse (line, length, NULL);

  if (record == NULL)
    self->n_skipped++;
  else if (!matches (self->filter, record))
    return;
  else if (self->filter->limit > 0)
    keep (self, g_steal_pointer (&record), line, length);
  else
    self->is_stopped = !self->func (record, line, length, self->user_data);
}

static gboolean
read_file (Query *self, AuditFile *file, GCancellable *cancellable, GError **error)
{
  const char *line;
  gsize length;

  while (!self->is_stopped)
    {
      AuditReadResult result = audit_file_read (file, &line, &length, error);
      if (result == AUDIT_READ_FAILED || g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      if (result == AUDIT_READ_LINE)
        take_line (self, line, length);
      else if (result == AUDIT_READ_TOO_LONG)
        self->n_skipped++;
      else
        return TRUE;
    }
  return TRUE;
}

/* Files that hold nothing behind the sequence are not read: the next one's name says where they end. */
static gboolean
read_files (Query *self, int directory, const char *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (GArray) sequences = audit_directory_list (path, error);

  if (sequences == NULL)
    return FALSE;
  for (guint i = 0; i < sequences->len && !self->is_stopped; i++)
    {
      g_auto (AuditFile) file = { .fd = -1 };
      if (i + 1 < sequences->len && g_array_index (sequences, guint64, i + 1) <= self->filter->after_sequence)
        continue;
      if (!audit_file_open (directory, path, g_array_index (sequences, guint64, i), &file, error)
          || !read_file (self, &file, cancellable, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
audit_query (const char *directory, const AuditFilter *filter, AuditFoundFunc func, gpointer user_data,
             GCancellable *cancellable, guint64 *n_skipped, GError **error)
{
  Query self = { .filter = filter, .func = func, .user_data = user_data, .last = G_QUEUE_INIT };
  int fd = audit_directory_open (directory, FALSE, error);

  if (fd < 0)
    return FALSE;
  gboolean ok = read_files (&self, fd, directory, cancellable, error);
  close (fd);
  for (GList *l = self.last.head; ok && l != NULL; l = l->next)
    {
      Found *found = l->data;
      if (!func (found->record, found->line, found->length, user_data))
        break;
    }
  g_queue_clear_full (&self.last, found_free);
  if (n_skipped != NULL)
    *n_skipped = self.n_skipped;
  return ok;
}

typedef enum {
  FIELD_TEXT,
  FIELD_TIME,
  FIELD_SEQUENCE,
  FIELD_UID,
  FIELD_COUNT,
} FieldType;

static const struct
{
  const char *name;
  FieldType type;
  gsize offset;
} fields[] = {
  { "since", FIELD_TIME, G_STRUCT_OFFSET (AuditFilter, since_usec) },
  { "until", FIELD_TIME, G_STRUCT_OFFSET (AuditFilter, until_usec) },
  { "box", FIELD_TEXT, G_STRUCT_OFFSET (AuditFilter, box) },
  { "operation", FIELD_TEXT, G_STRUCT_OFFSET (AuditFilter, operation) },
  { "outcome", FIELD_TEXT, G_STRUCT_OFFSET (AuditFilter, outcome) },
  { "unit", FIELD_TEXT, G_STRUCT_OFFSET (AuditFilter, unit) },
  { "uid", FIELD_UID, G_STRUCT_OFFSET (AuditFilter, uid) },
  { "after", FIELD_SEQUENCE, G_STRUCT_OFFSET (AuditFilter, after_sequence) },
  { "limit", FIELD_COUNT, G_STRUCT_OFFSET (AuditFilter, limit) },
};

static const char *const types[] = { "s", "t", "t", "u", "u" };

static gboolean
set_field (guint index, GVariant *value, AuditFilter *filter, GError **error)
{
  gpointer field = G_STRUCT_MEMBER_P (filter, fields[index].offset);
  FieldType type = fields[index].type;

  if (!g_variant_is_of_type (value, (const GVariantType *) types[type]))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "\"%s\" of the filter must have the type \"%s\"",
                   fields[index].name, types[type]);
      return FALSE;
    }
  if (type == FIELD_TEXT)
    *(const char **) field = g_variant_get_string (value, NULL);
  else if (type == FIELD_TIME)
    *(gint64 *) field = (gint64) MIN (g_variant_get_uint64 (value), G_MAXINT64);
  else if (type == FIELD_SEQUENCE)
    *(guint64 *) field = g_variant_get_uint64 (value);
  else if (type == FIELD_UID)
    *(gint64 *) field = g_variant_get_uint32 (value);
  else
    *(guint *) field = g_variant_get_uint32 (value);
  return TRUE;
}

gboolean
audit_filter_from_variant (GVariant *dictionary, AuditFilter *filter, GError **error)
{
  GVariantIter iter;
  const char *name;
  GVariant *value;

  *filter = (AuditFilter) AUDIT_FILTER_INIT;
  g_variant_iter_init (&iter, dictionary);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    {
      /* The dictionary holds it on: the strings are borrowed from there. */
      g_autoptr (GVariant) kept = value;
      guint i = 0;
      while (i < G_N_ELEMENTS (fields) && strcmp (fields[i].name, name) != 0)
        i++;
      if (i < G_N_ELEMENTS (fields) && !set_field (i, kept, filter, error))
        return FALSE;
      if (i < G_N_ELEMENTS (fields) || g_str_has_prefix (name, "x-"))
        continue;
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "\"%s\" is nothing that records can be chosen by",
                   name);
      return FALSE;
    }
  return TRUE;
}
