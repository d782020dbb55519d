/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* XAES-256-GCM against the vectors of its specification, among them the accumulated ones. */
#include <string.h>

#include <libkms/kms.h>

#include "xaes.h"

#define NONCE "ABCDEFGHIJKLMNOPQRSTUVWX"
#define PLAINTEXT "XAES-256-GCM"

/* SHAKE-128 (FIPS 202), because GnuTLS has none before 3.8. */
typedef struct
{
  guint64 lanes[25];
  guint at;
} Shake;

static guint64
rotate_left (guint64 lane, guint n)
{
  return n == 0 ? lane : lane << n | lane >> (64 - n);
}

static void
keccak_rho_pi_chi (guint64 *a)
{
  guint64 b[25];

  for (guint i = 0, x = 1, y = 0, n = 0; i < 24; i++)
    {
      guint next_y = (2 * x + 3 * y) % 5;

      n = (n + i + 1) % 64;
      b[y + 5 * next_y] = rotate_left (a[x + 5 * y], n);
      x = y;
      y = next_y;
    }
  b[0] = a[0];
  for (guint i = 0; i < 25; i++)
    a[i] = b[i] ^ (~b[i - i % 5 + (i + 1) % 5] & b[i - i % 5 + (i + 2) % 5]);
}

/* The round constants are the output of the LFSR x^8 + x^6 + x^5 + x^4 + 1. */
static guint64
next_round_constant (guint8 *lfsr)
{
  guint64 constant = 0;

  for (guint j = 0; j < 7; j++)
    {
      if (*lfsr & 1)
        constant ^= G_GUINT64_CONSTANT (1) << ((1 << j) - 1);
      *lfsr = (guint8) (*lfsr << 1 ^ (*lfsr & 0x80 ? 0x71 : 0));
    }
  return constant;
}

static void
keccak (guint64 *a)
{
  guint8 lfsr = 1;

  for (guint round = 0; round < 24; round++)
    {
      guint64 c[5];

      for (guint x = 0; x < 5; x++)
        c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
      for (guint i = 0; i < 25; i++)
        a[i] ^= c[(i + 4) % 5] ^ rotate_left (c[(i + 1) % 5], 1);
      keccak_rho_pi_chi (a);
      a[0] ^= next_round_constant (&lfsr);
    }
}

#define RATE 168

static void
shake_xor (Shake *self, guint at, guint8 byte)
{
  self->lanes[at / 8] ^= (guint64) byte << (8 * (at % 8));
}

static void
shake_write (Shake *self, const guint8 *data, gsize length)
{
  for (gsize i = 0; i < length; i++)
    {
      shake_xor (self, self->at++, data[i]);
      if (self->at == RATE)
        {
          keccak (self->lanes);
          self->at = 0;
        }
    }
}

static void
shake_begin_reading (Shake *self)
{
  shake_xor (self, self->at, 0x1f);
  shake_xor (self, RATE - 1, 0x80);
  keccak (self->lanes);
  self->at = 0;
}

static void
shake_read (Shake *self, guint8 *out, gsize length)
{
  for (gsize i = 0; i < length; i++)
    {
      if (self->at == RATE)
        {
          keccak (self->lanes);
          self->at = 0;
        }
      out[i] = (guint8) (self->lanes[self->at / 8] >> (8 * (self->at % 8)));
      self->at++;
    }
}

static char *
to_hex (const guint8 *data, gsize length)
{
  GString *hex = g_string_new (NULL);

  for (gsize i = 0; i < length; i++)
    g_string_append_printf (hex, "%02x", data[i]);
  return g_string_free (hex, FALSE);
}

static void
assert_hex (const guint8 *data, gsize length, const char *expected)
{
  g_autofree char *hex = to_hex (data, length);

  g_assert_cmpstr (hex, ==, expected);
}

static void
check_vector (guint8 key_byte, const char *aad, const char *expected)
{
  g_auto (XaesKey) key = { 0 };
  guint8 key_bytes[XAES_KEY_SIZE], out[sizeof PLAINTEXT - 1 + XAES_TAG_SIZE], back[sizeof PLAINTEXT - 1];
  const gsize length = strlen (PLAINTEXT);
  g_autoptr (GError) error = NULL;

  memset (key_bytes, key_byte, sizeof key_bytes);
  g_assert_true (xaes_key_init (&key, key_bytes, &error));
  g_assert_true (xaes_seal (&key, (const guint8 *) NONCE, (const guint8 *) aad, strlen (aad),
                            (const guint8 *) PLAINTEXT, length, out, &error));
  assert_hex (out, sizeof out, expected);
  g_assert_true (
    xaes_open (&key, (const guint8 *) NONCE, (const guint8 *) aad, strlen (aad), out, sizeof out, back, &error));
  g_assert_cmpmem (back, sizeof back, PLAINTEXT, length);
}

static void
test_vectors (void)
{
  check_vector (0x01, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271");
  check_vector (0x03, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d");
}

static void
test_tamper (void)
{
  g_auto (XaesKey) key = { 0 };
  guint8 key_bytes[XAES_KEY_SIZE] = { 7 }, out[5 + XAES_OVERHEAD], back[5];

  g_assert_true (xaes_key_init (&key, key_bytes, NULL));
  g_assert_true (xaes_seal_random (&key, (const guint8 *) "aad", 3, (const guint8 *) "hello", 5, out, NULL));
  for (gsize i = 0; i < sizeof out * 8; i++)
    {
      g_autoptr (GError) error = NULL;

      out[i / 8] ^= (guint8) (1 << i % 8);
      memset (back, 'x', sizeof back);
      g_assert_false (xaes_open (&key, out, (const guint8 *) "aad", 3, out + XAES_NONCE_SIZE,
                                 sizeof out - XAES_NONCE_SIZE, back, &error));
      g_assert_no_error (error);
      g_assert_cmpmem (back, sizeof back, "\0\0\0\0\0", 5);
      out[i / 8] ^= (guint8) (1 << i % 8);
    }
  g_assert_false (
    xaes_open (&key, out, (const guint8 *) "AAD", 3, out + XAES_NONCE_SIZE, sizeof out - XAES_NONCE_SIZE, back, NULL));
  g_assert_false (
    xaes_open (&key, out, (const guint8 *) "aad", 3, out + XAES_NONCE_SIZE, XAES_TAG_SIZE - 1, back, NULL));
}

static void
seal_round (Shake *stream, Shake *sum)
{
  g_auto (XaesKey) key = { 0 };
  guint8 key_bytes[XAES_KEY_SIZE], nonce[XAES_NONCE_SIZE], plaintext[256], aad[256], out[256 + XAES_TAG_SIZE];
  guint8 back[256], length, aad_length;
  g_autoptr (GError) error = NULL;

  shake_read (stream, key_bytes, sizeof key_bytes);
  shake_read (stream, nonce, sizeof nonce);
  shake_read (stream, &length, 1);
  shake_read (stream, plaintext, length);
  shake_read (stream, &aad_length, 1);
  shake_read (stream, aad, aad_length);
  g_assert_true (xaes_key_init (&key, key_bytes, &error));
  g_assert_true (xaes_seal (&key, nonce, aad, aad_length, plaintext, length, out, &error));
  g_assert_true (xaes_open (&key, nonce, aad, aad_length, out, (gsize) length + XAES_TAG_SIZE, back, &error));
  g_assert_cmpmem (back, length, plaintext, length);
  shake_write (sum, out, (gsize) length + XAES_TAG_SIZE);
}

static void
accumulate (guint rounds, const char *expected)
{
  Shake stream = { { 0 }, 0 }, sum = { { 0 }, 0 };
  guint8 digest[32];

  shake_begin_reading (&stream);
  for (guint i = 0; i < rounds; i++)
    seal_round (&stream, &sum);
  shake_begin_reading (&sum);
  shake_read (&sum, digest, sizeof digest);
  assert_hex (digest, sizeof digest, expected);
}

static void
test_shake (void)
{
  Shake stream = { { 0 }, 0 };
  guint8 start[16];

  shake_begin_reading (&stream);
  shake_read (&stream, start, sizeof start);
  assert_hex (start, sizeof start, "7f9c2ba4e88f827d616045507605853e");
}

static void
test_accumulated (void)
{
  accumulate (10000, "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939");
}

static void
test_accumulated_million (void)
{
  if (!g_test_slow ())
    g_test_skip ("a million rounds: run with -m slow");
  else
    accumulate (1000000, "2163ae1445985a30b60585ee67daa55674df06901b890593e824b8a7c885ab15");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/xaes/vectors", test_vectors);
  g_test_add_func ("/xaes/tamper", test_tamper);
  g_test_add_func ("/xaes/shake", test_shake);
  g_test_add_func ("/xaes/accumulated", test_accumulated);
  g_test_add_func ("/xaes/accumulated-million", test_accumulated_million);
  return g_test_run ();
}
