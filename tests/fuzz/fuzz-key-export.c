/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exported keys: the text, and behind the encryption what another program may have packed. The first byte chooses. */
#include "fuzz.h"

#include <gnutls/crypto.h>
#include <key-export.h>
#include <xaes.h>

#define HEADER_SIZE (1 + 4 + 16)

/* Linked instead of GnuTLS's own (--wrap), which takes a hundred milliseconds, as it should. */
int __wrap_gnutls_pbkdf2 (gnutls_mac_algorithm_t mac, const gnutls_datum_t *key, const gnutls_datum_t *salt,
                          unsigned iter_count, void *output, size_t length);

int
__wrap_gnutls_pbkdf2 (gnutls_mac_algorithm_t mac, const gnutls_datum_t *key, const gnutls_datum_t *salt,
                      unsigned iter_count, void *output, size_t length)
{
  FUZZ_CHECK (length == XAES_KEY_SIZE && iter_count >= 100000 && iter_count <= 10000000);
  memset (output, 'k', length);
  return 0;
}

/* As key_export_write() does it, around bytes of anybody's choice. */
static char *
seal (const guint8 *packed, gsize length, gsize *text_length)
{
  static const guint8 header[HEADER_SIZE] = { 1, 0x00, 0x09, 0x27, 0xc0, 's', 'a', 'l', 't' };
  g_autofree guint8 *data = g_malloc (HEADER_SIZE + length + XAES_OVERHEAD);
  guint8 key_bytes[XAES_KEY_SIZE];
  g_auto (XaesKey) key = { 0 };

  memset (key_bytes, 'k', sizeof key_bytes);
  memcpy (data, header, HEADER_SIZE);
  FUZZ_CHECK (xaes_key_init (&key, key_bytes, NULL));
  FUZZ_CHECK (xaes_seal_random (&key, header, HEADER_SIZE, packed, length, data + HEADER_SIZE, NULL));
  g_autofree char *base64 = kms_base64_encode (data, HEADER_SIZE + length + XAES_OVERHEAD);
  char *text = g_strdup_printf ("-----BEGIN LIBKMS KEY-----\n%s\n-----END LIBKMS KEY-----\n", base64);
  *text_length = strlen (text);
  return text;
}

/* What was read is written and read again, and is the same key. */
static void
check_key (LocalKey *key, KmsSecret *passphrase)
{
  g_autoptr (GBytes) text = key_export_write (key, passphrase, NULL);
  gsize length;

  FUZZ_CHECK (text != NULL);
  const char *data = g_bytes_get_data (text, &length);
  g_autoptr (LocalKey) again = key_export_read (data, length, "tried", passphrase, NULL);
  FUZZ_CHECK (again != NULL && again->versions->len == key->versions->len && again->created == key->created);
  FUZZ_CHECK (strcmp (again->description, key->description) == 0
              && memcmp (again->uid, key->uid, sizeof key->uid) == 0);
  FUZZ_CHECK (local_key_check_description (key->description, NULL));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  if (size < 1)
    return 0;
  gsize length = size - 1;
  g_autofree char *text = (data[0] & 1) != 0 ? seal (data + 1, length, &length)
                                             : g_memdup2 ((const char *) data + 1, length);
  g_autoptr (KmsSecret) passphrase = kms_secret_new ((const guint8 *) "x", 1);
  g_autoptr (GError) error = NULL;

  if (text == NULL)
    return 0;
  g_autoptr (LocalKey) key = key_export_read (text, length, "tried", passphrase, &error);
  FUZZ_CHECK_OUTCOME (key != NULL, error);
  if (key != NULL)
    check_key (key, passphrase);
  return 0;
}
