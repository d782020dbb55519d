/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What attr_encrypted wrote, and what Ruby's OpenSSL writes as its older versions did. */
#include "vectors.h"

#include <string.h>

#include "../hex.h"
#include "../ruby.h"
#include "record/kms-attr-encrypted-private.h"

static JsonObject *
get_group (void)
{
  return json_object_get_object_member (vectors_load (), "attr_encrypted");
}

static KmsSecret *
secret_from (const char *text)
{
  return kms_secret_new ((const guint8 *) text, strlen (text));
}

static GBytes *
bytes_from (const char *text)
{
  return text == NULL ? NULL : g_bytes_new (text, strlen (text));
}

static KmsSecret *
read_key (void)
{
  gsize length;
  g_autofree guint8 *bytes = hex_decode (json_object_get_string_member (get_group (), "key_hex"), &length);

  return kms_secret_new (bytes, length);
}

static void
read_vector (KmsAttrMode mode, KmsAttrColumns *columns, KmsSecret **plaintext)
{
  JsonObject *vector = json_object_get_object_member (
    get_group (), mode == KMS_ATTR_MODE_IV ? "per_attribute_iv" : "per_attribute_iv_and_salt");

  *plaintext = secret_from (json_object_get_string_member (vector, "plaintext"));
  columns->encrypted = bytes_from (json_object_get_string_member (vector, "encrypted"));
  columns->iv = bytes_from (json_object_get_string_member (vector, "iv"));
  columns->salt = bytes_from (json_object_get_string_member_with_default (vector, "salt", NULL));
}

static void
assert_same (GBytes *a, GBytes *b)
{
  g_assert_cmpint (a == NULL, ==, b == NULL);
  if (a != NULL)
    g_assert_cmpmem (g_bytes_get_data (a, NULL), g_bytes_get_size (a), g_bytes_get_data (b, NULL),
                     g_bytes_get_size (b));
}

static void
test_mode (gconstpointer data)
{
  const KmsAttrFormat format = { .mode = (KmsAttrMode) GPOINTER_TO_INT (data) };
  static const guint8 counting[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
  g_auto (KmsAttrColumns) columns = { NULL }, written = { NULL };
  g_autoptr (KmsSecret) key = read_key ();
  g_autoptr (KmsSecret) plaintext = NULL;
  g_autoptr (GError) error = NULL;

  read_vector (format.mode, &columns, &plaintext);
  g_autoptr (KmsSecret) read = _kms_attr_decrypt (&format, key, &columns, &error);
  g_assert_no_error (error);
  g_assert_true (kms_secret_equal (read, plaintext));
  g_assert_true (_kms_attr_encrypt_with (&format, key, counting, counting, plaintext, &written, &error));
  assert_same (written.encrypted, columns.encrypted);
  assert_same (written.iv, columns.iv);
  assert_same (written.salt, columns.salt);
}

/* In each encoding, and not twice the same. */
/* What options of attr_encrypted store that the vectors do not have: nothing, encrypted (allow_empty_value), and what
 * Ruby's Marshal made of "x", which stays bytes (marshal). The vectors' key and IV; ciphertexts by Python's cryptography. */
static void
test_options (void)
{
  static const struct
  {
    const char *encrypted, *plaintext_hex;
  } cases[] = {
    { "LeA9rmYwcYMYWe+Lnak19g==\n", "" },
    { "AeIT9+rs9rxK5zcE38Qa1N9FXOpctaeEf5UA\n", "040849220678063a064554" },
  };
  const KmsAttrFormat format = { .mode = KMS_ATTR_MODE_IV };
  g_autoptr (KmsSecret) key = read_key ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (KmsAttrColumns) columns = { bytes_from (cases[i].encrypted), bytes_from ("AQIDBAUGBwgJCgsM\n"), NULL };
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsSecret) read = _kms_attr_decrypt (&format, key, &columns, &error);
      gsize length;

      g_assert_no_error (error);
      const guint8 *bytes = kms_secret_get_data (read, &length);
      g_autofree char *hex = hex_encode (bytes, length);
      g_assert_cmpstr (hex, ==, cases[i].plaintext_hex);
    }
}

static void
test_round_trip (void)
{
  g_autoptr (KmsSecret) key = read_key ();
  g_autoptr (KmsSecret) plaintext = secret_from ("the blue door");

  for (guint i = 0; i < 6; i++)
    {
      KmsAttrEncoding encoding = (KmsAttrEncoding) (i / 2);
      const KmsAttrFormat format = { (KmsAttrMode) (i % 2), encoding, encoding, encoding };
      g_auto (KmsAttrColumns) columns = { NULL }, again = { NULL };
      g_autoptr (GError) error = NULL;
      g_assert_true (_kms_attr_encrypt (&format, key, plaintext, &columns, &error));
      g_assert_true (_kms_attr_encrypt (&format, key, plaintext, &again, &error));
      g_assert_false (g_bytes_equal (columns.iv, again.iv));
      g_assert_cmpint (columns.salt != NULL, ==, format.mode == KMS_ATTR_MODE_IV_AND_SALT);
      g_autoptr (KmsSecret) read = _kms_attr_decrypt (&format, key, &columns, &error);
      g_assert_no_error (error);
      g_assert_true (kms_secret_equal (read, plaintext));
    }
}

static void
assert_invalid (const KmsAttrFormat *format, KmsSecret *key, const KmsAttrColumns *columns)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) read = _kms_attr_decrypt (format, key, columns, &error);

  g_assert_null (read);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
}

static void
test_broken (void)
{
  const KmsAttrFormat format = { .mode = KMS_ATTR_MODE_IV_AND_SALT };
  g_autoptr (KmsSecret) key = read_key ();
  g_autoptr (KmsSecret) other = kms_secret_new_random (32, NULL);
  g_autoptr (KmsSecret) plaintext = NULL;
  g_auto (KmsAttrColumns) columns = { NULL };
  g_autoptr (GBytes) wrong = bytes_from ("AAAA\n");

  read_vector (format.mode, &columns, &plaintext);
  assert_invalid (&format, other, &columns);
  assert_invalid (&format, key, &(KmsAttrColumns){ NULL, columns.iv, columns.salt });
  assert_invalid (&format, key, &(KmsAttrColumns){ columns.encrypted, NULL, columns.salt });
  assert_invalid (&format, key, &(KmsAttrColumns){ columns.encrypted, columns.iv, NULL });
  assert_invalid (&format, key, &(KmsAttrColumns){ wrong, columns.iv, columns.salt });
  assert_invalid (&format, key, &(KmsAttrColumns){ columns.encrypted, wrong, columns.salt });
  assert_invalid (&format, key, &(KmsAttrColumns){ columns.encrypted, columns.iv, wrong });
}

static void
test_wrong_key (void)
{
  const KmsAttrFormat format = { .mode = KMS_ATTR_MODE_IV };
  g_autoptr (KmsSecret) key = secret_from ("a key of some other length than 32");
  g_autoptr (KmsSecret) plaintext = secret_from ("x");
  g_auto (KmsAttrColumns) columns = { NULL };
  g_autoptr (GError) error = NULL;

  g_assert_false (_kms_attr_encrypt (&format, key, plaintext, &columns, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
}

/* The gem's own steps for one IV for all, and for salts that are text. */
static const char as_before[] =
  "require 'openssl'\n"
  "key = 'some password of any length, longer than 32'\n"
  "%w[aes-256-gcm aes-256-cbc].each do |name|\n"
  "  cipher = OpenSSL::Cipher.new(name).encrypt\n"
  "  cipher.pkcs5_keyivgen(key)\n"
  "  cipher.auth_data = '' if name.end_with?('gcm')\n"
  "  text = cipher.update('the blue door') + cipher.final\n"
  "  text += cipher.auth_tag if name.end_with?('gcm')\n"
  "  puts [text].pack('m').delete(\"\\n\")\n"
  "end\n"
  "cipher = OpenSSL::Cipher.new('aes-256-gcm').encrypt\n"
  "cipher.iv = 'twelve bytes'\n"
  "cipher.key = OpenSSL::PKCS5.pbkdf2_hmac_sha1('k' * 32, 'salt of version 1', 2000, 32)\n"
  "cipher.auth_data = ''\n"
  "puts [cipher.update('the blue door') + cipher.final + cipher.auth_tag].pack('m').delete(\"\\n\")\n";

static void
assert_reads (const KmsAttrFormat *format, const char *key_text, const KmsAttrColumns *columns)
{
  g_autoptr (KmsSecret) key = secret_from (key_text);
  g_autoptr (KmsSecret) expected = secret_from ("the blue door");
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) read = _kms_attr_decrypt (format, key, columns, &error);

  g_assert_no_error (error);
  g_assert_true (kms_secret_equal (read, expected));
}

static void
test_as_before (void)
{
  static const char password[] = "some password of any length, longer than 32";
  g_auto (KmsAttrColumns) gcm = { NULL }, cbc = { NULL }, text_salt = { NULL };
  g_auto (GStrv) lines = ruby_answer (as_before, "");

  if (lines == NULL)
    return;
  gcm.encrypted = bytes_from (lines[0]);
  cbc.encrypted = bytes_from (lines[1]);
  text_salt =
    (KmsAttrColumns){ bytes_from (lines[2]), bytes_from ("dHdlbHZlIGJ5dGVz\n"), bytes_from ("salt of version 1") };
  assert_reads (&(KmsAttrFormat){ .mode = KMS_ATTR_MODE_SINGLE_GCM }, password, &gcm);
  assert_reads (&(KmsAttrFormat){ .mode = KMS_ATTR_MODE_SINGLE_CBC }, password, &cbc);
  assert_reads (&(KmsAttrFormat){ .mode = KMS_ATTR_MODE_IV_AND_SALT }, "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk", &text_salt);
  g_autoptr (KmsSecret) wrong = secret_from ("another password");
  assert_invalid (&(KmsAttrFormat){ .mode = KMS_ATTR_MODE_SINGLE_GCM }, wrong, &gcm);
}

/* What has no nonce of its own is not written any more. */
static void
test_single_is_read_only (void)
{
  const KmsAttrFormat format = { .mode = KMS_ATTR_MODE_SINGLE_CBC };
  g_autoptr (KmsSecret) key = read_key ();
  g_auto (KmsAttrColumns) columns = { NULL };
  g_autoptr (GError) error = NULL;

  g_assert_false (_kms_attr_encrypt (&format, key, key, &columns, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/vectors/attr-encrypted/iv", GINT_TO_POINTER (KMS_ATTR_MODE_IV), test_mode);
  g_test_add_data_func ("/vectors/attr-encrypted/iv-and-salt", GINT_TO_POINTER (KMS_ATTR_MODE_IV_AND_SALT), test_mode);
  g_test_add_func ("/vectors/attr-encrypted/options", test_options);
  g_test_add_func ("/vectors/attr-encrypted/round-trip", test_round_trip);
  g_test_add_func ("/vectors/attr-encrypted/broken", test_broken);
  g_test_add_func ("/vectors/attr-encrypted/wrong-key", test_wrong_key);
  g_test_add_func ("/vectors/attr-encrypted/as-before", test_as_before);
  g_test_add_func ("/vectors/attr-encrypted/single-is-read-only", test_single_is_read_only);
  return g_test_run ();
}
