/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all answers have in common, read where it stands: the texts point into the body, and live as long as that. */
#pragma once

#include <kms-http.h>

G_BEGIN_DECLS

#define VAULT_MAX_ERRORS 4

typedef struct
{
  gboolean is_json; /* the whole of it; nothing else counts otherwise */
  const char *request_id;
  const char *errors[VAULT_MAX_ERRORS];
  guint n_errors;
  gboolean ignored_associated_data;
} VaultEnvelope;

/* Reads the value of a member, or skips it. */
typedef void (*VaultMemberFunc) (KmsHttpJson *json, const char *name, gpointer data);

/* An object of the envelope, such as "data", and who reads its members; NULL for the members of the envelope itself. */
typedef struct
{
  const char *name;
  VaultMemberFunc func;
  gpointer data;
} VaultSection;

void vault_envelope_parse (VaultEnvelope *self, guint8 *body, gsize length, const VaultSection *sections,
                           guint n_sections);

/* For members that may be null: the value stays as it was then. */
gboolean vault_json_read_text (KmsHttpJson *json, const char **text, gsize *length);
gboolean vault_json_read_integer (KmsHttpJson *json, gint64 *value);
gboolean vault_json_read_boolean (KmsHttpJson *json, gboolean *value);
/* An array of texts, appended to. */
void vault_json_read_texts (KmsHttpJson *json, GPtrArray *texts);

G_END_DECLS
