/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signature Version 4, as every service of AWS wants it:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
#pragma once

#include "aws-keys.h"

G_BEGIN_DECLS

/* "20150830T123600Z", with its NUL. */
#define AWS_DATE_SIZE 17

typedef struct
{
  const char *name; /* in any case */
  const char *value;
  gssize length; /* -1: up to the NUL */
} AwsHeader;

/* What is signed. Headers must be all that are to be signed, "host" and "x-amz-date" among them, and of keys with a token
 * "x-amz-security-token". */
typedef struct
{
  const char *method;
  const char *path;  /* as it stands in the URL; NULL: "/" */
  gboolean raw_path; /* not to be normalised: no service but S3 wants that */
  const char *query; /* NULL: none */
  const AwsHeader *headers;
  guint n_headers;
  const guint8 *body;
  gsize body_length;
  const char *region;
  const char *service;
  const char *date; /* that of "x-amz-date" */
} AwsSigning;

/* Remembers derived keys, so that a request takes three hashes and no more. Not for several threads at once. */
typedef struct _AwsSigner AwsSigner;

AwsSigner *aws_signer_new (void);
void aws_signer_free (AwsSigner *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AwsSigner, aws_signer_free)

/* The value of the header "Authorization"; the caller frees it. NULL with @error set where locked memory is used up. */
char *aws_sign (AwsSigner *self, const AwsSigning *signing, AwsKeys *keys, GError **error);

void aws_format_date (gint64 seconds, char date[AWS_DATE_SIZE]);

/* The first two steps. What is to be signed may hold a token, and buffers are wiped. */
KmsHttpBuffer *aws_sign_make_canonical_request (const AwsSigning *signing);
KmsHttpBuffer *aws_sign_make_string_to_sign (const AwsSigning *signing, KmsHttpBuffer *canonical_request);

/* What both halves write: "host;x-amz-date" of the headers, "20150830/us-east-1/kms/aws4_request", hexadecimal digits. */
void aws_sign_append_names (const AwsSigning *signing, KmsHttpBuffer *out);
void aws_sign_append_scope (const AwsSigning *signing, KmsHttpBuffer *out);
void aws_sign_append_hex (KmsHttpBuffer *out, const guint8 *data, gsize length);

G_END_DECLS
