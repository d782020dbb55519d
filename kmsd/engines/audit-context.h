/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a record shows of a context. */
#pragma once

#include "audit-key.h"

G_BEGIN_DECLS

/* JSON, and which member it is; NULL for no context, and for what is none. */
char *audit_context_describe (KmsContext *context, AuditContextPolicy policy, const AuditKey *key,
                              AuditContextPolicy *form);

G_END_DECLS
