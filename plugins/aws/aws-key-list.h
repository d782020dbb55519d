/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* All keys of an account in a region, and their aliases. */
#pragma once

#include "aws-key-info.h"

G_BEGIN_DECLS

/* Of KmsKey; under the first alias, where a key has one. Keys that AWS manages for other services are left out. */
GPtrArray *aws_key_list (KmsAwsProvider *provider, GCancellable *cancellable, GError **error);

/* NULL-terminated, of one key; empty, where they may not be listed. */
char **aws_key_list_aliases (KmsAwsProvider *provider, const AwsKeyInfo *info, GCancellable *cancellable,
                             GError **error);

G_END_DECLS
