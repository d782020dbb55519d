/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Profiles: none yet. */
#include "aws-profile.h"

struct _AwsProfiles
{
  guint n_profiles;
};

AwsProfiles *
aws_profiles_load (const AwsProfileFiles *files, GError **error)
{
  return g_new0 (AwsProfiles, 1);
}

void
aws_profiles_free (AwsProfiles *self)
{
  g_free (self);
}

gboolean
aws_profiles_has (const AwsProfiles *self, const char *profile)
{
  return FALSE;
}

const char *
aws_profile_get (const AwsProfiles *self, const char *profile, const char *key)
{
  return NULL;
}

KmsSecret *
aws_profile_get_secret (const AwsProfiles *self, const char *profile, const char *key)
{
  return NULL;
}

const char *
aws_profiles_get_section (const AwsProfiles *self, const char *kind, const char *name, const char *nested,
                          const char *key)
{
  return NULL;
}
