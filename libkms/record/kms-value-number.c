/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Integers, floats and decimals, as Ruby reads them from text and writes them. */
#include "kms-value-private.h"

#include <gnutls/gnutls.h>
#include <math.h>
#include <string.h>

#include "kms-error.h"
#include "kms-secret.h"

/* A decimal is written without an exponent, and "1e999999999" is short. */
#define MAX_DIGITS 10000
#define FLOAT_BUFFER 64
#define WORD_SIZE 8

KmsSecret *
_kms_value_pack (guint64 bits)
{
  guint64 big_endian = GUINT64_TO_BE (bits);
  KmsSecret *secret = kms_secret_new ((const guint8 *) &big_endian, sizeof big_endian);

  gnutls_memset (&big_endian, 0, sizeof big_endian);
  return secret;
}

guint64
_kms_value_unpack (const guint8 *bytes)
{
  guint64 big_endian;

  memcpy (&big_endian, bytes, sizeof big_endian);
  return GUINT64_FROM_BE (big_endian);
}

KmsSecret *
_kms_value_pack_float (double number)
{
  guint64 bits;

  if (isnan (number))
    return _kms_value_pack (G_GUINT64_CONSTANT (0x7ff8000000000000));
  memcpy (&bits, &number, sizeof bits);
  return _kms_value_pack (bits);
}

/* Where digits begin and end in a text, as String#to_i and its kin look for them. */
typedef struct
{
  const char *at, *end;
  gboolean strict;
} Scanner;

static void
skip_blanks (Scanner *self)
{
  while (!self->strict && self->at < self->end && (*self->at == ' ' || (*self->at >= '\t' && *self->at <= '\r')))
    self->at++;
}

static gboolean
take_sign (Scanner *self)
{
  gboolean negative = self->at < self->end && *self->at == '-';

  if (self->at < self->end && (*self->at == '-' || *self->at == '+'))
    self->at++;
  return negative;
}

/* The next digit, or -1. Ruby allows an underscore between two digits. */
static int
take_digit (Scanner *self, gboolean first)
{
  const char *at = self->at;

  if (!first && !self->strict && at + 1 < self->end && *at == '_')
    at++;
  if (at == self->end || !g_ascii_isdigit (*at))
    return -1;
  self->at = at + 1;
  return *at - '0';
}

static gboolean
is_over (Scanner *self)
{
  return !self->strict || self->at == self->end;
}

gboolean
_kms_value_parse_integer_text (const char *text, gsize length, gboolean strict, KmsSecret **plaintext, GError **error)
{
  Scanner scanner = { text, text + length, strict };
  guint64 number = 0;
  int digit;

  skip_blanks (&scanner);
  gboolean negative = take_sign (&scanner);
  const char *start = scanner.at;
  guint64 limit = negative ? (guint64) G_MAXINT64 + 1 : G_MAXINT64;
  while ((digit = take_digit (&scanner, scanner.at == start)) >= 0)
    {
      if (number > (limit - (guint64) digit) / 10)
        {
          g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
                       "the integer does not fit into 64 bits; an attribute of type decimal takes longer ones");
          return FALSE;
        }
      number = number * 10 + (guint64) digit;
    }
  if (strict && (scanner.at == start || !is_over (&scanner)))
    return _kms_value_refuse (error, "an integer: digits, perhaps behind a minus sign");
  return _kms_value_take (_kms_value_pack (negative ? 0 - number : number), plaintext, error);
}

static const struct
{
  const char *text;
  double number;
} names[] = {
  { "NaN", NAN },
  { "Infinity", INFINITY },
  { "-Infinity", -INFINITY },
};

static int
find_name (const char *text, gsize length)
{
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strlen (names[i].text) == length && memcmp (names[i].text, text, length) == 0)
      return (int) i;
  return -1;
}

/* The parts of a number with a point and an exponent. */
typedef struct
{
  gboolean negative;
  char *digits; /* of the caller's, as many as the text is long */
  gsize n_digits, n_whole;
  gint64 exponent;
} Decimal;

static void
take_digits (Scanner *scanner, Decimal *decimal)
{
  const char *start = scanner->at;
  int digit;

  while ((digit = take_digit (scanner, scanner->at == start)) >= 0)
    decimal->digits[decimal->n_digits++] = (char) ('0' + digit);
}

/* An exponent without digits is none. */
static void
take_exponent (Scanner *scanner, Decimal *decimal)
{
  const char *start = scanner->at;
  gint64 exponent = 0;
  int digit;

  if (scanner->at == scanner->end || (*scanner->at != 'e' && *scanner->at != 'E'))
    return;
  scanner->at++;
  gboolean negative = take_sign (scanner);
  const char *first = scanner->at;
  while ((digit = take_digit (scanner, scanner->at == first)) >= 0)
    exponent = MIN (exponent * 10 + digit, G_MAXINT32);
  if (scanner->at == first)
    scanner->at = start;
  decimal->exponent = negative ? -exponent : exponent;
}

/* FALSE: there is nothing of a number, or more than one. */
static gboolean
scan_decimal (const char *text, gsize length, gboolean strict, Decimal *decimal)
{
  Scanner scanner = { text, text + length, strict };

  skip_blanks (&scanner);
  decimal->negative = take_sign (&scanner);
  take_digits (&scanner, decimal);
  decimal->n_whole = decimal->n_digits;
  if (decimal->n_digits > 0 && scanner.at + 1 < scanner.end && *scanner.at == '.' && g_ascii_isdigit (scanner.at[1]))
    {
      scanner.at++;
      take_digits (&scanner, decimal);
    }
  if (decimal->n_digits > 0)
    take_exponent (&scanner, decimal);
  return decimal->n_digits > 0 && is_over (&scanner);
}

/* Room for the digits of a number, which are as secret as the number: they are never committed, and wiped with it. */
static KmsSecret *
make_room (gsize length, char **digits)
{
  guint8 *bytes;
  KmsSecret *room = kms_secret_reserve (length, &bytes);

  *digits = (char *) bytes;
  return room;
}

/* What was scanned, as strtod() reads it in every locale. */
static double
to_float (const Decimal *decimal)
{
  gint64 exponent = decimal->exponent - (gint64) (decimal->n_digits - decimal->n_whole);

  g_snprintf (decimal->digits + decimal->n_digits, FLOAT_BUFFER, "e%" G_GINT64_FORMAT, exponent);
  double number = g_ascii_strtod (decimal->digits, NULL);
  return decimal->negative ? -number : number;
}

gboolean
_kms_value_parse_float (const char *text, gsize length, gboolean strict, KmsSecret **plaintext, GError **error)
{
  int name = find_name (text, length);
  Decimal decimal = { FALSE };
  double number = 0;

  if (length == 0 && !strict)
    return TRUE;
  g_autoptr (KmsSecret) room = make_room (length + FLOAT_BUFFER, &decimal.digits);
  if (room == NULL)
    return _kms_value_take (NULL, plaintext, error);
  if (name >= 0)
    number = names[name].number;
  else if (scan_decimal (text, length, strict, &decimal))
    number = to_float (&decimal);
  else if (strict)
    return _kms_value_refuse (error, "a number such as -1.5, 2e10, NaN, Infinity or -Infinity");
  return _kms_value_take (_kms_value_pack_float (number), plaintext, error);
}

/* Neither zeros in front nor behind, but one digit at least on both sides of the point. */
static KmsSecret *
write_decimal (const Decimal *decimal)
{
  gsize first = 0, last = decimal->n_digits;
  guint8 *start;

  while (first < last && decimal->digits[first] == '0')
    first++;
  while (last > first && decimal->digits[last - 1] == '0')
    last--;
  gint64 point = first == last ? 0 : (gint64) decimal->n_whole + decimal->exponent - (gint64) first;
  gsize n = last - first;
  KmsSecret *secret = kms_secret_reserve (n + (gsize) ABS (point) + 4, &start);
  if (secret == NULL)
    return NULL;
  guint8 *out = start;
  if (decimal->negative)
    *out++ = '-';
  if (point <= 0)
    *out++ = '0';
  for (gint64 i = 0; i < point; i++)
    *out++ = (guint8) ((gsize) i < n ? decimal->digits[first + (gsize) i] : '0');
  *out++ = '.';
  for (gint64 i = point; i < 0; i++)
    *out++ = '0';
  for (gint64 i = MAX (point, 0); (gsize) i < n; i++)
    *out++ = (guint8) decimal->digits[first + (gsize) i];
  if (out[-1] == '.')
    *out++ = '0';
  kms_secret_commit (secret, (gsize) (out - start));
  return secret;
}

static gboolean
is_too_long (const Decimal *decimal)
{
  return decimal->n_digits > MAX_DIGITS || decimal->exponent > MAX_DIGITS || decimal->exponent < -MAX_DIGITS;
}

gboolean
_kms_value_parse_decimal (const char *text, gsize length, gboolean strict, KmsSecret **plaintext, GError **error)
{
  Decimal decimal = { FALSE };

  if (length == 0 && !strict)
    return TRUE;
  g_autoptr (KmsSecret) room = make_room (length + 1, &decimal.digits);
  if (room == NULL)
    return _kms_value_take (NULL, plaintext, error);
  if (find_name (text, length) >= 0)
    return _kms_value_take (kms_secret_new ((const guint8 *) text, length), plaintext, error);
  gboolean found = scan_decimal (text, length, strict, &decimal);
  if (!found && strict)
    return _kms_value_refuse (error, "a decimal number such as -12.50");
  if (is_too_long (&decimal))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE, "a decimal has %d digits at most", MAX_DIGITS);
      return FALSE;
    }
  if (!found)
    decimal.digits[decimal.n_digits++] = '0';
  return _kms_value_take (write_decimal (&decimal), plaintext, error);
}

gboolean
_kms_value_check_decimal (const guint8 *bytes, gsize length)
{
  const char *text = (const char *) bytes;
  Scanner scanner = { text, text + length, TRUE };
  gsize n_digits = 0;

  if (find_name (text, length) >= 0)
    return TRUE;
  take_sign (&scanner);
  for (; scanner.at < scanner.end && (g_ascii_isdigit (*scanner.at) || *scanner.at == '.'); scanner.at++)
    n_digits++;
  return n_digits > 0 && scanner.at == scanner.end;
}

KmsSecret *
_kms_value_format_integer (const guint8 *bytes, gsize length)
{
  char text[FLOAT_BUFFER];
  int n = g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT, (gint64) _kms_value_unpack (bytes));
  KmsSecret *secret = kms_secret_new ((const guint8 *) text, (gsize) n);

  gnutls_memset (text, 0, sizeof text);
  return secret;
}

/* The shortest text that means this number, and that is seen to be no integer. */
static void
write_float (double number, char *text)
{
  static const char *const formats[] = { "%.15g", "%.16g", "%.17g" };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      g_ascii_formatd (text, FLOAT_BUFFER, formats[i], number);
      if (g_ascii_strtod (text, NULL) == number)
        break;
    }
  if (strpbrk (text, ".e") == NULL)
    g_strlcat (text, ".0", FLOAT_BUFFER);
}

KmsSecret *
_kms_value_format_float (const guint8 *bytes, gsize length)
{
  guint64 bits = _kms_value_unpack (bytes);
  char text[FLOAT_BUFFER] = "";
  double number;

  memcpy (&number, &bits, sizeof number);
  if (isnan (number))
    g_strlcpy (text, "NaN", sizeof text);
  else if (isinf (number))
    g_strlcpy (text, number > 0 ? "Infinity" : "-Infinity", sizeof text);
  else
    write_float (number, text);
  KmsSecret *secret = kms_secret_new ((const guint8 *) text, strlen (text));
  gnutls_memset (text, 0, sizeof text);
  return secret;
}
