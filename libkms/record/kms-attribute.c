/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attributes as Lockbox and attr_encrypted keep them in columns. */
#include "kms-attribute-private.h"

#include <string.h>

#include "kms-base64.h"
#include "kms-error.h"
#include "kms-secret.h"

/* What fits here is decoded without a heap block of its own. */
#define SMALL_SIZE 1024

void
_kms_attribute_cells_clear (KmsAttributeCells *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->owned); i++)
    g_clear_pointer (&self->owned[i], g_bytes_unref);
  self->n_cells = 0;
}

guint
_kms_attribute_get_columns (const KmsModelAttribute *self, const char *columns[KMS_ATTRIBUTE_MAX_CELLS])
{
  guint n = 0;

  if (self->column != NULL && self->format != KMS_ATTRIBUTE_LOCKBOX_FILE)
    columns[n++] = self->column;
  if (self->iv_column != NULL)
    columns[n++] = self->iv_column;
  if (self->salt_column != NULL)
    columns[n++] = self->salt_column;
  return n;
}

/* Padding makes something even of what is empty. */
static gboolean
keeps_empty (const KmsModelAttribute *self)
{
  return self->format == KMS_ATTRIBUTE_ATTR_ENCRYPTED || self->lockbox.padding == 0;
}

static gboolean
is_bytes (const KmsCell *cell)
{
  return cell->type == KMS_CELL_TEXT || cell->type == KMS_CELL_BLOB;
}

gboolean
_kms_attribute_is_encrypted (const KmsModelAttribute *self, const KmsCell *cells)
{
  if (cells[0].type == KMS_CELL_NULL)
    return FALSE;
  return !is_bytes (&cells[0]) || cells[0].length > 0 || !keeps_empty (self);
}

gboolean
_kms_attribute_is_stored_encrypted (const KmsModelAttribute *self, KmsSecret *plaintext)
{
  return plaintext != NULL && (kms_secret_get_length (plaintext) > 0 || !keeps_empty (self));
}

static KmsSecret *
open_lockbox (const KmsModelAttribute *self, const guint8 *key, const KmsCell *cell, GError **error)
{
  guint8 small[SMALL_SIZE];
  const guint8 *sealed = (const guint8 *) cell->value.bytes;
  gsize length = cell->length;
  g_autofree guint8 *large = NULL;

  if (self->encode)
    {
      gsize most = kms_base64_decoded_max (length);
      guint8 *out = most <= sizeof small ? small : (large = g_malloc (most));
      length = kms_base64_decode_lenient_to (cell->value.bytes, length, out);
      sealed = out;
    }
  return _kms_lockbox_open (&self->lockbox, key, sealed, length, error);
}

static GBytes *
borrow (const KmsCell *cell)
{
  return is_bytes (cell) ? g_bytes_new_static (cell->value.bytes, cell->length) : NULL;
}

static KmsSecret *
open_attr_encrypted (const KmsModelAttribute *self, KmsSecret *data_key, const KmsCell *cells, GError **error)
{
  g_auto (KmsAttrColumns) columns = { borrow (&cells[0]), NULL, NULL };

  if (self->iv_column != NULL)
    columns.iv = borrow (&cells[1]);
  if (self->salt_column != NULL)
    columns.salt = borrow (&cells[2]);
  return _kms_attr_decrypt (&self->attr, data_key, &columns, error);
}

static const guint8 *
get_key (KmsSecret *data_key, GError **error)
{
  gsize length = 0;
  const guint8 *key = data_key == NULL ? NULL : kms_secret_get_data (data_key, &length);

  if (key != NULL && length == KMS_LOCKBOX_KEY_SIZE)
    return key;
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT,
               "the data key of the row has %" G_GSIZE_FORMAT " bytes, not %d", length, KMS_LOCKBOX_KEY_SIZE);
  return NULL;
}

static KmsSecret *
open_encrypted (const KmsModelAttribute *self, KmsSecret *data_key, const KmsCell *cells, GError **error)
{
  if (!is_bytes (&cells[0]))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT, "column \"%s\" holds a number, not a ciphertext",
                   self->column);
      return NULL;
    }
  if (self->format == KMS_ATTRIBUTE_ATTR_ENCRYPTED)
    return open_attr_encrypted (self, data_key, cells, error);
  const guint8 *key = get_key (data_key, error);
  return key == NULL ? NULL : open_lockbox (self, key, &cells[0], error);
}

gboolean
_kms_attribute_open (const KmsModelAttribute *self, KmsSecret *data_key, const KmsCell *cells, KmsSecret **plaintext,
                     GError **error)
{
  *plaintext = NULL;
  if (cells[0].type == KMS_CELL_NULL)
    return TRUE;
  *plaintext = _kms_attribute_is_encrypted (self, cells) ? open_encrypted (self, data_key, cells, error)
                                                         : kms_secret_new ((const guint8 *) "", 0);
  if (*plaintext != NULL)
    return TRUE;
  if (error != NULL && *error == NULL)
    g_set_error (error, KMS_ERROR, KMS_ERROR_QUOTA, "there is no locked memory left");
  g_prefix_error (error, "%s: ", self->name);
  return FALSE;
}

static void
take_cell (KmsAttributeCells *cells, KmsCellType type, GBytes *bytes)
{
  guint n = cells->n_cells++;

  cells->owned[n] = bytes;
  cells->cells[n].type = type;
  cells->cells[n].value.bytes = g_bytes_get_data (bytes, &cells->cells[n].length);
}

/* Empty or NULL. */
static void
add_plain_cell (KmsAttributeCells *cells, gboolean is_null)
{
  cells->cells[cells->n_cells++] = (KmsCell){ .type = is_null ? KMS_CELL_NULL : KMS_CELL_TEXT, .value.bytes = "" };
}

static gboolean
seal_lockbox (const KmsModelAttribute *self, const guint8 *key, KmsSecret *plaintext, KmsAttributeCells *cells,
              GError **error)
{
  gsize length;
  const guint8 *data = kms_secret_get_data (plaintext, &length);
  gsize size = _kms_lockbox_sealed_size (&self->lockbox, length);
  guint8 small[SMALL_SIZE];
  g_autofree guint8 *large = self->encode && size <= sizeof small ? NULL : g_malloc (size);
  guint8 *out = large == NULL ? small : large;

  if (!_kms_lockbox_seal (&self->lockbox, key, NULL, data, length, out, error))
    return FALSE;
  if (!self->encode)
    {
      take_cell (cells, KMS_CELL_BLOB, g_bytes_new_take (g_steal_pointer (&large), size));
      return TRUE;
    }
  char *text = g_malloc (kms_base64_encoded_size (size) + 1);
  take_cell (cells, KMS_CELL_TEXT, g_bytes_new_take (text, kms_base64_encode_to (out, size, text)));
  return TRUE;
}

static KmsCellType
get_cell_type (KmsAttrEncoding encoding)
{
  return encoding == KMS_ATTR_ENCODING_NONE ? KMS_CELL_BLOB : KMS_CELL_TEXT;
}

static gboolean
seal_attr_encrypted (const KmsModelAttribute *self, KmsSecret *data_key, KmsSecret *plaintext, KmsAttributeCells *cells,
                     GError **error)
{
  g_auto (KmsAttrColumns) columns = { NULL };

  if (!_kms_attr_encrypt (&self->attr, data_key, plaintext, &columns, error))
    return FALSE;
  take_cell (cells, get_cell_type (self->attr.encoding), g_steal_pointer (&columns.encrypted));
  take_cell (cells, get_cell_type (self->attr.iv_encoding), g_steal_pointer (&columns.iv));
  if (columns.salt != NULL)
    take_cell (cells, get_cell_type (self->attr.salt_encoding), g_steal_pointer (&columns.salt));
  return TRUE;
}

static gboolean
seal_encrypted (const KmsModelAttribute *self, KmsSecret *data_key, KmsSecret *plaintext, KmsAttributeCells *cells,
                GError **error)
{
  const guint8 *key = get_key (data_key, error);

  if (key == NULL)
    return FALSE;
  return self->format == KMS_ATTRIBUTE_ATTR_ENCRYPTED ? seal_attr_encrypted (self, data_key, plaintext, cells, error)
                                                      : seal_lockbox (self, key, plaintext, cells, error);
}

gboolean
_kms_attribute_seal (const KmsModelAttribute *self, KmsSecret *data_key, KmsSecret *plaintext, KmsAttributeCells *cells,
                     GError **error)
{
  if (!_kms_attribute_is_stored_encrypted (self, plaintext))
    {
      add_plain_cell (cells, plaintext == NULL);
      return TRUE;
    }
  if (seal_encrypted (self, data_key, plaintext, cells, error))
    return TRUE;
  g_prefix_error (error, "%s: ", self->name);
  return FALSE;
}
