/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The provider: what it declares, and its operations on the items of a call. */
#include "acme-provider.h"

#include "acme-key.h"

#define DIRECTORY "KeyDirectory"
#define READ_ONLY "ReadOnly"
#define MAX_KEY_AGE "MaxKeyAge"

#define MAX_PLAINTEXT (64 * 1024)
#define MAX_ITEMS 1000
#define MAX_CALLS 4
#define CALL_TIMEOUT 10000

G_DEFINE_FINAL_TYPE_WITH_CODE (AcmeProvider, acme_provider, KMS_TYPE_PROVIDER,
                               G_IMPLEMENT_INTERFACE (KMS_TYPE_KEY_ADMIN, acme_provider_key_admin_init))

static gboolean
encrypt_item (AcmeKey *key, KmsItem *item, GCancellable *cancellable, GError **error)
{
  AcmeSealer *sealer = acme_key_get_sealer (key, acme_key_get_newest (key)->number, cancellable, error);
  gsize length;
  const guint8 *plaintext = kms_item_get_input (item, &length);

  if (sealer == NULL)
    return FALSE;
  guint8 *out = kms_item_reserve (item, length + ACME_OVERHEAD);
  if (!acme_sealer_seal (sealer, kms_item_get_context (item), plaintext, length, out, error))
    return FALSE;
  g_autofree char *version = g_strdup_printf ("%" G_GUINT32_FORMAT, acme_sealer_get_version (sealer));
  kms_item_set_key_version (item, version);
  kms_item_commit (item, length + ACME_OVERHEAD);
  return TRUE;
}

static gboolean
decrypt_item (AcmeKey *key, KmsItem *item, GCancellable *cancellable, GError **error)
{
  guint32 number;
  gsize length;
  const guint8 *sealed = kms_item_get_input (item, &length);

  if (!acme_sealed_get_version (sealed, length, &number, error))
    return FALSE;
  AcmeSealer *sealer = acme_key_get_sealer (key, number, cancellable, error);
  if (sealer == NULL)
    return FALSE;
  /* Locked memory, because plaintext comes out. It can be used up: then the item has failed already. */
  guint8 *out = kms_item_reserve (item, length - ACME_OVERHEAD);
  if (out == NULL)
    return TRUE;
  if (!acme_sealer_open (sealer, kms_item_get_context (item), sealed, length, out, error))
    return FALSE;
  g_autofree char *version = g_strdup_printf ("%" G_GUINT32_FORMAT, number);
  kms_item_set_key_version (item, version);
  kms_item_commit (item, length - ACME_OVERHEAD);
  return TRUE;
}

typedef gboolean (*ItemFunc) (AcmeKey *key, KmsItem *item, GCancellable *cancellable, GError **error);

/* All items have one key, because the provider declares ONE_KEY: so a call opens one directory, and a failure to open it
 * is a failure of the call. What is wrong with one item fails that item alone. */
static gboolean
run_items (KmsProvider *provider, KmsCall *call, ItemFunc func, GError **error)
{
  AcmeProvider *self = ACME_PROVIDER (provider);
  const char *name = kms_item_get_key_id (kms_call_get_item (call, 0));
  g_autoptr (AcmeKey) key = acme_key_open (self->directory, name, ACME_KEY_MUST_EXIST, error);

  if (key == NULL)
    return FALSE;
  for (guint i = 0; i < kms_call_get_n_items (call); i++)
    {
      KmsItem *item = kms_call_get_item (call, i);
      GError *local = NULL;

      /* The caller may be gone, cancelled or past its deadline. Nobody is hurt by going on, but this call keeps its slot
       * until it returns. */
      if (kms_call_is_cancelled (call))
        {
          g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "nobody waits for the call any more");
          return FALSE;
        }
      if (!func (key, item, kms_call_get_cancellable (call), &local))
        kms_item_take_error (item, local);
    }
  return TRUE;
}

static gboolean
acme_provider_encrypt (KmsProvider *provider, KmsCall *call, GError **error)
{
  return run_items (provider, call, encrypt_item, error);
}

static gboolean
acme_provider_decrypt (KmsProvider *provider, KmsCall *call, GError **error)
{
  return run_items (provider, call, decrypt_item, error);
}

/* Without asking anybody, and for any bytes that somebody found: so no key is opened. */
static GVariant *
acme_provider_inspect (KmsProvider *provider, const char *key_id, GBytes *ciphertext, GCancellable *cancellable,
                       GError **error)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (ciphertext, &length);
  guint32 number;
  GVariantDict dict;

  if (!acme_sealed_get_version (bytes, length, &number, error))
    return NULL;
  g_autofree char *version = g_strdup_printf ("%" G_GUINT32_FORMAT, number);
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "format", "s", "acme-1");
  g_variant_dict_insert (&dict, "key-version", "s", version);
  return g_variant_dict_end (&dict);
}

/* kms_provider_set_binding() below says already what every key does, and a provider whose keys are all alike needs no
 * more. This one also tells who asks about a key that is not there; a service with keys of two kinds, such as Vault,
 * would look at the key. */
static KmsBinding
acme_provider_get_binding (KmsProvider *provider, const char *key_id, GCancellable *cancellable, GError **error)
{
  g_autoptr (AcmeKey) key = acme_key_open (ACME_PROVIDER (provider)->directory, key_id, ACME_KEY_MUST_EXIST, error);

  return key != NULL ? KMS_BINDING_VERIFIED : KMS_BINDING_UNKNOWN;
}

/* Before the first use, once, in the thread of whoever comes first: reads the settings and nothing more. A directory that
 * is not there yet is no reason to fail here, or the first key could never be made. When the file with the settings
 * changes, libkms makes a new provider and calls its open(). */
static gboolean
acme_provider_open (KmsProvider *provider, GError **error)
{
  AcmeProvider *self = ACME_PROVIDER (provider);
  const char *directory = kms_provider_get_setting_string (provider, DIRECTORY);

  self->read_only = kms_provider_get_setting_boolean (provider, READ_ONLY);
  self->max_key_age = kms_provider_get_setting_integer (provider, MAX_KEY_AGE);
  if (directory != NULL)
    {
      self->directory = g_strdup (directory);
      return TRUE;
    }
  /* Beside the keys of the local provider, and under a name of our own. It follows KMS_CONFIG_ROOT, so a test never
   * touches anybody's keys. */
  g_autofree char *usual = kms_provider_dup_data_directory (provider);
  if (usual == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
                   "there is no home directory for keys: set " DIRECTORY "= in [Settings] of %s.provider",
                   kms_provider_get_name (provider));
      return FALSE;
    }
  g_autofree char *parent = g_path_get_dirname (usual);
  self->directory = g_build_filename (parent, "acme-keys", NULL);
  return TRUE;
}

static void
acme_provider_finalize (GObject *object)
{
  g_free (ACME_PROVIDER (object)->directory);
  G_OBJECT_CLASS (acme_provider_parent_class)->finalize (object);
}

/* What is left out: rewrap(), since without a service that does it, libkms decrypts and encrypts just as well; submit(),
 * which is for who has connections and a main loop of his own; after_fork(), which is only called where INLINE is set. */
static void
acme_provider_class_init (AcmeProviderClass *klass)
{
  KmsProviderClass *provider_class = KMS_PROVIDER_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = acme_provider_finalize;
  provider_class->open = acme_provider_open;
  provider_class->encrypt = acme_provider_encrypt;
  provider_class->decrypt = acme_provider_decrypt;
  provider_class->inspect = acme_provider_inspect;
  provider_class->get_binding = acme_provider_get_binding;
  provider_class->diagnose = acme_provider_diagnose;

  kms_provider_class_add_setting (provider_class, DIRECTORY, KMS_SETTING_PATH, NULL, NULL,
                                  "where the keys are; the user's or the system's data directory if left out");
  kms_provider_class_add_setting (provider_class, READ_ONLY, KMS_SETTING_BOOLEAN, "false", NULL,
                                  "whether keys are only used here, and made elsewhere");
  kms_provider_class_add_setting (provider_class, MAX_KEY_AGE, KMS_SETTING_INTEGER, "365", "0..36500",
                                  "after how many days \"kmsctl doctor\" asks for a rotation; 0 for never");
}

static void
acme_provider_init (AcmeProvider *self)
{
  KmsProvider *provider = KMS_PROVIDER (self);

  /* Not INLINE, although the cryptography alone would be: the keys may lie on a network file system, and a caller's
   * thread must not hang with it. So calls run in threads of libkms, with a deadline; each costs some microseconds more
   * than an INLINE one, and after a fork() without exec() libkms refuses them, because those threads are gone. */
  kms_provider_set_capabilities (provider, KMS_CAPABILITY_ENCRYPT | KMS_CAPABILITY_DECRYPT | KMS_CAPABILITY_ONE_KEY);
  kms_provider_set_binding (provider, KMS_BINDING_VERIFIED);
  /* libkms keeps to these, so nothing below checks them again. */
  kms_provider_set_limit (provider, KMS_LIMIT_PLAINTEXT, MAX_PLAINTEXT);
  kms_provider_set_limit (provider, KMS_LIMIT_CIPHERTEXT, MAX_PLAINTEXT + ACME_OVERHEAD);
  kms_provider_set_limit (provider, KMS_LIMIT_ITEMS, MAX_ITEMS);
  kms_provider_set_limit (provider, KMS_LIMIT_CALLS, MAX_CALLS);
  kms_provider_set_limit (provider, KMS_LIMIT_CALL_TIMEOUT, CALL_TIMEOUT);
}
