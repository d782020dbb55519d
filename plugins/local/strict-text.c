/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads and writes the text of keystore files. It knows no keys: what stands in a file is authenticated elsewhere. */
#include "strict-text.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include <libkms/kms.h>

#define FORMAT_SUFFIX " 1\n"
#define SUM_SIZE 16
#define SUM_LINE_LENGTH (strlen ("sum: ") + 2 * SUM_SIZE + 1)

static void
write_hex (const guint8 *data, gsize length, char *out)
{
  static const char digits[] = "0123456789abcdef";

  for (gsize i = 0; i < length; i++)
    {
      out[2 * i] = digits[data[i] >> 4];
      out[2 * i + 1] = digits[data[i] & 15];
    }
  out[2 * length] = '\0';
}

static gboolean
parse_hex (const char *text, gsize text_length, guint8 *out, gsize length)
{
  if (text_length != 2 * length)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    {
      int high = g_ascii_xdigit_value (text[2 * i]);
      int low = g_ascii_xdigit_value (text[2 * i + 1]);

      if (high < 0 || low < 0 || g_ascii_isupper (text[2 * i]) || g_ascii_isupper (text[2 * i + 1]))
        return FALSE;
      out[i] = (guint8) (high << 4 | low);
    }
  return TRUE;
}

static void
digest (const char *text, gsize length, char sum[2 * SUM_SIZE + 1])
{
  guint8 hash[32];

  gnutls_hash_fast (GNUTLS_DIG_SHA256, text, length, hash);
  write_hex (hash, SUM_SIZE, sum);
}

gboolean
strict_text_fail (const char *name, GError **error)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY,
               "the line \"%s\" is not what libkms writes: restore the file from a backup", name);
  return FALSE;
}

static gboolean
fail_cut (GError **error)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY,
               "it is cut short: its last line is not a checksum: restore it from a backup");
  return FALSE;
}

static gboolean
check_first_line (StrictText *self, const char *kind, gsize length, GError **error)
{
  gsize kind_length = strlen (kind);

  if (length <= kind_length || memcmp (self->text, kind, kind_length) != 0 || self->text[kind_length] != ' ')
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY,
                   "it does not begin with \"%s\": it is not such a file, or damaged: restore it from a backup", kind);
      return FALSE;
    }
  if (memcmp (self->text + kind_length, FORMAT_SUFFIX, MIN (length - kind_length, strlen (FORMAT_SUFFIX))) != 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
                   "its format is not 1, the only one that this libkms knows: update libkms");
      return FALSE;
    }
  if (length < kind_length + strlen (FORMAT_SUFFIX))
    return fail_cut (error);
  self->at = self->text + kind_length + strlen (FORMAT_SUFFIX);
  return TRUE;
}

gboolean
strict_text_begin (StrictText *self, const char *kind, const char *text, gsize length, GError **error)
{
  char sum[2 * SUM_SIZE + 1];
  const char *sum_line;

  self->text = text;
  if (!check_first_line (self, kind, length, error))
    return FALSE;

  sum_line = length > SUM_LINE_LENGTH ? text + length - SUM_LINE_LENGTH : text;
  if (sum_line < self->at || memcmp (sum_line, "sum: ", 5) != 0 || text[length - 1] != '\n')
    return fail_cut (error);
  digest (text, (gsize) (sum_line - text), sum);
  if (memcmp (sum_line + 5, sum, 2 * SUM_SIZE) != 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY,
                   "its checksum does not match: it is damaged or was edited: restore it from a backup");
      return FALSE;
    }
  self->end = sum_line;
  return TRUE;
}

gboolean
strict_text_next_is (StrictText *self, const char *name)
{
  gsize length = strlen (name);

  return (gsize) (self->end - self->at) > length + 1 && memcmp (self->at, name, length) == 0 && self->at[length] == ':'
         && self->at[length + 1] == ' ';
}

gboolean
strict_text_read (StrictText *self, const char *name, const char **value, gsize *length, GError **error)
{
  const char *line_end;

  if (!strict_text_next_is (self, name))
    return strict_text_fail (name, error);
  *value = self->at + strlen (name) + 2;
  line_end = memchr (*value, '\n', (gsize) (self->end - *value));
  if (line_end == NULL)
    return strict_text_fail (name, error);
  *length = (gsize) (line_end - *value);
  self->at = line_end + 1;
  return TRUE;
}

/* Printable UTF-8 only: what is read here gets onto terminals and into error messages. */
char *
strict_text_dup (StrictText *self, const char *name, gsize max_length, GError **error)
{
  const char *value;
  gsize length;

  if (!strict_text_read (self, name, &value, &length, error))
    return NULL;
  if (length > max_length || !g_utf8_validate_len (value, length, NULL))
    {
      strict_text_fail (name, error);
      return NULL;
    }
  for (const char *p = value; p < value + length; p = g_utf8_next_char (p))
    if (g_unichar_iscntrl (g_utf8_get_char (p)))
      {
        strict_text_fail (name, error);
        return NULL;
      }
  return g_strndup (value, length);
}

gboolean
strict_text_parse_number (const char *text, gsize text_length, gint64 min, gint64 max, gint64 *number)
{
  char digits[24];

  /* One spelling a number: no sign but a minus, no leading zeros, and no minus before 0. GLib's parser takes a vertical tab
   * in front. */
  if (text_length == 0 || text_length >= sizeof digits || (*text != '-' && !g_ascii_isdigit (*text))
      || (*text == '0' && text_length > 1) || (*text == '-' && text_length > 1 && text[1] == '0'))
    return FALSE;
  memcpy (digits, text, text_length);
  digits[text_length] = '\0';
  return strlen (digits) == text_length && g_ascii_string_to_signed (digits, 10, min, max, number, NULL);
}

gboolean
strict_text_parse_base64 (const char *text, gsize text_length, guint8 *out, gsize length)
{
  g_autofree guint8 *decoded = NULL;
  gsize decoded_length;

  if (text_length != kms_base64_encoded_size (length))
    return FALSE;
  decoded = g_malloc (kms_base64_decoded_max (text_length) + 1);
  if (!kms_base64_decode_strict_to (text, text_length, decoded, &decoded_length) || decoded_length != length)
    return FALSE;
  memcpy (out, decoded, length);
  return TRUE;
}

gboolean
strict_text_read_number (StrictText *self, const char *name, gint64 min, gint64 max, gint64 *number, GError **error)
{
  const char *value;
  gsize length;

  return strict_text_read (self, name, &value, &length, error)
         && (strict_text_parse_number (value, length, min, max, number) || strict_text_fail (name, error));
}

gboolean
strict_text_read_hex (StrictText *self, const char *name, guint8 *out, gsize length, GError **error)
{
  const char *value;
  gsize value_length;

  return strict_text_read (self, name, &value, &value_length, error)
         && (parse_hex (value, value_length, out, length) || strict_text_fail (name, error));
}

gboolean
strict_text_read_base64 (StrictText *self, const char *name, guint8 *out, gsize length, GError **error)
{
  const char *value;
  gsize value_length;

  return strict_text_read (self, name, &value, &value_length, error)
         && (strict_text_parse_base64 (value, value_length, out, length) || strict_text_fail (name, error));
}

gboolean
strict_text_end (StrictText *self, GError **error)
{
  if (self->at == self->end)
    return TRUE;
  return strict_text_fail ("sum", error);
}

GString *
strict_text_new (const char *kind)
{
  GString *text = g_string_new (kind);

  g_string_append (text, FORMAT_SUFFIX);
  return text;
}

void
strict_text_add (GString *text, const char *name, const char *format, ...)
{
  va_list arguments;

  g_string_append_printf (text, "%s: ", name);
  va_start (arguments, format);
  g_string_append_vprintf (text, format, arguments);
  va_end (arguments);
  g_string_append_c (text, '\n');
}

void
strict_text_add_hex (GString *text, const char *name, const guint8 *data, gsize length)
{
  g_autofree char *hex = g_malloc (2 * length + 1);

  write_hex (data, length, hex);
  strict_text_add (text, name, "%s", hex);
}

void
strict_text_add_base64 (GString *text, const char *name, const guint8 *data, gsize length)
{
  g_autofree char *base64 = kms_base64_encode (data, length);

  strict_text_add (text, name, "%s", base64);
}

void
strict_text_add_sum (GString *text)
{
  char sum[2 * SUM_SIZE + 1];

  digest (text->str, text->len, sum);
  strict_text_add (text, "sum", "%s", sum);
}
