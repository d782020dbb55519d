/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dates, moments and times of day as text. Years may be negative, and longer than four digits. */
#include "kms-value-private.h"

#include <string.h>

#include "kms-secret.h"

#define SECONDS_PER_DAY 86400
#define DAYS_PER_ERA 146097 /* 400 years, after which the calendar repeats itself */
#define MAX_YEAR_DIGITS 9
#define N_FRACTION_DIGITS 9
#define MAX_TEXT 64

/* Rails keeps microseconds of a text. */
#define CAST_FRACTION_DIGITS 6

/* Ruby's Date counts in the Julian calendar before that day. */
#define FIRST_GREGORIAN_YEAR 1582

typedef struct
{
  const char *at, *end;
} Reader;

typedef struct
{
  gint64 year;
  guint month, day;
  guint hour, minute, second, nanosecond;
  gint offset; /* of the zone, in seconds east of UTC */
} Moment;

gint64
_kms_days_from_date (gint64 year, guint month, guint day)
{
  gint64 shifted = year - (month <= 2);
  gint64 era = (shifted >= 0 ? shifted : shifted - 399) / 400;
  gint64 year_of_era = shifted - era * 400;
  gint64 day_of_year = (153 * ((gint64) month + (month > 2 ? -3 : 9)) + 2) / 5 + (gint64) day - 1;

  return era * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

void
_kms_date_from_days (gint64 days, gint64 *year, guint *month, guint *day)
{
  gint64 shifted = days + 719468;
  gint64 era = (shifted >= 0 ? shifted : shifted - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
  gint64 day_of_era = shifted - era * DAYS_PER_ERA;
  gint64 year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  gint64 day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  gint64 shifted_month = (5 * day_of_year + 2) / 153;

  *day = (guint) (day_of_year - (153 * shifted_month + 2) / 5 + 1);
  *month = (guint) (shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  *year = year_of_era + era * 400 + (*month <= 2);
}

static guint
count_days (gint64 year, guint month)
{
  static const guint8 days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  gboolean leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0 || year < FIRST_GREGORIAN_YEAR);

  return days[month - 1] + (month == 2 && leap);
}

static gboolean
take (Reader *self, char character)
{
  if (self->at == self->end || *self->at != character)
    return FALSE;
  self->at++;
  return TRUE;
}

/* Exactly so many digits. */
static gboolean
take_number (Reader *self, guint n_digits, guint max, guint *number)
{
  *number = 0;
  for (guint i = 0; i < n_digits; i++)
    {
      if (self->at == self->end || !g_ascii_isdigit (*self->at))
        return FALSE;
      *number = *number * 10 + (guint) (*self->at++ - '0');
    }
  return *number <= max;
}

static gboolean
take_year (Reader *self, gint64 *year)
{
  gboolean negative = take (self, '-');
  guint n_digits = 0;

  *year = 0;
  for (; self->at < self->end && g_ascii_isdigit (*self->at) && n_digits <= MAX_YEAR_DIGITS; n_digits++)
    *year = *year * 10 + (*self->at++ - '0');
  if (negative)
    *year = -*year;
  return n_digits >= 4 && n_digits <= MAX_YEAR_DIGITS;
}

static gboolean
take_date (Reader *self, Moment *moment)
{
  return take_year (self, &moment->year) && take (self, '-') && take_number (self, 2, 12, &moment->month)
         && moment->month > 0 && take (self, '-')
         && take_number (self, 2, count_days (moment->year, moment->month), &moment->day) && moment->day > 0;
}

/* Further digits than are kept are read and dropped. */
static gboolean
take_fraction (Reader *self, guint kept, Moment *moment)
{
  guint n_digits = 0;

  for (; self->at < self->end && g_ascii_isdigit (*self->at); n_digits++, self->at++)
    if (n_digits < kept)
      moment->nanosecond = moment->nanosecond * 10 + (guint) (*self->at - '0');
  for (guint i = MIN (n_digits, kept); i < N_FRACTION_DIGITS; i++)
    moment->nanosecond *= 10;
  return n_digits > 0;
}

static gboolean
take_clock (Reader *self, guint fraction_digits, Moment *moment)
{
  if (!take_number (self, 2, 23, &moment->hour) || !take (self, ':') || !take_number (self, 2, 59, &moment->minute))
    return FALSE;
  if (!take (self, ':'))
    return TRUE;
  if (!take_number (self, 2, 59, &moment->second))
    return FALSE;
  return !take (self, '.') || take_fraction (self, fraction_digits, moment);
}

/* Without a zone it is UTC. */
static gboolean
take_zone (Reader *self, Moment *moment)
{
  guint hours, minutes = 0;
  int sign = 0;

  if (self->at == self->end || take (self, 'Z'))
    return TRUE;
  if (self->end - self->at == 3 && memcmp (self->at, "UTC", 3) == 0)
    {
      self->at = self->end;
      return TRUE;
    }
  if (take (self, '+'))
    sign = 1;
  else if (take (self, '-'))
    sign = -1;
  if (sign == 0 || !take_number (self, 2, 23, &hours))
    return FALSE;
  if (self->at < self->end && (take (self, ':') || g_ascii_isdigit (*self->at)) && !take_number (self, 2, 59, &minutes))
    return FALSE;
  moment->offset = sign * (int) (hours * 60 + minutes) * 60;
  return TRUE;
}

static gboolean
take_moment (Reader *self, guint fraction_digits, Moment *moment)
{
  if (!take_date (self, moment))
    return FALSE;
  if (self->at == self->end)
    return TRUE;
  if (!take (self, 'T') && !take (self, ' '))
    return FALSE;
  if (!take_clock (self, fraction_digits, moment))
    return FALSE;
  while (take (self, ' '))
    ;
  return take_zone (self, moment);
}

static gboolean
read_moment (const char *text, gsize length, guint fraction_digits, Moment *moment)
{
  Reader reader = { text, text + length };

  *moment = (Moment){ 0 };
  return take_moment (&reader, fraction_digits, moment) && reader.at == reader.end;
}

static gboolean
read_date (const char *text, gsize length, Moment *moment)
{
  Reader reader = { text, text + length };

  *moment = (Moment){ 0 };
  return take_date (&reader, moment) && reader.at == reader.end;
}

static gboolean
read_clock (const char *text, gsize length, guint fraction_digits, Moment *moment)
{
  Reader reader = { text, text + length };

  *moment = (Moment){ 0 };
  return take_clock (&reader, fraction_digits, moment) && reader.at == reader.end;
}

static gint64
count_seconds (const Moment *moment)
{
  gint64 seconds = (gint64) (moment->hour * 60 + moment->minute) * 60 + moment->second - moment->offset;

  return _kms_days_from_date (moment->year, moment->month, moment->day) * SECONDS_PER_DAY + seconds;
}

/* The text is written where it stays: what stdio prints lies about in its buffers. */
static guint8 *
put_number (guint8 *out, guint64 number, guint n_digits)
{
  for (guint i = n_digits; i > 0; i--)
    {
      out[i - 1] = (guint8) ('0' + number % 10);
      number /= 10;
    }
  return out + n_digits;
}

static guint8 *
put_date (guint8 *out, gint64 year, guint month, guint day)
{
  guint64 absolute = (guint64) ABS (year);
  guint n_digits = 4;

  for (guint64 rest = absolute / 10000; rest > 0; rest /= 10)
    n_digits++;
  if (year < 0)
    *out++ = '-';
  out = put_number (out, absolute, n_digits);
  *out++ = '-';
  out = put_number (out, month, 2);
  *out++ = '-';
  return put_number (out, day, 2);
}

static guint8 *
put_clock (guint8 *out, guint second_of_day, guint nanosecond)
{
  out = put_number (out, second_of_day / 3600, 2);
  *out++ = ':';
  out = put_number (out, second_of_day / 60 % 60, 2);
  *out++ = ':';
  out = put_number (out, second_of_day % 60, 2);
  *out++ = '.';
  return put_number (out, nanosecond, N_FRACTION_DIGITS);
}

KmsSecret *
_kms_value_write_date (gint64 year, guint month, guint day)
{
  guint8 *bytes;
  KmsSecret *secret = kms_secret_reserve (MAX_TEXT, &bytes);

  if (secret != NULL)
    kms_secret_commit (secret, (gsize) (put_date (bytes, year, month, day) - bytes));
  return secret;
}

KmsSecret *
_kms_value_write_datetime (gint64 seconds, guint nanoseconds)
{
  gint64 days = seconds / SECONDS_PER_DAY - (seconds % SECONDS_PER_DAY < 0);
  gint64 year;
  guint month, day;
  guint8 *bytes, *out;
  KmsSecret *secret = kms_secret_reserve (MAX_TEXT, &bytes);

  if (secret == NULL)
    return NULL;
  _kms_date_from_days (days, &year, &month, &day);
  out = put_date (bytes, year, month, day);
  *out++ = 'T';
  out = put_clock (out, (guint) (seconds - days * SECONDS_PER_DAY), nanoseconds);
  *out++ = 'Z';
  kms_secret_commit (secret, (gsize) (out - bytes));
  return secret;
}

static KmsSecret *
write_clock (const Moment *moment)
{
  guint8 *bytes;
  KmsSecret *secret = kms_secret_reserve (MAX_TEXT, &bytes);
  guint second_of_day = (moment->hour * 60 + moment->minute) * 60 + moment->second;

  if (secret != NULL)
    kms_secret_commit (secret, (gsize) (put_clock (bytes, second_of_day, moment->nanosecond) - bytes));
  return secret;
}

/* To Rails, a text that is no date is NULL. */
gboolean
_kms_value_parse_date (const char *text, gsize length, gboolean strict, KmsSecret **plaintext, GError **error)
{
  Moment moment;

  if (read_date (text, length, &moment))
    return _kms_value_take (_kms_value_write_date (moment.year, moment.month, moment.day), plaintext, error);
  return !strict || _kms_value_refuse (error, "a date such as 2020-02-29");
}

gboolean
_kms_value_parse_datetime (const char *text, gsize length, gboolean strict, KmsSecret **plaintext, GError **error)
{
  guint fraction_digits = strict ? N_FRACTION_DIGITS : CAST_FRACTION_DIGITS;
  Moment moment;

  if (read_moment (text, length, fraction_digits, &moment))
    return _kms_value_take (_kms_value_write_datetime (count_seconds (&moment), moment.nanosecond), plaintext, error);
  return !strict || _kms_value_refuse (error, "a moment such as 2020-02-29T12:34:56.5Z or 2020-02-29 12:34:56 +02:00");
}

/* A whole moment will do, too: of it the time of day in UTC is kept. */
gboolean
_kms_value_parse_time (const char *text, gsize length, gboolean strict, KmsSecret **plaintext, GError **error)
{
  guint fraction_digits = strict ? N_FRACTION_DIGITS : CAST_FRACTION_DIGITS;
  Moment moment;

  if (!read_clock (text, length, fraction_digits, &moment))
    {
      if (!read_moment (text, length, fraction_digits, &moment))
        return !strict || _kms_value_refuse (error, "a time of day such as 12:34 or 12:34:56.5");
      gint64 seconds = count_seconds (&moment) % SECONDS_PER_DAY;
      moment.second = (guint) (seconds < 0 ? seconds + SECONDS_PER_DAY : seconds);
      moment.hour = moment.minute = 0;
    }
  return _kms_value_take (write_clock (&moment), plaintext, error);
}

gboolean
_kms_value_check_date (const guint8 *bytes, gsize length)
{
  Moment moment;
  return read_date ((const char *) bytes, length, &moment);
}

gboolean
_kms_value_check_datetime (const guint8 *bytes, gsize length)
{
  Moment moment;
  return read_moment ((const char *) bytes, length, N_FRACTION_DIGITS, &moment);
}

gboolean
_kms_value_check_time (const guint8 *bytes, gsize length)
{
  Moment moment;
  return read_clock ((const char *) bytes, length, N_FRACTION_DIGITS, &moment);
}

gint64
_kms_value_read_date (const guint8 *bytes, gsize length, guint *month, guint *day)
{
  Moment moment;

  read_date ((const char *) bytes, length, &moment);
  *month = moment.month;
  *day = moment.day;
  return moment.year;
}

gint64
_kms_value_read_datetime (const guint8 *bytes, gsize length, guint *nanoseconds)
{
  Moment moment;

  read_moment ((const char *) bytes, length, N_FRACTION_DIGITS, &moment);
  *nanoseconds = moment.nanosecond;
  return count_seconds (&moment);
}

KmsSecret *
_kms_value_format_datetime (const guint8 *bytes, gsize length)
{
  guint nanoseconds;
  gint64 seconds = _kms_value_read_datetime (bytes, length, &nanoseconds);

  return _kms_value_write_datetime (seconds, nanoseconds);
}
