/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of keys, so that not every call asks. Any thread. */
#pragma once

#include "vault-key-info.h"

G_BEGIN_DECLS

typedef struct _VaultKeyCache VaultKeyCache;

VaultKeyCache *vault_key_cache_new (void);
void vault_key_cache_free (VaultKeyCache *self);

/* NULL where it has to be asked for. */
VaultKeyInfo *vault_key_cache_lookup (VaultKeyCache *self, const char *name);
void vault_key_cache_store (VaultKeyCache *self, const char *name, VaultKeyInfo *info);
void vault_key_cache_forget (VaultKeyCache *self, const char *name);

/* TRUE once a name: who gets it warns. */
gboolean vault_key_cache_warns (VaultKeyCache *self, const char *name);

G_END_DECLS
