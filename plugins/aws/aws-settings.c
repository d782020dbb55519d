/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings of the file, of variables and of the shared files, merged and checked once, when the provider opens. */
#include "aws-settings.h"

#include "aws-region.h"

static const struct
{
  const char *name;
  KmsSettingType type;
  const char *default_value;
  const char *range;
  const char *description;
} declarations[] = {
  { "Region", KMS_SETTING_STRING, NULL, NULL, "the region of keys whose id names none" },
  { "Endpoint", KMS_SETTING_STRING, NULL, NULL, "where KMS is instead: https://HOST:PORT/PATH" },
  { "UseFips", KMS_SETTING_BOOLEAN, NULL, NULL, "whether to use endpoints whose cryptography is validated" },
  { "UseDualStack", KMS_SETTING_BOOLEAN, NULL, NULL, "whether to use endpoints that have IPv6 addresses, too" },
  { "Profile", KMS_SETTING_STRING, NULL, NULL, "the profile of the shared files" },
  { "ConfigFile", KMS_SETTING_PATH, NULL, NULL, "the shared config file" },
  { "CredentialsFile", KMS_SETTING_CREDENTIAL_FILE, NULL, NULL, "the shared credentials file" },
  { "ProcessTimeout", KMS_SETTING_DURATION, "60", "1..600", "how long credential_process may take" },
  { "StrictKeyId", KMS_SETTING_BOOLEAN, "false", NULL, "whether a value decrypts with the key of its box alone" },
};

void
aws_settings_declare (KmsProviderClass *klass)
{
  for (guint i = 0; i < G_N_ELEMENTS (declarations); i++)
    kms_provider_class_add_setting (klass, declarations[i].name, declarations[i].type, declarations[i].default_value,
                                    declarations[i].range, declarations[i].description);
}

void
aws_settings_free (AwsSettings *self)
{
  g_clear_pointer (&self->environment, aws_environment_free);
  g_clear_pointer (&self->profiles, aws_profiles_free);
  g_free (self->config_file);
  g_free (self->credentials_file);
  g_free (self->profile);
  g_free (self->region);
  g_free (self->region_from);
  g_free (self->endpoint);
  g_free (self);
}

static const char *
get_setting (KmsProvider *provider, const char *name)
{
  const char *value = kms_provider_get_setting_string (provider, name);
  return value == NULL || value[0] == '\0' ? NULL : value;
}

const char *
aws_settings_get (const AwsSettings *self, const char *profile_key)
{
  return aws_profile_get (self->profiles, self->profile, profile_key);
}

const char *
aws_settings_get_either (const AwsSettings *self, const char *variable, const char *profile_key)
{
  const char *value = aws_environment_get (self->environment, variable);
  return value != NULL ? value : aws_settings_get (self, profile_key);
}

/* The provider's own file, then AWS_PROFILE, then AWS_DEFAULT_PROFILE. */
static void
find_profile (AwsSettings *self, KmsProvider *provider)
{
  const char *name = get_setting (provider, "Profile");

  self->explicit_profile = name != NULL;
  if (name != NULL)
    self->profile_from = "Profile= in the provider's file";
  else if ((name = aws_environment_get (self->environment, "AWS_PROFILE")) != NULL)
    self->profile_from = "AWS_PROFILE";
  else if ((name = aws_environment_get (self->environment, "AWS_DEFAULT_PROFILE")) != NULL)
    self->profile_from = "AWS_DEFAULT_PROFILE";
  self->profile = g_strdup (name != NULL ? name : "default");
}

static char *
dup_home_file (const AwsEnvironment *environment, const char *name)
{
  const char *home = aws_environment_get_home (environment);
  return home != NULL ? g_build_filename (home, ".aws", name, NULL) : NULL;
}

static char *
expand_home (const AwsEnvironment *environment, const char *path)
{
  const char *home = aws_environment_get_home (environment);
  return home != NULL && g_str_has_prefix (path, "~/") ? g_build_filename (home, path + 2, NULL) : g_strdup (path);
}

/* `must_exist`, where somebody named the file; AWS's clients do not mind a variable that names none that is there. */
static char *
find_file (const AwsEnvironment *environment, KmsProvider *provider, const char *setting, const char *variable,
           const char *name, gboolean *must_exist)
{
  const char *path = get_setting (provider, setting);

  *must_exist = path != NULL;
  if (path != NULL)
    return g_strdup (path);
  path = aws_environment_get (environment, variable);
  return path != NULL ? expand_home (environment, path) : dup_home_file (environment, name);
}

AwsProfiles *
aws_settings_load_profiles (const AwsSettings *self, GError **error)
{
  AwsProfileFiles files = { self->config_file, self->credentials_file, self->config_must_exist,
                            self->credentials_must_exist };

  return aws_profiles_load (&files, error);
}

static gboolean
load_profiles (AwsSettings *self, KmsProvider *provider, GError **error)
{
  self->config_file =
    find_file (self->environment, provider, "ConfigFile", "AWS_CONFIG_FILE", "config", &self->config_must_exist);
  self->credentials_file = find_file (self->environment, provider, "CredentialsFile", "AWS_SHARED_CREDENTIALS_FILE",
                                      "credentials", &self->credentials_must_exist);
  find_profile (self, provider);
  self->profiles = aws_settings_load_profiles (self, error);
  if (self->profiles == NULL)
    return FALSE;
  if (self->profile_from == NULL || aws_profiles_has (self->profiles, self->profile))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "there is no profile \"%s\", which %s names, in %s or %s",
               self->profile, self->profile_from, self->config_file != NULL ? self->config_file : "a config file",
               self->credentials_file != NULL ? self->credentials_file : "a credentials file");
  return FALSE;
}

static gboolean
load_region (AwsSettings *self, KmsProvider *provider, GError **error)
{
  const char *region = get_setting (provider, "Region");

  self->explicit_region = region != NULL;
  if (region != NULL)
    self->region_from = g_strdup_printf ("Region= in %s.provider", self->label);
  else if ((region = aws_environment_get (self->environment, "AWS_REGION")) != NULL)
    self->region_from = g_strdup ("AWS_REGION");
  else if ((region = aws_environment_get (self->environment, "AWS_DEFAULT_REGION")) != NULL)
    self->region_from = g_strdup ("AWS_DEFAULT_REGION");
  else if ((region = aws_settings_get (self, "region")) != NULL)
    self->region_from = g_strdup_printf ("region in profile %s", self->profile);
  self->region = g_strdup (region);
  return region == NULL || aws_region_check (region, self->region_from, error);
}

/* The file's setting, then the variable, then the profile's key; `setting` is nullable. */
static gboolean
load_switch (AwsSettings *self, KmsProvider *provider, const char *setting, const char *variable, const char *key,
             gboolean *value, GError **error)
{
  const char *text = aws_settings_get (self, key);
  g_autofree char *where = g_strdup_printf ("%s in profile %s", key, self->profile);

  *value = FALSE;
  if (setting != NULL && get_setting (provider, setting) != NULL)
    {
      *value = kms_provider_get_setting_boolean (provider, setting);
      return TRUE;
    }
  if (aws_environment_get (self->environment, variable) != NULL)
    return aws_environment_get_boolean (self->environment, variable, value, error);
  return text == NULL || aws_parse_boolean (text, where, value, error);
}

AwsSettings *
aws_settings_load (KmsProvider *provider, GError **error)
{
  g_autoptr (AwsSettings) self = g_new0 (AwsSettings, 1);

  self->label = kms_provider_get_name (provider);
  self->environment = aws_environment_new_for_provider (provider);
  self->endpoint = g_strdup (get_setting (provider, "Endpoint"));
  self->process_timeout = kms_provider_get_setting_integer (provider, "ProcessTimeout");
  self->strict_key_id = kms_provider_get_setting_boolean (provider, "StrictKeyId");
  if (!load_profiles (self, provider, error) || !load_region (self, provider, error)
      || !load_switch (self, provider, "UseFips", "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint", &self->use_fips, error)
      || !load_switch (self, provider, "UseDualStack", "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint",
                       &self->use_dual_stack, error)
      || !load_switch (self, provider, NULL, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls",
                       &self->ignore_endpoints, error))
    return NULL;
  return g_steal_pointer (&self);
}
