/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A growing buffer that leaves nothing behind: what it moves away from is wiped, and so is what it had at its end. It
 * stands on the ordinary heap, since requests of some megabytes would use up all memory that may be locked. */
#include "kms-http-buffer.h"

#include <gnutls/gnutls.h>
#include <string.h>

/* The first piece of memory: most single requests and answers fit. */
#define SMALLEST_CAPACITY 1024

struct _KmsHttpBuffer
{
  gatomicrefcount refs;
  guint8 *data;
  gsize length;
  gsize capacity;
};

/**
 * kms_http_buffer_new:
 *
 * Makes an empty buffer.
 *
 * Returns: (transfer full): the buffer
 *
 * Since: 1.0
 */
KmsHttpBuffer *
kms_http_buffer_new (void)
{
  KmsHttpBuffer *self = g_new0 (KmsHttpBuffer, 1);
  g_atomic_ref_count_init (&self->refs);
  return self;
}

/**
 * kms_http_buffer_ref:
 * @self: a buffer
 *
 * Adds a reference. Only the count may be shared between threads, not the content.
 *
 * Returns: (transfer full): the buffer
 *
 * Since: 1.0
 */
KmsHttpBuffer *
kms_http_buffer_ref (KmsHttpBuffer *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

static void
wipe (guint8 *data, gsize length)
{
  if (length > 0)
    gnutls_memset (data, 0, length);
}

/**
 * kms_http_buffer_unref:
 * @self: (transfer full): a buffer
 *
 * Drops a reference; with the last one, the content is wiped.
 *
 * Since: 1.0
 */
void
kms_http_buffer_unref (KmsHttpBuffer *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  wipe (self->data, self->capacity);
  g_free (self->data);
  g_free (self);
}

/**
 * kms_http_buffer_get_data:
 * @self: a buffer
 * @length: (out): the number of bytes
 *
 * Gets the content, followed by a NUL that is not counted.
 *
 * Returns: (transfer none) (array length=length): the bytes, never %NULL; valid until the buffer grows
 *
 * Since: 1.0
 */
guint8 *
kms_http_buffer_get_data (KmsHttpBuffer *self, gsize *length)
{
  kms_http_buffer_reserve (self, 0)[0] = '\0';
  *length = self->length;
  return self->data;
}

/**
 * kms_http_buffer_truncate:
 * @self: a buffer
 * @length: how many bytes stay
 *
 * Cuts the content; what is cut away is wiped.
 *
 * Since: 1.0
 */
void
kms_http_buffer_truncate (KmsHttpBuffer *self, gsize length)
{
  g_return_if_fail (length <= self->length);

  if (self->data != NULL)
    wipe (self->data + length, self->length - length);
  self->length = length;
}

/**
 * kms_http_buffer_reserve:
 * @self: a buffer
 * @length: how many bytes may come
 *
 * Makes room behind the content, and for a NUL behind that.
 *
 * Returns: (transfer none): where to write
 *
 * Since: 1.0
 */
guint8 *
kms_http_buffer_reserve (KmsHttpBuffer *self, gsize length)
{
  gsize wanted;

  if (!g_size_checked_add (&wanted, self->length, length) || !g_size_checked_add (&wanted, wanted, 1))
    g_error ("a buffer of more bytes than there are addresses");
  if (wanted > self->capacity)
    {
      gsize capacity = MAX (wanted, MAX (SMALLEST_CAPACITY, self->capacity * 2));
      guint8 *data = g_malloc (capacity);
      if (self->data != NULL)
        memcpy (data, self->data, self->length);
      wipe (self->data, self->capacity);
      g_free (self->data);
      self->data = data;
      self->capacity = capacity;
    }
  return self->data + self->length;
}

/**
 * kms_http_buffer_commit:
 * @self: a buffer
 * @length: how many bytes were written to where kms_http_buffer_reserve() said
 *
 * Makes what was written part of the content.
 *
 * Since: 1.0
 */
void
kms_http_buffer_commit (KmsHttpBuffer *self, gsize length)
{
  g_return_if_fail (length == 0 || length < self->capacity - self->length);

  self->length += length;
}

/**
 * kms_http_buffer_append:
 * @self: a buffer
 * @data: (array length=length) (element-type guint8) (nullable): bytes
 * @length: their number
 *
 * Appends bytes.
 *
 * Since: 1.0
 */
void
kms_http_buffer_append (KmsHttpBuffer *self, const void *data, gsize length)
{
  if (length == 0)
    return;
  memcpy (kms_http_buffer_reserve (self, length), data, length);
  self->length += length;
}

/**
 * kms_http_buffer_append_text:
 * @self: a buffer
 * @text: a text
 *
 * Appends a text as it is.
 *
 * Since: 1.0
 */
void
kms_http_buffer_append_text (KmsHttpBuffer *self, const char *text)
{
  kms_http_buffer_append (self, text, strlen (text));
}

/**
 * kms_http_buffer_append_base64:
 * @self: a buffer
 * @data: (array length=length): bytes
 * @length: their number
 *
 * Appends bytes as base64 (RFC 4648, with padding, without line breaks).
 *
 * Since: 1.0
 */
void
kms_http_buffer_append_base64 (KmsHttpBuffer *self, const guint8 *data, gsize length)
{
  char *out = (char *) kms_http_buffer_reserve (self, kms_base64_encoded_size (length));
  self->length += kms_base64_encode_to (data, length, out);
}

/* What RFC 8259, section 7, lets no string hold as it is. DEL and everything beyond ASCII may stay. */
static gboolean
must_escape (char c)
{
  return (guchar) c < 0x20 || c == '"' || c == '\\';
}

static gsize
write_escape (char c, char *out)
{
  static const char hex[] = "0123456789abcdef";
  static const char shorts[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
  const char *at = strchr (shorts, c);

  out[0] = '\\';
  if (c != '\0' && at != NULL)
    {
      out[1] = letters[at - shorts];
      return 2;
    }
  memcpy (out + 1, "u00", 3);
  out[4] = hex[(guchar) c >> 4];
  out[5] = hex[(guchar) c & 15];
  return 6;
}

/**
 * kms_http_buffer_append_json_string:
 * @self: a buffer
 * @text: a text in UTF-8
 * @length: its length in bytes, or -1 if it ends in NUL
 *
 * Appends a text as a JSON string, with its quotes.
 *
 * Since: 1.0
 */
void
kms_http_buffer_append_json_string (KmsHttpBuffer *self, const char *text, gssize length)
{
  gsize n = length < 0 ? strlen (text) : (gsize) length;
  gsize max;

  if (!g_size_checked_mul (&max, n, 6) || !g_size_checked_add (&max, max, 2))
    g_error ("a string of more bytes than there are addresses");
  char *start = (char *) kms_http_buffer_reserve (self, max), *out = start;
  *out++ = '"';
  for (gsize i = 0; i < n; i++)
    if (G_UNLIKELY (must_escape (text[i])))
      out += write_escape (text[i], out);
    else
      *out++ = text[i];
  *out++ = '"';
  self->length += (gsize) (out - start);
}
