/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The local provider as applications meet it: through the registry, boxes and the administration's interfaces. */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libkms/kms.h>

#include "../config-root.h"

#define N_THREADS 8
#define N_ROUNDS 300
#define HEADER_SIZE 13
#define OVERHEAD (HEADER_SIZE + 24 + 16)

typedef struct
{
  char *root;
  KmsRegistry *registry;
  KmsProvider *provider;
  KmsSecret *plaintext;
  KmsContext *context;
} Local;

static void
local_open (Local *self)
{
  g_autoptr (GError) error = NULL;

  self->registry = kms_registry_new (self->root, NULL, &error);
  g_assert_no_error (error);
  self->provider = kms_registry_dup_provider (self->registry, "local", &error);
  g_assert_no_error (error);
}

static void
local_close (Local *self)
{
  g_clear_object (&self->provider);
  g_clear_object (&self->registry);
}

static KmsKey *
try_admin (Local *self, KmsKeyVerb verb, const char *key_id, GVariant *options, GError **error)
{
  g_autoptr (GPtrArray) keys = kms_key_admin_run (KMS_KEY_ADMIN (self->provider), verb, key_id, options, NULL, error);

  return keys != NULL ? g_object_ref (g_ptr_array_index (keys, 0)) : NULL;
}

static KmsKey *
admin (Local *self, KmsKeyVerb verb, const char *key_id)
{
  g_autoptr (GError) error = NULL;
  KmsKey *key = try_admin (self, verb, key_id, NULL, &error);

  g_assert_no_error (error);
  return key;
}

static void
do_admin (Local *self, KmsKeyVerb verb, const char *key_id)
{
  g_autoptr (KmsKey) key = admin (self, verb, key_id);

  g_assert_nonnull (key);
}

static void
force_delete (Local *self, const char *key_id)
{
  g_autoptr (GError) error = NULL;
  GVariantDict options;
  g_autoptr (KmsKey) key = NULL;

  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert (&options, "force", "b", TRUE);
  key = try_admin (self, KMS_KEY_VERB_DELETE, key_id, g_variant_dict_end (&options), &error);
  g_assert_no_error (error);
}

static void
local_init (Local *self)
{
  self->root = config_root_new ();
  config_root_add_provider (self->root, "local", "kms-local.so", "Prefixes=local/");
  self->plaintext = kms_secret_new ((const guint8 *) "a small secret", 14);
  self->context = kms_context_new ("model_name", "User", "model_id", "1", NULL);
  local_open (self);
  do_admin (self, KMS_KEY_VERB_CREATE, "orders");
}

static void
local_clear (Local *self)
{
  local_close (self);
  kms_secret_unref (self->plaintext);
  kms_context_unref (self->context);
  config_root_remove (self->root);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Local, local_clear)

static GBytes *
encrypt (Local *self, const char *key_id)
{
  g_autoptr (GError) error = NULL;
  GBytes *ciphertext = kms_provider_encrypt (self->provider, key_id, self->plaintext, self->context, NULL, &error);

  g_assert_no_error (error);
  return ciphertext;
}

static void
assert_decrypts (Local *self, const char *key_id, GBytes *ciphertext, KmsContext *context)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = kms_provider_decrypt (self->provider, key_id, ciphertext, context, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (kms_secret_equal (secret, self->plaintext));
}

static void
assert_refused (Local *self, const char *key_id, GBytes *ciphertext, KmsContext *context, KmsError code,
                const char *part)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = kms_provider_decrypt (self->provider, key_id, ciphertext, context, NULL, &error);

  g_assert_null (secret);
  g_assert_error (error, KMS_ERROR, (int) code);
  if (strstr (error->message, part) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, part);
}

static void
test_round_trip (void)
{
  g_auto (Local) local = { 0 };
  g_autoptr (GBytes) first = NULL, second = NULL;
  const guint8 *data;
  gsize length;

  local_init (&local);
  first = encrypt (&local, "orders");
  second = encrypt (&local, "orders");
  g_assert_false (g_bytes_equal (first, second));
  data = g_bytes_get_data (first, &length);
  g_assert_cmpuint (length, ==, 14 + OVERHEAD);
  g_assert_cmpuint (data[0], ==, 1);
  g_assert_cmpmem (data + 9, 4, "\0\0\0\1", 4);
  assert_decrypts (&local, "orders", first, local.context);

  /* Another process. */
  local_close (&local);
  local_open (&local);
  assert_decrypts (&local, "orders", first, local.context);
}

static void
test_tamper (void)
{
  g_auto (Local) local = { 0 };
  g_autoptr (GBytes) ciphertext = NULL;
  const guint8 *data;
  gsize length;

  local_init (&local);
  ciphertext = encrypt (&local, "orders");
  data = g_bytes_get_data (ciphertext, &length);
  for (gsize i = 0; i < length; i++)
    {
      g_autofree guint8 *bad = g_memdup2 (data, length);
      g_autoptr (GBytes) changed = NULL, cut = g_bytes_new (data, i);

      bad[i] ^= 0x10;
      changed = g_bytes_new (bad, length);
      assert_refused (&local, "orders", changed, local.context, KMS_ERROR_INVALID_CIPHERTEXT,
                      i == 0                ? "no ciphertext of a local key"
                      : i < HEADER_SIZE - 4 ? "another key than \"orders\""
                      : i < HEADER_SIZE     ? "has no version"
                                            : "does not decrypt with the key \"orders\" and this context");
      assert_refused (&local, "orders", cut, local.context, KMS_ERROR_INVALID_CIPHERTEXT, "");
    }
}

static void
test_context (void)
{
  g_auto (Local) local = { 0 };
  g_autoptr (KmsContext) other = kms_context_new ("model_name", "User", "model_id", "2", NULL);
  g_autoptr (KmsContext) swapped = kms_context_new ("model_id", "1", "model_name", "User", NULL);
  g_autoptr (KmsContext) moved = kms_context_new ("model_name", "Userm", "odel_id", "1", NULL);
  g_autoptr (KmsContext) empty = kms_context_new_empty ();
  g_autoptr (GBytes) ciphertext = NULL, without = NULL;
  g_autoptr (GError) error = NULL;
  const char *words = "does not decrypt with the key \"orders\" and this context";

  local_init (&local);
  ciphertext = encrypt (&local, "orders");
  assert_decrypts (&local, "orders", ciphertext, swapped);
  assert_refused (&local, "orders", ciphertext, other, KMS_ERROR_INVALID_CIPHERTEXT, words);
  assert_refused (&local, "orders", ciphertext, moved, KMS_ERROR_INVALID_CIPHERTEXT, words);
  assert_refused (&local, "orders", ciphertext, empty, KMS_ERROR_INVALID_CIPHERTEXT, words);
  assert_refused (&local, "orders", ciphertext, NULL, KMS_ERROR_INVALID_CIPHERTEXT, words);
  without = kms_provider_encrypt (local.provider, "orders", local.plaintext, NULL, NULL, &error);
  g_assert_no_error (error);
  assert_decrypts (&local, "orders", without, NULL);
  assert_refused (&local, "orders", without, empty, KMS_ERROR_INVALID_CIPHERTEXT, words);
}

/* What a Rails application and a plain Ruby one would write otherwise must not matter to keys of our own. */
static void
test_dialect (void)
{
  g_auto (Local) local = { 0 };
  g_autoptr (KmsContext) context = kms_context_new ("name", "a<b>&c", NULL);
  g_autoptr (KmsBatch) wrap = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (KmsBatch) unwrap = kms_batch_new (KMS_OPERATION_DECRYPT);
  g_autoptr (GError) error = NULL;

  local_init (&local);
  kms_batch_set_json_dialect (wrap, KMS_JSON_DIALECT_RAILS);
  kms_batch_add_secret (wrap, local.plaintext, context);
  g_assert_true (kms_provider_run (local.provider, "orders", wrap, NULL, &error));
  kms_batch_set_json_dialect (unwrap, KMS_JSON_DIALECT_PLAIN);
  kms_batch_add_ciphertext (unwrap, kms_batch_get_ciphertext (wrap, 0), context, NULL);
  g_assert_true (kms_provider_run (local.provider, "orders", unwrap, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (kms_secret_equal (kms_batch_get_secret (unwrap, 0), local.plaintext));
  g_assert_cmpstr (kms_batch_get_key_version (unwrap, 0), ==, "1");
}

static void
test_rotate (void)
{
  g_auto (Local) local = { 0 };
  g_autoptr (KmsKey) key = NULL;
  g_autoptr (GBytes) old = NULL, new = NULL;
  g_autoptr (GVariant) seen = NULL;
  g_autoptr (GError) error = NULL;
  const char *version;

  local_init (&local);
  old = encrypt (&local, "orders");
  key = admin (&local, KMS_KEY_VERB_ROTATE, "orders");
  g_assert_cmpstr (kms_key_get_version (key), ==, "2");
  g_assert_cmpuint (kms_key_get_n_versions (key), ==, 2);
  new = encrypt (&local, "orders");
  assert_decrypts (&local, "orders", old, local.context);
  assert_decrypts (&local, "orders", new, local.context);
  seen = kms_provider_inspect (local.provider, "orders", new, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_variant_lookup (seen, "key-version", "&s", &version));
  g_assert_cmpstr (version, ==, "2");
}

static void
test_recreated (void)
{
  g_auto (Local) local = { 0 };
  g_autoptr (GBytes) ciphertext = NULL;

  local_init (&local);
  ciphertext = encrypt (&local, "orders");
  force_delete (&local, "orders");
  assert_refused (&local, "orders", ciphertext, local.context, KMS_ERROR_NOT_FOUND, "kmsctl key create local/orders");
  do_admin (&local, KMS_KEY_VERB_CREATE, "orders");
  assert_refused (&local, "orders", ciphertext, local.context, KMS_ERROR_INVALID_CIPHERTEXT,
                  "deleted and created again");
}

static void
test_states (void)
{
  g_auto (Local) local = { 0 };
  g_autoptr (GBytes) ciphertext = NULL;
  g_autoptr (KmsKey) key = NULL;
  gint64 month = 30 * 86400;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  local_init (&local);
  ciphertext = encrypt (&local, "orders");
  do_admin (&local, KMS_KEY_VERB_DISABLE, "orders");
  assert_refused (&local, "orders", ciphertext, local.context, KMS_ERROR_KEY_DISABLED,
                  "kmsctl key enable local/orders");
  key = admin (&local, KMS_KEY_VERB_DELETE, "orders");
  g_assert_cmpint (kms_key_get_state (key), ==, KMS_KEY_STATE_PENDING_DELETION);
  g_assert_cmpint (kms_key_get_deletion_time (key), >=, now + month);
  g_assert_cmpint (kms_key_get_deletion_time (key), <=, now + month + 60);
  assert_refused (&local, "orders", ciphertext, local.context, KMS_ERROR_KEY_DISABLED,
                  "kmsctl key restore local/orders");
  g_object_unref (key);
  key = admin (&local, KMS_KEY_VERB_RESTORE, "orders");
  g_assert_cmpint (kms_key_get_state (key), ==, KMS_KEY_STATE_DISABLED);
  do_admin (&local, KMS_KEY_VERB_ENABLE, "orders");
  assert_decrypts (&local, "orders", ciphertext, local.context);
}

static void
test_rewrap (void)
{
  g_auto (Local) local = { 0 };
  g_autoptr (GBytes) old = NULL;
  g_autoptr (KmsContext) other = kms_context_new ("table", "orders", NULL);
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_REWRAP);
  g_autoptr (GError) error = NULL;

  local_init (&local);
  old = encrypt (&local, "orders");
  do_admin (&local, KMS_KEY_VERB_ROTATE, "orders");
  kms_batch_add_ciphertext (batch, old, local.context, other);
  kms_batch_add_ciphertext (batch, old, other, other);
  g_assert_false (kms_provider_run (local.provider, "orders", batch, NULL, &error));
  g_assert_cmpuint (kms_batch_get_n_failed (batch), ==, 1);
  g_assert_error (kms_batch_get_error (batch, 1), KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT);
  assert_decrypts (&local, "orders", kms_batch_get_ciphertext (batch, 0), other);
  g_assert_cmpstr (kms_batch_get_key_version (batch, 0), ==, "2");
}

static void
test_encrypt_creates_nothing (void)
{
  g_auto (Local) local = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) ciphertext = NULL;
  g_autoptr (GPtrArray) keys = NULL;

  local_init (&local);
  ciphertext = kms_provider_encrypt (local.provider, "oders", local.plaintext, NULL, NULL, &error);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND);
  g_clear_error (&error);
  keys = kms_key_admin_run (KMS_KEY_ADMIN (local.provider), KMS_KEY_VERB_LIST, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, 1);
}

static void
test_limits (void)
{
  g_auto (Local) local = { 0 };
  g_autofree char *bytes = g_strnfill (65537, 'x');
  g_autoptr (KmsSecret) largest = kms_secret_new ((const guint8 *) bytes, 65536);
  g_autoptr (KmsSecret) too_large = kms_secret_new ((const guint8 *) bytes, 65537);
  g_autoptr (KmsSecret) empty = kms_secret_new (NULL, 0), back = NULL, nothing = NULL;
  g_autoptr (GBytes) ciphertext = NULL, refused = NULL, shortest = NULL;
  g_autoptr (GError) error = NULL;

  local_init (&local);
  ciphertext = kms_provider_encrypt (local.provider, "orders", largest, NULL, NULL, &error);
  g_assert_no_error (error);
  back = kms_provider_decrypt (local.provider, "orders", ciphertext, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (kms_secret_equal (back, largest));
  refused = kms_provider_encrypt (local.provider, "orders", too_large, NULL, NULL, &error);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE);
  g_clear_error (&error);
  shortest = kms_provider_encrypt (local.provider, "orders", empty, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (shortest), ==, OVERHEAD);
  nothing = kms_provider_decrypt (local.provider, "orders", shortest, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (kms_secret_get_length (nothing), ==, 0);
}

static gpointer
work (gpointer data)
{
  Local *local = data;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      g_autoptr (GBytes) ciphertext = encrypt (local, "orders");

      assert_decrypts (local, "orders", ciphertext, local->context);
    }
  return NULL;
}

/* Threads at work while the key is rotated under them. */
static void
test_threads (void)
{
  g_auto (Local) local = { 0 };
  GThread *threads[N_THREADS];
  g_autoptr (KmsKey) key = NULL;

  local_init (&local);
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("work", work, &local);
  for (guint i = 0; i < 20; i++)
    do_admin (&local, KMS_KEY_VERB_ROTATE, "orders");
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  key = admin (&local, KMS_KEY_VERB_SHOW, "orders");
  g_assert_cmpstr (kms_key_get_version (key), ==, "21");
}

static int
in_child (Local *local, GBytes *ciphertext)
{
  g_autoptr (KmsSecret)
    secret = kms_provider_decrypt (local->provider, "orders", ciphertext, local->context, NULL, NULL);
  g_autoptr (GBytes) again = NULL;

  if (secret == NULL || !kms_secret_equal (secret, local->plaintext))
    return 1;
  again = kms_provider_encrypt (local->provider, "orders", secret, local->context, NULL, NULL);
  return again != NULL && write (STDOUT_FILENO, "", 0) == 0 ? 0 : 2;
}

static void
test_fork (void)
{
  g_auto (Local) local = { 0 };
  g_autoptr (GBytes) ciphertext = NULL;
  pid_t pid;
  int status;

  local_init (&local);
  ciphertext = encrypt (&local, "orders");
  pid = fork ();
  if (pid == 0)
    {
      /* The parent's secrets are zeros here, so that the plaintext is made anew as well. */
      kms_secret_unref (local.plaintext);
      local.plaintext = kms_secret_new ((const guint8 *) "a small secret", 14);
      _exit (in_child (&local, ciphertext));
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
  assert_decrypts (&local, "orders", ciphertext, local.context);
}

/* Another process rotates and disables: noticed within a second. */
static void
test_other_process (void)
{
  g_auto (Local) local = { 0 };
  g_autoptr (GBytes) ciphertext = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = NULL;
  gint64 until;
  pid_t pid;
  int status;

  local_init (&local);
  ciphertext = encrypt (&local, "orders");
  pid = fork ();
  if (pid == 0)
    _exit (try_admin (&local, KMS_KEY_VERB_DISABLE, "orders", NULL, NULL) != NULL ? 0 : 1);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
  until = g_get_monotonic_time () + 1500 * 1000;
  do
    {
      g_clear_pointer (&secret, kms_secret_unref);
      secret = kms_provider_decrypt (local.provider, "orders", ciphertext, local.context, NULL, &error);
    }
  while (secret != NULL && g_get_monotonic_time () < until);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_KEY_DISABLED);
}

static void
test_diagnose (void)
{
  g_auto (Local) local = { 0 };
  g_autoptr (KmsReport) report = kms_report_new ();
  g_autoptr (KmsReport) missing = kms_report_new ();
  g_autofree char *words = NULL;
  g_autoptr (GError) error = NULL;

  local_init (&local);
  kms_provider_diagnose (local.provider, "orders", report, NULL);
  g_assert_cmpint (kms_report_get_worst (report), <, KMS_SEVERITY_ERROR);
  kms_provider_diagnose (local.provider, "oders", missing, NULL);
  g_assert_cmpint (kms_report_get_worst (missing), ==, KMS_SEVERITY_ERROR);
  words = kms_key_store_describe_root (KMS_KEY_STORE (local.provider), NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (words, "protects against nothing but the loss of a disk"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/local/round-trip", test_round_trip);
  g_test_add_func ("/local/tamper", test_tamper);
  g_test_add_func ("/local/context", test_context);
  g_test_add_func ("/local/dialect", test_dialect);
  g_test_add_func ("/local/rotate", test_rotate);
  g_test_add_func ("/local/recreated", test_recreated);
  g_test_add_func ("/local/states", test_states);
  g_test_add_func ("/local/rewrap", test_rewrap);
  g_test_add_func ("/local/encrypt-creates-nothing", test_encrypt_creates_nothing);
  g_test_add_func ("/local/limits", test_limits);
  g_test_add_func ("/local/threads", test_threads);
  g_test_add_func ("/local/fork", test_fork);
  g_test_add_func ("/local/other-process", test_other_process);
  g_test_add_func ("/local/diagnose", test_diagnose);
  return g_test_run ();
}
