/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* lifecycle: the settings that the module declares, and what becomes of wrong ones. */
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "spy.h"
#include "verdict.h"

static void
check_described (Fixture *fixture)
{
  GPtrArray *settings = spy_get_settings ();
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  if (settings->len == 0)
    verdict_skip ("the provider declares no settings");
  for (guint i = 0; i < settings->len; i++)
    {
      const DeclaredSetting *setting = g_ptr_array_index (settings, i);
      verdict_check (g_regex_match_simple ("^[A-Z][A-Za-z0-9]*$", setting->name, 0, 0),
                     "the setting \"%s\" is not written LikeThis", setting->name);
      verdict_check (setting->description != NULL && setting->description[0] != '\0',
                     "the setting %s has no description", setting->name);
      verdict_check (g_hash_table_add (seen, (gpointer) setting->name), "the setting %s is declared twice",
                     setting->name);
    }
}

static gboolean
sounds_secret (const char *name)
{
  return g_regex_match_simple ("(Token|Password|Passphrase|Secret|SecretKey|SecretAccessKey|ApiKey|SecretId)$", name, 0,
                               0);
}

static void
check_by_reference (Fixture *fixture)
{
  GPtrArray *settings = spy_get_settings ();

  if (settings->len == 0)
    verdict_skip ("the provider declares no settings");
  for (guint i = 0; i < settings->len; i++)
    {
      const DeclaredSetting *setting = g_ptr_array_index (settings, i);
      verdict_check (!sounds_secret (setting->name),
                     "%s would hold a secret in a file that everybody may read; declare %sFile, a file's name",
                     setting->name, setting->name);
    }
}

/* A value that the setting's type does not allow; NULL where every text is allowed. */
static char *
make_bad_value (const DeclaredSetting *setting)
{
  switch (setting->type)
    {
    case KMS_SETTING_BOOLEAN:
      return g_strdup ("maybe");
    case KMS_SETTING_INTEGER:
      return g_strdup ("7 of them");
    case KMS_SETTING_DURATION:
      return g_strdup ("2s");
    case KMS_SETTING_PATH:
    case KMS_SETTING_CREDENTIAL_FILE:
      return g_strdup ("not/absolute");
    case KMS_SETTING_CHOICE:
      return g_strdup ("none-of-the-choices");
    case KMS_SETTING_STRING:
    case KMS_SETTING_LIST:
    default:
      return NULL;
    }
}

/* One less than the smallest integer of "MIN..MAX". */
static char *
make_value_out_of_range (const DeclaredSetting *setting)
{
  char *end = NULL;

  if (setting->type != KMS_SETTING_INTEGER || setting->range == NULL)
    return NULL;
  gint64 min = g_ascii_strtoll (setting->range, &end, 10);
  return end == setting->range || min == G_MININT64 ? NULL : g_strdup_printf ("%" G_GINT64_FORMAT, min - 1);
}

static void
check_refuses (Fixture *fixture, const char *name, const char *value)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsRegistry) registry = NULL;
  g_autoptr (KmsProvider) provider = NULL;

  if (value == NULL)
    return;
  if (provider_file_install (fixture->file, fixture->root, fixture->name, name, value, &error))
    registry = kms_registry_new_default (&error);
  if (registry != NULL)
    provider = kms_registry_dup_provider (registry, fixture->name, &error);
  if (!verdict_check (provider == NULL, "it opens with %s=%s", name, value))
    return;
  verdict_check (g_error_matches (error, KMS_ERROR, KMS_ERROR_CONFIG), "with %s=%s, the code is %s, not config: %s",
                 name, value, kms_error_get_id (error), error->message);
  verdict_check (strstr (error->message, name) != NULL, "with %s=%s, the message does not name it: %s", name, value,
                 error->message);
}

static void
check_bad (Fixture *fixture)
{
  GPtrArray *settings = spy_get_settings ();
  guint n = settings->len, n_tried = 0;

  for (guint i = 0; i < n; i++)
    {
      const DeclaredSetting *setting = g_ptr_array_index (settings, i);
      g_autofree char *bad = make_bad_value (setting);
      g_autofree char *outside = make_value_out_of_range (setting);
      n_tried += bad != NULL;
      check_refuses (fixture, setting->name, bad);
      check_refuses (fixture, setting->name, outside);
    }
  if (n_tried == 0)
    verdict_skip ("the provider declares no setting that could be wrong");
}

static void
check_unknown (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsRegistry) registry = NULL;
  g_autoptr (KmsProvider) provider = NULL;
  g_autoptr (KmsConfigInfo) info = NULL;
  const char *const *warnings = NULL;

  if (provider_file_install (fixture->file, fixture->root, fixture->name, "NobodyKnowsThis", "1", &error))
    registry = kms_registry_new_default (&error);
  if (registry != NULL)
    provider = kms_registry_dup_provider (registry, fixture->name, &error);
  if (!verdict_check (provider != NULL, "it does not open with a setting that it does not know: %s",
                      error == NULL ? "" : error->message))
    return;
  info = kms_registry_lookup (registry, KMS_CONFIG_KIND_PROVIDER, fixture->name, NULL);
  warnings = info == NULL ? NULL : kms_config_info_get_warnings (info);
  verdict_check (warnings != NULL && warnings[0] != NULL && strstr (warnings[0], "NobodyKnowsThis") != NULL,
                 "nobody warns of a setting that has no effect");
}

const TestCase cases_settings[] = {
  { "lifecycle/settings-described", "every setting has a name LikeThis and a description", check_described,
    FIXTURE_PROVIDER },
  { "lifecycle/settings-by-reference", "no setting holds a secret itself", check_by_reference, FIXTURE_PROVIDER },
  { "lifecycle/settings-bad", "a setting that its type forbids stops the provider, and is named", check_bad,
    FIXTURE_PROVIDER },
  { "lifecycle/settings-unknown", "an unknown setting is warned of, and no more", check_unknown, FIXTURE_PROVIDER },
  { NULL },
};
