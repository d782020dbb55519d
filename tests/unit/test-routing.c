/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which provider a key id belongs to. */
#include <libkms/kms.h>
#include <string.h>

#include "../config-root.h"

typedef struct
{
  char *root;
  KmsRegistry *registry;
} Fixture;

/* As the gem routes: exactly two test keys, vault/, projects/, and everything else to AWS. */
static void
setup (Fixture *self, gconstpointer data)
{
  self->root = config_root_new ();
  config_root_add_provider (self->root, "test", "kms-good.so", "Exact=insecure-test-key;insecure-test-key/encrypt");
  config_root_add_provider (self->root, "vault", "kms-good.so", "Prefixes=vault/;openbao/");
  config_root_add_provider (self->root, "google", "kms-good.so", "Matches=projects/");
  config_root_add_provider (self->root, "aws", "kms-good.so", "Matches=arn:aws:kms:\nFallback=true");
}

static void
teardown (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->registry);
  g_clear_pointer (&self->root, config_root_remove);
}

static void
open_registry (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  g_clear_object (&self->registry);
  self->registry = kms_registry_new (self->root, "routing", &error);
  g_assert_no_error (error);
}

static void
assert_route (Fixture *self, const char *key_id, const char *provider, gboolean fallback)
{
  g_autoptr (GError) error = NULL;
  gboolean is_fallback = !fallback;
  g_autofree char *name = kms_registry_find_provider_for_key (self->registry, key_id, &is_fallback, &error);

  g_assert_no_error (error);
  if (g_strcmp0 (name, provider) != 0)
    g_error ("%s goes to %s, not to %s", key_id, name, provider);
  g_assert_cmpint (is_fallback, ==, fallback);
}

static void
assert_key_id (Fixture *self, const char *key_id, const char *pinned, const char *provider, const char *cut)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *rest = NULL;
  g_autoptr (KmsProvider) found = kms_registry_dup_provider_for_key (self->registry, key_id, pinned, &rest, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (kms_provider_get_name (found), ==, provider);
  g_assert_cmpstr (rest, ==, cut);
}

static GError *
get_error (Fixture *self, const char *key_id)
{
  GError *error = NULL;
  g_autofree char *name = kms_registry_find_provider_for_key (self->registry, key_id, NULL, &error);
  g_autoptr (GError) other = NULL;
  g_autofree char *rest = NULL;
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider_for_key (self->registry, key_id, NULL, &rest, &other);

  g_assert_null (provider);
  g_assert_nonnull (other);
  if (error != NULL)
    {
      g_assert_null (name);
      g_assert_cmpstr (error->message, ==, other->message);
      return error;
    }
  return g_steal_pointer (&other);
}

static void
test_gem (Fixture *self, gconstpointer data)
{
  open_registry (self);
  assert_route (self, "insecure-test-key", "test", FALSE);
  assert_route (self, "insecure-test-key/encrypt", "test", FALSE);
  assert_route (self, "insecure-test-key/decrypt", "aws", TRUE);
  assert_route (self, "insecure-test-key2", "aws", TRUE);
  assert_route (self, "vault/orders", "vault", FALSE);
  assert_route (self, "openbao/orders", "vault", FALSE);
  assert_route (self, "vault", "aws", TRUE);
  assert_route (self, "Vault/orders", "aws", TRUE);
  assert_route (self, "projects/p/locations/l/keyRings/r/cryptoKeys/k", "google", FALSE);
  assert_route (self, "arn:aws:kms:eu-west-1:111122223333:key/x", "aws", FALSE);
  assert_route (self, "alias/orders", "aws", TRUE);
  assert_route (self, "1234abcd-12ab-34cd-56ef-1234567890ab", "aws", TRUE);
}

static void
test_cut (Fixture *self, gconstpointer data)
{
  open_registry (self);
  assert_key_id (self, "vault/orders", NULL, "vault", "orders");
  assert_key_id (self, "openbao/a/b", NULL, "vault", "a/b");
  assert_key_id (self, "vault/openbao/x", NULL, "vault", "openbao/x");
  assert_key_id (self, "vault/vaults", NULL, "vault", "vaults");
  assert_key_id (self, "projects/p", NULL, "google", "projects/p");
  assert_key_id (self, "insecure-test-key", NULL, "test", "insecure-test-key");
  assert_key_id (self, "alias/x", NULL, "aws", "alias/x");
}

/* A fallback gets what nobody knows, and not what is known to be for somebody who is not installed. */
static void
test_reserved (Fixture *self, gconstpointer data)
{
  static const char *const ids[] = { "local/x",       "vault/x",           "openbao/x",
                                     "projects/p/x",  "system/x",          "session/x",
                                     "socket:/run/x", "insecure-test-key", "insecure-test-key/encrypt" };
  g_autoptr (GError) error = NULL;

  config_root_remove (self->root);
  self->root = config_root_new ();
  config_root_add_provider (self->root, "aws", "kms-good.so", "Matches=arn:aws:kms:\nFallback=true");
  open_registry (self);
  for (gsize i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      g_clear_error (&error);
      error = get_error (self, ids[i]);
      g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND);
      g_assert_nonnull (strstr (error->message, ids[i]));
      g_assert_nonnull (strstr (error->message, "install the package with its provider"));
    }
  assert_route (self, "alias/orders", "aws", TRUE);
  assert_route (self, "vault", "aws", TRUE);
}

/* The gem would ask for a key that no server knows. */
static void
test_prefix_twice (Fixture *self, gconstpointer data)
{
  open_registry (self);
  g_autoptr (GError) error = get_error (self, "vault/vault/x");

  g_assert_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "\"vault/vault/x\" has the prefix \"vault/\" twice"));
}

static void
test_longest (Fixture *self, gconstpointer data)
{
  config_root_add_provider (self->root, "vault-eu", "kms-good.so", "Prefixes=vault/eu/\nPriority=-1000");
  config_root_add_provider (self->root, "google-eu", "kms-good.so", "Matches=projects/eu/");
  config_root_add_provider (self->root, "one", "kms-good.so", "Exact=vault/eu/one");
  open_registry (self);
  assert_key_id (self, "vault/eu/k", NULL, "vault-eu", "k");
  assert_key_id (self, "vault/us/k", NULL, "vault", "us/k");
  assert_key_id (self, "projects/eu/k", NULL, "google-eu", "projects/eu/k");
  assert_key_id (self, "vault/eu/one", NULL, "one", "vault/eu/one");
}

static void
test_ties (Fixture *self, gconstpointer data)
{
  config_root_add_provider (self->root, "b", "kms-good.so", "Prefixes=same/");
  config_root_add_provider (self->root, "a", "kms-good.so", "Prefixes=same/");
  open_registry (self);
  assert_route (self, "same/k", "a", FALSE);
  config_root_add_provider (self->root, "b", "kms-good.so", "Prefixes=same/\nPriority=1");
  open_registry (self);
  assert_route (self, "same/k", "b", FALSE);
  config_root_add_provider (self->root, "c", "kms-good.so", "Matches=same/\nPriority=2");
  open_registry (self);
  assert_key_id (self, "same/k", NULL, "c", "same/k");
}

static void
assert_warning (Fixture *self, const char *name, guint index, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsConfigInfo) info = kms_registry_lookup (self->registry, KMS_CONFIG_KIND_PROVIDER, name, &error);
  g_assert_no_error (error);
  const char *const *warnings = kms_config_info_get_warnings (info);

  g_assert_cmpuint (g_strv_length ((char **) warnings), >=, index + (expected == NULL ? 0 : 1));
  if (expected == NULL)
    g_assert_cmpstr (warnings[index], ==, NULL);
  else if (strstr (warnings[index], expected) == NULL)
    g_error ("\"%s\" does not say \"%s\"", warnings[index], expected);
}

/* Who loses a tie is told, with the line that claims it and the way out. */
static void
test_shared (Fixture *self, gconstpointer data)
{
  config_root_add_provider (self->root, "b", "kms-good.so", "Prefixes=same/;other/");
  config_root_add_provider (self->root, "a", "kms-good.so", "Matches=same/");
  config_root_add_provider (self->root, "c", "kms-good.so", "Exact=one\nPriority=1\nFallback=true");
  config_root_add_provider (self->root, "d", "kms-good.so", "Exact=one");
  open_registry (self);
  assert_warning (self, "a", 0, NULL);
  assert_warning (self, "b", 0,
                  "b.provider, line 4: [Provider] Prefixes has \"same/\", which goes to a.provider: its name sorts "
                  "first; say with Priority= which one is meant");
  assert_warning (self, "b", 1, NULL);
  assert_warning (self, "c", 0, NULL);
  assert_warning (self, "d", 0,
                  "[Provider] Exact has \"one\", which goes to c.provider: that has the higher Priority=");
  assert_warning (self, "aws", 0, "[Provider] Fallback has \"true\", which goes to c.provider");
  assert_warning (self, "vault", 0, NULL);
}

static void
test_pinned (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *rest = NULL;

  config_root_add_provider (self->root, "vault-eu", "kms-good.so", "Prefixes=vault/\nPriority=-5");
  config_root_add_provider (self->root, "bare", "kms-good.so", "");
  open_registry (self);
  assert_key_id (self, "vault/k", NULL, "vault", "k");
  assert_key_id (self, "vault/k", "vault-eu", "vault-eu", "k");
  assert_key_id (self, "vault/k", "bare", "bare", "vault/k");
  g_autoptr (KmsProvider)
    none = kms_registry_dup_provider_for_key (self->registry, "vault/k", "vault-us", &rest, &error);
  g_assert_null (none);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "vault-us"));
}

/* A key id must never go to another service because its own is out of order. */
static void
test_no_fall_through (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *name, *module, *lines, *words;
  } cases[] = {
    { "off", "kms-good.so", "Prefixes=off/\nEnabled=false", "Enabled" },
    { "absent", "kms-absent.so", "Prefixes=absent/", "kms-absent.so" },
    { "wrong", "kms-good.so", "Prefixes=wrong/\nPriority=high", "Priority" },
    { "late", "kms-good.so", "Priority=high\nPrefixes=late/", "Priority" },
    { "old", "kms-abi2.so", "Prefixes=old/", "ABI 2" },
    { "elsewhere", "kms-good.so", "Prefixes=elsewhere/\nEnableIn=nobody", "EnableIn" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    config_root_add_provider (self->root, cases[i].name, cases[i].module, cases[i].lines);
  open_registry (self);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *key_id = g_strdup_printf ("%s/k", cases[i].name);
      g_autoptr (GError) error = get_error (self, key_id);
      g_test_message ("%s", error->message);
      g_assert_cmpint (error->domain, ==, KMS_ERROR);
      if (strstr (error->message, cases[i].name) == NULL || strstr (error->message, cases[i].words) == NULL)
        g_error ("%s: not helpful: %s", cases[i].name, error->message);
    }
}

/* Nor because there is another that takes more, or the same with less priority. */
static void
test_no_fall_aside (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *name, *lines, *key_id;
  } cases[] = {
    { "longer", "Prefixes=vault/eu/\nPriority=high", "vault/eu/k" },
    { "longer-off", "Prefixes=vault/us/\nEnabled=false", "vault/us/k" },
    { "exact", "Exact=vault/one\nPriority=high", "vault/one" },
    { "preferred", "Matches=projects/\nPriority=1\nRetries=many", "projects/k" },
    { "other-rest", "Fallback=true\nPriority=1\nRetries=many", "alias/k" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    config_root_add_provider (self->root, cases[i].name, "kms-good.so", cases[i].lines);
  open_registry (self);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = get_error (self, cases[i].key_id);
      if (strstr (error->message, cases[i].name) == NULL || strstr (error->message, cases[i].key_id) == NULL)
        g_error ("%s: not helpful: %s", cases[i].name, error->message);
    }
  assert_route (self, "vault/k", "vault", FALSE);
}

/* One of two that claim the same is switched off so that the other gets it; and a broken one takes nothing away. */
static void
test_other_of_two (Fixture *self, gconstpointer data)
{
  config_root_add_provider (self->root, "vault-eu", "kms-good.so", "Prefixes=vault/\nPriority=1\nEnabled=false");
  config_root_add_provider (self->root, "a", "kms-good.so", "Matches=projects/\nRetries=many");
  open_registry (self);
  assert_route (self, "vault/k", "vault", FALSE);
  assert_route (self, "projects/k", "google", FALSE);
}

static void
test_unclaimed (Fixture *self, gconstpointer data)
{
  config_root_delete (self->root, "package/providers.d/aws.provider");
  open_registry (self);
  g_autoptr (GError) error = get_error (self, "alias/orders");

  g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "alias/orders"));
  g_test_message ("%s", error->message);
}

static void
test_masked_claims_nothing (Fixture *self, gconstpointer data)
{
  config_root_write (self->root, "admin/providers.d/vault.provider", "");
  config_root_add_provider (self->root, "vault-eu", "kms-good.so", "Prefixes=vault/");
  open_registry (self);
  assert_route (self, "vault/k", "vault-eu", FALSE);
}

static void
test_two_fallbacks (Fixture *self, gconstpointer data)
{
  config_root_add_provider (self->root, "zeta", "kms-good.so", "Fallback=true\nPriority=1");
  open_registry (self);
  assert_route (self, "alias/x", "zeta", TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function) g_test_add ("/routing/" path, Fixture, NULL, setup, function, teardown)
  ADD ("gem", test_gem);
  ADD ("cut", test_cut);
  ADD ("reserved", test_reserved);
  ADD ("prefix-twice", test_prefix_twice);
  ADD ("longest", test_longest);
  ADD ("ties", test_ties);
  ADD ("shared", test_shared);
  ADD ("pinned", test_pinned);
  ADD ("no-fall-through", test_no_fall_through);
  ADD ("no-fall-aside", test_no_fall_aside);
  ADD ("other-of-two", test_other_of_two);
  ADD ("unclaimed", test_unclaimed);
  ADD ("masked-claims-nothing", test_masked_claims_nothing);
  ADD ("two-fallbacks", test_two_fallbacks);
  return g_test_run ();
}
