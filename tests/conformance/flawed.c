/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The modules that kms-provider-test is tested with: a provider that keeps the contract, blocking, inline or with
 * submit(), and switches of the build that make it break one rule each. */
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <libkms/kms-module.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NONCE_SIZE 12
#define TAG_SIZE 16
#define OVERHEAD (NONCE_SIZE + TAG_SIZE)
#define MAX_PLAINTEXT 4096
#define MAX_ITEMS 7

/* Which rule is broken: FLAW is one of these names. */
enum {
  NONE,
  CHANGES_UMASK,
  INHERITABLE_FILE,
  LEAKS_FILES,
  FOREIGN_DOMAIN,
  WRONG_CODE,
  TELLS_PLAINTEXT,
  IGNORES_CONTEXT,
  NO_TAG,
  FIXED_NONCE,
  ONE_KEY_FOR_ALL,
  REFUSES_LARGE,
  BAD_ITEM_FAILS_ALL,
  TURNS_ITEMS,
  ONE_AT_A_TIME,
  KEY_GONE_IN_CHILD,
  BARE_SETTINGS,
  EXITS,
  LEAVES_PROCESS,
  TRUSTS_LENGTH,
  SHARED_STATE,
  HIDES_REWRAP,
  COUNTS_NONCES,
};

/* How it works: SHAPE is one of these names. */
enum {
  SHAPE_BLOCKING,
  SHAPE_INLINE,
  SHAPE_SUBMIT,
};

typedef struct
{
  KmsProvider parent_instance;
  KmsSecret *root;
  guint number; /* of the object; only SHARED_STATE looks at it */
} Flawed;

typedef KmsProviderClass FlawedClass;

GType flawed_get_type (void);
G_DEFINE_TYPE (Flawed, flawed, KMS_TYPE_PROVIDER)

static guint n_objects;
static int n_at_work;

/* The key is derived from its id, so every id has one. */
static gnutls_aead_cipher_hd_t
open_cipher (Flawed *self, KmsItem *item, const char *key_id)
{
  guint8 bytes[32];
  gsize length;
  const guint8 *root = kms_secret_get_data (self->root, &length);
  gnutls_datum_t key = { bytes, sizeof bytes };
  gnutls_aead_cipher_hd_t cipher = NULL;

  if (FLAW == ONE_KEY_FOR_ALL)
    key_id = "";
  if (root == NULL || gnutls_hmac_fast (GNUTLS_MAC_SHA256, root, length, key_id, strlen (key_id), bytes) < 0
      || gnutls_aead_cipher_init (&cipher, GNUTLS_CIPHER_AES_256_GCM, &key) < 0)
    kms_item_fail (item, KMS_ERROR_FAILED, "there is no cipher");
  return cipher;
}

static void
refuse (KmsItem *item)
{
  if (FLAW == FOREIGN_DOMAIN)
    kms_item_take_error (item, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "it does not decrypt"));
  else
    kms_item_fail (item, FLAW == WRONG_CODE ? KMS_ERROR_FAILED : KMS_ERROR_INVALID_CIPHERTEXT,
                   "it does not decrypt: another key or context, or not what was encrypted");
}

static const char *
get_context (KmsItem *item, gboolean new, gsize *length)
{
  const char *json = new ? kms_item_get_new_context_json (item, length) : kms_item_get_context_json (item, length);

  if (json != NULL && FLAW != IGNORES_CONTEXT)
    return json;
  *length = 0;
  return NULL;
}

/* Counting from a random start is right, but for a child, which goes on where its parent is. */
static void
make_nonce (guint8 *nonce)
{
  static guint64 counter;

  if (FLAW == FIXED_NONCE)
    memset (nonce, 0, NONCE_SIZE);
  else if (FLAW != COUNTS_NONCES || counter == 0)
    gnutls_rnd (GNUTLS_RND_NONCE, nonce, NONCE_SIZE);
  if (FLAW != COUNTS_NONCES)
    return;
  if (counter == 0)
    memcpy (&counter, nonce, sizeof counter);
  memset (nonce, 0, NONCE_SIZE);
  counter++;
  memcpy (nonce, &counter, sizeof counter);
}

static void
seal (Flawed *self, KmsItem *item, const guint8 *plaintext, gsize length, gboolean rewrap)
{
  gsize left = length + TAG_SIZE, context_length;
  const char *context = get_context (item, rewrap, &context_length);
  guint8 *out = kms_item_reserve (item, length + OVERHEAD);
  gnutls_aead_cipher_hd_t cipher =
    out == NULL ? NULL : open_cipher (self, item, rewrap ? kms_item_get_new_key_id (item) : kms_item_get_key_id (item));

  if (cipher == NULL)
    return;
  make_nonce (out);
  gnutls_aead_cipher_encrypt (cipher, out, NONCE_SIZE, context, context_length, TAG_SIZE, plaintext, length,
                              out + NONCE_SIZE, &left);
  gnutls_aead_cipher_deinit (cipher);
  kms_item_commit (item, NONCE_SIZE + left);
}

static void
encrypt_item (Flawed *self, KmsItem *item)
{
  gsize length;
  const guint8 *plaintext = kms_item_get_input (item, &length);

  if (FLAW == REFUSES_LARGE && length > 1000)
    kms_item_fail (item, KMS_ERROR_TOO_LARGE, "more than 1000 bytes, though the limit is said to be larger");
  else if (FLAW == TELLS_PLAINTEXT && g_str_has_prefix (kms_item_get_key_id (item), "conformance-"))
    kms_item_fail (item, KMS_ERROR_NOT_FOUND, "no key for \"%.*s\"", (int) length, plaintext);
  else
    seal (self, item, plaintext, length, FALSE);
}

/* Without its tag, a ciphertext of this mode is only a stream of bits. */
static gboolean
open_unchecked (gnutls_aead_cipher_hd_t cipher, const guint8 *in, gsize length, guint8 *out)
{
  g_autofree guint8 *zeros = g_malloc0 (length + 1);
  g_autofree guint8 *stream = g_malloc0 (length + OVERHEAD);
  gsize left = length + TAG_SIZE;

  gnutls_aead_cipher_encrypt (cipher, in, NONCE_SIZE, NULL, 0, TAG_SIZE, zeros, length, stream, &left);
  for (gsize i = 0; i < length; i++)
    out[i] = stream[i] ^ in[NONCE_SIZE + i];
  return TRUE;
}

static KmsSecret *
open_sealed (Flawed *self, KmsItem *item)
{
  gsize length, context_length;
  const guint8 *in = kms_item_get_input (item, &length);
  const char *context = get_context (item, FALSE, &context_length);
  guint8 *out;

  if (length < OVERHEAD)
    return NULL;
  g_autoptr (KmsSecret) plaintext = kms_secret_reserve (length - OVERHEAD, &out);
  gnutls_aead_cipher_hd_t cipher = open_cipher (self, item, kms_item_get_key_id (item));
  if (cipher == NULL)
    return NULL;
  gsize left = length - OVERHEAD;
  gboolean good = FLAW == NO_TAG
                    ? open_unchecked (cipher, in, left, out)
                    : gnutls_aead_cipher_decrypt (cipher, in, NONCE_SIZE, context, context_length, TAG_SIZE,
                                                  in + NONCE_SIZE, length - NONCE_SIZE, out, &left)
                        >= 0;
  gnutls_aead_cipher_deinit (cipher);
  if (!good)
    return NULL;
  kms_secret_commit (plaintext, left);
  return g_steal_pointer (&plaintext);
}

static void
decrypt_item (Flawed *self, KmsItem *item)
{
  g_autoptr (KmsSecret) plaintext = open_sealed (self, item);
  gsize length;
  const guint8 *bytes = plaintext == NULL ? NULL : kms_secret_get_data (plaintext, &length);

  if (bytes == NULL)
    {
      if (!kms_item_is_settled (item))
        refuse (item);
      return;
    }
  memcpy (kms_item_reserve (item, length), bytes, length);
  kms_item_commit (item, length);
}

static void
rewrap_item (Flawed *self, KmsItem *item)
{
  g_autoptr (KmsSecret) plaintext = open_sealed (self, item);
  gsize length;
  const guint8 *bytes = plaintext == NULL ? NULL : kms_secret_get_data (plaintext, &length);

  if (bytes != NULL)
    seal (self, item, bytes, length, TRUE);
  else if (!kms_item_is_settled (item))
    refuse (item);
}

static void
leave_process (void)
{
  if (fork () == 0)
    {
      sleep (60);
      _exit (0);
    }
}

static gboolean
is_bad (KmsItem *item)
{
  gsize length;
  kms_item_get_input (item, &length);
  return kms_item_get_operation (item) == KMS_OPERATION_DECRYPT && length < 32 + OVERHEAD;
}

/* Tells whether the call is settled by the flaw. */
static gboolean
misbehave (Flawed *self, KmsCall *call)
{
  guint n = kms_call_get_n_items (call);

  if (FLAW == EXITS)
    exit (0);
  if (FLAW == LEAVES_PROCESS)
    leave_process ();
  for (guint i = 0; FLAW == BAD_ITEM_FAILS_ALL && i < n; i++)
    if (is_bad (kms_call_get_item (call, i)))
      {
        for (guint j = 0; j < n; j++)
          refuse (kms_call_get_item (call, j));
        return TRUE;
      }
  for (guint i = 0; FLAW == SHARED_STATE && self->number != n_objects && i < n; i++)
    kms_item_fail (kms_call_get_item (call, i), KMS_ERROR_FAILED, "there is a newer object");
  return FLAW == SHARED_STATE && self->number != n_objects;
}

/* What comes out of the first item is what went into the last. */
static void
turn_items (Flawed *self, KmsCall *call)
{
  guint n = kms_call_get_n_items (call);

  for (guint i = 0; i < n; i++)
    {
      gsize length;
      KmsItem *item = kms_call_get_item (call, i);
      const guint8 *plaintext = kms_item_get_input (kms_call_get_item (call, n - 1 - i), &length);
      seal (self, item, plaintext, length, FALSE);
    }
}

static void
work (Flawed *self, KmsCall *call)
{
  static void (*const functions[]) (Flawed *, KmsItem *) = {
    [KMS_OPERATION_ENCRYPT] = encrypt_item,
    [KMS_OPERATION_DECRYPT] = decrypt_item,
    [KMS_OPERATION_REWRAP] = rewrap_item,
  };

  if (misbehave (self, call))
    return;
  if (FLAW == TURNS_ITEMS && kms_call_get_operation (call) == KMS_OPERATION_ENCRYPT)
    turn_items (self, call);
  else
    for (guint i = 0; i < kms_call_get_n_items (call); i++)
      functions[kms_call_get_operation (call)](self, kms_call_get_item (call, i));
}

static gboolean
run (KmsProvider *provider, KmsCall *call, GError **error)
{
  if (FLAW == ONE_AT_A_TIME && g_atomic_int_add (&n_at_work, 1) > 0)
    {
      g_atomic_int_add (&n_at_work, -1);
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_FAILED, "somebody else is at work");
      return FALSE;
    }
  if (FLAW == ONE_AT_A_TIME)
    g_usleep (1000);
  work ((Flawed *) provider, call);
  g_atomic_int_add (&n_at_work, FLAW == ONE_AT_A_TIME ? -1 : 0);
  return TRUE;
}

typedef struct
{
  Flawed *self;
  KmsCall *call;
} Task;

static gboolean
finish_task (gpointer data)
{
  g_autofree Task *task = data;

  work (task->self, task->call);
  kms_call_complete (task->call, NULL);
  return G_SOURCE_REMOVE;
}

static void
submit (KmsProvider *provider, KmsCall *call)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  Task *task = g_new (Task, 1);

  *task = (Task){ (Flawed *) provider, call };
  g_source_set_callback (source, finish_task, task, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
}

static void
make_root (Flawed *self)
{
  static const guint8 bytes[32] = "for tests, and nobody's secret";

  g_clear_pointer (&self->root, kms_secret_unref);
  self->root = kms_secret_new (bytes, sizeof bytes);
}

static void
after_fork (KmsProvider *provider)
{
  if (FLAW != KEY_GONE_IN_CHILD)
    make_root ((Flawed *) provider);
}

static void
open_files (void)
{
  static int kept = -1;

  if (FLAW == INHERITABLE_FILE && kept < 0)
    kept = open ("/dev/null", O_RDONLY);
  if (FLAW == LEAKS_FILES)
    kept = open ("/dev/null", O_RDONLY | O_CLOEXEC);
}

static gboolean
open_provider (KmsProvider *provider, GError **error)
{
  Flawed *self = (Flawed *) provider;
  KmsCapability rewrap = FLAW == HIDES_REWRAP ? 0 : KMS_CAPABILITY_REWRAP;

  self->number = ++n_objects;
  make_root (self);
  open_files ();
  if (FLAW == CHANGES_UMASK)
    {
      umask (0);
      g_setenv ("FLAWED", "1", TRUE);
      signal (SIGUSR1, SIG_IGN);
    }
  kms_provider_set_capabilities (provider, KMS_CAPABILITY_ENCRYPT | KMS_CAPABILITY_DECRYPT | KMS_CAPABILITY_ONE_KEY
                                             | KMS_CAPABILITY_UNIFORM_CONTEXTS | rewrap
                                             | (SHAPE == SHAPE_INLINE ? KMS_CAPABILITY_INLINE : 0));
  kms_provider_set_limit (provider, KMS_LIMIT_PLAINTEXT, MAX_PLAINTEXT);
  kms_provider_set_limit (provider, KMS_LIMIT_CIPHERTEXT, MAX_PLAINTEXT + OVERHEAD);
  kms_provider_set_limit (provider, KMS_LIMIT_ITEMS, MAX_ITEMS);
  kms_provider_set_binding (provider, KMS_BINDING_VERIFIED);
  return TRUE;
}

static GVariant *
inspect (KmsProvider *provider, const char *key_id, GBytes *ciphertext, GCancellable *cancellable, GError **error)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (ciphertext, &length);
  GVariantDict dict;

  if (length < OVERHEAD && FLAW != TRUSTS_LENGTH)
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT, "it is too short");
      return NULL;
    }
  g_autofree guint8 *copy = g_memdup2 (bytes, length - OVERHEAD);
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "length", "t", (guint64) (length - OVERHEAD));
  return g_variant_dict_end (&dict);
}

static void
flawed_finalize (GObject *object)
{
  g_clear_pointer (&((Flawed *) object)->root, kms_secret_unref);
  G_OBJECT_CLASS (flawed_parent_class)->finalize (object);
}

static void
flawed_init (Flawed *self)
{
}

static void
flawed_class_init (FlawedClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = flawed_finalize;
  klass->open = open_provider;
  klass->inspect = inspect;
  klass->after_fork = SHAPE == SHAPE_INLINE ? after_fork : NULL;
  if (SHAPE == SHAPE_SUBMIT)
    klass->submit = submit;
  else
    klass->encrypt = klass->decrypt = klass->rewrap = run;
  if (FLAW == BARE_SETTINGS)
    kms_provider_class_add_setting (klass, "accessToken", KMS_SETTING_STRING, NULL, NULL, "");
  kms_provider_class_add_setting (klass, "Number", KMS_SETTING_INTEGER, "5", "1..10", "a number without an effect");
  kms_provider_class_add_setting (klass, "Wait", KMS_SETTING_DURATION, "1.5", NULL, "a time without an effect");
}

KMS_MODULE_DEFINE (.id = MODULE_ID, .type_name = "Flawed", .get_type = flawed_get_type,
                   .flags = SHAPE == SHAPE_INLINE ? KMS_MODULE_INLINE : 0, .version = "1",
                   .license = "LGPL-2.1-or-later", .origin = "the tests of libkms");
