/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* contract: administration of keys, with keys that are made for it and deleted again. */
#include <string.h>

#include "cases.h"
#include "operations.h"
#include "verdict.h"

/* A service tells all its machines of a change, which takes a moment. */
#define CHANGE_MILLISECONDS 10000

static GPtrArray *
run_verb (Fixture *fixture, KmsKeyVerb verb, const char *key_id, const char *options, GError **error)
{
  g_autoptr (GVariant) parsed = options == NULL ? NULL : g_variant_ref_sink (g_variant_new_parsed (options));
  return kms_key_admin_run (KMS_KEY_ADMIN (fixture->provider), verb, key_id, parsed, NULL, error);
}

/* FALSE where it is not done: then the verdict failed, or says that this can't be done. */
static gboolean
do_verb (Fixture *fixture, KmsKeyVerb verb, const char *key_id, const char *options, const char *what)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) done = run_verb (fixture, verb, key_id, options, &error);

  if (g_error_matches (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED))
    verdict_skip ("the provider can't %s a key", what);
  else
    verdict_check (done != NULL, "it can't %s a key: %s", what, error == NULL ? "" : error->message);
  return done != NULL;
}

static char *
create_key (Fixture *fixture)
{
  g_autofree char *key_id = fixture_make_key_id (fixture);
  g_autoptr (GError) error = NULL;

  if (fixture_create_key (fixture, key_id, &error))
    return g_steal_pointer (&key_id);
  if (g_error_matches (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED))
    verdict_skip ("the provider can't create a key");
  else
    verdict_fail ("it can't create a key: %s", error->message);
  return NULL;
}

static void
check_shown (Fixture *fixture, const char *key_id, KmsKeyState state)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *whole = g_strconcat (fixture->file->prefix, key_id, NULL);
  g_autoptr (GPtrArray) shown = run_verb (fixture, KMS_KEY_VERB_SHOW, key_id, NULL, &error);

  if (g_error_matches (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED)
      || !verdict_check (shown != NULL && shown->len == 1, "it can't show the key: %s",
                         error == NULL ? "" : error->message))
    return;
  KmsKey *key = g_ptr_array_index (shown, 0);
  verdict_check (strcmp (kms_key_get_id (key), whole) == 0, "it shows the key \"%s\" as \"%s\"", whole,
                 kms_key_get_id (key));
  verdict_check (kms_key_get_state (key) == state, "the key's state is %d, not %d", kms_key_get_state (key), state);
}

static gboolean
is_listed (GPtrArray *keys, const char *id)
{
  for (guint i = 0; i < keys->len; i++)
    if (strcmp (kms_key_get_id (g_ptr_array_index (keys, i)), id) == 0)
      return TRUE;
  return FALSE;
}

static void
check_listed (Fixture *fixture, const char *key_id)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *whole = g_strconcat (fixture->file->prefix, key_id, NULL);
  g_autoptr (GPtrArray) keys = run_verb (fixture, KMS_KEY_VERB_LIST, NULL, NULL, &error);

  if (!g_error_matches (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED)
      && verdict_check (keys != NULL, "it can't list its keys: %s", error == NULL ? "" : error->message))
    verdict_check (is_listed (keys, whole), "the key \"%s\" is not in the list", whole);
}

static void
check_create (Fixture *fixture)
{
  g_autofree char *key_id = create_key (fixture);
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = make_secret (32);

  if (key_id == NULL)
    return;
  check_shown (fixture, key_id, KMS_KEY_STATE_ENABLED);
  check_listed (fixture, key_id);
  check_round_trip (fixture->provider, key_id, secret, fixture->context, "a plaintext under a new key");
  g_autoptr (GPtrArray) again = run_verb (fixture, KMS_KEY_VERB_CREATE, key_id, NULL, &error);
  verdict_check (g_error_matches (error, KMS_ERROR, KMS_ERROR_ALREADY_EXISTS), "creating a key that is there: %s",
                 error == NULL ? "is done" : error->message);
  check_round_trip (fixture->provider, key_id, secret, fixture->context, "after that, it");
}

static void
check_unknown (Fixture *fixture)
{
  static const struct
  {
    KmsKeyVerb verb;
    const char *what;
  } verbs[] = {
    { KMS_KEY_VERB_SHOW, "showing" },      { KMS_KEY_VERB_ROTATE, "rotating" }, { KMS_KEY_VERB_ENABLE, "enabling" },
    { KMS_KEY_VERB_DISABLE, "disabling" }, { KMS_KEY_VERB_DELETE, "deleting" }, { KMS_KEY_VERB_RESTORE, "restoring" },
  };
  g_autofree char *key_id = fixture_make_key_id (fixture);

  for (guint i = 0; i < G_N_ELEMENTS (verbs); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) done = run_verb (fixture, verbs[i].verb, key_id, NULL, &error);
      if (g_error_matches (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED)
          || !verdict_check (error != NULL, "%s a key that is not there is done", verbs[i].what))
        continue;
      check_error (fixture->provider, error, verbs[i].what);
      verdict_check (error_is_one_of (error, KMS_ERROR_NOT_FOUND, KMS_ERROR_NOT_AUTHORIZED, -1),
                     "%s a key that is not there: the code is %s: %s", verbs[i].what, kms_error_get_id (error),
                     error->message);
    }
}

static char *
encrypt_and_get_version (Fixture *fixture, const char *key_id, KmsSecret *secret, GBytes **ciphertext)
{
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_ENCRYPT);
  g_autoptr (GError) error = NULL;

  kms_batch_add_secret (batch, secret, fixture->context);
  if (kms_provider_run (fixture->provider, key_id, batch, NULL, &error))
    *ciphertext = g_bytes_ref (kms_batch_get_ciphertext (batch, 0));
  else
    verdict_fail ("it does not encrypt: %s", error->message);
  return g_strdup (kms_batch_get_key_version (batch, 0));
}

static void
check_rewrap_moves (Fixture *fixture, const char *key_id, GBytes *old, const char *old_version, KmsSecret *secret)
{
  g_autoptr (KmsBatch) batch = kms_batch_new (KMS_OPERATION_REWRAP);
  g_autoptr (GError) error = NULL;

  if ((kms_provider_get_capabilities (fixture->provider) & KMS_CAPABILITY_REWRAP) == 0)
    return;
  kms_batch_add_ciphertext (batch, old, fixture->context, NULL);
  if (!verdict_check (kms_provider_run (fixture->provider, key_id, batch, NULL, &error),
                      "after a rotation, an old ciphertext does not rewrap: %s", error == NULL ? "" : error->message))
    return;
  check_decrypts (fixture->provider, key_id, kms_batch_get_ciphertext (batch, 0), fixture->context, secret,
                  "rewrapped after a rotation, it");
  verdict_check (g_strcmp0 (kms_batch_get_key_version (batch, 0), old_version) != 0 || old_version == NULL,
                 "rewrapping after a rotation leaves the key version %s", old_version);
}

static void
check_rotate (Fixture *fixture)
{
  g_autofree char *key_id = create_key (fixture);
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GBytes) old = NULL;
  g_autoptr (GBytes) new = NULL;

  if (key_id == NULL)
    return;
  g_autofree char *old_version = encrypt_and_get_version (fixture, key_id, secret, &old);
  if (old == NULL || !do_verb (fixture, KMS_KEY_VERB_ROTATE, key_id, NULL, "rotate"))
    return;
  g_autofree char *new_version = encrypt_and_get_version (fixture, key_id, secret, &new);
  check_decrypts (fixture->provider, key_id, old, fixture->context, secret, "after a rotation, an old ciphertext");
  if (new != NULL)
    check_decrypts (fixture->provider, key_id, new, fixture->context, secret, "after a rotation, a new ciphertext");
  verdict_check (old_version == NULL || g_strcmp0 (old_version, new_version) != 0,
                 "after a rotation, it still encrypts with version %s", new_version);
  check_rewrap_moves (fixture, key_id, old, old_version, secret);
}

/* Waits until the key is refused with this code, or with the other. */
static void
check_refuses_use (Fixture *fixture, const char *key_id, GBytes *ciphertext, KmsError code, KmsError other,
                   const char *what)
{
  g_autoptr (GError) encrypting = NULL;
  g_autoptr (GError) decrypting = NULL;
  g_autoptr (KmsSecret) secret = make_secret (32);

  for (guint waited = 0; waited < CHANGE_MILLISECONDS; waited += 100)
    {
      g_clear_error (&encrypting);
      g_autoptr (GBytes)
        none = kms_provider_encrypt (fixture->provider, key_id, secret, fixture->context, NULL, &encrypting);
      if (encrypting != NULL)
        break;
      g_usleep (100 * 1000);
    }
  g_autoptr (KmsSecret)
    plaintext = kms_provider_decrypt (fixture->provider, key_id, ciphertext, fixture->context, NULL, &decrypting);
  verdict_check (error_is_one_of (encrypting, code, other, -1), "encrypting with a key that is %s: %s", what,
                 encrypting == NULL ? "is done" : encrypting->message);
  verdict_check (error_is_one_of (decrypting, code, other, -1), "decrypting with a key that is %s: %s", what,
                 decrypting == NULL ? "is done" : decrypting->message);
}

static void
check_usable_again (Fixture *fixture, const char *key_id, GBytes *ciphertext, KmsSecret *secret, const char *what)
{
  for (guint waited = 0; waited < CHANGE_MILLISECONDS; waited += 100)
    {
      g_autoptr (KmsSecret)
        found = kms_provider_decrypt (fixture->provider, key_id, ciphertext, fixture->context, NULL, NULL);
      if (found != NULL)
        break;
      g_usleep (100 * 1000);
    }
  check_decrypts (fixture->provider, key_id, ciphertext, fixture->context, secret, what);
  check_round_trip (fixture->provider, key_id, secret, fixture->context, what);
}

static void
check_disable (Fixture *fixture)
{
  g_autofree char *key_id = create_key (fixture);
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GBytes) ciphertext =
    key_id == NULL ? NULL : encrypt_value (fixture->provider, key_id, secret, fixture->context, "a plaintext");

  if (ciphertext == NULL || !do_verb (fixture, KMS_KEY_VERB_DISABLE, key_id, NULL, "disable"))
    return;
  check_shown (fixture, key_id, KMS_KEY_STATE_DISABLED);
  check_refuses_use (fixture, key_id, ciphertext, KMS_ERROR_KEY_DISABLED, KMS_ERROR_KEY_DISABLED, "disabled");
  if (!do_verb (fixture, KMS_KEY_VERB_ENABLE, key_id, NULL, "enable"))
    return;
  check_shown (fixture, key_id, KMS_KEY_STATE_ENABLED);
  check_usable_again (fixture, key_id, ciphertext, secret, "enabled again, it");
}

static void
check_delete (Fixture *fixture)
{
  g_autofree char *key_id = create_key (fixture);
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GBytes) ciphertext =
    key_id == NULL ? NULL : encrypt_value (fixture->provider, key_id, secret, fixture->context, "a plaintext");

  if (ciphertext == NULL || !do_verb (fixture, KMS_KEY_VERB_DELETE, key_id, "{'days': <uint32 30>}", "delete"))
    return;
  check_refuses_use (fixture, key_id, ciphertext, KMS_ERROR_KEY_DISABLED, KMS_ERROR_NOT_FOUND, "to be deleted");
  if (!do_verb (fixture, KMS_KEY_VERB_RESTORE, key_id, NULL, "restore"))
    return;
  /* Some services hand it back disabled. */
  g_autoptr (GPtrArray) enabled = run_verb (fixture, KMS_KEY_VERB_ENABLE, key_id, NULL, NULL);
  check_usable_again (fixture, key_id, ciphertext, secret, "restored, it");
}

static void
check_force_delete (Fixture *fixture)
{
  g_autofree char *key_id = create_key (fixture);
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) secret = make_secret (32);
  g_autoptr (GBytes) ciphertext =
    key_id == NULL ? NULL : encrypt_value (fixture->provider, key_id, secret, fixture->context, "a plaintext");

  if (ciphertext == NULL || !do_verb (fixture, KMS_KEY_VERB_DELETE, key_id, "{'force': <true>}", "delete at once"))
    return;
  check_refuses_use (fixture, key_id, ciphertext, KMS_ERROR_NOT_FOUND, KMS_ERROR_KEY_DISABLED, "deleted");
  if (fixture_create_key (fixture, key_id, &error))
    check_refused (fixture->provider, key_id, ciphertext, fixture->context, "under a new key of the same name, it");
}

const TestCase cases_keys[] = {
  { "contract/keys-create", "a new key is shown, listed and usable, and is not made twice", check_create,
    FIXTURE_ADMINISTRATION },
  { "contract/keys-unknown", "nothing is done to a key that is not there", check_unknown, FIXTURE_ADMINISTRATION },
  { "contract/keys-rotate", "after a rotation, old ciphertexts decrypt and new ones have a new version", check_rotate,
    FIXTURE_ADMINISTRATION },
  { "contract/keys-disable", "a disabled key does nothing until it is enabled", check_disable, FIXTURE_ADMINISTRATION },
  { "contract/keys-delete", "a key that is to be deleted does nothing, and can be restored", check_delete,
    FIXTURE_ADMINISTRATION },
  { "contract/keys-force", "a deleted key is gone, and a new one of its name is another", check_force_delete,
    FIXTURE_ADMINISTRATION },
  { NULL },
};
