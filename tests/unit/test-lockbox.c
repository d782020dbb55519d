/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lockbox: rules of the gem that its vectors do not show. Ciphertexts are those of the vectors, so the gem's own. */
#include <libkms/kms.h>

#include <string.h>

#include "../hex.h"

/* Under a key of zeros: "hello" with AES-GCM; nothing; "hello" with associated data "ctx"; "hello" with XChaCha20. */
#define HELLO "AQIDBAUGBwgJCgsMVSG7TkiPnSThxRKpdVkno/GBYvvR"
#define NOTHING "AQIDBAUGBwgJCgsMsP45U4Zz/0HUSl02jOjXyA=="
#define HELLO_CTX "AQIDBAUGBwgJCgsMVSG7TkiP7SS3R4Sky8a7HhYPrtcl"
#define HELLO_XCHACHA20 "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY4gFb+GPkXNeLk0LUgAoJ00liGRiM"

static KmsSecret *
make_key (guint8 byte)
{
  guint8 bytes[32];

  memset (bytes, byte, sizeof bytes);
  return kms_secret_new (bytes, sizeof bytes);
}

static KmsLockbox *
make (guint8 byte, KmsLockboxAlgorithm algorithm, guint padding, const char *associated_data)
{
  g_autoptr (KmsSecret) key = make_key (byte);
  g_autoptr (GBytes) data = associated_data == NULL ? NULL : g_bytes_new (associated_data, strlen (associated_data));
  g_autoptr (GError) error = NULL;
  KmsLockbox *lockbox = kms_lockbox_new (key, algorithm, padding, data, &error);

  g_assert_no_error (error);
  return lockbox;
}

static GBytes *
from_base64 (const char *text)
{
  gsize length;
  guchar *bytes = g_base64_decode (text, &length);

  return g_bytes_new_take (bytes, length);
}

/* NULL: it does not open. */
static void
assert_opens_bytes (KmsLockbox *lockbox, GBytes *ciphertext, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = kms_lockbox_decrypt (lockbox, ciphertext, &error);
  gsize length;

  if (expected == NULL)
    {
      g_assert_null (secret);
      g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
      return;
    }
  g_assert_no_error (error);
  const guint8 *data = kms_secret_get_data (secret, &length);
  g_assert_cmpmem (data, length, expected, strlen (expected));
}

static void
assert_opens (KmsLockbox *lockbox, const char *base64, const char *expected)
{
  g_autoptr (GBytes) ciphertext = from_base64 (base64);
  assert_opens_bytes (lockbox, ciphertext, expected);
}

/* In the order in which they were added, each with what it says itself. */
static void
test_previous (void)
{
  g_autoptr (KmsLockbox) newest = make (1, KMS_LOCKBOX_ALGORITHM_XCHACHA20, 16, "new");
  g_autoptr (KmsLockbox) plain = make (0, KMS_LOCKBOX_ALGORITHM_AES_GCM, 0, NULL);
  g_autoptr (KmsLockbox) with_data = make (0, KMS_LOCKBOX_ALGORITHM_AES_GCM, 0, "ctx");

  assert_opens (newest, HELLO, NULL);
  kms_lockbox_add_previous (newest, plain);
  assert_opens (newest, HELLO, "hello");
  assert_opens (newest, HELLO_CTX, NULL);
  kms_lockbox_add_previous (newest, with_data);
  assert_opens (newest, HELLO_CTX, "hello");
  assert_opens (newest, HELLO, "hello");
  assert_opens (newest, HELLO_XCHACHA20, NULL);
}

/* A value that was not padded is no error of its own before the versions without padding were asked. */
static void
test_previous_without_padding (void)
{
  g_autoptr (KmsLockbox) padded = make (0, KMS_LOCKBOX_ALGORITHM_AES_GCM, 16, NULL);
  g_autoptr (KmsLockbox) plain = make (0, KMS_LOCKBOX_ALGORITHM_AES_GCM, 0, NULL);

  assert_opens (padded, HELLO, NULL);
  assert_opens (padded, NOTHING, NULL);
  kms_lockbox_add_previous (padded, plain);
  assert_opens (padded, HELLO, "hello");
  assert_opens (padded, NOTHING, "");
}

static GBytes *
seal (KmsLockbox *lockbox, const char *bytes, gsize length)
{
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) bytes, length);
  g_autoptr (GError) error = NULL;
  GBytes *sealed = kms_lockbox_encrypt (lockbox, secret, &error);

  g_assert_no_error (error);
  return sealed;
}

/* ISO/IEC 7816-4: 0x80 and zeros, no more than one block of them; a whole block where nothing is left to fill. */
static void
test_padding (void)
{
  static const struct
  {
    const char *bytes;
    gsize length;
    guint padding;
    const char *expected;
  } cases[] = {
    { "abc\x80\0\0\0\0", 8, 8, "abc" }, { "abc\x80\0\0\0\0", 8, 4, NULL }, /* the last block has zeros alone */
    { "abc\x80", 4, 4, "abc" },         { "\x80\0\0\0", 4, 4, "" },        { "abcd", 4, 4, NULL },
    { "\0\0\0\0", 4, 4, NULL },         { "ab\x80\x80", 4, 4, "ab\x80" },  { "ab\x80x", 4, 4, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (KmsLockbox) plain = make (0, KMS_LOCKBOX_ALGORITHM_AES_GCM, 0, NULL);
      g_autoptr (KmsLockbox) padded = make (0, KMS_LOCKBOX_ALGORITHM_AES_GCM, cases[i].padding, NULL);
      g_autoptr (GBytes) sealed = seal (plain, cases[i].bytes, cases[i].length);
      g_test_message ("%u", i);
      assert_opens_bytes (padded, sealed, cases[i].expected);
    }
  g_autoptr (KmsLockbox) padded = make (0, KMS_LOCKBOX_ALGORITHM_AES_GCM, 16, NULL);
  for (gsize length = 0; length <= 48; length++)
    {
      g_autofree char *text = g_strnfill (length, 'x');
      g_autoptr (GBytes) sealed = seal (padded, text, length);
      g_assert_cmpuint (g_bytes_get_size (sealed), ==, 12 + (length / 16 + 1) * 16 + 16);
      assert_opens_bytes (padded, sealed, text);
    }
}

/* Nonce and tag are 28 bytes, behind which nothing is a value, too. */
static void
test_smallest (void)
{
  g_autoptr (KmsLockbox) lockbox = make (0, KMS_LOCKBOX_ALGORITHM_AES_GCM, 0, NULL);
  g_autoptr (GBytes) whole = from_base64 (NOTHING);

  g_assert_cmpuint (g_bytes_get_size (whole), ==, 28);
  assert_opens_bytes (lockbox, whole, "");
  for (gsize length = 0; length < 28; length++)
    {
      g_autoptr (GBytes) part = g_bytes_new_from_bytes (whole, 0, length);
      assert_opens_bytes (lockbox, part, NULL);
    }
}

/* Only associated data binds a value to its column: without it, another column's opens. */
static void
test_columns (void)
{
  g_autoptr (KmsLockbox) city = make (0, KMS_LOCKBOX_ALGORITHM_AES_GCM, 0, NULL);
  g_autoptr (KmsLockbox) phone = make (0, KMS_LOCKBOX_ALGORITHM_AES_GCM, 0, "phone");
  g_autoptr (KmsLockbox) other = make (0, KMS_LOCKBOX_ALGORITHM_AES_GCM, 0, "ctx");

  assert_opens (city, HELLO, "hello");
  assert_opens (phone, HELLO, NULL);
  assert_opens (phone, HELLO_CTX, NULL);
  assert_opens (other, HELLO_CTX, "hello");
  assert_opens (city, HELLO_CTX, NULL);
}

static void
assert_not_made (gsize key_length, KmsLockboxAlgorithm algorithm, guint padding, const char *associated_data)
{
  g_autofree guint8 *bytes = g_malloc0 (key_length + 1);
  g_autoptr (KmsSecret) key = kms_secret_new (bytes, key_length);
  g_autoptr (GBytes) data = associated_data == NULL ? NULL : g_bytes_new (associated_data, strlen (associated_data));
  g_autoptr (GError) error = NULL;

  g_assert_null (kms_lockbox_new (key, algorithm, padding, data, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
}

static void
test_refused (void)
{
  assert_not_made (32, KMS_LOCKBOX_ALGORITHM_XSALSA20, 0, "ctx");
  assert_not_made (64, KMS_LOCKBOX_ALGORITHM_HYBRID, 0, "ctx");
  assert_not_made (32, KMS_LOCKBOX_ALGORITHM_HYBRID, 0, NULL);
  assert_not_made (64, KMS_LOCKBOX_ALGORITHM_AES_GCM, 0, NULL);
  assert_not_made (16, KMS_LOCKBOX_ALGORITHM_AES_GCM, 0, NULL);
  assert_not_made (0, KMS_LOCKBOX_ALGORITHM_XCHACHA20, 0, NULL);
  assert_not_made (32, KMS_LOCKBOX_ALGORITHM_AES_GCM, 100000, NULL);
}

#define DIGITS "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"
#define RAW "\x80 is no text and 32 bytes long!!"

/* What a key may look like; NULL: it is none. */
static void
test_keys (void)
{
  static const struct
  {
    const char *text, *hex;
    KmsLockboxAlgorithm algorithm;
  } cases[] = {
    { DIGITS, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", KMS_LOCKBOX_ALGORITHM_AES_GCM },
    { RAW, "80206973206e6f207465787420616e64203332206279746573206c6f6e672121", KMS_LOCKBOX_ALGORITHM_AES_GCM },
    { "this is text, and 32 bytes long!", NULL, KMS_LOCKBOX_ALGORITHM_AES_GCM },
    { "00000000000000000000000000000000", NULL, KMS_LOCKBOX_ALGORITHM_AES_GCM },
    { DIGITS "0", NULL, KMS_LOCKBOX_ALGORITHM_AES_GCM },
    { DIGITS "\n", NULL, KMS_LOCKBOX_ALGORITHM_AES_GCM },
    { &DIGITS[1], NULL, KMS_LOCKBOX_ALGORITHM_AES_GCM },
    { "g00102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F", NULL, KMS_LOCKBOX_ALGORITHM_AES_GCM },
    { "", NULL, KMS_LOCKBOX_ALGORITHM_AES_GCM },
    { DIGITS, NULL, KMS_LOCKBOX_ALGORITHM_HYBRID },
    { DIGITS DIGITS,
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
      KMS_LOCKBOX_ALGORITHM_HYBRID },
    { DIGITS DIGITS, NULL, KMS_LOCKBOX_ALGORITHM_XSALSA20 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (KmsSecret) text = kms_secret_new ((const guint8 *) cases[i].text, strlen (cases[i].text));
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsSecret) key = kms_lockbox_parse_key (text, cases[i].algorithm, &error);
      gsize length;

      g_test_message ("%u", i);
      if (cases[i].hex == NULL)
        {
          g_assert_null (key);
          g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
          continue;
        }
      g_assert_no_error (error);
      const guint8 *bytes = kms_secret_get_data (key, &length);
      g_autofree char *hex = hex_encode (bytes, length);
      g_assert_cmpstr (hex, ==, cases[i].hex);
    }
}

static void
test_master_key (void)
{
  g_autoptr (KmsSecret) short_key = kms_secret_new ((const guint8 *) "short", 5);
  g_autoptr (KmsSecret) master = make_key (0);
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) column = kms_lockbox_derive_key (master, "users", "email_ciphertext", &error);
  g_autoptr (KmsSecret) attribute = kms_lockbox_derive_key (master, "users", "email", &error);
  g_autoptr (KmsSecret) table = kms_lockbox_derive_key (master, "admins", "email_ciphertext", &error);

  g_assert_no_error (error);
  g_assert_false (kms_secret_equal (column, attribute));
  g_assert_false (kms_secret_equal (column, table));
  g_assert_null (kms_lockbox_derive_key (short_key, "users", "email_ciphertext", &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lockbox/previous", test_previous);
  g_test_add_func ("/lockbox/previous-without-padding", test_previous_without_padding);
  g_test_add_func ("/lockbox/padding", test_padding);
  g_test_add_func ("/lockbox/smallest", test_smallest);
  g_test_add_func ("/lockbox/columns", test_columns);
  g_test_add_func ("/lockbox/refused", test_refused);
  g_test_add_func ("/lockbox/keys", test_keys);
  g_test_add_func ("/lockbox/master-key", test_master_key);
  return g_test_run ();
}
