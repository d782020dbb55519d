/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a provider of Vault or OpenBao goes by: its file above the variables of the services' own clients. Constant once
 * the provider is open. */
#pragma once

#include "vault-environment.h"

G_BEGIN_DECLS

typedef enum {
  VAULT_AUTH_TOKEN,
  VAULT_AUTH_APPROLE,
  VAULT_AUTH_KUBERNETES,
  VAULT_AUTH_JWT,
  VAULT_AUTH_CERT,
  VAULT_AUTH_USERPASS,
} VaultAuth;

typedef struct
{
  const char *label; /* the provider's name; belongs to the provider */
  char *base;        /* what "/v1/…" is appended to */
  char *unix_socket;
  gboolean is_unset;       /* nothing says where the server is, and the clients' default is taken */
  char *address_from;      /* where the address was found, for people */
  gboolean may_lack_token; /* an agent may put in its own */
  char *namespace;
  char *mount;
  gboolean associated_data; /* the context goes there */
  gboolean allow_unbound;
  gboolean follow_redirects;
  const char *skip_verify; /* the variable that says so */

  VaultAuth auth;
  char *auth_mount;
  char *role, *role_id, *role_id_file, *secret_id_file, *jwt_file, *user_name, *password_file;
  gboolean wrapped_secret_id;

  /* Where tokens come from that nobody logs in for, in this order. */
  char *token_file;
  KmsSecret *token;
  const char *token_from;
  char *helper_config; /* NULL: none */
  char *home_token_file;
  gboolean renew_token;
} VaultSettings;

void vault_settings_declare (KmsProviderClass *klass);

VaultSettings *vault_settings_load (KmsProvider *provider, const VaultEnvironment *environment, GError **error);
void vault_settings_free (VaultSettings *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VaultSettings, vault_settings_free)

const char *vault_auth_get_name (VaultAuth auth);

G_END_DECLS
