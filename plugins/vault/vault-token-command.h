/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Token helpers: programs that the clients' configuration names, and that print a token. */
#pragma once

#include <kms-http.h>

G_BEGIN_DECLS

/* The command line that the configuration names; NULL without an error for none. */
GStrv vault_token_command_parse (const char *text, gsize length, GError **error);

/* TRUE with a NULL token where there is no configuration, no helper in it, or the helper has none. */
gboolean vault_token_command_get (const char *config_path, KmsSecret **token, GCancellable *cancellable,
                                  GError **error);

G_END_DECLS
