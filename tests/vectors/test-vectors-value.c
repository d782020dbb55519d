/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What Lockbox made of Ruby's values, made of text here, and read again. */
#include "vectors.h"

#include <string.h>

#include "../hex.h"

/* What Ruby shows of a value where that is not the text that means it here; NULL: no text means it. */
static const struct
{
  const char *type, *ruby, *text;
} texts[] = {
  { "plain", "true", "t" },
  { "plain", "false", "f" },
  { "plain", ":sym", "sym" },
  { "date", "Fri, 31 Dec 1999", "1999-12-31" },
  { "date", "Wed, 01 Jan -0001", "-0001-01-01" },
  { "date", "Mon, 01 Jan 12345", "12345-01-01" },
  { "datetime", "Thu, 02 Jan 2020 03:04:05 +0000", NULL }, /* is written with Z */
  { "integer", "true", "1" },
  { "integer", "false", "0" },
  { "json", "{\"b\"=>1, \"a\"=>\"<é>\"}", " { \"b\" : 1 ,\n\"a\":\"<\\u00e9>\" } " },
  { "json", "[1, nil]", "[1, null]" },
  { "json", "\"str\"", "\"str\"" },
  { "hash", "{:a=>1}", "---\n:a: 1\n" },
  { "hash", "{\"a\"=>\"x\"}", "---\na: x\n" },
  { "hash", "{}", "--- {}\n" },
  { "array", "[1, \"a\", nil]", "---\n- 1\n- a\n-\n" },
  { "array", "[]", "--- []\n" },
};

static KmsValueType
read_type (JsonObject *vector)
{
  const char *name = json_object_get_string_member (vector, "type");
  KmsValueType type;

  if (g_str_equal (name, "plain"))
    return KMS_VALUE_TYPE_TEXT;
  g_assert_true (kms_value_type_from_string (name, &type));
  g_assert_cmpstr (kms_value_type_to_string (type), ==, name);
  return type;
}

static char *
dup_text (JsonObject *vector)
{
  const char *type = json_object_get_string_member (vector, "type");
  const char *ruby = json_object_get_string_member (vector, "ruby");

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (g_str_equal (texts[i].type, type) && g_str_equal (texts[i].ruby, ruby))
      return g_strdup (texts[i].text);
  return ruby[0] == '"' ? g_strndup (ruby + 1, strlen (ruby) - 2) : g_strdup (ruby);
}

static KmsSecret *
read_plaintext (JsonObject *vector)
{
  gsize length;
  g_autofree guint8 *bytes = hex_decode (json_object_get_string_member (vector, "plaintext_hex"), &length);

  return kms_secret_new (bytes, length);
}

static gboolean
has_plaintext (JsonObject *vector)
{
  return json_object_has_member (vector, "plaintext_hex") && !json_object_get_null_member (vector, "plaintext_hex");
}

static void
assert_secret (KmsSecret *secret, KmsSecret *expected)
{
  gsize length, expected_length;
  const guint8 *data = kms_secret_get_data (secret, &length);
  const guint8 *expected_data = kms_secret_get_data (expected, &expected_length);

  g_assert_cmpmem (data, length, expected_data, expected_length);
}

/* The empty text is a value, which is not encrypted. */
static void
assert_nothing (JsonObject *vector, KmsValue *value)
{
  const char *stored =
    json_object_get_null_member (vector, "stored") ? NULL : json_object_get_string_member (vector, "stored");

  if (stored == NULL)
    g_assert_null (value);
  else
    g_assert_cmpuint (kms_secret_get_length (kms_value_get_plaintext (value)), ==, strlen (stored));
}

/* Ruby's Time has nanoseconds, which a text has not to Rails. */
static gboolean
make_value (JsonObject *vector, KmsSecret *text, KmsValue **value, GError **error)
{
  const char *ruby = json_object_get_string_member (vector, "ruby");
  KmsValueType type = read_type (vector);

  return type == KMS_VALUE_TYPE_DATETIME && ruby[0] != '"' ? kms_value_parse (type, text, value, error)
                                                           : kms_value_cast (type, text, value, error);
}

static void
test_write (JsonObject *vector)
{
  g_autofree char *text = dup_text (vector);
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsValue) value = NULL;

  if (text == NULL || g_str_equal (text, "nil") || g_str_equal (text, "\\x00\\xFF"))
    return;
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) text, strlen (text));
  gboolean made = make_value (vector, secret, &value, &error);
  if (json_object_has_member (vector, "error"))
    {
      g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
      return;
    }
  g_assert_no_error (error);
  g_assert_true (made);
  if (!has_plaintext (vector))
    {
      assert_nothing (vector, value);
      return;
    }
  g_autoptr (KmsSecret) plaintext = read_plaintext (vector);
  assert_secret (kms_value_get_plaintext (value), plaintext);
}

/* Text and back is the same value, but for moments with another zone than UTC. */
static void
test_read (JsonObject *vector)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsValue) again = NULL;

  if (!has_plaintext (vector))
    return;
  g_autoptr (KmsSecret) plaintext = read_plaintext (vector);
  g_autoptr (KmsValue) value = kms_value_new_from_plaintext (read_type (vector), plaintext, &error);
  g_assert_no_error (error);
  g_autoptr (KmsSecret) text = kms_value_to_text (value);
  kms_value_parse (read_type (vector), text, &again, &error);
  g_assert_no_error (error);
  if (g_str_has_suffix (json_object_get_string_member (vector, "ruby"), "+0000"))
    g_assert_cmpint (kms_value_get_datetime (value, NULL), ==, kms_value_get_datetime (again, NULL));
  else
    assert_secret (kms_value_get_plaintext (again), plaintext);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  vectors_add ("/vectors/value/write", "lockbox_typed", 97, test_write);
  vectors_add ("/vectors/value/read", "lockbox_typed", 97, test_read);
  return g_test_run ();
}
