/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Vault double, with a derived key "orders" and a plain one "plain", and providers that talk to it. */
#pragma once

#include <libkms/kms.h>

#include "../config-root.h"
#include "../servers/vault-double.h"

G_BEGIN_DECLS

typedef struct
{
  TestServer *server;
  VaultDouble *vault;
  char *root;
  KmsRegistry *registry;
  KmsProvider *provider;
} DoubleFixture;

DoubleFixture *double_fixture_new (TestServerFlags flags);
void double_fixture_free (DoubleFixture *self);

/* A file in the fixture's directory that nobody else can read; its path. */
char *double_fixture_write (DoubleFixture *self, const char *name, const char *text);

/* Opens the provider with these lines of [Provider] and [Settings], which has Address already, and the root token's file if
 * `settings` says nothing of Auth= or TokenFile=. */
void double_fixture_open (DoubleFixture *self, const char *options, const char *settings);
/* With a token of this policy, which is HCL. */
void double_fixture_open_with_policy (DoubleFixture *self, const char *settings, const char *policy);
/* Drops it, and waits until it has gone. */
void double_fixture_close (DoubleFixture *self);

GBytes *double_fixture_encrypt (DoubleFixture *self, const char *key, KmsContext *context, GError **error);
/* NULL: it decrypted to what double_fixture_encrypt() encrypts. */
GError *double_fixture_decrypt (DoubleFixture *self, const char *key, GBytes *ciphertext, KmsContext *context);
void double_fixture_assert_encrypt_fails (DoubleFixture *self, const char *key, KmsContext *context, KmsError code);

#define ENCRYPT_ONLY "path \"transit/encrypt/orders\" { capabilities = [\"update\"] }"
#define DECRYPT_ONLY "path \"transit/decrypt/orders\" { capabilities = [\"update\"] }"
#define READ_KEYS "path \"transit/keys/*\" { capabilities = [\"read\"] }"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DoubleFixture, double_fixture_free)

G_END_DECLS
