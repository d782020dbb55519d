/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the server says of a key, and what follows for contexts. */
#pragma once

#include "vault-answer.h"
#include "vault-settings.h"

G_BEGIN_DECLS

typedef struct
{
  guint64 number;
  gint64 created; /* seconds since 1970, or -1 */
} VaultKeyVersion;

typedef struct
{
  gboolean known; /* FALSE: nobody may tell us, and nothing else counts */
  char *type;
  gboolean derived, convergent, exportable, allow_plaintext_backup, deletion_allowed, soft_deleted;
  gboolean supports_encryption;
  gint64 latest_version, min_decryption_version, min_encryption_version, min_available_version;
  GArray *versions; /* of VaultKeyVersion, rising */
} VaultKeyInfo;

VaultKeyInfo *vault_key_info_new (void);
VaultKeyInfo *vault_key_info_ref (VaultKeyInfo *self);
void vault_key_info_unref (VaultKeyInfo *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VaultKeyInfo, vault_key_info_unref)

/* Reads the member of "data" in an answer to GET keys/NAME. */
void vault_key_info_read_member (KmsHttpJson *json, const char *name, gpointer data);
/* Once all were read. */
void vault_key_info_complete (VaultKeyInfo *self);

KmsBinding vault_key_info_get_binding (const VaultKeyInfo *self, const VaultSettings *settings);

/* Whether to encrypt with a context, or without one, under the key; `name` is for people. */
gboolean vault_key_info_check (const VaultKeyInfo *self, const VaultSettings *settings, const char *name,
                               gboolean has_context, GError **error);

G_END_DECLS
