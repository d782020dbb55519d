/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server that answers as it is told, and a registry with the aws provider that talks to it, with keys of the
 * environment. Nothing is really encrypted here: what a service makes of the requests is for other tests. */
#pragma once

#include <libkms/kms.h>

#include "../config-root.h"
#include "../servers/test-server.h"

G_BEGIN_DECLS

typedef struct
{
  TestServer *server;
  char *root;
  KmsRegistry *registry;
  KmsProvider *provider;
  GPtrArray *replies;
} AwsFixture;

#define FIXTURE_ARN "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

/* Keys of the environment, and nothing else of the user's; first thing in main(). */
void aws_fixture_set_environment (void);

/* Lines of [Settings]; region and endpoint are set already. */
AwsFixture *aws_fixture_new (const char *settings);
void aws_fixture_free (AwsFixture *self);

/* Answers the next request for the operation so; the last of several again and again. Without a reply, every value
 * encrypts to "ABC" and decrypts to "hello", and every key is FIXTURE_ARN. */
void aws_fixture_reply (AwsFixture *self, const char *operation, guint status, const char *json);

GBytes *aws_fixture_encrypt (AwsFixture *self, const char *key_id, KmsContext *context, GError **error);
gboolean aws_fixture_decrypt (AwsFixture *self, const char *key_id, KmsContext *context, GError **error);

guint aws_fixture_count (AwsFixture *self, const char *operation);
/* The last request for the operation, and its body as text. */
const TestRequest *aws_fixture_find (AwsFixture *self, const char *operation);
char *aws_fixture_dup_body (AwsFixture *self, const char *operation);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AwsFixture, aws_fixture_free)

G_END_DECLS
