/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Encryption, decryption and data keys of the Vault double. */
#include "vault-double-transit.h"

#include <gnutls/crypto.h>

#include "vault-double-cipher.h"
#include "vault-double-items.h"

static const DoubleItemRules encrypt_rules = {
  .field = "plaintext",
  .missing = "missing plaintext to encrypt",
  .is_strict = TRUE,
  .may_be_empty = TRUE,
};
static const DoubleItemRules decrypt_rules = {
  .field = "ciphertext",
  .missing = "missing ciphertext to decrypt",
  .is_strict = TRUE,
};
static const DoubleItemRules rewrap_rules = {
  .field = "ciphertext",
  .missing = "missing ciphertext to decrypt",
  .tolerates_errors = TRUE,
};

typedef void (*Crypt) (DoubleCall *call, const DoubleKey *key, DoubleItem *item, const DoubleBinding *binding);

DoubleKey *
double_transit_find_key (DoubleCall *call)
{
  DoubleKey *key = double_key_find (call->vault, call->mount, call->name);

  if (key == NULL)
    double_call_fail (call, 400, "encryption key not found");
  return key;
}

gboolean
double_transit_key_exists (DoubleCall *call)
{
  return double_key_find (call->vault, call->mount, call->name) != NULL;
}

static void
set_ciphertext (DoubleCall *call, JsonObject *result, const char *ciphertext, guint version)
{
  json_object_set_string_member (result, "ciphertext", ciphertext);
  if ((call->vault->quirks & VAULT_QUIRK_NO_KEY_VERSION) == 0)
    json_object_set_int_member (result, "key_version", version);
}

static void
seal_item (DoubleCall *call, const DoubleKey *key, DoubleItem *item, GBytes *plaintext, const DoubleBinding *binding)
{
  guint version = 0;
  g_autofree char *ciphertext = double_cipher_encrypt (key, plaintext, binding, &version, &item->trouble);

  if (ciphertext == NULL)
    return;
  item->result = json_object_new ();
  set_ciphertext (call, item->result, ciphertext, version);
}

static void
encrypt_item (DoubleCall *call, const DoubleKey *key, DoubleItem *item, const DoubleBinding *binding)
{
  g_autoptr (GBytes) plaintext = double_base64_decode (item->value, &item->trouble);

  if (plaintext != NULL)
    seal_item (call, key, item, plaintext, binding);
}

static void
decrypt_item (DoubleCall *call, const DoubleKey *key, DoubleItem *item, const DoubleBinding *binding)
{
  g_autoptr (GBytes) plaintext = double_cipher_decrypt (key, item->value, binding, &item->trouble);

  if (plaintext == NULL)
    return;
  g_autofree char *base64 = g_base64_encode (g_bytes_get_data (plaintext, NULL), g_bytes_get_size (plaintext));
  item->result = json_object_new ();
  json_object_set_string_member (item->result, "plaintext", base64);
}

static void
rewrap_item (DoubleCall *call, const DoubleKey *key, DoubleItem *item, const DoubleBinding *binding)
{
  /* The endpoint knows no associated_data. */
  DoubleBinding without = *binding;

  without.associated_data = NULL;
  g_autoptr (GBytes) plaintext = double_cipher_decrypt (key, item->value, &without, &item->trouble);
  if (plaintext != NULL)
    seal_item (call, key, item, plaintext, &without);
}

static void
crypt_items (DoubleCall *call, const DoubleKey *key, GPtrArray *items, Crypt crypt)
{
  for (guint i = 0; i < items->len; i++)
    {
      DoubleItem *item = items->pdata[i];
      DoubleBinding binding = double_item_get_binding (call, items, i);
      if (item->trouble.text == NULL)
        crypt (call, key, item, &binding);
    }
}

/* A key that is missing comes into being if the policy lets it. */
static DoubleKey *
find_or_create_key (DoubleCall *call, const DoubleItem *first)
{
  const char *type = "aes256-gcm96";
  gboolean convergent = FALSE;
  gboolean derived = first->context != NULL && first->context[0] != '\0';

  if (!g_str_equal (call->operation, "create") || call->vault->disable_upsert)
    return double_transit_find_key (call);
  if (!double_call_get_string (call, "type", &type)
      || !double_call_get_boolean (call, "convergent_encryption", &convergent))
    return NULL;
  if (convergent && !derived)
    {
      double_call_fail (call, 400, "convergent encryption requires derivation to be enabled, so context is required");
      return NULL;
    }
  return double_transit_create_key (call, type, derived, convergent);
}

void
double_transit_encrypt (DoubleCall *call)
{
  g_autoptr (GPtrArray) items = double_items_read (call, &encrypt_rules);

  if (items == NULL || !double_items_check (call, &encrypt_rules, items))
    return;
  const DoubleKey *key = find_or_create_key (call, items->pdata[0]);
  if (key == NULL)
    return;
  crypt_items (call, key, items, encrypt_item);
  double_items_answer (call, &encrypt_rules, items);
}

static void
open_items (DoubleCall *call, const DoubleItemRules *rules, Crypt crypt)
{
  g_autoptr (GPtrArray) items = double_items_read (call, rules);

  if (items == NULL || !double_items_check (call, rules, items))
    return;
  const DoubleKey *key = double_transit_find_key (call);
  if (key == NULL)
    return;
  crypt_items (call, key, items, crypt);
  double_items_answer (call, rules, items);
}

void
double_transit_decrypt (DoubleCall *call)
{
  open_items (call, &decrypt_rules, decrypt_item);
}

void
double_transit_rewrap (DoubleCall *call)
{
  open_items (call, &rewrap_rules, rewrap_item);
}

/* FALSE with the answer set. */
static gboolean
read_data_key_binding (DoubleCall *call, DoubleBinding *binding, gint64 *bits)
{
  VaultQuirks deaf = VAULT_QUIRK_NO_ASSOCIATED_DATA | VAULT_QUIRK_DATAKEY_NO_ASSOCIATED_DATA;

  if (!g_str_equal (call->kind, "plaintext") && !g_str_equal (call->kind, "wrapped"))
    return double_call_fail (call, 400, "Invalid path, must be 'plaintext' or 'wrapped'");
  if (!double_call_get_string (call, "context", &binding->context)
      || !double_call_get_integer (call, "key_version", &binding->version)
      || !double_call_get_integer (call, "bits", bits))
    return FALSE;
  if ((call->vault->quirks & deaf) == 0 && !double_call_get_string (call, "associated_data", &binding->associated_data))
    return FALSE;
  if (*bits != 128 && *bits != 256 && *bits != 512)
    return double_call_fail (call, 400, "invalid bit length");
  return TRUE;
}

void
double_transit_make_data_key (DoubleCall *call)
{
  DoubleBinding binding = { NULL };
  DoubleTrouble trouble = { NULL };
  gint64 bits = 256;
  guint8 secret[64];
  guint version = 0;

  if (!read_data_key_binding (call, &binding, &bits))
    return;
  const DoubleKey *key = double_transit_find_key (call);
  if (key == NULL)
    return;
  if (binding.associated_data != NULL && !double_key_type_is_aead (key->type))
    {
      double_call_fail (call, 400, "'associated_data' provided for non-AEAD cipher suite %s", key->type->name);
      return;
    }
  g_assert_cmpint (gnutls_rnd (GNUTLS_RND_KEY, secret, sizeof secret), ==, 0);
  g_autoptr (GBytes) plaintext = g_bytes_new (secret, (gsize) bits / 8);
  g_autofree char *ciphertext = double_cipher_encrypt (key, plaintext, &binding, &version, &trouble);
  g_autofree char *problem = trouble.text;
  if (ciphertext == NULL)
    {
      if (trouble.is_internal)
        double_call_fail_inside (call, 500, "%s", problem);
      else
        double_call_fail (call, 400, "%s", problem);
      return;
    }
  JsonObject *data = json_object_new ();
  set_ciphertext (call, data, ciphertext, version);
  if (g_str_equal (call->kind, "plaintext"))
    {
      g_autofree char *base64 = g_base64_encode (secret, (gsize) bits / 8);
      json_object_set_string_member (data, "plaintext", base64);
    }
  double_call_answer (call, data);
}
