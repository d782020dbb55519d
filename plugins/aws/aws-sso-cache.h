/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What "aws sso login" leaves behind: ~/.aws/sso/cache/SHA1.json. */
#pragma once

#include <kms-http.h>

G_BEGIN_DECLS

/* All nullable but the path and the access token. */
typedef struct
{
  char *path;
  KmsSecret *access_token, *refresh_token, *client_secret;
  char *client_id, *start_url, *region;
  char *expires_at_text, *registration_expires_at_text;
  gint64 expires_at, registration_expires_at; /* microseconds since 1970; 0 where it is not told */
} AwsSsoToken;

void aws_sso_token_free (AwsSsoToken *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AwsSsoToken, aws_sso_token_free)

/* `name` is that of the session, or the start URL. */
AwsSsoToken *aws_sso_cache_read (const char *home, const char *name, GCancellable *cancellable, GError **error);

/* Replaces the file, which only its owner can read. */
gboolean aws_sso_cache_write (const AwsSsoToken *self, GError **error);

G_END_DECLS
