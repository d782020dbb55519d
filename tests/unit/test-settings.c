/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* [Settings]: what a module makes of them, and what is refused before it sees them. */
#include <glib/gstdio.h>
#include <libkms/kms.h>
#include <string.h>

#include "../config-root.h"

typedef struct
{
  char *root;
  KmsRegistry *registry;
} Fixture;

static void
setup (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->root = config_root_new ();
  config_root_add_provider (self->root, "settings", "kms-settings.so", "Prefixes=settings/");
  self->registry = kms_registry_new (self->root, NULL, &error);
  g_assert_no_error (error);
}

static void
teardown (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->registry);
  g_clear_pointer (&self->root, config_root_remove);
}

static KmsProvider *
get_provider (Fixture *self, const char *name)
{
  g_autoptr (GError) error = NULL;
  KmsProvider *provider = kms_registry_dup_provider (self->registry, name, &error);

  g_assert_no_error (error);
  return provider;
}

static char *
encrypt (KmsProvider *provider, const char *key_id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) plain = kms_secret_new ((const guint8 *) "x", 1);
  g_autoptr (GBytes) out = kms_provider_encrypt (provider, key_id, plain, NULL, NULL, &error);

  g_assert_no_error (error);
  return g_bytes_get_size (out) == 0 ? g_strdup ("") : g_strndup (g_bytes_get_data (out, NULL), g_bytes_get_size (out));
}

static KmsState
get_state (Fixture *self, const char *name)
{
  g_autoptr (KmsConfigInfo) info = kms_registry_lookup (self->registry, KMS_CONFIG_KIND_PROVIDER, name, NULL);

  return info == NULL ? (KmsState) -1 : kms_config_info_get_state (info);
}

static void
reload (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  kms_registry_reload (self->registry, &error);
  g_assert_no_error (error);
}

static void
test_settings (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *lines;
    const char *answer; /* NULL: refused */
    const char *words;
  } cases[] = {
    { "Text=a b", "Text=a b Flag=1 Number=5 Wait=1500 Color=red TokenFile=- List=-", NULL },
    { "Flag=false\nNumber=10\nWait=0.25\nColor=green\nList=a; b ;c",
      "Text=- Flag=0 Number=10 Wait=250 Color=green TokenFile=- List=a|b|c", NULL },
    { "Number=11", NULL, "Number" },
    { "Number=0x5", NULL, "Number" },
    { "Number=5 # five", NULL, "Number" },
    { "Flag=yes", NULL, "Flag" },
    { "Wait=1.2345", NULL, "Wait" },
    { "Wait=1,5", NULL, "Wait" },
    { "Color=blue", NULL, "red" },
    { "TokenFile=relative", NULL, "absolute" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *lines = g_strdup_printf ("[Settings]\n%s", cases[i].lines);
      config_root_add_provider (self->root, "settings", "kms-settings.so", lines);
      reload (self);
      g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, "settings", &error);
      if (cases[i].answer != NULL)
        {
          g_assert_no_error (error);
          g_autofree char *answer = encrypt (provider, "k");
          g_assert_cmpstr (answer, ==, cases[i].answer);
          continue;
        }
      g_assert_null (provider);
      g_assert_error (error, KMS_ERROR, KMS_ERROR_CONFIG);
      g_assert_nonnull (strstr (error->message, cases[i].words));
      g_assert_nonnull (strstr (error->message, "settings.provider"));
      g_assert_cmpint (get_state (self, "settings"), ==, KMS_STATE_CONFIG_ERROR);
    }
}

static void
test_unknown_setting (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  config_root_add_provider (self->root, "settings", "kms-settings.so", "[Settings]\nTxt=a\nX-Note=b");
  reload (self);
  g_autoptr (KmsProvider) provider = get_provider (self, "settings");
  g_autoptr (KmsConfigInfo) info = kms_registry_lookup (self->registry, KMS_CONFIG_KIND_PROVIDER, "settings", &error);
  g_autofree char *warnings = g_strjoinv ("\n", (char **) kms_config_info_get_warnings (info));
  g_assert_nonnull (strstr (warnings, "Txt"));
  g_assert_null (strstr (warnings, "X-Note"));
}

static void
assert_declared (Fixture *self)
{
  static const struct
  {
    const char *name;
    KmsSettingType type;
    const char *default_value, *range, *description;
  } expected[] = {
    { "Text", KMS_SETTING_STRING, NULL, NULL, "any text" },
    { "Flag", KMS_SETTING_BOOLEAN, "true", NULL, "a switch" },
    { "Number", KMS_SETTING_INTEGER, "5", "1..10", "a number" },
    { "Wait", KMS_SETTING_DURATION, "1.5", NULL, "a duration" },
    { "Color", KMS_SETTING_CHOICE, "red", "red|green", "a choice" },
    { "TokenFile", KMS_SETTING_CREDENTIAL_FILE, NULL, NULL, "a credential" },
    { "List", KMS_SETTING_LIST, NULL, NULL, "a list" },
  };
  g_autoptr (KmsConfigInfo) info = kms_registry_lookup (self->registry, KMS_CONFIG_KIND_PROVIDER, "settings", NULL);

  g_assert_cmpuint (kms_config_info_get_n_settings (info), ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      KmsSettingType type;
      const char *default_value, *range, *description;
      g_assert_cmpstr (kms_config_info_get_nth_setting (info, i, &type, &default_value, &range, &description), ==,
                       expected[i].name);
      g_assert_cmpint (type, ==, expected[i].type);
      g_assert_cmpstr (default_value, ==, expected[i].default_value);
      g_assert_cmpstr (range, ==, expected[i].range);
      g_assert_cmpstr (description, ==, expected[i].description);
    }
}

/* What a module knows is told where it is needed most, too: when the file is wrong. */
static void
test_declared (Fixture *self, gconstpointer data)
{
  g_autoptr (KmsConfigInfo) before = kms_registry_lookup (self->registry, KMS_CONFIG_KIND_PROVIDER, "settings", NULL);

  g_assert_cmpuint (kms_config_info_get_n_settings (before), ==, 0);
  g_autoptr (KmsProvider) provider = get_provider (self, "settings");
  assert_declared (self);
  config_root_add_provider (self->root, "other", "kms-settings.so", "Prefixes=other/");
  reload (self);
  assert_declared (self);

  config_root_add_provider (self->root, "settings", "kms-settings.so", "[Settings]\nNumber=11");
  reload (self);
  g_assert_null (kms_registry_dup_provider (self->registry, "settings", NULL));
  assert_declared (self);
}

static void
test_credential_file (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *token = g_build_filename (self->root, "token", NULL);
  g_autofree char *lines = g_strdup_printf ("[Settings]\nTokenFile=%s", token);

  config_root_write (self->root, "token", "abc");
  config_root_write (self->root, "admin/kms.conf", "[Global]\nCheckPermissions=strict\n");
  config_root_add_provider (self->root, "settings", "kms-settings.so", lines);
  reload (self);
  g_autoptr (KmsProvider) refused = kms_registry_dup_provider (self->registry, "settings", &error);
  g_assert_null (refused);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CONFIG);
  g_assert_nonnull (strstr (error->message, token));
  g_assert_nonnull (strstr (error->message, "chmod"));
  g_clear_error (&error);

  g_assert_cmpint (g_chmod (token, 0600), ==, 0);
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, "settings", &error);
  g_assert_no_error (error);
}

/* Where systemd laid it, the group's bit is the mask of an access control list. */
static void
test_credential_of_service (Fixture *self, gconstpointer data)
{
  g_autofree char *credentials = g_build_filename (self->root, "credentials", NULL);
  g_autofree char *token = g_build_filename (credentials, "token", NULL);
  g_autofree char *lines = g_strdup_printf ("[Settings]\nTokenFile=%s", token);

  config_root_write (self->root, "credentials/token", "abc");
  config_root_add_provider (self->root, "settings", "kms-settings.so", lines);
  g_assert_cmpint (g_chmod (token, 0440), ==, 0);
  reload (self);
  g_assert_null (kms_registry_dup_provider (self->registry, "settings", NULL));
  g_setenv ("CREDENTIALS_DIRECTORY", credentials, TRUE);
  g_autoptr (KmsProvider) provider = get_provider (self, "settings");
  g_clear_object (&provider);

  g_assert_cmpint (g_chmod (token, 0444), ==, 0);
  config_root_add_provider (self->root, "settings", "kms-settings.so", "[Settings]\nText=x");
  reload (self);
  config_root_add_provider (self->root, "settings", "kms-settings.so", lines);
  reload (self);
  g_assert_null (kms_registry_dup_provider (self->registry, "settings", NULL));
  g_unsetenv ("CREDENTIALS_DIRECTORY");
}

static void
test_environment (Fixture *self, gconstpointer data)
{
  g_autoptr (KmsProvider) provider = get_provider (self, "settings");

  g_setenv ("MOCK_VARIABLE", "from the environment", TRUE);
  g_autofree char *read = encrypt (provider, "MOCK_VARIABLE");
  g_assert_cmpstr (read, ==, "from the environment");
  g_setenv ("MOCK_VARIABLE", "", TRUE);
  g_autofree char *empty = encrypt (provider, "MOCK_VARIABLE");
  g_assert_cmpstr (empty, ==, "");
  g_setenv ("MOCK_VARIABLE", "from the environment", TRUE);
  config_root_add_provider (self->root, "settings", "kms-settings.so", "Environment=false");
  reload (self);
  g_autoptr (KmsProvider) closed = get_provider (self, "settings");
  g_autofree char *not_read = encrypt (closed, "MOCK_VARIABLE");
  g_assert_true (g_str_has_prefix (not_read, "Text=- "));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function) g_test_add (path, Fixture, NULL, setup, function, teardown)
  ADD ("/settings/values", test_settings);
  ADD ("/settings/unknown", test_unknown_setting);
  ADD ("/settings/declared", test_declared);
  ADD ("/settings/credential-file", test_credential_file);
  ADD ("/settings/credential-of-service", test_credential_of_service);
  ADD ("/settings/environment", test_environment);
  return g_test_run ();
}
