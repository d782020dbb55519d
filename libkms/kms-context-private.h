/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a context looks inside: one block of memory with pairs, order and text. */
#pragma once

#include "kms-context.h"

G_BEGIN_DECLS

/* Larger contexts are refused before any work; no service takes as much. */
#define KMS_CONTEXT_MAX_PAIRS 1024
#define KMS_CONTEXT_MAX_BYTES 1048576
#define KMS_CONTEXT_MAX_DEPTH 64
#define KMS_CONTEXT_JSON "the context's JSON" /* in errors */

typedef struct
{
  const char *name;
  const char *value;
  guint32 name_length;
  guint32 value_length;
  KmsNameKind kind;
  gboolean is_integer;
} KmsPair;

/* A place in the sorted order: a string and a symbol of one name fall together, the former's place with the latter's
 * value, as in Ruby when both become strings. */
typedef struct
{
  guint16 name;
  guint16 value;
} KmsPairPlace;

struct _KmsContext
{
  gint refs; /* atomic */
  KmsContextForm form;
  gboolean has_escapes;       /* some byte is not written to JSON as it is */
  gboolean has_dialects;      /* some byte is not written alike in all dialects */
  gboolean is_plainly_sorted; /* by the bytes of the names, known from their making */
  GError *error;              /* not NULL: made of what is no context, and refused by everything */
  guint n_pairs;              /* as given */
  guint n_sorted;
  KmsPair *pairs;
  KmsPairPlace *sorted;
  const char *text; /* raw: the bytes; legacy: JSON without blanks in the plain dialect */
  gsize text_length;
  gsize json_max;
  gsize binary_max;
};

/* Copies everything; the texts are NUL-terminated. Poisoned, never NULL, when the pairs are no context. */
KmsContext *_kms_context_new_from_pairs (const KmsPair *pairs, guint n_pairs);

/* NULL for what only says that it is none: past this nobody has to tell the two. */
static inline KmsContext *
_kms_context_or_null (KmsContext *self)
{
  return self != NULL && self->form == KMS_CONTEXT_FORM_NONE ? NULL : self;
}

/* Takes the error, which every use gives. */
KmsContext *_kms_context_new_poisoned (GError *error);

/* The order of T-12 into `sorted` (room for all); how many are left, or 0 with an error (n_pairs is at least 1). */
guint _kms_context_sort (const KmsPair *pairs, guint n_pairs, gboolean plain_names, KmsPairPlace *sorted,
                         GError **error);

/* A JSON object of strings and integers, or a JSON string for the raw form. */
KmsContext *_kms_context_read_json (const char *json, gsize length, GError **error);

/* As kms_context_builder_end(), but for functions that fail in other ways, too: NULL with an error, or without one. */
KmsContext *_kms_context_builder_finish (KmsContextBuilder *self, GError **error);

/* An integer whose name may contain NUL. */
void _kms_context_builder_add_digits (KmsContextBuilder *self, KmsNameKind kind, const char *name, gsize name_length,
                                      const char *digits);

/* Any JSON value without its blanks, strings in the plain dialect, numbers as they stand: never longer than it was. It may
 * be secret: what is held besides `out` is wiped. `noun` is the subject of the errors' sentence. */
gboolean _kms_json_compact (const char *noun, const char *json, gsize length, gsize max_length, GString *out,
                            GError **error);

/* A string with its quotes, in the plain dialect. */
gsize _kms_json_write_string (const char *text, gsize length, char *out);

/* Whole JSON of the plain dialect in another one: `out` takes six times its length. */
gsize _kms_json_write_dialect (const char *json, gsize length, KmsJsonDialect dialect, char *out);

G_END_DECLS
