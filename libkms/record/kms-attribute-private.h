/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the cells of a row to the bytes of a value, and back, with a data key at hand. */
#pragma once

#include "kms-model-private.h"
#include "kms-store-private.h"

G_BEGIN_DECLS

/* What is encrypted, its nonce, its salt. */
#define KMS_ATTRIBUTE_MAX_CELLS 3

/* What is written into the columns of one attribute, the first `n_cells` of them. */
typedef struct
{
  KmsCell cells[KMS_ATTRIBUTE_MAX_CELLS];
  guint n_cells;
  GBytes *owned[KMS_ATTRIBUTE_MAX_CELLS];
} KmsAttributeCells;

void _kms_attribute_cells_clear (KmsAttributeCells *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KmsAttributeCells, _kms_attribute_cells_clear)

/* The columns in which the attribute stands, in the order of its cells; tells how many there are. 0: it is a file. */
guint _kms_attribute_get_columns (const KmsModelAttribute *self, const char *columns[KMS_ATTRIBUTE_MAX_CELLS]);

/* Whether there is anything to decrypt, and so a data key is needed: NULL is NULL, and what is empty was stored as it is. */
gboolean _kms_attribute_is_encrypted (const KmsModelAttribute *self, const KmsCell *cells);
gboolean _kms_attribute_is_stored_encrypted (const KmsModelAttribute *self, KmsSecret *plaintext);

/* NULL without an error is NULL. The data key may be NULL where none is needed. What does not open is
 * INVALID_CIPHERTEXT, with the attribute's name in front. */
gboolean _kms_attribute_open (const KmsModelAttribute *self, KmsSecret *data_key, const KmsCell *cells,
                              KmsSecret **plaintext, GError **error);

/* As the gems write; a NULL plaintext is NULL. Where the gem leaves a nonce of the past behind, its cell is not among
 * those that are written. */
gboolean _kms_attribute_seal (const KmsModelAttribute *self, KmsSecret *data_key, KmsSecret *plaintext,
                              KmsAttributeCells *cells, GError **error);

G_END_DECLS
