/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ciphertext, without files and without a registry. What is expected was made by another implementation (Ruby's
 * OpenSSL and Python's cryptography), not copied from our own output: that would only prove that nothing changed. */
#include "acme-sealer.h"

#include <string.h>

#define PLAINTEXT "the blue door"

/* Key 00 01 … 1f, version 7, nonce 64 65 … 6f. */
static const guint8 with_map[] = { 0x01, 0x00, 0x00, 0x00, 0x07, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a,
                                   0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x3c, 0x73, 0xbb, 0x46, 0x1b, 0x85, 0x23,
                                   0xfb, 0x1e, 0x06, 0x30, 0x87, 0xa8, 0xe4, 0x9e, 0xfd, 0x63, 0xc0, 0xd8,
                                   0x67, 0x91, 0xd2, 0xa0, 0x38, 0xc3, 0x7c, 0x43, 0x4f, 0x22 };
static const guint8 without_context[] = { 0x01, 0x00, 0x00, 0x00, 0x07, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a,
                                          0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x3c, 0x73, 0xbb, 0x46, 0x1b, 0x85, 0x23,
                                          0xfb, 0x1e, 0x06, 0x30, 0x87, 0xa8, 0x83, 0x76, 0x5e, 0x63, 0x9e, 0x23,
                                          0x30, 0x45, 0x8b, 0x94, 0xe0, 0xe1, 0x0c, 0x4e, 0x6b, 0xb7 };
static const guint8 empty_map[] = { 0x01, 0x00, 0x00, 0x00, 0x07, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a,
                                    0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x3c, 0x73, 0xbb, 0x46, 0x1b, 0x85, 0x23,
                                    0xfb, 0x1e, 0x06, 0x30, 0x87, 0xa8, 0x5b, 0x85, 0xf5, 0xdf, 0x95, 0x01,
                                    0x58, 0x73, 0x01, 0x2d, 0x45, 0x60, 0x43, 0x73, 0x2d, 0x38 };
static const guint8 nothing[] = { 0x01, 0x00, 0x00, 0x00, 0x07, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69,
                                  0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0xd4, 0x8e, 0xff, 0x72, 0xb4,
                                  0xba, 0x88, 0xd5, 0xa0, 0xf3, 0x7a, 0xae, 0x12, 0x5e, 0x8f, 0x38 };

static AcmeSealer *
new_sealer (guint32 version)
{
  guint8 bytes[ACME_KEY_SIZE];
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < sizeof bytes; i++)
    bytes[i] = (guint8) i;
  g_autoptr (KmsSecret) key = kms_secret_new (bytes, sizeof bytes);
  AcmeSealer *sealer = acme_sealer_new (key, version, &error);
  g_assert_no_error (error);
  return sealer;
}

static void
assert_opens (const guint8 *sealed, gsize length, KmsContext *context, const char *expected)
{
  g_autoptr (AcmeSealer) sealer = new_sealer (7);
  g_autoptr (GError) error = NULL;
  guint8 out[64];

  g_assert_true (acme_sealer_open (sealer, context, sealed, length, out, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (out, length - ACME_OVERHEAD, expected, strlen (expected));
}

static void
assert_refused (const guint8 *sealed, gsize length, KmsContext *context)
{
  g_autoptr (AcmeSealer) sealer = new_sealer (7);
  g_autoptr (GError) error = NULL;
  guint8 out[64];

  g_assert_false (acme_sealer_open (sealer, context, sealed, length, out, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
}

static void
test_vectors (void)
{
  /* The order of the names does not matter. */
  g_autoptr (KmsContext) map = kms_context_new ("model_name", "Order", "model_id", "42", NULL);
  g_autoptr (KmsContext) empty = kms_context_new_empty ();

  assert_opens (with_map, sizeof with_map, map, PLAINTEXT);
  assert_opens (without_context, sizeof without_context, NULL, PLAINTEXT);
  assert_opens (empty_map, sizeof empty_map, empty, PLAINTEXT);
  assert_opens (nothing, sizeof nothing, NULL, "");
}

static void
test_contexts (void)
{
  g_autoptr (KmsContext) other = kms_context_new ("model_name", "Order", "model_id", "43", NULL);
  g_autoptr (KmsContext) empty = kms_context_new_empty ();

  assert_refused (with_map, sizeof with_map, other);
  assert_refused (with_map, sizeof with_map, NULL);
  assert_refused (without_context, sizeof without_context, empty);
  assert_refused (empty_map, sizeof empty_map, NULL);
}

/* Every bit counts, those of the header too. */
static void
test_tampered (void)
{
  for (gsize i = 0; i < sizeof without_context; i++)
    for (guint bit = 0; bit < 8; bit++)
      {
        guint8 changed[sizeof without_context];
        memcpy (changed, without_context, sizeof changed);
        changed[i] ^= (guint8) (1 << bit);
        assert_refused (changed, sizeof changed, NULL);
      }
  for (gsize length = ACME_OVERHEAD; length < sizeof without_context; length++)
    assert_refused (without_context, length, NULL);
}

static void
test_header (void)
{
  guint8 other_format[sizeof nothing];
  guint32 version = 0;

  memcpy (other_format, nothing, sizeof nothing);
  other_format[0] = 2;
  g_assert_true (acme_sealed_get_version (nothing, sizeof nothing, &version, NULL));
  g_assert_cmpuint (version, ==, 7);
  for (gsize length = 0; length < sizeof nothing; length++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_false (acme_sealed_get_version (nothing, length, &version, &error));
      g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
    }
  g_assert_false (acme_sealed_get_version (other_format, sizeof other_format, &version, NULL));
}

static void
test_fresh_nonces (void)
{
  g_autoptr (AcmeSealer) sealer = new_sealer (7);
  guint8 one[sizeof nothing], other[sizeof nothing];

  g_assert_true (acme_sealer_seal (sealer, NULL, (const guint8 *) "", 0, one, NULL));
  g_assert_true (acme_sealer_seal (sealer, NULL, (const guint8 *) "", 0, other, NULL));
  assert_opens (one, sizeof one, NULL, "");
  g_assert_cmpint (memcmp (one, other, sizeof one), !=, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sealer/vectors", test_vectors);
  g_test_add_func ("/sealer/contexts", test_contexts);
  g_test_add_func ("/sealer/tampered", test_tampered);
  g_test_add_func ("/sealer/header", test_header);
  g_test_add_func ("/sealer/fresh-nonces", test_fresh_nonces);
  return g_test_run ();
}
