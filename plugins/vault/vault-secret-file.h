/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One secret in a file: a token, a secret id, a JWT, a password. */
#pragma once

#include <kms-http.h>

G_BEGIN_DECLS

#define VAULT_MAX_SECRET 65536

/* TRUE with a NULL secret where there is no such file; white space around the secret is left out. */
gboolean vault_secret_file_read (const char *path, KmsSecret **secret, GCancellable *cancellable, GError **error);

/* The same without white space around it; never NULL. */
KmsSecret *vault_secret_strip (KmsSecret *secret);

G_END_DECLS
