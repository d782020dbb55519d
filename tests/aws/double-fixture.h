/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The AWS double, with a key "alias/orders", and providers that talk to it. */
#pragma once

#include <libkms/kms.h>

#include "../config-root.h"
#include "../servers/aws-double.h"

G_BEGIN_DECLS

typedef struct
{
  TestServer *server;
  AwsDouble *aws;
  char *arn; /* of "alias/orders" */
  char *root;
  KmsRegistry *registry;
  KmsProvider *provider;
} DoubleFixture;

DoubleFixture *double_fixture_new (TestServerFlags flags);
/* All services are the double, and nothing says where keys are. */
DoubleFixture *double_fixture_new_without_keys (void);
void double_fixture_free (DoubleFixture *self);

/* Which keys the providers that are opened from now on find in the environment: token is nullable. The administrator's, at
 * first. */
void double_fixture_set_keys (const char *id, const char *secret, const char *token);
/* With keys of this policy, which is a statement of IAM. */
void double_fixture_set_policy (DoubleFixture *self, const char *statement);

/* Opens the provider with these lines of [Provider] and [Settings], which has Endpoint already, and the region of the
 * double if `settings` says nothing of Region=. */
void double_fixture_open (DoubleFixture *self, const char *options, const char *settings);
/* Drops it, and waits until it has gone. */
void double_fixture_close (DoubleFixture *self);

/* "the blue door" */
GBytes *double_fixture_try_encrypt (DoubleFixture *self, const char *key, KmsContext *context, GError **error);
GBytes *double_fixture_encrypt (DoubleFixture *self, const char *key, KmsContext *context);
void double_fixture_assert_encrypt_fails (DoubleFixture *self, const char *key, KmsContext *context, KmsError code);
void double_fixture_assert_decrypts (DoubleFixture *self, const char *key, GBytes *ciphertext, KmsContext *context);
void double_fixture_assert_refused (DoubleFixture *self, const char *key, GBytes *ciphertext, KmsContext *context,
                                    KmsError code);

#define ORDERS "alias/orders"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DoubleFixture, double_fixture_free)

G_END_DECLS
