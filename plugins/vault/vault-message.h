/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all requests have in common: address, headers, the one redirect from a standby to the active server. */
#pragma once

#include "vault-settings.h"

G_BEGIN_DECLS

/* Where an exchange was sent to instead; lives as long as it. */
typedef struct
{
  char *url;
  gboolean sealed; /* a server said so before */
} VaultRoute;

void vault_route_clear (VaultRoute *self);

typedef enum {
  VAULT_HEAD_DEFAULT = 0,
  VAULT_HEAD_ROOT_NAMESPACE = 1 << 0, /* what exists once a server is asked for outside of namespaces */
} VaultHeadFlags;

/* `path` is what stands behind "/v1/"; `token` is nullable, `route` too. */
void vault_message_begin (KmsHttpRequest *request, const VaultSettings *settings, const VaultRoute *route,
                          const char *method, const char *path, KmsSecret *token, VaultHeadFlags flags);

/* Whether the status sends to another server. TRUE with `route` changed: the same again, there. FALSE with @error set: it
 * must not be followed. FALSE without: it does not. */
gboolean vault_message_follow (KmsHttpResponse *response, const VaultSettings *settings, VaultRoute *route,
                               GError **error);

G_END_DECLS
