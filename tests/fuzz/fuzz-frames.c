/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Secrets in a pipe: every byte is a length or in a secret, wherever one piece ends and the next begins. The first byte says
 * how long pieces are. */
#include "fuzz.h"

#include <frames.h>
#include <quota.h>

static GPtrArray *
cut (const guint8 *data, gsize size, gsize piece)
{
  GPtrArray *chunks = g_ptr_array_new_with_free_func ((GDestroyNotify) kms_secret_unref);

  do
    {
      gsize length = MIN (size, piece);
      g_ptr_array_add (chunks, kms_secret_new (data, length));
      data += length;
      size -= length;
    }
  while (size > 0);
  return chunks;
}

static void
check_secrets (GPtrArray *secrets, const guint8 *data, gsize size)
{
  FUZZ_CHECK (secrets->len <= MAX_ITEMS);
  for (guint i = 0; i < secrets->len; i++)
    {
      gsize length;
      const guint8 *bytes = kms_secret_get_data (g_ptr_array_index (secrets, i), &length);
      FUZZ_CHECK (size >= 4 + length);
      FUZZ_CHECK (((gsize) data[0] << 24 | (gsize) data[1] << 16 | (gsize) data[2] << 8 | data[3]) == length);
      FUZZ_CHECK (length == 0 || memcmp (bytes, data + 4, length) == 0);
      data += 4 + length;
      size -= 4 + length;
    }
  FUZZ_CHECK (size == 0);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  if (size < 1 || size > 65536)
    return 0;
  g_autoptr (GPtrArray) chunks = cut (data + 1, size - 1, MAX (data[0], 1));
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) secrets = frames_split (chunks, &error);

  FUZZ_CHECK_OUTCOME (secrets != NULL, error);
  if (secrets != NULL)
    check_secrets (secrets, data + 1, size - 1);
  return 0;
}
