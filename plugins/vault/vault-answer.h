/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers to encrypt, decrypt and rewrap, read where they stand. */
#pragma once

#include "vault-envelope.h"

G_BEGIN_DECLS

/* What came of one item. */
typedef struct
{
  const char *ciphertext;
  const char *plaintext; /* in base64 */
  gsize ciphertext_length, plaintext_length;
  const char *error;
  gint64 key_version; /* -1 where it does not say */
} VaultResult;

typedef struct
{
  VaultEnvelope envelope;
  guint n_results; /* even those for which there was no room */
} VaultAnswer;

/* `results` has room for so many; for an answer without a batch the first is what there is. */
void vault_answer_parse (VaultAnswer *self, guint8 *body, gsize length, VaultResult *results, guint n_room);

/* The number in "vault:vN:…"; FALSE for what a server would not write so: servers read 0 as 1, and take base64 whose
 * unused bits are set. */
gboolean vault_ciphertext_parse (const char *text, gsize length, guint64 *version);

G_END_DECLS
