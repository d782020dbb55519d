/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contexts as KMS has them: a map of strings. */
#pragma once

#include "aws-message.h"

G_BEGIN_DECLS

/* Nothing for no context; an empty map for an empty one, which is the same to KMS. An error for what is no map. */
gboolean aws_body_add_context (KmsHttpBuffer *body, gboolean *first, const char *name, KmsContext *context,
                               GError **error);

G_END_DECLS
