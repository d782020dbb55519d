/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a provider of AWS goes by: its file above the variables and the shared files of AWS's own clients. Constant once
 * the provider is open. */
#pragma once

#include "aws-environment.h"
#include "aws-profile.h"

G_BEGIN_DECLS

typedef struct
{
  const char *label; /* the provider's name; belongs to the provider */
  AwsEnvironment *environment;
  AwsProfiles *profiles;                /* as they were; keys are looked for in what they are now */
  char *config_file, *credentials_file; /* nullable */
  gboolean config_must_exist, credentials_must_exist;
  char *profile;             /* never NULL: "default", if nothing says another */
  const char *profile_from;  /* for people; NULL: nothing says one */
  gboolean explicit_profile; /* Profile= in the provider's file: then the variables' keys do not count */

  char *region; /* nullable */
  char *region_from;
  gboolean explicit_region; /* Region= in the provider's file */
  gboolean use_fips, use_dual_stack;
  char *endpoint;            /* Endpoint= in the provider's file: of KMS alone; nullable */
  gboolean ignore_endpoints; /* of variables and profiles */
  gboolean strict_key_id;
  gint64 process_timeout; /* milliseconds: of credential_process */
} AwsSettings;

void aws_settings_declare (KmsProviderClass *klass);

AwsSettings *aws_settings_load (KmsProvider *provider, GError **error);
void aws_settings_free (AwsSettings *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AwsSettings, aws_settings_free)

/* Of the profile in use: shorthands. */
const char *aws_settings_get (const AwsSettings *self, const char *profile_key);

/* Both files anew. */
AwsProfiles *aws_settings_load_profiles (const AwsSettings *self, GError **error);

/* AWS's clients let a variable stand above the profile's key. Nullable. */
const char *aws_settings_get_either (const AwsSettings *self, const char *variable, const char *profile_key);

G_END_DECLS
