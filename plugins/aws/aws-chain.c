/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The links in AWS's order. Only what is not set up leads to the next one: what is set up and fails is the error. */
#include "aws-source.h"

/* In a profile that a role takes its keys from, only what the profile itself says counts. */
static const struct
{
  const char *name;
  AwsSourceFunc find;
  gboolean of_profile;
} links[] = {
  { "environment", aws_source_environment, FALSE },
  { "role", aws_source_role, TRUE },
  { "web identity", aws_source_web_identity, TRUE },
  { "single sign-on", aws_source_sso, TRUE },
  { "credentials file", aws_source_credentials_file, TRUE },
  { "credential_process", aws_source_process, TRUE },
  { "config file", aws_source_config_file, TRUE },
  { "container", aws_source_container, FALSE },
  { "metadata service", aws_source_imds, FALSE },
};

static void
note (AwsChain *chain, const char *link, const char *words)
{
  if (chain->depth == 0)
    g_ptr_array_add (chain->trace, g_strdup_printf ("%s: %s", link, words));
}

static AwsKeys *
walk (AwsChain *chain, gboolean of_profile, GError **error)
{
  GError *local = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (links); i++)
    {
      g_autofree char *why = NULL;
      if (of_profile && !links[i].of_profile)
        continue;
      AwsKeys *keys = links[i].find (chain, &why, &local);
      if (keys != NULL)
        return keys;
      if (local != NULL)
        {
          g_propagate_error (error, local);
          return NULL;
        }
      note (chain, links[i].name, why);
    }
  return NULL;
}

static gboolean
has_keys (const AwsChain *chain)
{
  return aws_profile_get (chain->profiles, chain->profile, "aws_access_key_id") != NULL;
}

/* A profile with keys of its own is asked for these, and not for its role: so it may be its own source. */
AwsKeys *
aws_chain_find_in_profile (AwsChain *chain, GError **error)
{
  g_autofree char *why = NULL;
  GError *local = NULL;
  AwsKeys *keys = NULL;

  if (has_keys (chain))
    {
      keys = aws_source_credentials_file (chain, &why, &local);
      g_clear_pointer (&why, g_free);
      if (keys == NULL && local == NULL)
        keys = aws_source_config_file (chain, &why, &local);
    }
  else
    keys = walk (chain, TRUE, &local);
  if (keys == NULL && local == NULL)
    g_set_error (&local, KMS_ERROR, KMS_ERROR_CREDENTIALS, "profile %s, whose keys a role takes, has none",
                 chain->profile);
  if (local != NULL)
    g_propagate_error (error, local);
  return keys;
}

/* Services' keys that have ended already would be refused by the next service: their clock, or ours, is wrong. */
static gboolean
check_end (AwsChain *chain, const AwsKeys *keys, GError **error)
{
  if (keys->expires_at == 0 || keys->look_again > 0 || keys->expires_at > aws_clock_now (&chain->provider->clock))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS,
               "%s: its keys have ended already; get new ones there, and look at this machine's clock", keys->source);
  return FALSE;
}

static AwsKeys *
find_keys (AwsChain *chain, GError **error)
{
  g_autoptr (GError) local = NULL;

  chain->profiles = aws_settings_load_profiles (chain->provider->settings, error);
  if (chain->profiles == NULL)
    return NULL;
  g_autoptr (AwsKeys) keys = walk (chain, FALSE, &local);
  if (keys != NULL)
    return check_end (chain, keys, error) ? g_steal_pointer (&keys) : NULL;
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else
    g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS,
                 "there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or Profile= in "
                 "%s.provider, or run: aws configure; kmsctl doctor says what was looked at",
                 chain->provider->settings->label);
  return NULL;
}

static void
keep_trace (KmsAwsProvider *self, GPtrArray *trace)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->trace_lock);

  g_clear_pointer (&self->trace, g_ptr_array_unref);
  self->trace = trace;
}

KmsHttpCredentials *
kms_aws_provider_obtain_credentials (KmsHttpProvider *provider, KmsHttpCredentials *current, gboolean refused,
                                     GCancellable *cancellable, GError **error)
{
  KmsAwsProvider *self = KMS_AWS_PROVIDER (provider);
  AwsChain chain = { .provider = self,
                     .profile = self->settings->profile,
                     .cancellable = cancellable,
                     .trace = g_ptr_array_new_with_free_func (g_free) };
  g_autoptr (AwsKeys) keys = find_keys (&chain, error);

  keep_trace (self, chain.trace);
  g_clear_pointer (&chain.profiles, aws_profiles_free);
  return keys != NULL ? aws_keys_make_credentials (keys, aws_clock_now (&self->clock)) : NULL;
}

static void
report_trace (KmsAwsProvider *self, KmsReport *report)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->trace_lock);

  for (guint i = 0; self->trace != NULL && i < self->trace->len; i++)
    {
      g_autofree char *line = g_strdup_printf ("not taken: %s", (const char *) g_ptr_array_index (self->trace, i));
      kms_report_add (report, KMS_SEVERITY_INFO, "credentials", line, NULL);
    }
}

void
kms_aws_provider_diagnose_credentials (KmsAwsProvider *self, KmsReport *report, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsHttpCredentials)
    credentials = kms_http_provider_dup_credentials (KMS_HTTP_PROVIDER (self), cancellable, &error);

  report_trace (self, report);
  if (credentials == NULL)
    {
      kms_report_add (report, KMS_SEVERITY_ERROR, "credentials", error->message, NULL);
      return;
    }
  const AwsKeys *keys = kms_http_credentials_get_data (credentials);
  g_autoptr (GDateTime) end = g_date_time_new_from_unix_utc (keys->expires_at / G_USEC_PER_SEC);
  g_autofree char *time = keys->expires_at != 0 ? g_date_time_format_iso8601 (end) : NULL;
  g_autofree char *finding = g_strdup_printf ("they come from %s, access key %s%s%s", keys->source, keys->access_key_id,
                                              time != NULL ? ", until " : "", time != NULL ? time : "");
  kms_report_add (report, KMS_SEVERITY_OK, "credentials", finding, NULL);
}
