/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server that answers as it is told, and a registry with the vault provider that talks to it. Nothing is really
 * encrypted here: what a real server makes of the requests is for other tests. */
#pragma once

#include <libkms/kms.h>

#include "../config-root.h"
#include "../servers/test-server.h"

G_BEGIN_DECLS

#define FIXTURE_TOKEN "hvs.the-token-of-the-fixture"

typedef struct
{
  TestServer *server;
  char *root;
  char *token_file;
  KmsRegistry *registry;
  KmsProvider *provider;
  GPtrArray *replies;
} VaultFixture;

/* Lines of [Provider] and of [Settings], which has Address and TokenFile (with FIXTURE_TOKEN) already. */
VaultFixture *vault_fixture_new (TestServerFlags flags, const char *options, const char *settings);
void vault_fixture_free (VaultFixture *self);

/* Drops the provider, and waits until it has said farewell. */
void vault_fixture_close_provider (VaultFixture *self);

/* Answers the next request of this method and path (behind "/v1/") so; the last of several again and again. Without a
 * reply, keys are derived, and every value encrypts to "vault:v1:QUJD" and decrypts to "hello". */
void vault_fixture_reply (VaultFixture *self, const char *method, const char *path, guint status, const char *json);
void vault_fixture_redirect (VaultFixture *self, const char *path, const char *location);

void vault_fixture_write (VaultFixture *self, const char *name, const char *secret);
char *vault_fixture_build_path (VaultFixture *self, const char *name);

gboolean vault_fixture_encrypt (VaultFixture *self, KmsContext *context, GError **error);
gboolean vault_fixture_decrypt (VaultFixture *self, KmsContext *context, GError **error);

guint vault_fixture_count (VaultFixture *self, const char *path);
/* The body of the last request to the path, as text. */
char *vault_fixture_dup_body (VaultFixture *self, const char *path);
const TestRequest *vault_fixture_find (VaultFixture *self, const char *path);

#define KEY_PLAIN                                                                                                      \
  "{\"data\":{\"type\":\"aes256-gcm96\",\"derived\":false,\"supports_encryption\":true,\"keys\":{\"1\":1}}}"
#define KEY_DERIVED                                                                                                    \
  "{\"data\":{\"type\":\"aes256-gcm96\",\"derived\":true,\"supports_encryption\":true,\"keys\":{\"1\":1}}}"
#define DENIED "{\"errors\":[\"1 error occurred:\\n\\t* permission denied\\n\\n\"]}"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VaultFixture, vault_fixture_free)

G_END_DECLS
