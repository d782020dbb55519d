/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* round-trip: what was encrypted comes back, whatever it is. */
#include <string.h>

#include "cases.h"
#include "operations.h"
#include "verdict.h"

static void
check_sizes (Fixture *fixture)
{
  static const gsize sizes[] = { 1, 15, 16, 17, 31, 32, 33, 64, 255, 256, 1000, 4096 };
  gsize limit = (gsize) kms_provider_get_limit (fixture->provider, KMS_LIMIT_PLAINTEXT);

  for (guint i = 0; i < G_N_ELEMENTS (sizes) && sizes[i] <= limit; i++)
    {
      g_autofree char *what = g_strdup_printf ("a plaintext of %zu bytes", sizes[i]);
      g_autoptr (KmsSecret) secret = make_secret (sizes[i]);
      check_round_trip (fixture->provider, fixture->key_id, secret, fixture->context, what);
    }
}

static void
check_empty (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = kms_secret_new ((const guint8 *) "", 0);
  g_autoptr (GBytes)
    ciphertext = kms_provider_encrypt (fixture->provider, fixture->key_id, secret, fixture->context, NULL, &error);

  if (error_is_one_of (error, KMS_ERROR_INVALID_ARGUMENT, KMS_ERROR_NOT_SUPPORTED, -1))
    verdict_skip ("the provider takes no empty plaintext: %s", error->message);
  else if (verdict_check (ciphertext != NULL, "nothing does not encrypt: %s", error == NULL ? "" : error->message))
    check_decrypts (fixture->provider, fixture->key_id, ciphertext, fixture->context, secret, "nothing");
}

static void
check_bytes (Fixture *fixture)
{
  guint8 bytes[256];

  for (guint i = 0; i < sizeof bytes; i++)
    bytes[i] = (guint8) i;
  g_autoptr (KmsSecret) all = kms_secret_new (bytes, sizeof bytes);
  memset (bytes, 0, sizeof bytes);
  g_autoptr (KmsSecret) zeros = kms_secret_new (bytes, 32);
  check_round_trip (fixture->provider, fixture->key_id, all, fixture->context, "a plaintext of all byte values");
  check_round_trip (fixture->provider, fixture->key_id, zeros, fixture->context, "a plaintext of zeros");
}

static KmsContext *
make_large_context (void)
{
  g_autoptr (KmsContextBuilder) builder = kms_context_builder_new ();

  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *name = g_strdup_printf ("name_%u", i);
      g_autofree char *value = g_strnfill (20, (char) ('a' + i));
      kms_context_builder_add_string (builder, KMS_NAME_KIND_UNMARKED, name, -1, value, -1);
    }
  return kms_context_builder_end (builder, NULL);
}

/* Quotes, backslashes, what Rails escapes in JSON, and letters of two, three and four bytes. */
#define STRANGE "\" \\ / < > & \t é € \xf0\x9f\x94\x91 \xe2\x80\xa8"

static void
check_contexts (Fixture *fixture)
{
  g_autoptr (KmsContext) empty = kms_context_new_empty ();
  g_autoptr (KmsContext) strange = kms_context_new ("name", STRANGE, NULL);
  g_autoptr (KmsContext) empty_value = kms_context_new ("name", "", NULL);
  g_autoptr (KmsContext) large = make_large_context ();
  const struct
  {
    KmsContext *context;
    const char *what;
  } contexts[] = {
    { NULL, "a plaintext without a context" },
    { empty, "a plaintext with an empty context" },
    { strange, "a plaintext with special characters in the context" },
    { empty_value, "a plaintext with an empty value in the context" },
    { large, "a plaintext with 20 pairs in the context" },
  };
  g_autoptr (KmsSecret) secret = make_secret (32);

  for (guint i = 0; i < G_N_ELEMENTS (contexts); i++)
    check_round_trip (fixture->provider, fixture->key_id, secret, contexts[i].context, contexts[i].what);
}

static void
check_raw_context (Fixture *fixture)
{
  static const guint8 bytes[] = { 'r', 'a', 'w', 0x00, 0xff, 0x0a, 0x80 };
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsContext) raw = kms_context_new_raw (bytes, sizeof bytes);
  g_autoptr (KmsContext) other = kms_context_new_raw (bytes, sizeof bytes - 1);
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GBytes) ciphertext = kms_provider_encrypt (fixture->provider, fixture->key_id, secret, raw, NULL, &error);

  if (error_is_one_of (error, KMS_ERROR_INVALID_ARGUMENT, KMS_ERROR_NOT_SUPPORTED, -1))
    {
      verdict_skip ("the provider takes no context that is only bytes: %s", error->message);
      return;
    }
  if (!verdict_check (ciphertext != NULL, "a context of bytes: %s", error == NULL ? "" : error->message))
    return;
  check_decrypts (fixture->provider, fixture->key_id, ciphertext, raw, secret, "a plaintext with a context of bytes");
  check_refused (fixture->provider, fixture->key_id, ciphertext, other, "with a byte less in the context, it");
}

static void
check_context_order (Fixture *fixture)
{
  g_autoptr (KmsContext) context = kms_context_new ("a", "1", "b", "2", NULL);
  g_autoptr (KmsContext) turned = kms_context_new ("b", "2", "a", "1", NULL);
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GBytes)
    ciphertext = encrypt_value (fixture->provider, fixture->key_id, secret, context, "a plaintext with two pairs");

  if (ciphertext != NULL)
    check_decrypts (fixture->provider, fixture->key_id, ciphertext, turned, secret, "with its pairs turned, it");
}

static gboolean
decrypts (Fixture *fixture, GBytes *ciphertext, KmsContext *context)
{
  g_autoptr (KmsSecret)
    found = kms_provider_decrypt (fixture->provider, fixture->key_id, ciphertext, context, NULL, NULL);
  return found != NULL;
}

/* Some services have no such difference; but then it must be none both ways. */
static void
check_none_and_empty (Fixture *fixture)
{
  g_autoptr (KmsContext) empty = kms_context_new_empty ();
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GBytes)
    with_none = encrypt_value (fixture->provider, fixture->key_id, secret, NULL, "without a context, it");
  g_autoptr (GBytes)
    with_empty = encrypt_value (fixture->provider, fixture->key_id, secret, empty, "with an empty context, it");

  if (with_none == NULL || with_empty == NULL)
    return;
  gboolean none_as_empty = decrypts (fixture, with_none, empty);
  gboolean empty_as_none = decrypts (fixture, with_empty, NULL);
  if (none_as_empty && empty_as_none)
    verdict_skip ("no context and an empty one are the same to the service");
  else
    verdict_check (!none_as_empty && !empty_as_none, "%s decrypts, though not the other way round",
                   none_as_empty ? "what was encrypted without a context, with an empty one,"
                                 : "what was encrypted with an empty context, without one,");
}

static void
check_random (Fixture *fixture)
{
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GHashTable)
    seen = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);

  for (guint i = 0; i < 20; i++)
    {
      GBytes *ciphertext = encrypt_value (fixture->provider, fixture->key_id, secret, fixture->context, "a plaintext");
      if (ciphertext == NULL
          || !verdict_check (
            g_hash_table_add (seen, ciphertext),
            "the same plaintext became the same ciphertext: who reads both learns that they are equal"))
        return;
    }
}

static void
check_order (Fixture *fixture)
{
  g_autoptr (GPtrArray) secrets = make_secrets (100, 24);
  g_autoptr (KmsBatch)
    encrypted = encrypt_all (fixture->provider, fixture->key_id, secrets, fixture->context, "100 plaintexts");

  if (encrypted != NULL)
    check_all_decrypt (fixture->provider, fixture->key_id, encrypted, secrets, fixture->context, "100 ciphertexts");
}

static void
unref_context (gpointer context)
{
  if (context != NULL)
    kms_context_unref (context);
}

static void
check_mixed_contexts (Fixture *fixture)
{
  g_autoptr (KmsBatch) encrypted = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (KmsBatch) decrypted = kms_batch_new (KMS_OPERATION_DECRYPT);
  g_autoptr (GPtrArray) secrets = make_secrets (12, 32);
  g_autoptr (GPtrArray) contexts = g_ptr_array_new_with_free_func (unref_context);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < secrets->len; i++)
    {
      g_ptr_array_add (contexts, i % 3 == 0 ? NULL : make_context ("item", i));
      kms_batch_add_secret (encrypted, g_ptr_array_index (secrets, i), g_ptr_array_index (contexts, i));
    }
  gboolean done = kms_provider_run (fixture->provider, fixture->key_id, encrypted, NULL, &error);
  for (guint i = 0; done && i < secrets->len; i++)
    kms_batch_add_ciphertext (decrypted, kms_batch_get_ciphertext (encrypted, i), g_ptr_array_index (contexts, i),
                              NULL);
  done = done && kms_provider_run (fixture->provider, fixture->key_id, decrypted, NULL, &error);
  if (!verdict_check (done, "a batch with and without contexts: %s", error == NULL ? "" : error->message))
    return;
  for (guint i = 0; i < secrets->len; i++)
    verdict_check (kms_secret_equal (kms_batch_get_secret (decrypted, i), g_ptr_array_index (secrets, i)),
                   "item %u of a batch with and without contexts came back as something else", i);
}

static void
check_key_version (Fixture *fixture)
{
  g_autoptr (GPtrArray) secrets = make_secrets (2, 32);
  g_autoptr (KmsBatch)
    encrypted = encrypt_all (fixture->provider, fixture->key_id, secrets, fixture->context, "two plaintexts");
  g_autoptr (KmsBatch) decrypted = kms_batch_new (KMS_OPERATION_DECRYPT);

  if (encrypted == NULL)
    return;
  const char *version = kms_batch_get_key_version (encrypted, 0);
  if (version == NULL)
    {
      verdict_skip ("the provider reports no key version");
      return;
    }
  kms_batch_add_ciphertext (decrypted, kms_batch_get_ciphertext (encrypted, 0), fixture->context, NULL);
  kms_provider_run (fixture->provider, fixture->key_id, decrypted, NULL, NULL);
  const char *used = kms_batch_get_key_version (decrypted, 0);
  verdict_check (version[0] != '\0', "the key version is an empty text");
  verdict_check (used == NULL || strcmp (used, version) == 0, "encrypted with version %s, decrypted with version %s",
                 version, used);
}

/* As an application does it: a string of version 1, by the whole key id. */
static void
check_box (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = make_secret (32), found = NULL;
  g_autoptr (KmsBox) box = kms_box_new_for_key (fixture->registry, fixture->file->key_id, "1", &error);
  g_autofree char *stored = box == NULL ? NULL : kms_box_encrypt (box, secret, fixture->context, NULL, &error);

  if (stored != NULL)
    found = kms_box_decrypt (box, stored, -1, fixture->context, NULL, &error);
  if (verdict_check (found != NULL, "through a box: %s", error == NULL ? "" : error->message))
    verdict_check (kms_secret_equal (found, secret), "a box decrypts it to something else");
}

const TestCase cases_round_trip[] = {
  { "round-trip/sizes", "plaintexts of all sizes come back", check_sizes, FIXTURE_ROUND_TRIP },
  { "round-trip/empty", "nothing at all comes back as that", check_empty, FIXTURE_ROUND_TRIP },
  { "round-trip/bytes", "all byte values come back", check_bytes, FIXTURE_ROUND_TRIP },
  { "round-trip/contexts", "it works with every kind of context", check_contexts,
    FIXTURE_ROUND_TRIP | FIXTURE_BINDING },
  { "round-trip/raw-context", "it works with a context that is only bytes", check_raw_context,
    FIXTURE_ROUND_TRIP | FIXTURE_BINDING },
  { "round-trip/context-order", "the order of a context's pairs does not matter", check_context_order,
    FIXTURE_ROUND_TRIP | FIXTURE_BINDING },
  { "round-trip/none-and-empty", "no context and an empty one are not the same", check_none_and_empty,
    FIXTURE_ROUND_TRIP | FIXTURE_BINDING },
  { "round-trip/random", "encrypting the same twice gives something else", check_random, FIXTURE_ENCRYPTION },
  { "round-trip/order", "the items of a batch come back in their places", check_order, FIXTURE_ROUND_TRIP },
  { "round-trip/mixed-contexts", "a batch may mix items with and without a context", check_mixed_contexts,
    FIXTURE_ROUND_TRIP | FIXTURE_BINDING },
  { "round-trip/key-version", "the key version that decrypts is the one that encrypted", check_key_version,
    FIXTURE_ROUND_TRIP },
  { "round-trip/box", "a box encrypts and decrypts with it", check_box, FIXTURE_ROUND_TRIP },
  { NULL },
};
