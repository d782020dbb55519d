/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ciphertexts of the local provider: parsed, and decrypted under a key that did not make them. */
#include "fuzz.h"

#include <libkms/kms.h>
#include <local-ciphertext.h>

#include "fuzz-registry.h"

static KmsBox *box;
static guint8 uid[LOCAL_KEY_UID_SIZE];

static void
create_key (KmsRegistry *registry)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (registry, "local", &error);

  FUZZ_CHECK (provider != NULL);
  g_autoptr (GPtrArray)
    keys = kms_key_admin_run (KMS_KEY_ADMIN (provider), KMS_KEY_VERB_CREATE, "tried", NULL, NULL, &error);
  FUZZ_CHECK (keys != NULL);
}

static void
set_up (void)
{
  static gsize done = 0;

  if (!g_once_init_enter (&done))
    return;
  KmsRegistry *registry = fuzz_registry_new ();
  create_key (registry);
  box = kms_box_new_for_key (registry, "local/tried", NULL, NULL);
  g_autoptr (KmsSecret) plaintext = kms_secret_new ((const guint8 *) "x", 1);
  g_autofree char *stored = kms_box_encrypt (box, plaintext, NULL, NULL, NULL);
  g_autoptr (GBytes) bytes = kms_base64_decode_strict (stored + strlen ("v1:"), -1, NULL);
  memcpy (uid, (const guint8 *) g_bytes_get_data (bytes, NULL) + 1, sizeof uid);
  g_once_init_leave (&done, 1);
}

static void
check_parsed (const guint8 *data, gsize size)
{
  LocalCiphertext parsed;
  g_autoptr (GError) error = NULL;
  gboolean ok = local_ciphertext_parse (&parsed, data, size, &error);

  FUZZ_CHECK_OUTCOME (ok, error);
  FUZZ_CHECK (ok || g_error_matches (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT));
  if (!ok)
    return;
  FUZZ_CHECK (parsed.header == data && parsed.sealed + parsed.sealed_length == data + size);
  FUZZ_CHECK (parsed.sealed_length >= XAES_TAG_SIZE && parsed.nonce + XAES_NONCE_SIZE == parsed.sealed);
}

static void
check_decryption (const guint8 *data, gsize size)
{
  g_autofree char *base64 = kms_base64_encode (data, size);
  g_autofree char *stored = g_strconcat ("v1:", base64, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) plaintext = kms_box_decrypt (box, stored, -1, NULL, NULL, &error);
  g_autoptr (GError) inspection_error = NULL;
  g_autoptr (KmsInspection) inspection = kms_box_inspect (box, stored, -1, NULL, &inspection_error);

  /* Nobody forges it: a nonce and a tag of this key's are not known here. */
  FUZZ_CHECK (plaintext == NULL && error != NULL);
  FUZZ_CHECK (g_error_matches (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT)
              || g_error_matches (error, KMS_ERROR, KMS_ERROR_TOO_LARGE)
              || g_error_matches (error, KMS_ERROR, KMS_ERROR_NOT_FOUND));
  FUZZ_CHECK_OUTCOME (inspection != NULL, inspection_error);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  set_up ();
  check_parsed (data, size);
  check_decryption (data, size);
  if (size < LOCAL_HEADER_SIZE)
    return 0;
  /* The same as if this key had written it. */
  g_autofree guint8 *own = g_memdup2 (data, size);
  memcpy (own + 1, uid, sizeof uid);
  check_decryption (own, size);
  return 0;
}
