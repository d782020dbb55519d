/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames in locked memory: they are copied from there to there, and lengths are checked before room is made. */
#include "frames.h"

#include <string.h>

#include "quota.h"

#define HEADER_SIZE 4

typedef struct
{
  GPtrArray *chunks;
  guint chunk; /* where the next byte is */
  gsize at;
  gsize left; /* bytes in all */
} Cursor;

static void
take (Cursor *self, guint8 *to, gsize n)
{
  self->left -= n;
  while (n > 0)
    {
      gsize length;
      const guint8 *data = kms_secret_get_data (g_ptr_array_index (self->chunks, self->chunk), &length);
      gsize part = MIN (n, length - self->at);
      memcpy (to, data + self->at, part);
      to += part;
      n -= part;
      self->at += part;
      if (self->at == length)
        {
          self->chunk++;
          self->at = 0;
        }
    }
}

static KmsSecret *
take_frame (Cursor *self, guint index, GError **error)
{
  guint8 header[HEADER_SIZE];
  guint8 *bytes;

  if (self->left >= HEADER_SIZE)
    take (self, header, HEADER_SIZE);
  else
    memset (header, 0xff, HEADER_SIZE);
  gsize length = (gsize) header[0] << 24 | (gsize) header[1] << 16 | (gsize) header[2] << 8 | header[3];
  if (length > self->left)
    {
      g_set_error (
        error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
        "secret %u in the pipe is cut; write each as four bytes of length, the highest first, and that many bytes",
        index);
      return NULL;
    }
  KmsSecret *secret = kms_secret_reserve (length, &bytes);
  if (secret == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_QUOTA, "kmsd has no locked memory left; send fewer secrets at a time");
      return NULL;
    }
  take (self, bytes, length);
  kms_secret_commit (secret, length);
  return secret;
}

GPtrArray *
frames_split (GPtrArray *chunks, GError **error)
{
  g_autoptr (GPtrArray) secrets = g_ptr_array_new_with_free_func ((GDestroyNotify) kms_secret_unref);
  Cursor cursor = { .chunks = chunks };

  for (guint i = 0; i < chunks->len; i++)
    cursor.left += kms_secret_get_length (g_ptr_array_index (chunks, i));
  while (cursor.left > 0)
    {
      if (secrets->len == MAX_ITEMS)
        {
          g_set_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE, "more than %d secrets in one call; send several calls",
                       MAX_ITEMS);
          return NULL;
        }
      KmsSecret *secret = take_frame (&cursor, secrets->len, error);
      if (secret == NULL)
        return NULL;
      g_ptr_array_add (secrets, secret);
    }
  return g_steal_pointer (&secrets);
}

static gsize
get_length (KmsBatch *batch, guint index)
{
  KmsSecret *secret = kms_batch_get_secret (batch, index);
  return secret == NULL ? 0 : kms_secret_get_length (secret);
}

static guint8 *
put (guint8 *to, KmsSecret *secret)
{
  gsize length = 0;
  const guint8 *data = secret == NULL ? NULL : kms_secret_get_data (secret, &length);

  for (guint i = 0; i < HEADER_SIZE; i++)
    *to++ = (guint8) (length >> (24 - 8 * i));
  if (length > 0)
    memcpy (to, data, length);
  return to + length;
}

KmsSecret *
frames_join (KmsBatch *batch, GError **error)
{
  guint n = kms_batch_get_n_items (batch);
  gsize length = 0;
  guint8 *bytes;

  for (guint i = 0; i < n; i++)
    length += get_length (batch, i);
  if (length > MAX_SECRETS)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE,
                   "the plaintexts have more than %d bytes together; decrypt them in several calls", MAX_SECRETS);
      return NULL;
    }
  KmsSecret *joined = kms_secret_reserve (length + n * HEADER_SIZE, &bytes);
  if (joined == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_QUOTA, "kmsd has no locked memory left; decrypt less at a time");
      return NULL;
    }
  for (guint i = 0; i < n; i++)
    bytes = put (bytes, kms_batch_get_secret (batch, i));
  kms_secret_commit (joined, length + n * HEADER_SIZE);
  return joined;
}
