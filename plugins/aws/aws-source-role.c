/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Roles of profiles, with the keys of another profile or place, and roles of web identities. */
#include "aws-secret-file.h"
#include "aws-source.h"
#include "aws-sts.h"

#include <string.h>

#define MAX_WEB_IDENTITY 20000
#define MIN_DURATION 900
#define MAX_DURATION 43200
/* STS would end a chain of roles after an hour each, whatever the length; nobody writes more. */
#define MAX_ROLES 10

static const struct
{
  const char *name;
  AwsSourceFunc find;
} credential_sources[] = {
  { "Environment", aws_source_environment },
  { "Ec2InstanceMetadata", aws_source_imds },
  { "EcsContainer", aws_source_container },
};

static AwsKeys *refuse (AwsChain *chain, GError **error, const char *format, ...) G_GNUC_PRINTF (3, 4);

static AwsKeys *
refuse (AwsChain *chain, GError **error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *words = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "profile %s: %s", chain->profile, words);
  return NULL;
}

static gboolean
is_session_name (const char *name)
{
  gsize length = strlen (name);

  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (name[i]) && strchr ("_+=,.@-", name[i]) == NULL)
      return FALSE;
  return length >= 2 && length <= 64;
}

static gboolean
check_wish (AwsChain *chain, const AwsRoleWish *wish, GError **error)
{
  if (!g_str_has_prefix (wish->role_arn, "arn:"))
    refuse (chain, error, "role_arn is no ARN");
  else if (!is_session_name (wish->session_name))
    refuse (chain, error, "role_session_name must have 2 to 64 letters, digits and signs of _+=,.@-");
  else if (wish->duration != NULL
           && (!g_ascii_isdigit (wish->duration[0])
               || !g_ascii_string_to_unsigned (wish->duration, 10, MIN_DURATION, MAX_DURATION, NULL, NULL)))
    refuse (chain, error, "duration_seconds must be a number from %d to %d", MIN_DURATION, MAX_DURATION);
  else
    return TRUE;
  return FALSE;
}

static AwsKeys *
ask_place (AwsChain *chain, const char *name, GError **error)
{
  g_autofree char *why = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (credential_sources); i++)
    {
      if (g_ascii_strcasecmp (credential_sources[i].name, name) != 0)
        continue;
      chain->depth++;
      AwsKeys *keys = credential_sources[i].find (chain, &why, error);
      chain->depth--;
      if (why != NULL)
        refuse (chain, error, "credential_source = %s has no keys: %s", name, why);
      return keys;
    }
  return refuse (chain, error,
                 "credential_source must be Environment, Ec2InstanceMetadata or EcsContainer; write one of them");
}

/* A profile that has keys itself may be its own source. */
static AwsKeys *
ask_profile (AwsChain *chain, const char *source, GError **error)
{
  AwsChain inner = *chain;

  if (!aws_profiles_has (chain->profiles, source))
    return refuse (chain, error, "its source_profile \"%s\" stands in neither file", source);
  inner.profile = source;
  if (++inner.depth > MAX_ROLES)
    return refuse (chain, error, "its source_profile leads in a circle; one of them must have keys");
  return aws_chain_find_in_profile (&inner, error);
}

static AwsKeys *
find_source_keys (AwsChain *chain, GError **error)
{
  const char *profile = aws_profile_get (chain->profiles, chain->profile, "source_profile");
  const char *place = aws_profile_get (chain->profiles, chain->profile, "credential_source");

  if ((profile == NULL) == (place == NULL))
    return refuse (chain, error, "role_arn takes either source_profile or credential_source");
  return profile != NULL ? ask_profile (chain, profile, error) : ask_place (chain, place, error);
}

static char *
make_session_name (const char *given)
{
  return given != NULL ? g_strdup (given)
                       : g_strdup_printf ("libkms-%" G_GINT64_FORMAT, g_get_real_time () / G_USEC_PER_SEC);
}

AwsKeys *
aws_source_role (AwsChain *chain, char **why, GError **error)
{
  const AwsProfiles *profiles = chain->profiles;
  g_autofree char *source = g_strdup_printf ("the role of profile %s", chain->profile);
  g_autofree char *session = make_session_name (aws_profile_get (profiles, chain->profile, "role_session_name"));
  AwsRoleWish wish = { .role_arn = aws_profile_get (profiles, chain->profile, "role_arn"),
                       .session_name = session,
                       .external_id = aws_profile_get (profiles, chain->profile, "external_id"),
                       .duration = aws_profile_get (profiles, chain->profile, "duration_seconds"),
                       .source = source };

  if (wish.role_arn == NULL || aws_profile_get (profiles, chain->profile, "web_identity_token_file") != NULL)
    {
      *why = g_strdup_printf ("profile %s has no role_arn%s", chain->profile,
                              wish.role_arn != NULL ? " without web_identity_token_file" : "");
      return NULL;
    }
  if (aws_profile_get (profiles, chain->profile, "mfa_serial") != NULL)
    return refuse (chain, error, "mfa_serial wants somebody who types a code; use another profile");
  if (!check_wish (chain, &wish, error))
    return NULL;
  g_autoptr (AwsKeys) keys = find_source_keys (chain, error);
  if (keys == NULL)
    return NULL;
  wish.keys = keys;
  return aws_sts_assume_role (chain->provider, &wish, chain->cancellable, error);
}

/* Both variables, or both keys of the profile. */
static gboolean
find_web_identity (AwsChain *chain, AwsRoleWish *wish, const char **path, const char **session, char **why)
{
  const AwsSettings *settings = chain->provider->settings;
  gboolean variables = !settings->explicit_profile && chain->depth == 0;

  *path = variables ? aws_environment_get (settings->environment, "AWS_WEB_IDENTITY_TOKEN_FILE") : NULL;
  if (*path != NULL)
    {
      wish->role_arn = aws_environment_get (settings->environment, "AWS_ROLE_ARN");
      *session = aws_environment_get (settings->environment, "AWS_ROLE_SESSION_NAME");
      wish->source = "the web identity of AWS_WEB_IDENTITY_TOKEN_FILE";
      return TRUE;
    }
  *path = aws_profile_get (chain->profiles, chain->profile, "web_identity_token_file");
  wish->role_arn = aws_profile_get (chain->profiles, chain->profile, "role_arn");
  *session = aws_profile_get (chain->profiles, chain->profile, "role_session_name");
  wish->duration = aws_profile_get (chain->profiles, chain->profile, "duration_seconds");
  if (*path == NULL)
    *why = g_strdup_printf ("AWS_WEB_IDENTITY_TOKEN_FILE is %s, and profile %s has no web_identity_token_file",
                            variables ? "not set" : "not looked at", chain->profile);
  return *path != NULL;
}

AwsKeys *
aws_source_web_identity (AwsChain *chain, char **why, GError **error)
{
  g_autofree char *source = g_strdup_printf ("the web identity of profile %s", chain->profile);
  AwsRoleWish wish = { .source = source };
  const char *path, *session = NULL;

  if (!find_web_identity (chain, &wish, &path, &session, why))
    return NULL;
  if (wish.role_arn == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "%s: there is no role; set AWS_ROLE_ARN, or role_arn",
                   wish.source);
      return NULL;
    }
  g_autofree char *name = make_session_name (session);
  wish.session_name = name;
  if (!check_wish (chain, &wish, error))
    return NULL;
  g_autoptr (KmsSecret)
    token = aws_secret_file_read_line (path, wish.source, MAX_WEB_IDENTITY, chain->cancellable, error);
  if (token == NULL)
    return NULL;
  wish.web_identity = token;
  return aws_sts_assume_role (chain->provider, &wish, chain->cancellable, error);
}
