/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Regions, and the partitions of AWS that they belong to. */
#pragma once

#include <kms-http.h>

G_BEGIN_DECLS

typedef struct
{
  const char *name;
  const char *suffix;            /* of host names */
  const char *dual_stack_suffix; /* of those that have IPv6 addresses, too */
} AwsPartition;

/* A region that nobody knows yet is AWS's own. */
const AwsPartition *aws_region_get_partition (const char *region);

/* It becomes part of a host name. `where` is for people. */
gboolean aws_region_check (const char *region, const char *where, GError **error);

G_END_DECLS
