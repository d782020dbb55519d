/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What went wrong on AWS's side, in our words: the one table. */
#pragma once

#include "aws-clock.h"

#include <kms-http.h>

G_BEGIN_DECLS

/* What an error is about. */
typedef struct
{
  const char *operation;     /* "Decrypt" */
  const char *object;        /* for people: the key id; nullable */
  AwsClock *clock;           /* nullable: it is not corrected then */
  gint64 signed_at;          /* seconds, by that clock */
  gboolean *clock_corrected; /* once an exchange */
} AwsScene;

/* An answer that is an error, of KMS or another service (in XML then). KMS_HTTP_AGAIN, without an error, after the clock
 * was set right; otherwise never DONE or AGAIN. */
KmsHttpVerdict aws_errors_judge (KmsHttpResponse *response, const AwsScene *scene, GError **error);

/* An answer that went well and can't be read. */
KmsHttpVerdict aws_errors_refuse (KmsHttpResponse *response, const AwsScene *scene, const char *what, GError **error);

/* The service's name for the request; nullable. */
const char *aws_get_request_id (KmsHttpResponse *response);

G_END_DECLS
