/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Results: one GVariant, printed as JSON or for people. */
#pragma once

#include "kmsctl.h"

G_BEGIN_DECLS

/* A dictionary that keeps its order. */
typedef GVariantBuilder KmsctlFields;

void kmsctl_fields_init (KmsctlFields *fields);
void kmsctl_fields_text (KmsctlFields *fields, const char *name, const char *value); /* NULL is left out */
void kmsctl_fields_flag (KmsctlFields *fields, const char *name, gboolean value);
void kmsctl_fields_number (KmsctlFields *fields, const char *name, gint64 value);
void kmsctl_fields_time (KmsctlFields *fields, const char *name, gint64 seconds); /* -1 is left out */
void kmsctl_fields_texts (KmsctlFields *fields, const char *name, const char *const *values);
void kmsctl_fields_variant (KmsctlFields *fields, const char *name, GVariant *value);
GVariant *kmsctl_fields_end (KmsctlFields *fields); /* floating, a{sv} */

/* Takes the floating reference of an a{sv}. */
gboolean kmsctl_print (Kmsctl *self, GVariant *result, GError **error);

/* The same for an array of dictionaries, which JSON wants wrapped: { "name": [ … ] }. */
gboolean kmsctl_print_list (Kmsctl *self, const char *name, GVariant *list, GError **error);
char *kmsctl_to_json (GVariant *value);

/* table.c */
void kmsctl_format (Kmsctl *self, GVariant *value, GString *out);
void kmsctl_format_names (GVariant *value, GString *out);

/* On stderr, for people: not with --json; notes not with --quiet, details only with --verbose. */
void kmsctl_note (Kmsctl *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
void kmsctl_detail (Kmsctl *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
void kmsctl_complain (Kmsctl *self, const GError *error);

G_END_DECLS
