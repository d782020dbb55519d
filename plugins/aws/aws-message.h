/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests of AWS's JSON protocol: their head, and the signature once the body stands. */
#pragma once

#include "aws-endpoint.h"
#include "aws-provider.h"

G_BEGIN_DECLS

#define AWS_JSON_TYPE "application/x-amz-json-1.1"

/* On the provider's own thread, after the body was written. `operation` is "Encrypt"; `signed_at` is told for
 * aws_clock_correct(). */
gboolean aws_message_sign (KmsHttpRequest *request, KmsAwsProvider *provider, const AwsEndpoint *endpoint,
                           const char *operation, AwsKeys *keys, gint64 *signed_at, GError **error);

/* Members of an object: `first` is cleared by the first. */
void aws_body_add_text (KmsHttpBuffer *body, gboolean *first, const char *name, const char *value);
void aws_body_add_bytes (KmsHttpBuffer *body, gboolean *first, const char *name, const guint8 *data, gsize length);
void aws_body_add_word (KmsHttpBuffer *body, gboolean *first, const char *name, const char *value); /* true, 17, {…} */

G_END_DECLS
