/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* tamper: what is not exactly what was encrypted, under this key and with this context, never decrypts. */
#include <string.h>

#include "cases.h"
#include "operations.h"
#include "verdict.h"

/* Ciphertexts that must be refused, and what each is. */
typedef struct
{
  GPtrArray *ciphertexts;
  GPtrArray *texts;
} Forgeries;

static void
forgeries_init (Forgeries *self)
{
  self->ciphertexts = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  self->texts = g_ptr_array_new_with_free_func (g_free);
}

static void
forgeries_clear (Forgeries *self)
{
  g_ptr_array_unref (self->ciphertexts);
  g_ptr_array_unref (self->texts);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Forgeries, forgeries_clear)

static void forgeries_add (Forgeries *self, const void *bytes, gsize length, const char *format, ...)
  G_GNUC_PRINTF (4, 5);

static void
forgeries_add (Forgeries *self, const void *bytes, gsize length, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_ptr_array_add (self->texts, g_strdup_vprintf (format, arguments));
  va_end (arguments);
  g_ptr_array_add (self->ciphertexts, g_bytes_new (bytes, length));
}

static void
forgeries_check (Forgeries *self, Fixture *fixture)
{
  check_all_refused (fixture->provider, fixture->key_id, self->ciphertexts, self->texts, fixture->context);
}

static GBytes *
encrypt_something (Fixture *fixture)
{
  g_autoptr (KmsSecret) secret = make_secret (32);
  return encrypt_value (fixture->provider, fixture->key_id, secret, fixture->context, "a plaintext");
}

/* A service takes a call for each: there, one bit of a byte has to do. */
static void
check_flipped_bits (Fixture *fixture)
{
  gboolean is_fast = (kms_provider_get_capabilities (fixture->provider) & KMS_CAPABILITY_INLINE) != 0;
  g_auto (Forgeries) forgeries;
  gsize length = 0;
  g_autoptr (GBytes) ciphertext = encrypt_something (fixture);
  const guint8 *bytes = ciphertext == NULL ? NULL : g_bytes_get_data (ciphertext, &length);

  forgeries_init (&forgeries);
  for (gsize i = 0; i < length; i++)
    for (guint bit = 0; bit < 8; bit += is_fast ? 1 : 8)
      {
        g_autofree guint8 *changed = g_memdup2 (bytes, length);
        changed[i] ^= (guint8) (1 << bit);
        forgeries_add (&forgeries, changed, length, "a ciphertext with bit %u of byte %zu (of %zu) flipped", bit, i,
                       length);
      }
  forgeries_check (&forgeries, fixture);
}

static void
check_truncated (Fixture *fixture)
{
  g_auto (Forgeries) forgeries;
  gsize length = 0;
  g_autoptr (GBytes) ciphertext = encrypt_something (fixture);
  const guint8 *bytes = ciphertext == NULL ? NULL : g_bytes_get_data (ciphertext, &length);

  forgeries_init (&forgeries);
  for (gsize n = 0; n < length; n++)
    {
      forgeries_add (&forgeries, bytes, n, "the first %zu bytes of %zu", n, length);
      if (n > 0)
        forgeries_add (&forgeries, bytes + length - n, n, "the last %zu bytes of %zu", n, length);
    }
  forgeries_check (&forgeries, fixture);
}

static void
check_extended (Fixture *fixture)
{
  static const gsize amounts[] = { 1, 2, 15, 16, 17, 32, 1000 };
  g_auto (Forgeries) forgeries;
  gsize length = 0;
  g_autoptr (GBytes) ciphertext = encrypt_something (fixture);
  const guint8 *bytes = ciphertext == NULL ? NULL : g_bytes_get_data (ciphertext, &length);

  forgeries_init (&forgeries);
  for (guint i = 0; bytes != NULL && i < G_N_ELEMENTS (amounts); i++)
    {
      g_autofree guint8 *extended = g_malloc0 (length + amounts[i]);
      memcpy (extended, bytes, length);
      forgeries_add (&forgeries, extended, length + amounts[i], "a ciphertext with %zu zeros behind it", amounts[i]);
      memset (extended, 0, amounts[i]);
      memcpy (extended + amounts[i], bytes, length);
      forgeries_add (&forgeries, extended, length + amounts[i], "a ciphertext with %zu zeros before it", amounts[i]);
    }
  if (bytes != NULL)
    {
      g_autofree guint8 *twice = g_malloc (2 * length);
      memcpy (twice, bytes, length);
      memcpy (twice + length, bytes, length);
      forgeries_add (&forgeries, twice, 2 * length, "a ciphertext twice");
    }
  forgeries_check (&forgeries, fixture);
}

/* The beginning of one and the end of another of the same length. */
static void
check_spliced (Fixture *fixture)
{
  g_auto (Forgeries) forgeries;
  gsize length = 0, other_length = 0;
  g_autoptr (GBytes) ciphertext = encrypt_something (fixture);
  g_autoptr (GBytes) other = encrypt_something (fixture);
  const guint8 *bytes = ciphertext == NULL ? NULL : g_bytes_get_data (ciphertext, &length);
  const guint8 *other_bytes = other == NULL ? NULL : g_bytes_get_data (other, &other_length);

  forgeries_init (&forgeries);
  for (gsize n = 1; bytes != NULL && other_bytes != NULL && n < length && length == other_length; n++)
    {
      g_autofree guint8 *spliced = g_memdup2 (other_bytes, length);
      memcpy (spliced, bytes, n);
      if (memcmp (spliced, bytes, length) != 0 && memcmp (spliced, other_bytes, length) != 0)
        forgeries_add (&forgeries, spliced, length, "the first %zu bytes of one ciphertext and the rest of another", n);
    }
  forgeries_check (&forgeries, fixture);
}

static void
check_garbage (Fixture *fixture)
{
  static const gsize lengths[] = { 0, 1, 2, 8, 11, 12, 13, 16, 24, 25, 28, 32, 41, 48, 64, 100, 1000, 5000 };
  guint8 bytes[5000] = { 0 };
  gint64 limit = kms_provider_get_limit (fixture->provider, KMS_LIMIT_CIPHERTEXT);
  g_auto (Forgeries) forgeries;

  forgeries_init (&forgeries);
  for (guint i = 0; i < G_N_ELEMENTS (lengths) && (gint64) lengths[i] <= limit; i++)
    forgeries_add (&forgeries, bytes, lengths[i], "%zu zeros", lengths[i]);
  for (gsize i = 0; i < sizeof bytes; i++)
    bytes[i] = (guint8) g_random_int_range (0, 256);
  for (guint i = 1; i < G_N_ELEMENTS (lengths) && (gint64) lengths[i] <= limit; i++)
    forgeries_add (&forgeries, bytes, lengths[i], "%zu random bytes", lengths[i]);
  forgeries_check (&forgeries, fixture);
}

static void
check_wrong_context (Fixture *fixture)
{
  g_autoptr (KmsContext) right = kms_context_new ("a", "bc", "id", "1", NULL);
  const struct
  {
    KmsContext *context;
    const char *what;
  } wrong[] = {
    { NULL, "without its context, it" },
    { kms_context_new_empty (), "with an empty context, it" },
    { kms_context_new ("a", "bc", NULL), "with a pair less, it" },
    { kms_context_new ("a", "bc", "id", "1", "more", "", NULL), "with a pair more, it" },
    { kms_context_new ("a", "bc", "id", "2", NULL), "with another value, it" },
    { kms_context_new ("a", "bc", "ID", "1", NULL), "with another name, it" },
    { kms_context_new ("ab", "c", "id", "1", NULL), "with a letter moved from a value to its name, it" },
    { kms_context_new ("a", "1", "id", "bc", NULL), "with the values exchanged, it" },
    { kms_context_new ("a", "bc", "id", "1 ", NULL), "with a blank behind a value, it" },
    { kms_context_new ("a", "bc\",\"id\":\"1", NULL), "with both pairs in one value, it" },
  };
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GBytes)
    ciphertext = encrypt_value (fixture->provider, fixture->key_id, secret, right, "a plaintext with two pairs");

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      if (ciphertext != NULL)
        check_refused (fixture->provider, fixture->key_id, ciphertext, wrong[i].context, wrong[i].what);
      if (wrong[i].context != NULL)
        kms_context_unref (wrong[i].context);
    }
}

/* Who had none must not be given one: else a context could be put upon a stranger's ciphertext. */
static void
check_added_context (Fixture *fixture)
{
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GBytes)
    ciphertext = encrypt_value (fixture->provider, fixture->key_id, secret, NULL, "a plaintext without a context");

  if (ciphertext != NULL)
    check_refused (fixture->provider, fixture->key_id, ciphertext, fixture->context,
                   "encrypted without a context, with one it");
}

static void
check_other_key (Fixture *fixture)
{
  g_autoptr (GBytes) ciphertext = encrypt_something (fixture);

  if (ciphertext != NULL)
    check_refused (fixture->provider, fixture->second_key_id, ciphertext, fixture->context, "with another key, it");
}

const TestCase cases_tamper[] = {
  { "tamper/flipped-bits", "a ciphertext with one bit flipped does not decrypt", check_flipped_bits,
    FIXTURE_ROUND_TRIP },
  { "tamper/truncated", "a part of a ciphertext does not decrypt", check_truncated, FIXTURE_ROUND_TRIP },
  { "tamper/extended", "a ciphertext with more bytes does not decrypt", check_extended, FIXTURE_ROUND_TRIP },
  { "tamper/spliced", "parts of two ciphertexts do not decrypt", check_spliced, FIXTURE_ROUND_TRIP },
  { "tamper/garbage", "zeros and random bytes do not decrypt", check_garbage, FIXTURE_ROUND_TRIP },
  { "tamper/wrong-context", "with another context, a ciphertext does not decrypt", check_wrong_context,
    FIXTURE_ROUND_TRIP | FIXTURE_BINDING },
  { "tamper/added-context", "what has no context does not decrypt with one", check_added_context,
    FIXTURE_ROUND_TRIP | FIXTURE_BINDING },
  { "tamper/other-key", "another key does not decrypt it", check_other_key, FIXTURE_ROUND_TRIP | FIXTURE_SECOND_KEY },
  { NULL },
};
