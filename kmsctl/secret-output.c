/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Secrets on their way to stdout, escaped piece by piece, so that no copy of them is in plain memory. */
#include "secret-output.h"

#include <string.h>
#include <unistd.h>

#include "bytes.h"

#define ROOM_SIZE (32 * 1024)

/* Bytes whose base64 ends without padding. */
#define BASE64_PIECE 3072

#define REPLACEMENT "\357\277\275"

gboolean
kmsctl_secret_output_init (KmsctlSecretOutput *self, Kmsctl *kmsctl, GError **error)
{
  *self = (KmsctlSecretOutput){ .kmsctl = kmsctl };
  self->room = kms_secret_reserve (ROOM_SIZE, &self->bytes);
  if (self->room != NULL)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_QUOTA, _ ("there is no locked memory left for the output"));
  return FALSE;
}

void
kmsctl_secret_output_clear (KmsctlSecretOutput *self)
{
  if (self->room != NULL)
    kms_secret_commit (self->room, ROOM_SIZE);
  g_clear_pointer (&self->room, kms_secret_unref);
  g_clear_error (&self->error);
}

static void
flush (KmsctlSecretOutput *self)
{
  if (self->error == NULL)
    kmsctl_write_all (self->kmsctl, STDOUT_FILENO, _ ("stdout"), self->bytes, self->used, &self->error);
  self->used = 0;
}

void
kmsctl_secret_output_add (KmsctlSecretOutput *self, const void *bytes, gsize length)
{
  const guint8 *next = bytes;

  while (length > 0)
    {
      gsize piece = MIN (length, ROOM_SIZE - self->used);
      memcpy (self->bytes + self->used, next, piece);
      self->used += piece;
      next += piece;
      length -= piece;
      if (self->used == ROOM_SIZE)
        flush (self);
    }
}

void
kmsctl_secret_output_add_text (KmsctlSecretOutput *self, const char *text)
{
  kmsctl_secret_output_add (self, text, strlen (text));
}

static void
add_json_ascii (KmsctlSecretOutput *self, char c)
{
  static const char letters[] = "b\bf\fn\nr\rt\t\"\"\\\\";
  char escape[8];

  for (guint i = 0; letters[i] != '\0'; i += 2)
    if (letters[i + 1] == c)
      {
        kmsctl_secret_output_add (self, (char[]){ '\\', letters[i] }, 2);
        return;
      }
  if ((guint8) c >= 0x20 && c != 0x7f)
    kmsctl_secret_output_add (self, &c, 1);
  else
    kmsctl_secret_output_add (self, escape, (gsize) g_snprintf (escape, sizeof escape, "\\u%04x", (guint8) c));
}

/* How many bytes the next character has; 0 where it is no UTF-8. */
static gsize
measure (const char *text, gsize length)
{
  gunichar c = g_utf8_get_char_validated (text, (gssize) MIN (length, 4));

  if (text[0] == '\0')
    return 1;
  return c == (gunichar) -1 || c == (gunichar) -2 ? 0 : (gsize) (g_utf8_next_char (text) - text);
}

void
kmsctl_secret_output_add_json (KmsctlSecretOutput *self, const char *text, gsize length)
{
  kmsctl_secret_output_add_text (self, "\"");
  for (gsize i = 0, size; i < length; i += MAX (size, 1))
    {
      size = measure (text + i, length - i);
      if (size == 0)
        kmsctl_secret_output_add_text (self, REPLACEMENT);
      else if (size == 1)
        add_json_ascii (self, text[i]);
      else
        kmsctl_secret_output_add (self, text + i, size);
    }
  kmsctl_secret_output_add_text (self, "\"");
}

static gboolean
needs_quotes (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (memchr ("\",\r\n", text[i], 4) != NULL)
      return TRUE;
  return length == 0 || text[0] == ' ' || text[length - 1] == ' ';
}

void
kmsctl_secret_output_add_csv (KmsctlSecretOutput *self, const char *text, gsize length)
{
  if (!needs_quotes (text, length))
    {
      kmsctl_secret_output_add (self, text, length);
      return;
    }
  kmsctl_secret_output_add_text (self, "\"");
  for (gsize i = 0; i < length; i++)
    {
      if (text[i] == '"')
        kmsctl_secret_output_add_text (self, "\"");
      kmsctl_secret_output_add (self, text + i, 1);
    }
  kmsctl_secret_output_add_text (self, "\"");
}

/* As kmsctl_make_printable() has it. */
static void
add_printable_character (KmsctlSecretOutput *self, const char *text, gsize size)
{
  gunichar c = size == 0 ? 0xfffd : text[0] == '\0' ? 0 : g_utf8_get_char (text);

  if (c == '\n' || c == '\t')
    kmsctl_secret_output_add_text (self, " ");
  else if (c < 0x20 || (c >= 0x7f && c <= 0x9f))
    kmsctl_secret_output_add_text (self, "?");
  else if (size == 0)
    kmsctl_secret_output_add_text (self, REPLACEMENT);
  else
    kmsctl_secret_output_add (self, text, size);
}

void
kmsctl_secret_output_add_printable (KmsctlSecretOutput *self, const char *text, gsize length)
{
  for (gsize i = 0, size; i < length; i += MAX (size, 1))
    {
      size = measure (text + i, length - i);
      add_printable_character (self, text + i, size);
    }
}

void
kmsctl_secret_output_add_base64 (KmsctlSecretOutput *self, const guint8 *bytes, gsize length)
{
  while (length > 0)
    {
      gsize piece = MIN (length, BASE64_PIECE);
      if (ROOM_SIZE - self->used <= kms_base64_encoded_size (piece))
        flush (self);
      self->used += kms_base64_encode_to (bytes, piece, (char *) self->bytes + self->used);
      bytes += piece;
      length -= piece;
    }
}

gboolean
kmsctl_secret_output_end (KmsctlSecretOutput *self, GError **error)
{
  flush (self);
  if (self->error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&self->error));
  return FALSE;
}
