/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One question to KMS outside of calls, and its answer: for administration and diagnosis. Blocking. */
#pragma once

#include "aws-answer.h"
#include "aws-message.h"

G_BEGIN_DECLS

/* Writes the members of the body, without its braces. */
typedef void (*AwsBodyFunc) (KmsHttpBuffer *body, gboolean *first, gpointer data);

typedef struct
{
  const char *operation;
  const char *region;
  const char *object; /* for people: the key; nullable */
  AwsBodyFunc write;  /* nullable: an empty object is sent */
  gpointer data;      /* of `write` */
  gboolean once;      /* must not be repeated once it is sent */
  AwsMemberFunc read; /* nullable: reads the members of the answer */
  gpointer result;    /* of `read` */

  /* What is remembered between the tries. */
  AwsEndpoint *endpoint;
  gint64 signed_at;
  gboolean clock_corrected;
} AwsExchange;

gboolean aws_exchange_run (AwsExchange *self, KmsAwsProvider *provider, GCancellable *cancellable, GError **error);

G_END_DECLS
