/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of partitions, as AWS publishes it for its clients. */
#include "aws-region.h"

#include <string.h>

#define MAX_REGION 63

/* Special ones first: "us-gov-west-1" must not be one of "us-". */
static const struct
{
  const char *prefix;
  AwsPartition partition;
} partitions[] = {
  { "cn-", { "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn" } },
  { "us-gov-", { "aws-us-gov", "amazonaws.com", "api.aws" } },
  { "us-iso-", { "aws-iso", "c2s.ic.gov", "api.aws.ic.gov" } },
  { "us-isob-", { "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud" } },
  { "eu-isoe-", { "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk" } },
  { "us-isof-", { "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov" } },
  { "eusc-", { "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu" } },
  { "", { "aws", "amazonaws.com", "api.aws" } },
};

const AwsPartition *
aws_region_get_partition (const char *region)
{
  for (guint i = 0; i < G_N_ELEMENTS (partitions); i++)
    if (g_str_has_prefix (region, partitions[i].prefix))
      return &partitions[i].partition;
  g_return_val_if_reached (NULL);
}

gboolean
aws_region_check (const char *region, const char *where, GError **error)
{
  gsize length = strlen (region);

  if (length > 0 && length <= MAX_REGION && strspn (region, "abcdefghijklmnopqrstuvwxyz0123456789-") == length
      && region[0] != '-' && region[length - 1] != '-')
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
               "%s: \"%.64s\" is no region; it is written like eu-west-1, in small letters", where, region);
  return FALSE;
}
