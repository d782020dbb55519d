/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The key that the audit log is MACed with: a file that nobody else may read, and what is derived of it. */
#pragma once

#include "audit-log.h"

G_BEGIN_DECLS

typedef struct
{
  KmsSecret *chain;   /* MACs lines */
  KmsSecret *context; /* MACs contexts */
} AuditKey;

/* Makes the file if there is none and `may_create`. The file is 64 hexadecimal digits and a line end. */
gboolean audit_key_load (const char *path, gboolean may_create, AuditKey *key, GError **error);
void audit_key_clear (AuditKey *self);

/* HMAC-SHA-256 over the MAC of the line before (zeros for the first one) and the line up to its own. */
gboolean audit_key_mac_line (const AuditKey *self, const guint8 previous[AUDIT_MAC_SIZE], const char *text,
                             gsize length, guint8 mac[AUDIT_MAC_SIZE]);
gboolean audit_key_mac_context (const AuditKey *self, const char *json, gsize length, guint8 mac[AUDIT_MAC_SIZE]);

void audit_mac_to_hex (const guint8 mac[AUDIT_MAC_SIZE], char hex[2 * AUDIT_MAC_SIZE + 1]);
gboolean audit_mac_from_hex (const char *hex, gsize length, guint8 mac[AUDIT_MAC_SIZE]);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AuditKey, audit_key_clear)

G_END_DECLS
