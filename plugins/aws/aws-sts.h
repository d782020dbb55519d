/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sessions of roles, from STS: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
#pragma once

#include "aws-provider.h"

G_BEGIN_DECLS

/* Either `keys`, which sign, or a token is given. */
typedef struct
{
  const char *role_arn, *session_name;
  const char *external_id; /* nullable */
  const char *duration;    /* seconds; nullable */
  AwsKeys *keys;
  KmsSecret *web_identity;
  const char *source; /* for people */
} AwsRoleWish;

/* Blocking. */
AwsKeys *aws_sts_assume_role (KmsAwsProvider *provider, const AwsRoleWish *wish, GCancellable *cancellable,
                              GError **error);

G_END_DECLS
