/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* TLS, time-outs and retries, as AWS's own clients and the Ruby gem take them. */
#pragma once

#include "aws-settings.h"

G_BEGIN_DECLS

/* In open(), before the base class reads the provider's file, which stands above. */
gboolean aws_network_load (KmsHttpProvider *provider, const AwsSettings *settings, GError **error);

G_END_DECLS
