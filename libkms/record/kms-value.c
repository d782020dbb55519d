/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values: a type, and the bytes that are encrypted. */
#include "kms-value-private.h"

#include <string.h>

#include "kms-error.h"
#include "kms-secret.h"

/**
 * KmsValue: (ref-func kms_value_ref) (unref-func kms_value_unref)
 *
 * The value of an encrypted attribute, in locked memory. It does not change and may be used by several threads. NULL of
 * the database is no value, but %NULL.
 *
 * Since: 1.0
 */

G_DEFINE_BOXED_TYPE (KmsValue, kms_value, kms_value_ref, kms_value_unref)

gboolean
_kms_value_refuse (GError **error, const char *expected)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "the value does not fit its attribute, which takes %s",
               expected);
  return FALSE;
}

gboolean
_kms_value_take (KmsSecret *secret, KmsSecret **plaintext, GError **error)
{
  if (secret == NULL)
    g_set_error (error, KMS_ERROR, KMS_ERROR_QUOTA, "there is no locked memory left for the value");
  *plaintext = secret;
  return secret != NULL;
}

static gboolean
parse_bytes (const char *text, gsize length, gboolean strict, KmsSecret **plaintext, GError **error)
{
  return _kms_value_take (kms_secret_new ((const guint8 *) text, length), plaintext, error);
}

/* NUL is a character like others, but not to GLib. */
static gboolean
is_utf8 (const char *text, gsize length)
{
  const char *end = text + length;

  while (!g_utf8_validate_len (text, (gsize) (end - text), &text))
    if (*text++ != '\0')
      return FALSE;
  return TRUE;
}

static gboolean
parse_string (const char *text, gsize length, gboolean strict, KmsSecret **plaintext, GError **error)
{
  if (!is_utf8 (text, length))
    return _kms_value_refuse (error, "text in UTF-8; type binary takes any bytes");
  return parse_bytes (text, length, strict, plaintext, error);
}

static gboolean
is_one_of (const char *text, gsize length, const char *const *words)
{
  for (guint i = 0; words[i] != NULL; i++)
    if (strlen (words[i]) == length && memcmp (words[i], text, length) == 0)
      return TRUE;
  return FALSE;
}

/* To Rails, all is true but nothing and these. */
static gboolean
parse_boolean (const char *text, gsize length, gboolean strict, KmsSecret **plaintext, GError **error)
{
  static const char *const no[] = { "0", "f", "F", "false", "FALSE", "off", "OFF", NULL };
  static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "on", "ON", NULL };
  gboolean is_no = is_one_of (text, length, no);

  if (strict && !is_no && !is_one_of (text, length, yes))
    return _kms_value_refuse (error, "true or false");
  if (length == 0)
    return TRUE;
  return parse_bytes (is_no ? "f" : "t", 1, strict, plaintext, error);
}

static gboolean
is_text (const char *text, gsize length, const char *expected)
{
  return strlen (expected) == length && memcmp (text, expected, length) == 0;
}

/* Ruby's YAML is neither parsed nor written here: it can name classes to make. What is empty is NULL to Lockbox. */
static gboolean
parse_yaml (const char *text, gsize length, gboolean strict, KmsSecret **plaintext, GError **error)
{
  if (is_text (text, length, "--- {}\n") || is_text (text, length, "--- []\n"))
    return TRUE;
  if (length < 4 || memcmp (text, "---", 3) != 0 || text[length - 1] != '\n')
    return _kms_value_refuse (error, "a YAML document as Ruby writes it, from \"---\" to the end of a line");
  return parse_string (text, length, strict, plaintext, error);
}

static gboolean
check_any (const guint8 *bytes, gsize length)
{
  return TRUE;
}

static gboolean
check_utf8 (const guint8 *bytes, gsize length)
{
  return g_utf8_validate_len ((const char *) bytes, length, NULL);
}

static gboolean
check_word (const guint8 *bytes, gsize length)
{
  return length == sizeof (guint64);
}

static KmsSecret *
format_boolean (const guint8 *bytes, gsize length)
{
  const char *text = is_text ((const char *) bytes, length, "t") ? "true" : "false";
  return kms_secret_new ((const guint8 *) text, strlen (text));
}

/* Without a function, the plaintext is the text. */
static const struct
{
  const char *name;
  KmsValueParseFunc parse;
  KmsValueCheckFunc check;
  KmsValueFormatFunc format;
} types[] = {
  [KMS_VALUE_TYPE_TEXT] = { "text", parse_string, check_any, NULL },
  [KMS_VALUE_TYPE_STRING] = { "string", parse_string, check_any, NULL },
  [KMS_VALUE_TYPE_BINARY] = { "binary", parse_bytes, check_any, NULL },
  [KMS_VALUE_TYPE_BOOLEAN] = { "boolean", parse_boolean, check_any, format_boolean },
  [KMS_VALUE_TYPE_DATE] = { "date", _kms_value_parse_date, _kms_value_check_date, NULL },
  [KMS_VALUE_TYPE_DATETIME] = { "datetime", _kms_value_parse_datetime, _kms_value_check_datetime,
                                _kms_value_format_datetime },
  [KMS_VALUE_TYPE_TIME] = { "time", _kms_value_parse_time, _kms_value_check_time, NULL },
  [KMS_VALUE_TYPE_INTEGER] = { "integer", _kms_value_parse_integer_text, check_word, _kms_value_format_integer },
  [KMS_VALUE_TYPE_FLOAT] = { "float", _kms_value_parse_float, check_word, _kms_value_format_float },
  [KMS_VALUE_TYPE_DECIMAL] = { "decimal", _kms_value_parse_decimal, _kms_value_check_decimal, NULL },
  [KMS_VALUE_TYPE_JSON] = { "json", _kms_value_parse_json, check_utf8, NULL },
  [KMS_VALUE_TYPE_HASH] = { "hash", parse_yaml, check_utf8, NULL },
  [KMS_VALUE_TYPE_ARRAY] = { "array", parse_yaml, check_utf8, NULL },
  [KMS_VALUE_TYPE_INET] = { "inet", _kms_value_parse_inet, _kms_value_check_inet, _kms_value_format_inet },
};

static gboolean
is_type (KmsValueType type)
{
  return (guint) type < G_N_ELEMENTS (types);
}

KmsValue *
_kms_value_new (KmsValueType type, KmsSecret *plaintext)
{
  if (plaintext == NULL)
    return NULL;
  KmsValue *self = g_new (KmsValue, 1);
  g_atomic_ref_count_init (&self->refs);
  self->type = type;
  self->plaintext = plaintext;
  return self;
}

/**
 * kms_value_ref:
 * @self: a value
 *
 * Takes a reference. May be called from any thread.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
KmsValue *
kms_value_ref (KmsValue *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);
  return self;
}

/**
 * kms_value_unref:
 * @self: (transfer full): a value
 *
 * Drops a reference.
 *
 * Since: 1.0
 */
void
kms_value_unref (KmsValue *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  kms_secret_unref (self->plaintext);
  g_free (self);
}

static gboolean
parse (KmsValueType type, KmsSecret *text, gboolean strict, KmsValue **value, GError **error)
{
  gsize length;
  const char *data = (const char *) kms_secret_get_data (text, &length);
  KmsSecret *plaintext = NULL;

  *value = NULL;
  if (!types[type].parse (data == NULL ? "" : data, length, strict, &plaintext, error))
    return FALSE;
  *value = _kms_value_new (type, plaintext);
  return TRUE;
}

/**
 * kms_value_parse:
 * @type: the type
 * @text: text of that type, as kms_value_to_text() writes it
 * @value: (out) (optional) (nullable) (transfer full): the value; %NULL for an empty Hash or Array, which Lockbox does not
 *   keep apart from NULL
 * @error: return location for an error
 *
 * Reads a value. What is not wholly of the type is an error.
 *
 * Returns: %TRUE, or %FALSE with @error set: %KMS_ERROR_INVALID_ARGUMENT if the text is not of that type
 *
 * Since: 1.0
 */
gboolean
kms_value_parse (KmsValueType type, KmsSecret *text, KmsValue **value, GError **error)
{
  g_return_val_if_fail (is_type (type) && text != NULL, FALSE);
  g_autoptr (KmsValue) parsed = NULL;

  if (!parse (type, text, TRUE, &parsed, error))
    return FALSE;
  if (value != NULL)
    *value = g_steal_pointer (&parsed);
  return TRUE;
}

/**
 * kms_value_cast:
 * @type: the type
 * @text: any text
 * @value: (out) (optional) (nullable) (transfer full): the value; %NULL for NULL
 * @error: return location for an error
 *
 * Makes of a text what Rails makes of it when it is assigned to such an attribute: "12abc" becomes the integer 12, the
 * empty text becomes the integer 0 or no date, "no" becomes true. Dates and times are read as by kms_value_parse(), and
 * anything else is NULL; of a moment, microseconds are kept.
 *
 * Returns: %TRUE, or %FALSE with @error set: %KMS_ERROR_INVALID_ARGUMENT where Rails raises an error, too
 *
 * Since: 1.0
 */
gboolean
kms_value_cast (KmsValueType type, KmsSecret *text, KmsValue **value, GError **error)
{
  g_return_val_if_fail (is_type (type) && text != NULL, FALSE);
  g_autoptr (KmsValue) parsed = NULL;

  if (!parse (type, text, FALSE, &parsed, error))
    return FALSE;
  if (value != NULL)
    *value = g_steal_pointer (&parsed);
  return TRUE;
}

/**
 * kms_value_to_text:
 * @self: a value
 *
 * Writes a value as text: "true" and "false"; dates and times as in ISO 8601, moments in UTC with nine digits behind the
 * second; floats as short as they can be without becoming another number; addresses with the prefix length; what is
 * text anyway, as it is.
 *
 * Returns: (transfer full) (nullable): the text, or %NULL where memory must be locked and no more can be
 *
 * Since: 1.0
 */
KmsSecret *
kms_value_to_text (KmsValue *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  gsize length;
  const guint8 *data = kms_secret_get_data (self->plaintext, &length);

  if (types[self->type].format == NULL || data == NULL)
    return kms_secret_ref (self->plaintext);
  return types[self->type].format (data, length);
}

/**
 * kms_value_new_from_plaintext:
 * @type: the type
 * @plaintext: what was decrypted
 * @error: return location for an error
 *
 * Makes a value of the bytes that Lockbox encrypts.
 *
 * Returns: (transfer full): a value, or %NULL with @error set: %KMS_ERROR_INTEGRITY if these can't be bytes of the type
 *
 * Since: 1.0
 */
KmsValue *
kms_value_new_from_plaintext (KmsValueType type, KmsSecret *plaintext, GError **error)
{
  g_return_val_if_fail (is_type (type) && plaintext != NULL, NULL);
  gsize length;
  const guint8 *data = kms_secret_get_data (plaintext, &length);

  if (types[type].check (data == NULL ? (const guint8 *) "" : data, length))
    return _kms_value_new (type, kms_secret_ref (plaintext));
  g_set_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY,
               "what was decrypted is no value of type %s: was it written with another type?", types[type].name);
  return NULL;
}

/**
 * kms_value_get_plaintext:
 * @self: a value
 *
 * Gets the bytes that are encrypted.
 *
 * Returns: (transfer none): the bytes
 *
 * Since: 1.0
 */
KmsSecret *
kms_value_get_plaintext (KmsValue *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->plaintext;
}

/**
 * kms_value_get_value_type:
 * @self: a value
 *
 * Gets the type.
 *
 * Returns: the type
 *
 * Since: 1.0
 */
KmsValueType
kms_value_get_value_type (KmsValue *self)
{
  g_return_val_if_fail (self != NULL, KMS_VALUE_TYPE_BINARY);
  return self->type;
}

/**
 * kms_value_type_to_string:
 * @type: a type
 *
 * Gets the name of a type, as files of models have it.
 *
 * Returns: (nullable): the name; %NULL for what is no type
 *
 * Since: 1.0
 */
const char *
kms_value_type_to_string (KmsValueType type)
{
  return is_type (type) ? types[type].name : NULL;
}

/**
 * kms_value_type_from_string:
 * @text: the name of a type
 * @type: (out): the type
 *
 * Finds the type of a name.
 *
 * Returns: whether there is such a type
 *
 * Since: 1.0
 */
gboolean
kms_value_type_from_string (const char *text, KmsValueType *type)
{
  g_return_val_if_fail (text != NULL && type != NULL, FALSE);

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (strcmp (types[i].name, text) == 0)
      {
        *type = (KmsValueType) i;
        return TRUE;
      }
  return FALSE;
}
