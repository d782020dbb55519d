/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The links of the chain. Each gives keys; or none, where it is not set up, and says why; or fails where it is. */
#pragma once

#include "aws-chain.h"

G_BEGIN_DECLS

/* NULL without an error: not set up, and `*why` (the caller frees it) says what is missing. */
typedef AwsKeys *(*AwsSourceFunc) (AwsChain *chain, char **why, GError **error);

AwsKeys *aws_source_environment (AwsChain *chain, char **why, GError **error);
AwsKeys *aws_source_role (AwsChain *chain, char **why, GError **error);
AwsKeys *aws_source_web_identity (AwsChain *chain, char **why, GError **error);
AwsKeys *aws_source_sso (AwsChain *chain, char **why, GError **error);
AwsKeys *aws_source_credentials_file (AwsChain *chain, char **why, GError **error);
AwsKeys *aws_source_process (AwsChain *chain, char **why, GError **error);
AwsKeys *aws_source_config_file (AwsChain *chain, char **why, GError **error);
AwsKeys *aws_source_container (AwsChain *chain, char **why, GError **error);
AwsKeys *aws_source_imds (AwsChain *chain, char **why, GError **error);

/* aws-chain.c: keys of the chain's profile alone, for a role that takes them; never NULL without an error. */
AwsKeys *aws_chain_find_in_profile (AwsChain *chain, GError **error);

G_END_DECLS
