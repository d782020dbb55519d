/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The provider's life, and its three operations on items. */
#include "local-provider.h"
#include "local-ciphertext.h"

#include <gnutls/crypto.h>
#include <string.h>

#define NAME_ROOT "Root"
#define AAD_SCRATCH 512

G_DEFINE_FINAL_TYPE_WITH_CODE (KmsLocalProvider, kms_local_provider, KMS_TYPE_PROVIDER,
                               G_IMPLEMENT_INTERFACE (KMS_TYPE_KEY_ADMIN, kms_local_provider_key_admin_init)
                                 G_IMPLEMENT_INTERFACE (KMS_TYPE_KEY_STORE, kms_local_provider_key_store_init))

/* Header and context, on the stack where they fit. */
typedef struct
{
  guint8 *data;
  gsize length;
  guint8 scratch[AAD_SCRATCH];
  guint8 *heap;
} Aad;

/* Only what is before the scratch needs a value. */
static void
aad_init (Aad *aad, KmsContext *context)
{
  gsize size = LOCAL_HEADER_SIZE + kms_context_binary_max (context);

  aad->heap = size <= sizeof aad->scratch ? NULL : g_malloc (size);
  aad->data = aad->heap != NULL ? aad->heap : aad->scratch;
  aad->length = LOCAL_HEADER_SIZE + kms_context_write_binary (context, aad->data + LOCAL_HEADER_SIZE);
}

static void
aad_clear (Aad *aad)
{
  g_free (aad->heap);
}

static gboolean
seal (const KeyHandle *handle, KmsContext *context, const guint8 *plaintext, gsize length, guint8 *out, GError **error)
{
  guint8 *nonce = out + LOCAL_HEADER_SIZE;
  Aad aad;
  gboolean sealed;

  if (!nonce_pool_take (handle->nonces, nonce, error))
    return FALSE;
  local_ciphertext_write_header (handle->key, handle->version, out);
  aad_init (&aad, context);
  memcpy (aad.data, out, LOCAL_HEADER_SIZE);
  sealed = xaes_seal (handle->xaes, nonce, aad.data, aad.length, plaintext, length, nonce + XAES_NONCE_SIZE, error);
  aad_clear (&aad);
  return sealed;
}

/* One message for wrong bytes and wrong contexts: who asks learns nothing of which it was. */
static gboolean
open_sealed (const KeyHandle *handle, KmsContext *context, const LocalCiphertext *ciphertext, guint8 *out,
             GError **error)
{
  Aad aad;
  g_autoptr (GError) failure = NULL;
  gboolean opened;

  aad_init (&aad, context);
  memcpy (aad.data, ciphertext->header, LOCAL_HEADER_SIZE);
  opened = xaes_open (handle->xaes, ciphertext->nonce, aad.data, aad.length, ciphertext->sealed,
                      ciphertext->sealed_length, out, &failure);
  aad_clear (&aad);
  if (G_LIKELY (opened))
    return TRUE;
  if (failure != NULL)
    g_propagate_error (error, g_steal_pointer (&failure));
  else
    g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT,
                 "the ciphertext does not decrypt with the key \"%s\" and this context", handle->key->name);
  return FALSE;
}

static gboolean
encrypt_item (KeyLane *lane, KmsItem *item, GCancellable *cancellable, GError **error)
{
  KeyHandle handle;
  gsize length;
  const guint8 *plaintext = kms_item_get_input (item, &length);
  guint8 *out;

  if (!key_lane_get (lane, kms_item_get_key_id (item), 0, NULL, &handle, cancellable, error))
    return FALSE;
  out = kms_item_reserve (item, length + LOCAL_OVERHEAD);
  if (out == NULL)
    return TRUE;
  if (!seal (&handle, kms_item_get_context (item), plaintext, length, out, error))
    return FALSE;
  kms_item_set_key_version (item, handle.version_text);
  kms_item_commit (item, length + LOCAL_OVERHEAD);
  return TRUE;
}

static gboolean
decrypt_item (KeyLane *lane, KmsItem *item, GCancellable *cancellable, GError **error)
{
  KeyHandle handle;
  LocalCiphertext ciphertext;
  gsize length;
  const guint8 *input = kms_item_get_input (item, &length);
  guint8 *out;

  if (!local_ciphertext_parse (&ciphertext, input, length, error)
      || !key_lane_get (lane, kms_item_get_key_id (item), ciphertext.version, ciphertext.uid, &handle, cancellable,
                        error))
    return FALSE;
  out = kms_item_reserve (item, length - LOCAL_OVERHEAD);
  if (out == NULL)
    return TRUE;
  if (!open_sealed (&handle, kms_item_get_context (item), &ciphertext, out, error))
    return FALSE;
  kms_item_set_key_version (item, handle.version_text);
  kms_item_commit (item, length - LOCAL_OVERHEAD);
  return TRUE;
}

static gboolean
rewrap_opened (KeyLane *lane, KmsItem *item, const guint8 *plaintext, gsize length, GCancellable *cancellable,
               GError **error)
{
  KeyHandle handle;
  guint8 *out;

  if (!key_lane_get (lane, kms_item_get_new_key_id (item), 0, NULL, &handle, cancellable, error))
    return FALSE;
  out = kms_item_reserve (item, length + LOCAL_OVERHEAD);
  if (out == NULL)
    return TRUE;
  if (!seal (&handle, kms_item_get_new_context (item), plaintext, length, out, error))
    return FALSE;
  kms_item_set_key_version (item, handle.version_text);
  kms_item_commit (item, length + LOCAL_OVERHEAD);
  return TRUE;
}

static gboolean
rewrap_item (KeyLane *lane, KmsItem *item, GCancellable *cancellable, GError **error)
{
  KeyHandle handle;
  LocalCiphertext ciphertext;
  gsize length;
  const guint8 *input = kms_item_get_input (item, &length);
  guint8 *plaintext;
  g_autoptr (KmsSecret) secret = NULL;

  if (!local_ciphertext_parse (&ciphertext, input, length, error)
      || !key_lane_get (lane, kms_item_get_key_id (item), ciphertext.version, ciphertext.uid, &handle, cancellable,
                        error))
    return FALSE;
  length -= LOCAL_OVERHEAD;
  secret = kms_secret_reserve (length, &plaintext);
  if (secret == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_QUOTA,
                   "locked memory is used up; raise LimitMEMLOCK= or the hard limit of \"ulimit -l\"");
      return FALSE;
    }
  if (!open_sealed (&handle, kms_item_get_context (item), &ciphertext, plaintext, error))
    return FALSE;
  return rewrap_opened (lane, item, plaintext, length, cancellable, error);
}

typedef gboolean (*ItemFunc) (KeyLane *lane, KmsItem *item, GCancellable *cancellable, GError **error);

static gboolean
run_items (KmsProvider *provider, KmsCall *call, ItemFunc func)
{
  /* Not KMS_LOCAL_PROVIDER (): the core calls a class's own functions, and the check costs as much as a lock. */
  KmsLocalProvider *self = (KmsLocalProvider *) provider;
  GCancellable *cancellable = kms_call_get_cancellable (call);
  g_autoptr (KeyLane) lane = key_cache_acquire_lane (self->cache);
  guint n = kms_call_get_n_items (call);

  for (guint i = 0; i < n; i++)
    {
      KmsItem *item = kms_call_get_item (call, i);
      GError *error = NULL;

      if (G_UNLIKELY (!func (lane, item, cancellable, &error)))
        kms_item_take_error (item, error);
    }
  return TRUE;
}

static gboolean
kms_local_provider_encrypt (KmsProvider *provider, KmsCall *call, GError **error)
{
  return run_items (provider, call, encrypt_item);
}

static gboolean
kms_local_provider_decrypt (KmsProvider *provider, KmsCall *call, GError **error)
{
  return run_items (provider, call, decrypt_item);
}

static gboolean
kms_local_provider_rewrap (KmsProvider *provider, KmsCall *call, GError **error)
{
  return run_items (provider, call, rewrap_item);
}

static GVariant *
kms_local_provider_inspect (KmsProvider *provider, const char *key_id, GBytes *bytes, GCancellable *cancellable,
                            GError **error)
{
  LocalCiphertext ciphertext;
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  g_autoptr (GString) uid = g_string_new (NULL);
  g_autofree char *version = NULL;
  GVariantDict dict;

  if (!local_ciphertext_parse (&ciphertext, data, length, error))
    return NULL;
  for (guint i = 0; i < LOCAL_KEY_UID_SIZE; i++)
    g_string_append_printf (uid, "%02x", ciphertext.uid[i]);
  version = g_strdup_printf ("%" G_GUINT32_FORMAT, ciphertext.version);
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "format", "s", "local-1");
  g_variant_dict_insert (&dict, "key-version", "s", version);
  g_variant_dict_insert (&dict, "key-uid", "s", uid->str);
  return g_variant_dict_end (&dict);
}

static KmsSecret *
ask (const char *prompt, gboolean confirm, gpointer data, GCancellable *cancellable, GError **error)
{
  return kms_provider_ask_secret (KMS_PROVIDER (data), prompt, confirm, cancellable, error);
}

static gboolean
kms_local_provider_open (KmsProvider *provider, GError **error)
{
  KmsLocalProvider *self = KMS_LOCAL_PROVIDER (provider);
  const char *directory = kms_provider_get_setting_string (provider, "Directory");
  g_autofree char *usual = directory == NULL ? kms_provider_dup_data_directory (provider) : NULL;
  KeystoreSettings settings = {
    .label = kms_provider_get_name (provider),
    .directory = directory != NULL ? directory : usual,
    .root = kms_provider_get_setting_string (provider, NAME_ROOT),
    .root_file = kms_provider_get_setting_string (provider, "RootFile"),
    .passphrase_file = kms_provider_get_setting_string (provider, "PassphraseFile"),
    .ask = ask,
    .ask_data = provider,
  };

  if (settings.directory == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
                   "there is no home directory for a keystore: set Directory= in %s.provider", settings.label);
      return FALSE;
    }
  self->keystore = keystore_new (&settings, error);
  if (self->keystore == NULL)
    return FALSE;
  self->cache = key_cache_new (self->keystore);
  return TRUE;
}

static void
kms_local_provider_after_fork (KmsProvider *provider)
{
  KmsLocalProvider *self = KMS_LOCAL_PROVIDER (provider);

  if (self->keystore == NULL)
    return;
  keystore_after_fork (self->keystore);
  key_cache_abandon (self->cache);
  self->cache = key_cache_new (self->keystore);
}

static void
kms_local_provider_finalize (GObject *object)
{
  KmsLocalProvider *self = KMS_LOCAL_PROVIDER (object);

  g_clear_pointer (&self->cache, key_cache_free);
  g_clear_pointer (&self->keystore, keystore_free);
  G_OBJECT_CLASS (kms_local_provider_parent_class)->finalize (object);
}

static void
kms_local_provider_class_init (KmsLocalProviderClass *klass)
{
  KmsProviderClass *provider_class = KMS_PROVIDER_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = kms_local_provider_finalize;
  provider_class->open = kms_local_provider_open;
  provider_class->encrypt = kms_local_provider_encrypt;
  provider_class->decrypt = kms_local_provider_decrypt;
  provider_class->rewrap = kms_local_provider_rewrap;
  provider_class->after_fork = kms_local_provider_after_fork;
  provider_class->diagnose = kms_local_provider_diagnose;
  provider_class->inspect = kms_local_provider_inspect;

  kms_provider_class_add_setting (provider_class, "Directory", KMS_SETTING_PATH, NULL, NULL,
                                  "where the keys are; the user's or the system's data directory if left out");
  kms_provider_class_add_setting (provider_class, NAME_ROOT, KMS_SETTING_STRING, NULL, NULL,
                                  "what protects the keys: file, passphrase or credential:NAME");
  kms_provider_class_add_setting (provider_class, "RootFile", KMS_SETTING_PATH, NULL, NULL,
                                  "the file of Root=file; root.key in the keystore if left out");
  kms_provider_class_add_setting (provider_class, "PassphraseFile", KMS_SETTING_CREDENTIAL_FILE, NULL, NULL,
                                  "where to read the passphrase instead of asking for it");
}

static void
kms_local_provider_init (KmsLocalProvider *self)
{
  KmsProvider *provider = KMS_PROVIDER (self);

  kms_provider_set_capabilities (provider, KMS_CAPABILITY_ENCRYPT | KMS_CAPABILITY_DECRYPT | KMS_CAPABILITY_REWRAP
                                             | KMS_CAPABILITY_INLINE);
  kms_provider_set_binding (provider, KMS_BINDING_VERIFIED);
  kms_provider_set_limit (provider, KMS_LIMIT_PLAINTEXT, LOCAL_MAX_PLAINTEXT);
  kms_provider_set_limit (provider, KMS_LIMIT_CIPHERTEXT, LOCAL_MAX_PLAINTEXT + LOCAL_OVERHEAD);
}
