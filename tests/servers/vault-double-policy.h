/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The policies of the Vault double: paths with wildcards, and what may be done there. */
#pragma once

#include "vault-double-token.h"

G_BEGIN_DECLS

typedef struct _DoublePolicy DoublePolicy;

DoublePolicy *double_policy_new (void);
void double_policy_free (DoublePolicy *self);
void double_policy_add (DoublePolicy *self, const char *path, const char *const *capabilities);
/* path "x" { capabilities = ["update"] }, or {"path":{"x":{"capabilities":["update"]}}}. NULL if it is neither. */
DoublePolicy *double_policy_parse (const char *text);

/* Of a token for a path: those of the rule that fits best, of all its policies; {"deny"} without one, {"root"}. */
char **double_policies_get_capabilities (VaultDouble *vault, const DoubleToken *token, const char *path);

/* "default", which lets tokens look at themselves. */
void double_policies_add_default (VaultDouble *vault);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DoublePolicy, double_policy_free)

G_END_DECLS
