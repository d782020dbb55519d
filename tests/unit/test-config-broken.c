/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every kind of configuration file that can't be used: each says what is wrong with itself, and breaks nothing else. */
#include <glib/gstdio.h>
#include <libkms/kms.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../config-root.h"

#define GOOD "[Provider]\nModule=kms-good.so\nAbi=1\n"

typedef struct
{
  char *root;
  KmsRegistry *registry;
} Fixture;

static void
setup (Fixture *self, gconstpointer data)
{
  self->root = config_root_new ();
  config_root_write (self->root, "package/providers.d/good.provider", GOOD "Prefixes=good/\n");
}

static void
teardown (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->registry);
  g_clear_pointer (&self->root, config_root_remove);
}

static void
open_registry (Fixture *self, const char *program)
{
  g_autoptr (GError) error = NULL;

  g_clear_object (&self->registry);
  self->registry = kms_registry_new (self->root, program, &error);
  g_assert_no_error (error);
}

static KmsConfigInfo *
lookup (Fixture *self, KmsConfigKind kind, const char *name)
{
  g_autoptr (GError) error = NULL;
  KmsConfigInfo *info = kms_registry_lookup (self->registry, kind, name, &error);

  g_assert_no_error (error);
  return info;
}

static void
assert_state (Fixture *self, KmsConfigKind kind, const char *name, KmsState state)
{
  g_autoptr (KmsConfigInfo) info = lookup (self, kind, name);

  if (kms_config_info_get_state (info) != state)
    g_error ("%s is %s: %s", name, kms_state_to_string (kms_config_info_get_state (info)),
             kms_config_info_get_error (info) == NULL ? "-" : kms_config_info_get_error (info)->message);
  g_assert_true ((kms_config_info_get_error (info) == NULL)
                 == (state == KMS_STATE_AVAILABLE || state == KMS_STATE_LOADED));
}

/* The words are what the message must say besides the file's path. */
static const struct
{
  const char *name;
  const char *text;
  const char *words;
} broken_providers[] = {
  { "no-group", "Module=kms-good.so\n", "line 1: can't be read; every line is [GROUP]" },
  { "no-equals", GOOD "this is no pair\n", "line 4: can't be read" },
  { "open-group", "[Provider\nModule=kms-good.so\n", "line 1: can't be read" },
  { "escapes", GOOD "Description=\\q \\x \\\n", "line 4: [Provider] Description: the value has a \\" },
  { "group-not-utf8", GOOD "[caf\xe9]\n", "line 4: is not UTF-8" },
  { "not-utf8", GOOD "Description=caf\xe9\n", "line 4: is not UTF-8" },
  { "no-module", "[Provider]\nAbi=1\nPrefixes=x/\n", "Module" },
  { "no-abi", "[Provider]\nModule=kms-good.so\n", "Abi" },
  { "slash", "[Provider]\nModule=sub/kms-good.so\nAbi=1\n", "Module" },
  { "dots", "[Provider]\nModule=../kms-good.so\nAbi=1\n", "Module" },
  { "absolute-in-package", "[Provider]\nModule=/opt/kms-good.so\nAbi=1\n", "admin" },
  { "other-name", "[Provider]\nModule=libgood.so\nAbi=1\n", "kms-" },
  { "priority-high", GOOD "Priority=high\n", "line 4: [Provider] Priority: \"high\" is not a whole number" },
  { "priority-range", GOOD "Priority=1001\n", "1000" },
  { "enabled-maybe", GOOD "Enabled=maybe\n", "line 4: [Provider] Enabled: \"maybe\" is not one of: false, true" },
  { "enabled-upper", GOOD "Enabled=True\n", "Enabled" },
  { "timeout-unit", GOOD "CallTimeout=2s\n", "line 4: [Provider] CallTimeout: \"2s\" is not a number of seconds" },
  { "timeout-comment", GOOD "CallTimeout=2  # seconds\n", "CallTimeout" },
  { "timeout-negative", GOOD "CallTimeout=-1\n", "CallTimeout" },
  { "retries-plus", GOOD "Retries=+1\n", "Retries" },
  { "both-in", GOOD "EnableIn=a\nDisableIn=b\n", "DisableIn" },
  { "literal-token", GOOD "[Settings]\nToken=hvs.SEKRIT\n", "line 5: [Settings] Token: a secret must not" },
  { "literal-password", GOOD "[Settings]\nPassword=SEKRIT\n", "PasswordFile" },
};

static void
write_broken_providers (Fixture *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (broken_providers); i++)
    {
      g_autofree char *path = g_strdup_printf ("package/providers.d/%s.provider", broken_providers[i].name);
      config_root_write (self->root, path, broken_providers[i].text);
    }
}

static void
test_providers (Fixture *self, gconstpointer data)
{
  write_broken_providers (self);
  open_registry (self, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (broken_providers); i++)
    {
      g_autoptr (KmsConfigInfo) info = lookup (self, KMS_CONFIG_KIND_PROVIDER, broken_providers[i].name);
      const GError *error = kms_config_info_get_error (info);
      g_autofree char *path =
        g_strdup_printf ("%s/package/providers.d/%s.provider", self->root, broken_providers[i].name);
      if (kms_config_info_get_state (info) != KMS_STATE_CONFIG_ERROR || error == NULL)
        g_error ("%s is not refused", broken_providers[i].name);
      g_test_message ("%s", error->message);
      g_assert_true (g_error_matches (error, KMS_ERROR, KMS_ERROR_CONFIG));
      if (strstr (error->message, path) == NULL || strstr (error->message, broken_providers[i].words) == NULL)
        g_error ("%s: not helpful: %s", broken_providers[i].name, error->message);
      g_assert_null (strstr (error->message, "SEKRIT"));
      g_assert_cmpstr (kms_config_info_get_files (info)[0], ==, path);
    }
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "good", KMS_STATE_AVAILABLE);
}

/* A literal secret must not come out again where configuration is shown. */
static void
test_secret_is_not_shown (Fixture *self, gconstpointer data)
{
  config_root_write (self->root, "package/providers.d/leak.provider", GOOD "[Settings]\nSecretKey=SEKRIT\n");
  open_registry (self, NULL);
  g_autoptr (KmsConfigInfo) info = lookup (self, KMS_CONFIG_KIND_PROVIDER, "leak");

  for (guint i = 0; i < kms_config_info_get_n_values (info); i++)
    g_assert_null (strstr (kms_config_info_get_nth_value (info, i, NULL, NULL, NULL), "SEKRIT"));
}

static void
test_too_large (Fixture *self, gconstpointer data)
{
  g_autofree char *filling = g_strnfill (2 * 1024 * 1024, '#');
  g_autofree char *text = g_strconcat (GOOD, filling, "\n", NULL);

  config_root_write (self->root, "package/providers.d/large.provider", text);
  open_registry (self, NULL);
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "large", KMS_STATE_CONFIG_ERROR);
}

static void
test_special_files (Fixture *self, gconstpointer data)
{
  g_autofree char *directory = g_build_filename (self->root, "package/providers.d/directory.provider", NULL);
  g_autofree char *fifo = g_build_filename (self->root, "package/providers.d/fifo.provider", NULL);
  g_autofree char *dangling = g_build_filename (self->root, "package/providers.d/dangling.provider", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir (directory, 0755), ==, 0);
  g_assert_cmpint (mkfifo (fifo, 0644), ==, 0);
  g_assert_cmpint (symlink ("/nowhere/at/all", dangling), ==, 0);
  open_registry (self, NULL);
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "directory", KMS_STATE_CONFIG_ERROR);
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "fifo", KMS_STATE_CONFIG_ERROR);
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "good", KMS_STATE_AVAILABLE);
  g_autoptr (KmsConfigInfo) none = kms_registry_lookup (self->registry, KMS_CONFIG_KIND_PROVIDER, "dangling", &error);
  g_assert_null (none);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND);
}

static const struct
{
  const char *name;
  const char *text;
  const char *words;
} broken_boxes[] = {
  { "no-version", "[Box]\nDescription=x\n[Version 1]\nKeyId=good/k\n", "Version" },
  { "version-word", "[Box]\nVersion=one\n[Version 1]\nKeyId=good/k\n", "Version" },
  { "version-gone", "[Box]\nVersion=2\n[Version 1]\nKeyId=good/k\n", "[Version 2]" },
  { "no-key-id", "[Box]\nVersion=1\n[Version 1]\nProvider=good\n", "KeyId" },
  { "version-group", "[Box]\nVersion=1\n[Version 1]\nKeyId=good/k\n[Version one]\nKeyId=good/k\n", "Version one" },
  { "dialect", "[Box]\nVersion=1\nJsonDialect=rails7\n[Version 1]\nKeyId=good/k\n",
    "line 3: [Box] JsonDialect: \"rails7\"" },
  { "state", "[Box]\nVersion=1\nState=on\n[Version 1]\nKeyId=good/k\n", "State" },
  { "acl", "[Box]\nVersion=1\nDecryptFor=shop\n[Version 1]\nKeyId=good/k\n", "DecryptFor" },
  { "acl-uid", "[Box]\nVersion=1\nEncryptFor=uid:root\n[Version 1]\nKeyId=good/k\n", "EncryptFor" },
  { "alert", "[Box]\nVersion=1\n[Version 1]\nKeyId=good/k\n[Alert]\nDecrypts=many\n",
    "line 6: [Alert] Decrypts: \"many\"" },
};

static void
write_broken_boxes (Fixture *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (broken_boxes); i++)
    {
      g_autofree char *path = g_strdup_printf ("admin/boxes.d/%s.box", broken_boxes[i].name);
      config_root_write (self->root, path, broken_boxes[i].text);
    }
}

static void
test_boxes (Fixture *self, gconstpointer data)
{
  write_broken_boxes (self);
  open_registry (self, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (broken_boxes); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsBox) box = kms_registry_dup_box (self->registry, broken_boxes[i].name, &error);
      if (box != NULL)
        g_error ("box %s is not refused", broken_boxes[i].name);
      g_test_message ("%s", error->message);
      g_assert_error (error, KMS_ERROR, KMS_ERROR_CONFIG);
      if (strstr (error->message, broken_boxes[i].words) == NULL
          || strstr (error->message, broken_boxes[i].name) == NULL)
        g_error ("box %s: not helpful: %s", broken_boxes[i].name, error->message);
      assert_state (self, KMS_CONFIG_KIND_BOX, broken_boxes[i].name, KMS_STATE_CONFIG_ERROR);
    }
}

/* One root with all of it: each says what is wrong with itself, and what is right works. */
static void
test_all_at_once (Fixture *self, gconstpointer data)
{
  write_broken_providers (self);
  write_broken_boxes (self);
  config_root_write (self->root, "admin/models.d/broken.model", "[Model\n");
  config_root_write (self->root, "admin/models.d/user.model", "[Model]\nTable=users\n");
  config_root_write (self->root, "admin/boxes.d/right.box", "[Box]\nVersion=1\n[Version 1]\nKeyId=good/k\n");
  config_root_write (self->root, "admin/kms.conf", "[Global]\nUserConfig=sometimes\nno pair\n");
  config_root_write (self->root, "user/kms.conf", "caf\xe9\n");
  open_registry (self, NULL);
  g_autoptr (GPtrArray) providers = kms_registry_list (self->registry, KMS_CONFIG_KIND_PROVIDER);
  g_autoptr (GPtrArray) boxes = kms_registry_list (self->registry, KMS_CONFIG_KIND_BOX);
  g_assert_cmpuint (providers->len, ==, G_N_ELEMENTS (broken_providers) + 1);
  g_assert_cmpuint (boxes->len, ==, G_N_ELEMENTS (broken_boxes) + 1);
  assert_state (self, KMS_CONFIG_KIND_PROVIDER, "good", KMS_STATE_AVAILABLE);
  assert_state (self, KMS_CONFIG_KIND_BOX, "right", KMS_STATE_AVAILABLE);
  assert_state (self, KMS_CONFIG_KIND_MODEL, "user", KMS_STATE_AVAILABLE);
  assert_state (self, KMS_CONFIG_KIND_MODEL, "broken", KMS_STATE_CONFIG_ERROR);
  g_autoptr (KmsConfigInfo) global = lookup (self, KMS_CONFIG_KIND_GLOBAL, "kms");
  g_assert_cmpint (kms_config_info_get_state (global), ==, KMS_STATE_CONFIG_ERROR);
  g_assert_nonnull (strstr (kms_config_info_get_error (global)->message, "admin/kms.conf, line 3: can't be read"));
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider_for_key (self->registry, "good/k", NULL, NULL, &error);
  g_assert_no_error (error);
}

/* What the files say that can be read; the rest of each is broken. */
static const struct
{
  const char *name;
  const char *text;
} claiming[] = {
  { "line", GOOD "Prefixes=line/\nno pair\n" },
  { "line-before", "[Provider]\nno pair\nModule=kms-good.so\nAbi=1\nPrefixes=line-before/\n" },
  { "not-utf8", GOOD "Description=caf\xe9\nPrefixes=not-utf8/\n" },
  { "value", GOOD "Priority=high\nPrefixes=value/\n" },
  { "secret", GOOD "Prefixes=secret/\n[Settings]\nToken=x\n" },
  { "module", "[Provider]\nModule=kms-absent.so\nAbi=1\nPrefixes=module/\n" },
  { "disabled", GOOD "Prefixes=disabled/\nEnabled=false\n" },
};

/* A mistake in a file must not send its plaintexts to another service. */
static void
test_keys_stay_claimed (Fixture *self, gconstpointer data)
{
  config_root_write (self->root, "package/providers.d/all.provider", GOOD "Fallback=true\n");
  for (guint i = 0; i < G_N_ELEMENTS (claiming); i++)
    {
      g_autofree char *path = g_strdup_printf ("admin/providers.d/%s.provider", claiming[i].name);
      config_root_write (self->root, path, claiming[i].text);
    }
  open_registry (self, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (claiming); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *key_id = g_strconcat (claiming[i].name, "/k", NULL);
      g_autofree char *name = kms_registry_find_provider_for_key (self->registry, key_id, NULL, &error);
      if (name != NULL)
        g_error ("%s went to %s", key_id, name);
      g_assert_nonnull (error);
      g_assert_nonnull (strstr (error->message, claiming[i].name));
    }
  g_autofree char *other = kms_registry_find_provider_for_key (self->registry, "other/k", NULL, NULL);
  g_assert_cmpstr (other, ==, "all");
}

/* Just below the limit, and of what takes longest: it must not take minutes. */
static void
test_many_lines (Fixture *self, gconstpointer data)
{
  g_autoptr (GString) keys = g_string_new (GOOD);
  g_autoptr (GString) comments = g_string_new (GOOD);
  gint64 start = g_get_monotonic_time ();

  for (guint i = 0; keys->len < 1000 * 1000; i++)
    g_string_append_printf (keys, "X-%u=\n", i);
  while (comments->len < 1000 * 1000)
    g_string_append (comments, "#\n");
  g_string_append (comments, "no pair\n");
  config_root_write (self->root, "admin/providers.d/keys.provider", keys->str);
  config_root_write (self->root, "admin/providers.d/comments.provider", comments->str);
  open_registry (self, NULL);
  g_autoptr (KmsConfigInfo) many = lookup (self, KMS_CONFIG_KIND_PROVIDER, "keys");
  g_autoptr (KmsConfigInfo) wrong = lookup (self, KMS_CONFIG_KIND_PROVIDER, "comments");
  g_assert_nonnull (strstr (kms_config_info_get_error (many)->message, "more than 5000 keys"));
  g_assert_nonnull (strstr (kms_config_info_get_error (wrong)->message, "line 499"));
  g_assert_cmpint (g_get_monotonic_time () - start, <, 60 * G_TIME_SPAN_SECOND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function) g_test_add ("/config-broken/" path, Fixture, NULL, setup, function, teardown)
  ADD ("providers", test_providers);
  ADD ("boxes", test_boxes);
  ADD ("all-at-once", test_all_at_once);
  ADD ("keys-stay-claimed", test_keys_stay_claimed);
  ADD ("secret-is-not-shown", test_secret_is_not_shown);
  ADD ("too-large", test_too_large);
  ADD ("many-lines", test_many_lines);
  ADD ("special-files", test_special_files);
  return g_test_run ();
}
