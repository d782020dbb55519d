/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The shared files of AWS's clients, ~/.aws/config and ~/.aws/credentials, as they are at one time. */
#pragma once

#include <kms-http.h>

G_BEGIN_DECLS

typedef struct _AwsProfiles AwsProfiles;

/* Either path is nullable. A file that is not there, or may not be looked at, is none, unless it must be. */
typedef struct
{
  const char *config;
  const char *credentials;
  gboolean config_must_exist;
  gboolean credentials_must_exist;
} AwsProfileFiles;

typedef enum {
  AWS_FILE_CONFIG,
  AWS_FILE_CREDENTIALS,
} AwsFile;

AwsProfiles *aws_profiles_load (const AwsProfileFiles *files, GError **error);
/* What the text of one file says; `path` is for people. */
AwsProfiles *aws_profiles_parse (AwsFile file, const char *path, const char *text, gsize length, GError **error);
void aws_profiles_free (AwsProfiles *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AwsProfiles, aws_profiles_free)

/* Whether a profile of this name stands in either file. */
gboolean aws_profiles_has (const AwsProfiles *self, const char *profile);
/* Of both files, the credentials file first; NULL for none, and for an empty value. Keys are written small. Not for
 * secrets. */
const char *aws_profile_get (const AwsProfiles *self, const char *profile, const char *key);
/* Of one file. */
const char *aws_profile_get_of (const AwsProfiles *self, AwsFile file, const char *profile, const char *key);
/* aws_secret_access_key, aws_session_token; borrowed. */
KmsSecret *aws_profile_get_secret (const AwsProfiles *self, const char *profile, const char *key);
KmsSecret *aws_profile_get_secret_of (const AwsProfiles *self, AwsFile file, const char *profile, const char *key);
/* Of [KIND NAME] in the config file, such as "services" or "sso-session"; `nested` is NULL, or the key below which `key`
 * stands indented. */
const char *aws_profiles_get_section (const AwsProfiles *self, const char *kind, const char *name, const char *nested,
                                      const char *key);
gboolean aws_profiles_has_section (const AwsProfiles *self, const char *kind, const char *name);

G_END_DECLS
