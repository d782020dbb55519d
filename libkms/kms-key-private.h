/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the core does to a key's description on its way to the caller. */
#pragma once

#include "kms-key.h"

G_BEGIN_DECLS

/* A provider knows its keys without its prefix; everybody else names them with it. */
void _kms_key_prefix_id (KmsKey *self, const char *prefix);

G_END_DECLS
