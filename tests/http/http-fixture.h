/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server inside the test, and the echo provider that talks to it. */
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
  guint n_logins;      /* the server's threads count; a test asks the server how many requests there were */
  int login_ttl;       /* seconds; 0 at first, which is for ever */
  guint refused_below; /* tokens of logins before this one are refused */
} HttpFixture;

/* `options` are lines of the [Provider] group, `settings` of [Settings] besides Address and, with TLS, CaFile. */
HttpFixture *http_fixture_new (TestServerFlags flags, const char *options, const char *settings);
void http_fixture_free (HttpFixture *self);

/* Drops the provider, which closes at once, or on its own thread as soon as that has let go of the last call. */
void http_fixture_close_provider (HttpFixture *self);

/* A provider whose file is exactly this. */
HttpFixture *http_fixture_new_for_file (TestServer *server, const char *options, const char *settings);

/* Sends "hello" under the key, and looks whether it comes back. */
gboolean http_fixture_echo (HttpFixture *self, const char *key, GError **error);

/* As many threads as are told do that at once, so often each; how many calls failed. */
guint http_fixture_echo_at_once (HttpFixture *self, guint n_threads, guint n_calls);

/* It fails, with this code. */
void http_fixture_assert_fails (HttpFixture *self, const char *key, KmsError code);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HttpFixture, http_fixture_free)

G_END_DECLS
