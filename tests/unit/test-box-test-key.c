/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The test key of the Ruby gem, beyond what the gem's own output shows. */
#include "box-fixture.h"

#include <string.h>

#define TEST_KEY "insecure-test-key"
#define ZEROS "00000000000000000000000000000000"

static KmsBox *
new_legacy_box (BoxFixture *self, const char *key_id)
{
  g_autoptr (GError) error = NULL;

  config_root_add_provider (self->root, "test", "kms-test.so",
                            "Exact=insecure-test-key;insecure-test-key/encrypt\n[Settings]\nLegacyDataKeys=true");
  kms_registry_reload (self->registry, &error);
  g_assert_no_error (error);
  return box_new (self, "1", key_id);
}

static void
test_legacy_data_key (BoxFixture *self, gconstpointer data)
{
  static const char *const others[] = { "insecure-data-key-",   "insecure-data-key-12x", "insecure-data-key-12\n",
                                        "insecure-data-key--1", "Insecure-data-key-1",   "insecure-data-key-\xd9\xa1" };
  g_autoptr (KmsBox) box = box_new (self, "1", TEST_KEY);
  g_autoptr (KmsContext) context = kms_context_new ("id", "1", NULL);
  g_autofree char *sealed = box_seal ("v1:", "hello", NULL);
  g_autofree char *digits = g_strnfill (100, '7');
  g_autofree char *large = g_strconcat ("insecure-data-key-", digits, NULL);

  box_assert_refused (box, "insecure-data-key-12", -1, NULL, KMS_ERROR_NOT_SUPPORTED,
                      "set LegacyDataKeys=true in [Settings] of test.provider");
  g_autoptr (KmsBox) reading = new_legacy_box (self, TEST_KEY);
  g_autoptr (KmsBox) encrypting = new_legacy_box (self, "insecure-test-key/encrypt");
  box_assert_decrypts (reading, "insecure-data-key-12", NULL, ZEROS);
  box_assert_decrypts (reading, "insecure-data-key-0", context, ZEROS);
  box_assert_decrypts (reading, large, NULL, ZEROS);
  box_assert_decrypts (reading, sealed, NULL, "hello");
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    box_assert_refused (reading, others[i], -1, NULL, KMS_ERROR_INVALID_CIPHERTEXT, "decryption failed");
  box_assert_refused (encrypting, "insecure-data-key-12", -1, NULL, KMS_ERROR_NOT_AUTHORIZED, NULL);
}

/* Nothing binds its context, and that is said. */
static void
test_legacy_binding (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = new_legacy_box (self, TEST_KEY);
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_DECRYPT);
  g_autofree char *sealed = box_seal ("v1:", "hello", NULL);

  kms_batch_add_stored (batch, "insecure-data-key-1", -1, NULL, NULL);
  kms_batch_add_stored (batch, sealed, -1, NULL, NULL);
  g_assert_true (kms_box_run (box, batch, NULL, NULL));
  g_assert_cmpint (kms_batch_get_binding (batch, 0), ==, KMS_BINDING_IGNORED);
  g_assert_cmpint (kms_batch_get_binding (batch, 1), ==, KMS_BINDING_VERIFIED);
}

/* Before anything is parsed: right or wrong, the answer is one. */
static void
test_encrypt_only_key (BoxFixture *self, gconstpointer data)
{
  static const char *const stored[] = { "v1:", "v1:AAAA", "AAAA", "vault:v1:x", "insecure-data-key-1" };
  g_autoptr (KmsBox) box = box_new (self, "1", "insecure-test-key/encrypt");
  g_autoptr (KmsContext) context = kms_context_new ("id", "1", NULL);
  g_autofree char *expected = box_seal ("v1:", "hello", "{\"id\":\"1\"}");
  g_autofree char *made = box_encrypt (box, "hello", context);

  g_assert_cmpstr (made, ==, expected);
  box_assert_refused (box, made, -1, context, KMS_ERROR_NOT_AUTHORIZED, "may encrypt and nothing else");
  for (guint i = 0; i < G_N_ELEMENTS (stored); i++)
    box_assert_refused (box, stored[i], -1, NULL, KMS_ERROR_NOT_AUTHORIZED, "may encrypt and nothing else");
}

/* The parts between colons, as Ruby's split makes them: P stands for the prefix. */
static void
test_parts (BoxFixture *self, gconstpointer data)
{
  static const struct
  {
    const char *behind_prefix;
    const char *context; /* NULL: none; else a text */
    const char *plaintext;
  } cases[] = {
    { "aGVsbG8=", NULL, "hello" },
    { "aGVsbG8=:", NULL, "hello" },
    { "aGVsbG8=:::", NULL, "hello" },
    { "", NULL, "" },
    { "aGVsbG8=:eA==\n", "x", "hello" },
    { "aGVsbG8=:eA==\n::", "x", "hello" },
    { "aGVsbG8=:eA==\n:more", "x", "hello" },
    { ":eA==\n", "x", "" },
    { "aGVsbG8=::more", "", "hello" },
    { "aGVs bG8", NULL, "hello" },
    { "aGVsbG8=", "", NULL },
    { "aGVsbG8=:", "", NULL },
    { "aGVsbG8=:eA==", "x", NULL },
    { "aGVsbG8=:eA==\n\n", "x", NULL },
    { "aGVsbG8=:eB==\n", "x", NULL },
    { "aGVsbG8=:eA==\n", "y", NULL },
    { "aGVsbG8=:eA==\n", NULL, NULL },
    { "aGVsbG8=::eA==\n", "x", NULL },
  };
  g_autoptr (KmsBox) box = box_new (self, "1", TEST_KEY);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *bytes =
        g_strconcat ("\x8a\x7b\x1e\x72\xea\xde\xf9\xd6\xad\x6b\xe0:", cases[i].behind_prefix, NULL);
      g_autofree char *stored = box_store ("v1:", bytes);
      g_autoptr (KmsContext) context =
        cases[i].context == NULL ? NULL
                                 : kms_context_new_raw ((const guint8 *) cases[i].context, strlen (cases[i].context));
      if (cases[i].plaintext != NULL)
        box_assert_decrypts (box, stored, context, cases[i].plaintext);
      else
        box_assert_refused (box, stored, -1, context, KMS_ERROR_INVALID_CIPHERTEXT, "decryption failed");
    }
}

static void
test_prefix (BoxFixture *self, gconstpointer data)
{
  static const char *const wrong[] = { "",
                                       "\x8a",
                                       "\x8a\x7b\x1e\x72\xea\xde\xf9\xd6\xad\x6b\xe0",
                                       "\x8a\x7b\x1e\x72\xea\xde\xf9\xd6\xad\x6b\xe1:aGVsbG8=",
                                       "\x8a\x7b\x1e\x72\xea\xde\xf9\xd6\xad\x6b\xe0;aGVsbG8=",
                                       "aGVsbG8=" };
  g_autoptr (KmsBox) box = box_new (self, "1", TEST_KEY);

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autofree char *stored = box_store ("v1:", wrong[i]);
      box_assert_refused (box, stored, -1, NULL, KMS_ERROR_INVALID_CIPHERTEXT, "decryption failed");
    }
}

/* Contexts of every length around the ends of base64 lines. */
static void
test_context_lengths (BoxFixture *self, gconstpointer data)
{
  g_autoptr (KmsBox) box = box_new (self, "1", TEST_KEY);

  for (gsize length = 1; length <= 200; length++)
    {
      g_autofree char *text = g_strnfill (length, 'c');
      g_autofree char *stored = box_seal ("v1:", "hello", text);
      g_autoptr (KmsContext) context = kms_context_new_raw ((const guint8 *) text, length);
      box_assert_decrypts (box, stored, context, "hello");
      for (gsize at = 0; at < length; at += 7)
        {
          text[at] = 'd';
          g_autoptr (KmsContext) other = kms_context_new_raw ((const guint8 *) text, length);
          box_assert_refused (box, stored, -1, other, KMS_ERROR_INVALID_CIPHERTEXT, NULL);
          text[at] = 'c';
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  BOX_TEST ("test-key/legacy-data-key", test_legacy_data_key);
  BOX_TEST ("test-key/legacy-binding", test_legacy_binding);
  BOX_TEST ("test-key/encrypt-only", test_encrypt_only_key);
  BOX_TEST ("test-key/parts", test_parts);
  BOX_TEST ("test-key/prefix", test_prefix);
  BOX_TEST ("test-key/context-lengths", test_context_lengths);
  return g_test_run ();
}
