/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* contract: errors, and questions about what is not there or is not what it should be. */
#include <string.h>

#include "cases.h"
#include "operations.h"
#include "spy.h"
#include "verdict.h"

/* Letters only, so that it would stand in a message as it is. */
#define MARKED_PLAINTEXT "conformancePlaintextMarkerQzvkwxyj"

static const char *const strange_key_ids[] = {
  "-",
  ".",
  "..",
  "/",
  "../../../../etc/passwd",
  "a/../../b",
  "two words",
  "line\nbreak",
  "%s%s%s%n",
  "\xc3\xa4\xc3\xb6",
  "not UTF-8: \xff\xfe",
};

static char *
make_long_key_id (void)
{
  return g_strnfill (5000, 'k');
}

/* Whatever it makes of the key id, it must survive it, and say in words what is wrong. */
static void
try_key_id (Fixture *fixture, const char *key_id)
{
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GBytes) garbage = g_bytes_new_static ("this is no ciphertext at all", 28);
  g_autoptr (GError) encrypting = NULL;
  g_autoptr (GError) decrypting = NULL;
  g_autoptr (KmsReport) report = kms_report_new ();
  g_autoptr (GBytes)
    ciphertext = kms_provider_encrypt (fixture->provider, key_id, secret, fixture->context, NULL, &encrypting);
  g_autoptr (KmsSecret)
    plaintext = kms_provider_decrypt (fixture->provider, key_id, garbage, fixture->context, NULL, &decrypting);

  if (encrypting != NULL)
    check_error (fixture->provider, encrypting, "encrypting with a strange key id");
  verdict_check (plaintext == NULL, "garbage decrypts with a strange key id");
  if (decrypting != NULL)
    check_error (fixture->provider, decrypting, "decrypting with a strange key id");
  kms_provider_diagnose (fixture->provider, key_id, report, NULL);
  kms_provider_get_binding (fixture->provider, key_id, NULL, NULL);
}

static void
check_key_ids (Fixture *fixture)
{
  g_autofree char *long_key_id = make_long_key_id ();

  for (guint i = 0; i < G_N_ELEMENTS (strange_key_ids); i++)
    try_key_id (fixture, strange_key_ids[i]);
  try_key_id (fixture, long_key_id);
}

static gboolean
key_exists (Fixture *fixture, const char *key_id)
{
  g_autoptr (GPtrArray)
    found = kms_key_admin_run (KMS_KEY_ADMIN (fixture->provider), KMS_KEY_VERB_SHOW, key_id, NULL, NULL, NULL);
  return found != NULL;
}

static void
check_unknown_key (Fixture *fixture)
{
  g_autofree char *key_id = fixture_make_key_id (fixture);
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GBytes)
    ciphertext = kms_provider_encrypt (fixture->provider, key_id, secret, fixture->context, NULL, &error);

  if (ciphertext == NULL)
    {
      check_error (fixture->provider, error, "encrypting with a key that is not there");
      verdict_check (
        error_is_one_of (error, KMS_ERROR_NOT_FOUND, KMS_ERROR_NOT_AUTHORIZED, KMS_ERROR_INVALID_ARGUMENT, -1),
        "encrypting with a key that is not there: the code is %s: %s", kms_error_get_id (error), error->message);
      return;
    }
  if (!KMS_IS_KEY_ADMIN (fixture->provider))
    verdict_skip ("every key id names a key here");
  else
    verdict_check (!key_exists (fixture, key_id), "encrypting created the key \"%s\": a typing error would, too",
                   key_id);
}

static GError *
decrypt_garbage (Fixture *fixture)
{
  g_autoptr (GBytes) garbage = g_bytes_new_static ("this is no ciphertext at all", 28);
  GError *error = NULL;
  g_autoptr (KmsSecret)
    plaintext = kms_provider_decrypt (fixture->provider, fixture->key_id, garbage, fixture->context, NULL, &error);

  if (plaintext != NULL)
    verdict_fail ("garbage decrypts");
  return error;
}

static void
check_text (Fixture *fixture)
{
  g_autofree char *unknown = fixture_make_key_id (fixture);
  g_autoptr (KmsSecret) marked = kms_secret_new ((const guint8 *) MARKED_PLAINTEXT, strlen (MARKED_PLAINTEXT));
  g_autoptr (GError) garbage = decrypt_garbage (fixture);
  g_autoptr (GError) encrypting = NULL;
  g_autoptr (GBytes)
    ciphertext = kms_provider_encrypt (fixture->provider, unknown, marked, fixture->context, NULL, &encrypting);

  if (garbage != NULL)
    check_refusal (fixture->provider, garbage, "garbage");
  if (encrypting == NULL)
    return;
  check_error (fixture->provider, encrypting, "encrypting with a key that is not there");
  verdict_check (strstr (encrypting->message, MARKED_PLAINTEXT) == NULL, "the plaintext stands in the message");
}

static void
check_domain (Fixture *fixture)
{
  g_autofree char *unknown = fixture_make_key_id (fixture);
  g_autofree char *long_key_id = make_long_key_id ();

  spy_attach (fixture->provider);
  try_key_id (fixture, unknown);
  try_key_id (fixture, long_key_id);
  for (guint i = 0; i < G_N_ELEMENTS (strange_key_ids); i++)
    try_key_id (fixture, strange_key_ids[i]);
  g_autoptr (GError) error = decrypt_garbage (fixture);
  g_autoptr (GPtrArray) foreign = spy_dup_foreign_errors ();
  for (guint i = 0; i < foreign->len; i++)
    verdict_fail ("an error of another domain, whose code the caller never sees: %s",
                  (const char *) g_ptr_array_index (foreign, i));
}

static void
check_details (GVariant *details, const char *what)
{
  if (details != NULL)
    verdict_check (g_variant_is_of_type (details, G_VARIANT_TYPE_VARDICT),
                   "inspecting %s gives a value of type %s, not a{sv}", what, g_variant_get_type_string (details));
}

static void
check_inspect (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GBytes)
    ciphertext = encrypt_value (fixture->provider, fixture->key_id, secret, fixture->context, "a plaintext");

  if (KMS_PROVIDER_GET_CLASS (fixture->provider)->inspect == NULL)
    verdict_skip ("the provider does not look into its ciphertexts");
  if (ciphertext == NULL)
    return;
  g_autoptr (GVariant) details = kms_provider_inspect (fixture->provider, fixture->key_id, ciphertext, NULL, &error);
  verdict_check (error == NULL, "its own ciphertext can't be inspected: %s", error == NULL ? "" : error->message);
  check_details (details, "a ciphertext");
}

static void
inspect_part (Fixture *fixture, const guint8 *bytes, gsize length)
{
  /* A copy, so that a sanitizer sees a read behind its end. */
  g_autoptr (GBytes) part = g_bytes_new (bytes, length);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) details = kms_provider_inspect (fixture->provider, fixture->key_id, part, NULL, &error);

  check_details (details, "garbage");
}

static void
check_inspect_garbage (Fixture *fixture)
{
  guint8 noise[300];
  gsize length;
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GBytes)
    ciphertext = encrypt_value (fixture->provider, fixture->key_id, secret, fixture->context, "a plaintext");
  const guint8 *bytes = ciphertext == NULL ? NULL : g_bytes_get_data (ciphertext, &length);

  if (KMS_PROVIDER_GET_CLASS (fixture->provider)->inspect == NULL)
    verdict_skip ("the provider does not look into its ciphertexts");
  for (gsize i = 0; i < sizeof noise; i++)
    noise[i] = (guint8) g_random_int_range (0, 256);
  for (gsize i = 0; i < sizeof noise; i++)
    inspect_part (fixture, noise, i);
  for (gsize i = 0; bytes != NULL && i < length; i++)
    inspect_part (fixture, bytes, i);
}

static void
check_findings (KmsReport *report, const char *what)
{
  for (guint i = 0; i < kms_report_get_n_findings (report); i++)
    {
      const char *topic, *finding;
      kms_report_get_finding (report, i, &topic, &finding, NULL);
      verdict_check (topic != NULL && topic[0] != '\0' && finding != NULL && finding[0] != '\0',
                     "finding %u on %s has no topic or no text", i, what);
    }
}

static void
check_diagnose (Fixture *fixture)
{
  g_autofree char *unknown = fixture_make_key_id (fixture);
  const char *const key_ids[] = { fixture->key_id, unknown, NULL };

  for (guint i = 0; i < G_N_ELEMENTS (key_ids); i++)
    {
      g_autoptr (KmsReport) report = kms_report_new ();
      kms_provider_diagnose (fixture->provider, key_ids[i], report, NULL);
      check_findings (report, key_ids[i] == NULL ? "no key" : key_ids[i]);
      if (i == 0)
        verdict_check (kms_report_get_worst (report) < KMS_SEVERITY_ERROR, "it finds errors where all is well");
    }
}

const TestCase cases_errors[] = {
  { "contract/error-text", "an error names the provider, says what is wrong in one line, and holds no plaintext",
    check_text, FIXTURE_ROUND_TRIP },
  { "contract/error-domain", "errors are of the domain KMS_ERROR", check_domain, FIXTURE_ROUND_TRIP },
  { "contract/unknown-key", "a key that is not there is not found, and is not made", check_unknown_key,
    FIXTURE_ENCRYPTION },
  { "contract/key-ids", "strange key ids do no harm", check_key_ids, FIXTURE_ROUND_TRIP },
  { "contract/inspect", "it can look into its own ciphertext", check_inspect, FIXTURE_ENCRYPTION },
  { "contract/inspect-garbage", "it can look into garbage", check_inspect_garbage, FIXTURE_ENCRYPTION },
  { "contract/diagnose", "its diagnosis has words, and no errors where all is well", check_diagnose,
    FIXTURE_ENCRYPTION },
  { NULL },
};
