/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks signatures (version 4) as a service of AWS does; written from AWS's documents, and not from the module. */
#pragma once

#include "aws-double-state.h"

G_BEGIN_DECLS

typedef struct
{
  const AwsDoubleIdentity *identity; /* belongs to the double */
  char *region;
} AwsDoubleSigner;

void aws_double_signer_clear (AwsDoubleSigner *self);

typedef struct
{
  const char *code;
  char *message;
} AwsDoubleRefusal;

/* FALSE with a refusal, whose message is to be freed. The signer holds what was found until then. */
gboolean aws_double_check_signature (AwsDouble *aws, const TestRequest *request, const char *service,
                                     AwsDoubleSigner *signer, AwsDoubleRefusal *refusal);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AwsDoubleSigner, aws_double_signer_clear)

G_END_DECLS
