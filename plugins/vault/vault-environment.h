/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The variables of Vault's and OpenBao's own clients. */
#pragma once

#include <kms-http.h>

G_BEGIN_DECLS

/* Reads one variable; NULL where it is not set or must not be read. */
typedef char *(*VaultVariableFunc) (const char *variable, gpointer data);

typedef struct
{
  VaultVariableFunc read;
  gpointer data;
} VaultEnvironment;

void vault_environment_init (VaultEnvironment *self, KmsProvider *provider);

/* BAO_X, or else VAULT_X. A BAO_X that is set wins even if it is empty; what is empty counts as not set then.
 * `variable` (optional) is where it was found, with "BAO_X or VAULT_X" for NULL. */
char *vault_environment_dup (const VaultEnvironment *self, const char *name, const char **variable);

gboolean vault_environment_get_boolean (const VaultEnvironment *self, const char *name, gboolean *value,
                                        const char **variable, GError **error);

/* -1 where it is not set. */
gboolean vault_environment_get_milliseconds (const VaultEnvironment *self, const char *name, gint64 *value,
                                             GError **error);
gboolean vault_environment_get_number (const VaultEnvironment *self, const char *name, gint64 max, gint64 *value,
                                       GError **error);

/* The user's home directory, where it may be looked at. */
char *vault_environment_dup_home (const VaultEnvironment *self);

G_END_DECLS
