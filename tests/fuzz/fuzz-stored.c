/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stored strings: taken apart, held against a plain model of the Ruby gem's rule, and decrypted by the test provider. */
#include "fuzz.h"

#include <libkms/kms.h>

#include "fuzz-registry.h"

static KmsBox *any_version, *versions;
static KmsContext *context;

static void
set_up (void)
{
  static gsize done = 0;
  g_autoptr (GError) error = NULL;

  if (!g_once_init_enter (&done))
    return;
  KmsRegistry *registry = fuzz_registry_new ();
  any_version = kms_box_new_for_key (registry, "insecure-test-key", NULL, &error);
  FUZZ_CHECK (any_version != NULL);
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (registry, "orders");
  kms_box_builder_set_key (builder, "3", "insecure-test-key", NULL);
  kms_box_builder_add_previous (builder, "2", "insecure-test-key/encrypt", NULL);
  kms_box_builder_add_previous (builder, "1", "insecure-test-key", NULL);
  kms_box_builder_set_json_dialect (builder, KMS_JSON_DIALECT_RAILS, TRUE);
  versions = kms_box_builder_end (builder, &error);
  FUZZ_CHECK (versions != NULL);
  context = kms_context_new ("model_name", "User <\u2028>", "model_id", "123", NULL);
  g_once_init_leave (&done, 1);
}

/* The gem: /\Av(\d+):/. What the digits mean, without leading zeros; NULL where there is no version. */
static char *
model_version (const char *text, gsize size)
{
  g_autoptr (GString) digits = g_string_new (NULL);
  gsize at = 1;

  if (size == 0 || text[0] != 'v')
    return NULL;
  for (; at < size && text[at] >= '0' && text[at] <= '9'; at++)
    if (text[at] != '0' || digits->len > 0)
      g_string_append_c (digits, text[at]);
  if (at == 1 || at == size || text[at] != ':')
    return NULL;
  return g_strdup (digits->len == 0 ? "0" : digits->str);
}

static void
check_inspection (const char *text, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsInspection) inspection = kms_inspect (text, (gssize) size, &error);
  g_autofree char *version = model_version (text, size);

  FUZZ_CHECK_OUTCOME (inspection != NULL, error);
  if (inspection == NULL)
    return;
  FUZZ_CHECK ((version != NULL) == (kms_inspection_get_format (inspection) == KMS_STORED_FORMAT_VERSIONED));
  if (version != NULL)
    FUZZ_CHECK (g_strcmp0 (version, kms_inspection_get_version (inspection)) == 0);
  FUZZ_CHECK (kms_inspection_get_ciphertext (inspection) != NULL);
  if (kms_inspection_get_key_id (inspection) != NULL)
    FUZZ_CHECK (g_utf8_validate (kms_inspection_get_key_id (inspection), -1, NULL));
}

static void
check_box_inspection (KmsBox *box, const char *text, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsInspection) inspection = kms_box_inspect (box, text, (gssize) size, NULL, &error);

  FUZZ_CHECK_OUTCOME (inspection != NULL, error);
}

/* What decrypts is encrypted again, and then decrypts to the same. */
static void
check_round_trip (KmsSecret *plaintext, KmsContext *with)
{
  g_autofree char *stored = kms_box_encrypt (versions, plaintext, with, NULL, NULL);

  FUZZ_CHECK (stored != NULL && g_str_has_prefix (stored, "v3:"));
  g_autoptr (KmsSecret) again = kms_box_decrypt (versions, stored, -1, with, NULL, NULL);
  FUZZ_CHECK (again != NULL && kms_secret_equal (plaintext, again));
}

static void
check_decryption (KmsBox *box, const char *text, gsize size, KmsContext *with)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) plaintext = kms_box_decrypt (box, text, (gssize) size, with, NULL, &error);

  FUZZ_CHECK_OUTCOME (plaintext != NULL, error);
  FUZZ_CHECK (error == NULL || g_utf8_validate (error->message, -1, NULL));
  FUZZ_CHECK (!g_error_matches (error, KMS_ERROR, KMS_ERROR_FAILED));
  if (plaintext != NULL)
    check_round_trip (plaintext, with);
}

static void
check_rewrap (const char *text, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *stored = kms_box_rewrap (versions, text, (gssize) size, context, NULL, NULL, &error);

  FUZZ_CHECK_OUTCOME (stored != NULL, error);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const char *text = (const char *) data;

  set_up ();
  check_inspection (text, size);
  check_box_inspection (any_version, text, size);
  check_box_inspection (versions, text, size);
  check_decryption (any_version, text, size, NULL);
  check_decryption (versions, text, size, context);
  check_rewrap (text, size);
  return 0;
}
