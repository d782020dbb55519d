/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Key ids as AWS has them: a UUID or "mrk-…", "alias/NAME", or the ARN of either. */
#pragma once

#include "aws-settings.h"

G_BEGIN_DECLS

typedef struct
{
  char *region; /* where the key is asked for */
  char *key_id; /* what is sent */
} AwsKeyAddress;

/* The region is that of the ARN, or else the one of the settings, or else `found` (nullable). An ARN that contradicts the
 * region of the provider's file is an error, and no region at all, too. */
AwsKeyAddress *aws_key_address_new (const AwsSettings *settings, const char *key_id, const char *found, GError **error);
void aws_key_address_free (AwsKeyAddress *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AwsKeyAddress, aws_key_address_free)

gboolean aws_key_id_is_alias (const char *key_id);

/* What stands behind "key/" in the ARN of a key; any other text as it is. */
const char *aws_key_id_get_short (const char *key_id);

G_END_DECLS
