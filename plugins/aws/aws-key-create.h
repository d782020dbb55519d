/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* New keys, and what is set on keys that are there: aliases, automatic rotation, descriptions. */
#pragma once

#include "aws-key-info.h"

G_BEGIN_DECLS

/* Under an alias, or its ARN. */
AwsKeyInfo *aws_key_create (KmsAwsProvider *provider, const char *alias, GVariant *options, GCancellable *cancellable,
                            GError **error);

/* What the options say; what is known of the key is changed with it. */
gboolean aws_key_configure (AwsKeyInfo *info, KmsAwsProvider *provider, GVariant *options, GCancellable *cancellable,
                            GError **error);

G_END_DECLS
