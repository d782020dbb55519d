/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many secrets in one pipe: each behind its length, four bytes with the highest first. */
#pragma once

#include <libkms/kms.h>

G_BEGIN_DECLS

/* What was read from a pipe (of KmsSecret) as secrets (of KmsSecret, with its free function). Frames may reach from one
 * piece into the next. INVALID_ARGUMENT where a length lies, TOO_LARGE beyond MAX_ITEMS. */
GPtrArray *frames_split (GPtrArray *chunks, GError **error);

/* The results of a batch that decrypted, as one secret; what failed has length 0. TOO_LARGE beyond MAX_SECRETS. */
KmsSecret *frames_join (KmsBatch *batch, GError **error);

G_END_DECLS
