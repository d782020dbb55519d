/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes the serialised form of an array of arrays of bytes, as "GVariant Specification" (2.3, Framing Offsets) has it:
 * the elements, and where each of them ends, in numbers that are as small as the whole allows. */
#include "byte-strings.h"

#include <string.h>

struct _ByteStrings
{
  GByteArray *bytes;
  GArray *ends; /* of guint32 */
};

ByteStrings *
byte_strings_new (guint n_expected)
{
  ByteStrings *self = g_new (ByteStrings, 1);

  self->bytes = g_byte_array_new ();
  self->ends = g_array_sized_new (FALSE, FALSE, sizeof (guint32), n_expected);
  return self;
}

void
byte_strings_add (ByteStrings *self, const void *bytes, gsize length)
{
  if (length > 0)
    g_byte_array_append (self->bytes, bytes, (guint) length);
  g_array_append_val (self->ends, self->bytes->len);
}

static gsize
choose_offset_size (gsize n_bytes, gsize n_offsets)
{
  if (n_bytes + n_offsets <= G_MAXUINT8)
    return 1;
  return n_bytes + 2 * n_offsets <= G_MAXUINT16 ? 2 : 4;
}

GVariant *
byte_strings_end (ByteStrings *self)
{
  guint n = self->ends->len;
  gsize offset_size = choose_offset_size (self->bytes->len, n);
  guint at = self->bytes->len;

  g_byte_array_set_size (self->bytes, at + (guint) (n * offset_size));
  for (guint i = 0; i < n; i++)
    {
      guint32 end = GUINT32_TO_LE (g_array_index (self->ends, guint32, i));
      memcpy (self->bytes->data + at + i * offset_size, &end, offset_size);
    }
  g_autoptr (GBytes) whole = g_byte_array_free_to_bytes (self->bytes);
  g_array_unref (self->ends);
  g_free (self);
  return g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING_ARRAY, whole, TRUE);
}
