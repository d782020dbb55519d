/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys that requests are signed with: a value that is shared between threads and never changes. */
#pragma once

#include <kms-http.h>

G_BEGIN_DECLS

typedef struct
{
  gatomicrefcount refs;
  char *access_key_id;
  KmsSecret *secret;
  KmsSecret *token;  /* nullable: of a session */
  gint64 expires_at; /* microseconds since 1970 by the services' clock; 0 for never */
  gint64 look_again; /* microseconds until new ones are looked for, whenever these end; 0: by their end */
  char *source;      /* for people: "environment", "profile prod: sso" */
} AwsKeys;

/* `token` is nullable. */
AwsKeys *aws_keys_new (const char *access_key_id, KmsSecret *secret, KmsSecret *token, gint64 expires_at,
                       const char *source);
AwsKeys *aws_keys_ref (AwsKeys *self);
void aws_keys_unref (AwsKeys *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AwsKeys, aws_keys_unref)

/* Credentials of the base class, of which the keys are the data. `now` is what the services' clock says, in microseconds
 * since 1970: see aws-clock.h. */
KmsHttpCredentials *aws_keys_make_credentials (AwsKeys *self, gint64 now);

G_END_DECLS
