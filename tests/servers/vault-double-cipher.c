/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Encryption of the Vault double: "vault:vN:" and base64 of nonce, ciphertext and tag. */
#include "vault-double-cipher.h"

#include <gnutls/crypto.h>
#include <string.h>

#define NONCE_BYTES 12
#define TAG_BYTES 16

#define MISSING_CONTEXT                                                                                                \
  "missing 'context' for key derivation; the key was created using a derived key, which means additional, "            \
  "per-request information must be included in order to perform operations with the key"

static gpointer
fail (DoubleTrouble *trouble, const char *text)
{
  trouble->text = g_strdup (text);
  return NULL;
}

static gpointer
fail_internal (DoubleTrouble *trouble, const char *text)
{
  trouble->is_internal = TRUE;
  return fail (trouble, text);
}

static gpointer
fail_base64 (DoubleTrouble *trouble, gsize at)
{
  trouble->text = g_strdup_printf ("illegal base64 data at input byte %" G_GSIZE_FORMAT, at);
  return NULL;
}

GBytes *
double_base64_decode (const char *text, DoubleTrouble *trouble)
{
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  g_autofree char *kept = g_malloc (strlen (text) + 1);
  gsize n = 0, padding = 0, length = 0;

  for (gsize i = 0; text[i] != '\0'; i++)
    {
      if (text[i] == '\r' || text[i] == '\n')
        continue;
      gboolean is_padding = text[i] == '=';
      if (is_padding ? n % 4 < 2 : padding > 0 || strchr (letters, text[i]) == NULL)
        return fail_base64 (trouble, i);
      padding += is_padding;
      kept[n++] = text[i];
    }
  kept[n] = '\0';
  /* Go tells where the group begins that ends too early. */
  if (n % 4 != 0)
    return fail_base64 (trouble, n - n % 4);
  guchar *bytes = g_base64_decode (kept, &length);
  return g_bytes_new_take (bytes, length);
}

/* What encrypts: the version's key, or one that context makes of it. */
static gboolean
get_material (const DoubleKey *key, const DoubleKeyVersion *version, const char *context,
              guint8 material[DOUBLE_KEY_BYTES], DoubleTrouble *trouble)
{
  if (!key->derived)
    {
      memcpy (material, version->material, DOUBLE_KEY_BYTES);
      return TRUE;
    }
  if (context == NULL || context[0] == '\0')
    return fail (trouble, MISSING_CONTEXT) != NULL;
  g_autoptr (GBytes) info = double_base64_decode (context, trouble);
  if (info == NULL)
    return FALSE;
  gnutls_datum_t secret = { (unsigned char *) version->material, DOUBLE_KEY_BYTES };
  gsize length = 0;
  gnutls_datum_t info_datum = { (unsigned char *) g_bytes_get_data (info, &length), 0 };
  info_datum.size = (unsigned int) length;
  return gnutls_hkdf_expand (GNUTLS_MAC_SHA256, &secret, &info_datum, material, DOUBLE_KEY_BYTES) == 0;
}

static gnutls_aead_cipher_hd_t
open_cipher (const DoubleKey *key, guint8 *material)
{
  gnutls_datum_t datum = { material, key->type->key_bytes };
  gnutls_aead_cipher_hd_t cipher = NULL;

  g_assert_cmpint (gnutls_aead_cipher_init (&cipher, key->type->cipher, &datum), ==, 0);
  return cipher;
}

/* NULL with the trouble set; no bytes without associated data. */
static GBytes *
get_associated_data (const DoubleBinding *binding, DoubleTrouble *trouble)
{
  if (binding->associated_data == NULL || binding->associated_data[0] == '\0')
    return g_bytes_new_static ("", 0);
  GBytes *bytes = double_base64_decode (binding->associated_data, trouble);
  if (bytes != NULL)
    return bytes;
  g_autofree char *why = g_steal_pointer (&trouble->text);
  g_autofree char *text = g_strconcat ("unable to get associated_data/additional_data from factory[0]: ", why, NULL);
  return fail_internal (trouble, text);
}

/* Encrypting the same twice gives the same, then, as the nonce comes from the plaintext. */
static void
fill_nonce (const DoubleKey *key, const guint8 *material, gconstpointer plain, gsize length, guint8 *nonce)
{
  guint8 digest[32];

  g_assert_cmpint (gnutls_rnd (GNUTLS_RND_NONCE, nonce, NONCE_BYTES), ==, 0);
  if (!key->convergent)
    return;
  g_assert_cmpint (gnutls_hmac_fast (GNUTLS_MAC_SHA256, material, DOUBLE_KEY_BYTES, plain, length, digest), ==, 0);
  memcpy (nonce, digest, NONCE_BYTES);
}

static GBytes *
aead_seal (const DoubleKey *key, const DoubleKeyVersion *version, GBytes *plaintext, const DoubleBinding *binding,
           DoubleTrouble *trouble)
{
  guint8 material[DOUBLE_KEY_BYTES];
  gsize length = 0, aad_length = 0;
  gconstpointer plain = g_bytes_get_data (plaintext, &length);

  if (!get_material (key, version, binding->context, material, trouble))
    return NULL;
  g_autoptr (GBytes) aad = get_associated_data (binding, trouble);
  if (aad == NULL)
    return NULL;
  gconstpointer aad_bytes = g_bytes_get_data (aad, &aad_length);
  gsize out_length = length + TAG_BYTES;
  guint8 *out = g_malloc (NONCE_BYTES + out_length);
  fill_nonce (key, material, plain, length, out);
  gnutls_aead_cipher_hd_t cipher = open_cipher (key, material);
  int code = gnutls_aead_cipher_encrypt (cipher, out, NONCE_BYTES, aad_bytes, aad_length, TAG_BYTES, plain, length,
                                         out + NONCE_BYTES, &out_length);
  gnutls_aead_cipher_deinit (cipher);
  gnutls_memset (material, 0, sizeof material);
  g_assert_cmpint (code, ==, 0);
  return g_bytes_new_take (out, NONCE_BYTES + out_length);
}

static GBytes *
aead_open (const DoubleKey *key, const DoubleKeyVersion *version, GBytes *sealed, const DoubleBinding *binding,
           DoubleTrouble *trouble)
{
  guint8 material[DOUBLE_KEY_BYTES];
  gsize length = 0, aad_length = 0;
  const guint8 *in = g_bytes_get_data (sealed, &length);

  if (!get_material (key, version, binding->context, material, trouble))
    return NULL;
  if (length < NONCE_BYTES + TAG_BYTES)
    return fail (trouble, binding->is_old ? "unable to decrypt" : "invalid ciphertext length");
  g_autoptr (GBytes) aad = get_associated_data (binding, trouble);
  if (aad == NULL)
    return NULL;
  gconstpointer aad_bytes = g_bytes_get_data (aad, &aad_length);
  gsize out_length = length - NONCE_BYTES - TAG_BYTES;
  g_autofree guint8 *out = g_malloc (out_length + 1);
  gnutls_aead_cipher_hd_t cipher = open_cipher (key, material);
  int code = gnutls_aead_cipher_decrypt (cipher, in, NONCE_BYTES, aad_bytes, aad_length, TAG_BYTES, in + NONCE_BYTES,
                                         length - NONCE_BYTES, out, &out_length);
  gnutls_aead_cipher_deinit (cipher);
  gnutls_memset (material, 0, sizeof material);
  if (code != 0)
    return fail (trouble, binding->is_old ? "unable to decrypt" : key->type->failure);
  return g_bytes_new_take (g_steal_pointer (&out), out_length);
}

static GBytes *
take_datum (gnutls_datum_t *datum)
{
  GBytes *bytes = g_bytes_new (datum->data, datum->size);

  gnutls_free (datum->data);
  return bytes;
}

/* PKCS#1 v1.5 and not OAEP as the real one: GnuTLS 3.7 has no other, and nobody looks inside. */
static GBytes *
rsa_seal (const DoubleKeyVersion *version, GBytes *plaintext, DoubleTrouble *trouble)
{
  gsize length = 0;
  gnutls_datum_t in = { (unsigned char *) g_bytes_get_data (plaintext, &length), 0 }, out = { NULL, 0 };
  gnutls_pubkey_t public_key = NULL;

  in.size = (unsigned int) length;
  g_assert_cmpint (gnutls_pubkey_init (&public_key), ==, 0);
  g_assert_cmpint (gnutls_pubkey_import_privkey (public_key, version->private_key, 0, 0), ==, 0);
  int code = gnutls_pubkey_encrypt_data (public_key, 0, &in, &out);
  gnutls_pubkey_deinit (public_key);
  if (code != 0)
    return fail_internal (trouble,
                          "failed to RSA encrypt the plaintext: crypto/rsa: message too long for RSA key size");
  return take_datum (&out);
}

static GBytes *
rsa_open (const DoubleKeyVersion *version, GBytes *sealed, DoubleTrouble *trouble)
{
  gsize length = 0;
  gnutls_datum_t in = { (unsigned char *) g_bytes_get_data (sealed, &length), 0 }, out = { NULL, 0 };

  in.size = (unsigned int) length;
  if (gnutls_privkey_decrypt_data (version->private_key, 0, &in, &out) != 0)
    return fail_internal (trouble, "failed to RSA decrypt the ciphertext: crypto/rsa: decryption error");
  return take_datum (&out);
}

/* What comes before the key is looked at. */
static gboolean
is_usable (const DoubleKey *key, const DoubleBinding *binding, const char *what, DoubleTrouble *trouble)
{
  gboolean has_data = binding->associated_data != NULL && binding->associated_data[0] != '\0';

  if (has_data && !double_key_type_is_aead (key->type))
    {
      trouble->is_tolerated = TRUE;
      trouble->text = g_strdup_printf ("'[%u].associated_data' provided for non-AEAD cipher suite %s", binding->index,
                                       key->type->name);
      return FALSE;
    }
  if (!double_key_type_can_encrypt (key->type))
    {
      trouble->text = g_strdup_printf ("message %s not supported for key type %s", what, key->type->name);
      return FALSE;
    }
  if (key->soft_deleted)
    return fail (trouble, "refusing to use soft-deleted key") != NULL;
  return TRUE;
}

char *
double_cipher_encrypt (const DoubleKey *key, GBytes *plaintext, const DoubleBinding *binding, guint *version,
                       DoubleTrouble *trouble)
{
  gint64 number = binding->version == 0 ? key->versions->len : binding->version;

  if (!is_usable (key, binding, "encryption", trouble))
    return NULL;
  if (number < 0)
    return fail (trouble, "requested version for encryption is negative");
  if (number > key->versions->len)
    return fail (trouble, "requested version for encryption is higher than the latest key version");
  if (number < key->min_encryption_version || number < key->min_decryption_version)
    return fail (trouble, "requested version for encryption is less than the minimum encryption key version");
  const DoubleKeyVersion *used = key->versions->pdata[number - 1];
  g_autoptr (GBytes) sealed = double_key_type_is_aead (key->type) ? aead_seal (key, used, plaintext, binding, trouble)
                                                                  : rsa_seal (used, plaintext, trouble);
  if (sealed == NULL)
    return NULL;
  g_autofree char *base64 = g_base64_encode (g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed));
  *version = (guint) number;
  return g_strdup_printf ("vault:v%u:%s", *version, base64);
}

/* The version and the base64 of "vault:v1:…". */
static const char *
split_ciphertext (const DoubleKey *key, const char *ciphertext, gint64 *version, DoubleTrouble *trouble)
{
  if (!g_str_has_prefix (ciphertext, "vault:v"))
    return fail (trouble, "invalid ciphertext: no prefix");
  const char *number = ciphertext + strlen ("vault:v");
  const char *colon = strchr (number, ':');
  if (colon == NULL)
    return fail (trouble, "invalid ciphertext: wrong number of fields");
  g_autofree char *digits = g_strndup (number, (gsize) (colon - number));
  if (!g_ascii_string_to_signed (digits, 10, G_MININT64, G_MAXINT64, version, NULL))
    return fail (trouble, "invalid ciphertext: version number could not be decoded");
  if (*version == 0)
    *version = 1;
  if (*version > key->versions->len)
    return fail (trouble, "invalid ciphertext: version is too new");
  if (*version < key->min_decryption_version)
    return fail (trouble, "ciphertext or signature version is disallowed by policy (too old)");
  return colon + 1;
}

GBytes *
double_cipher_decrypt (const DoubleKey *key, const char *ciphertext, const DoubleBinding *binding,
                       DoubleTrouble *trouble)
{
  DoubleTrouble of_base64 = { NULL };
  gint64 number = 0;

  if (!is_usable (key, binding, "decryption", trouble))
    return NULL;
  const char *base64 = split_ciphertext (key, ciphertext, &number, trouble);
  if (base64 == NULL)
    return NULL;
  g_autoptr (GBytes) sealed = double_base64_decode (base64, &of_base64);
  g_free (of_base64.text);
  if (sealed == NULL)
    return fail (trouble, "invalid ciphertext: could not decode base64");
  const DoubleKeyVersion *used = key->versions->pdata[number - 1];
  return double_key_type_is_aead (key->type) ? aead_open (key, used, sealed, binding, trouble)
                                             : rsa_open (used, sealed, trouble);
}
