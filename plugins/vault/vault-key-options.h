/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of keys: what kmsctl calls them, and what the server does. */
#pragma once

#include <kms-http.h>

G_BEGIN_DECLS

typedef enum {
  VAULT_OPTIONS_CREATE = 1 << 0,
  VAULT_OPTIONS_CONFIG = 1 << 1,
  VAULT_OPTIONS_TRIM = 1 << 2,
} VaultOptionsUse;

/* Every option must be one of `uses`, and of its kind. */
gboolean vault_key_options_check (GVariant *options, VaultOptionsUse uses, GError **error);

gboolean vault_key_options_has (GVariant *options, VaultOptionsUse use);

/* Those of one use, checked before, as members of an object. */
void vault_key_options_write (GVariant *options, VaultOptionsUse use, gboolean *first, KmsHttpBuffer *body);

G_END_DECLS
