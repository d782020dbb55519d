/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is remembered of a call from one request to the next. A call has one item: the service knows no batches. */
#pragma once

#include "aws-endpoint.h"
#include "aws-key-id.h"
#include "aws-provider.h"

G_BEGIN_DECLS

typedef enum {
  AWS_STEP_ENCRYPT,
  AWS_STEP_DECRYPT,
  AWS_STEP_REENCRYPT, /* rewrapping, all of it inside of KMS */
} AwsStep;

typedef struct
{
  AwsStep step;
  AwsKeyAddress *key;     /* that encrypted, or is to encrypt */
  AwsKeyAddress *new_key; /* NULL unless rewrapping */
  AwsEndpoint *endpoint;  /* of this step */
  KmsSecret *plaintext;   /* on its way from one region to another */
  gint64 signed_at;
  gboolean clock_corrected;
} AwsCall;

AwsCall *aws_call_new (KmsAwsProvider *provider, KmsItem *item, GError **error);
void aws_call_free (gpointer self);

/* From decrypting in one region to encrypting in another; takes over the plaintext. */
gboolean aws_call_go_on (AwsCall *self, KmsAwsProvider *provider, KmsSecret *plaintext, GError **error);

const char *aws_call_get_operation_name (const AwsCall *self);

/* For people: the key that this step is about. */
const char *aws_call_get_key_name (const AwsCall *self);

G_END_DECLS
