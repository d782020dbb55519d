/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a service is in a region. */
#pragma once

#include "aws-settings.h"

G_BEGIN_DECLS

typedef enum {
  AWS_SERVICE_KMS,
  AWS_SERVICE_STS,
  AWS_SERVICE_SSO,      /* its portal, which is not signed for */
  AWS_SERVICE_SSO_OIDC, /* likewise */
} AwsService;

typedef struct
{
  char *url;    /* what requests go to; its path ends in "/" */
  char *host;   /* as the Host header has it: with the port, where that is not the scheme's own */
  char *path;   /* as it stands in the URL: "/", or the prefix of a custom endpoint */
  char *region; /* what requests are signed for */
} AwsEndpoint;

/* `region` must have passed aws_region_check(). */
AwsEndpoint *aws_endpoint_find (const AwsSettings *settings, AwsService service, const char *region, GError **error);
void aws_endpoint_free (AwsEndpoint *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AwsEndpoint, aws_endpoint_free)

/* What the scope of a signature names: "kms", "sts". */
const char *aws_service_get_signing_name (AwsService service);

/* Where the address is from, where it is no address of AWS: for people; NULL otherwise. */
const char *aws_endpoint_find_custom (const AwsSettings *settings, AwsService service, char **from);

G_END_DECLS
