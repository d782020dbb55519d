/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Encryption contexts: authenticated name/value pairs, and the bytes that each service wants of them. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-types.h>

G_BEGIN_DECLS

#define KMS_TYPE_CONTEXT (kms_context_get_type ())
#define KMS_TYPE_CONTEXT_BUILDER (kms_context_builder_get_type ())

typedef struct _KmsContextBuilder KmsContextBuilder;

KMS_AVAILABLE_IN_1_0
GType kms_context_get_type (void);

KMS_AVAILABLE_IN_1_0
KmsContext *kms_context_new (const char *first_name, ...) G_GNUC_NULL_TERMINATED;
KMS_AVAILABLE_IN_1_0
KmsContext *kms_context_new_empty (void);
KMS_AVAILABLE_IN_1_0
KmsContext *kms_context_new_none (void);
KMS_AVAILABLE_IN_1_0
KmsContext *kms_context_new_from_variant (GVariant *map, GError **error);
KMS_AVAILABLE_IN_1_0
KmsContext *kms_context_new_from_json (const char *json, gssize length, GError **error);
KMS_AVAILABLE_IN_1_0
KmsContext *kms_context_new_raw (const guint8 *data, gsize length);
KMS_AVAILABLE_IN_1_0
KmsContext *kms_context_new_legacy (const char *json, gssize length, GError **error);
KMS_AVAILABLE_IN_1_0
KmsContext *kms_context_ref (KmsContext *self);
KMS_AVAILABLE_IN_1_0
void kms_context_unref (KmsContext *self);

KMS_AVAILABLE_IN_1_0
gboolean kms_context_check (KmsContext *self, GError **error);
KMS_AVAILABLE_IN_1_0
KmsContextForm kms_context_get_form (KmsContext *self);
KMS_AVAILABLE_IN_1_0
guint kms_context_get_n_pairs (KmsContext *self);
KMS_AVAILABLE_IN_1_0
const char *kms_context_get_name (KmsContext *self, guint index, gsize *length, KmsNameKind *kind);
KMS_AVAILABLE_IN_1_0
const char *kms_context_get_value (KmsContext *self, guint index, gsize *length, gboolean *is_integer);
KMS_AVAILABLE_IN_1_0
const char *kms_context_lookup (KmsContext *self, const char *name);
KMS_AVAILABLE_IN_1_0
gboolean kms_context_equal (KmsContext *a, KmsContext *b);
KMS_AVAILABLE_IN_1_0
gboolean kms_context_depends_on_dialect (KmsContext *self);
KMS_AVAILABLE_IN_1_0
GVariant *kms_context_to_variant (KmsContext *self);

/* The bytes of the canonical JSON (of the text as it is for the raw form; as given for the legacy form). */
KMS_AVAILABLE_IN_1_0
char *kms_context_to_json (KmsContext *self, KmsJsonDialect dialect, KmsContextForm form, gsize *length, GError **error);
KMS_AVAILABLE_IN_1_0
gsize kms_context_json_max (KmsContext *self);
KMS_AVAILABLE_IN_1_0
gsize kms_context_write_json (KmsContext *self, KmsJsonDialect dialect, KmsContextForm form, char *out);

/* A fixed binary form for providers of our own design: it does not depend on dialect, order or kinds of names. */
KMS_AVAILABLE_IN_1_0
gsize kms_context_binary_max (KmsContext *self);
KMS_AVAILABLE_IN_1_0
gsize kms_context_write_binary (KmsContext *self, guint8 *out);

KMS_AVAILABLE_IN_1_0
GType kms_context_builder_get_type (void);
KMS_AVAILABLE_IN_1_0
KmsContextBuilder *kms_context_builder_new (void);
KMS_AVAILABLE_IN_1_0
KmsContextBuilder *kms_context_builder_ref (KmsContextBuilder *self);
KMS_AVAILABLE_IN_1_0
void kms_context_builder_unref (KmsContextBuilder *self);
KMS_AVAILABLE_IN_1_0
void kms_context_builder_add_string (KmsContextBuilder *self, KmsNameKind kind, const char *name, gssize name_length,
                                     const char *value, gssize value_length);
KMS_AVAILABLE_IN_1_0
void kms_context_builder_add_integer (KmsContextBuilder *self, KmsNameKind kind, const char *name, gint64 value);
KMS_AVAILABLE_IN_1_0
void kms_context_builder_add_decimal (KmsContextBuilder *self, KmsNameKind kind, const char *name, const char *digits);
KMS_AVAILABLE_IN_1_0
gboolean kms_context_builder_add_assignment (KmsContextBuilder *self, const char *assignment, GError **error);
KMS_AVAILABLE_IN_1_0
KmsContext *kms_context_builder_end (KmsContextBuilder *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsContext, kms_context_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsContextBuilder, kms_context_builder_unref)

G_END_DECLS
