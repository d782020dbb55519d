/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is below sys/ in the Vault double. */
#pragma once

#include "vault-double-call.h"

G_BEGIN_DECLS

/* Answer whatever the state of the server; what they say is the whole body. */
void double_sys_health (DoubleCall *call);
void double_sys_seal_status (DoubleCall *call);
void double_sys_unseal (DoubleCall *call);

void double_sys_seal (DoubleCall *call);
void double_sys_hash_audit (DoubleCall *call);
void double_sys_write_policy (DoubleCall *call);
void double_sys_mount (DoubleCall *call);
void double_sys_mount_auth (DoubleCall *call);
void double_sys_make_namespace (DoubleCall *call);
void double_sys_limit_rate (DoubleCall *call);
void double_sys_unlimit_rate (DoubleCall *call);

void double_sys_unwrap (DoubleCall *call);
void double_sys_look_up_wrapping (DoubleCall *call);
/* The token that an answer is fetched with. */
DoubleToken *double_wrapping_add (VaultDouble *vault, const char *body, guint ttl, const char *creation_path);
/* The body that tells of it instead of the answer; free with g_free(). */
char *double_wrapping_describe (const DoubleToken *token);

/* Mounts the usual engines below a prefix, "" or "ns1/". */
void double_mount_all (VaultDouble *vault, const char *prefix);

G_END_DECLS
