/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the Vault double share. Everything is under the lock, which the handler and the public functions take. */
#pragma once

#include "vault-double.h"

G_BEGIN_DECLS

struct _VaultDouble
{
  TestServer *server;
  GMutex lock;
  gint64 now;             /* seconds since 1970; stands still but for vault_double_advance() */
  GHashTable *mounts;     /* path → type */
  GHashTable *namespaces; /* "ns1" → itself */
  GHashTable *keys;       /* "MOUNT/NAME" → DoubleKey */
  gboolean disable_upsert;
  VaultQuirks quirks;
  GHashTable *policies; /* name → DoublePolicy */
  GHashTable *tokens;   /* token → DoubleToken */
  char *last_token;
  VaultTokenOptions login;
  char *login_policies;
  GHashTable *roles; /* "ROLE" → DoubleRole */
  GHashTable *users; /* name → password */
  GHashTable *jwts;  /* "METHOD ROLE" → token */
  GHashTable *certificate_roles;
  gboolean require_mfa;
  gboolean sealed;
  VaultState state;
  char *redirect;
  guint rate;
  char *retry_after;
  gint64 rate_second;
  guint rate_used;
  gboolean require_header;
  char *agent_token;
  GPtrArray *entries;  /* VaultAuditEntry */
  GHashTable *devices; /* name → salt */
};

G_END_DECLS
