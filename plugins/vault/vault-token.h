/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A token, and what is known of it: what this provider has as credentials. Constant once they are in use. */
#pragma once

#include <kms-http.h>

G_BEGIN_DECLS

typedef struct
{
  KmsSecret *text; /* NULL: none is sent, since an agent puts in its own */
  char *source;    /* for people: a variable, a file, a method */
  gboolean from_login;
  gboolean revocable;
  gboolean renewable;
  gint64 lease;        /* seconds; 0 for ever */
  gint64 num_uses;     /* 0 for any number */
  gint64 confirmed_at; /* g_get_monotonic_time () of when it was last seen to be good; 0 for never */
} VaultToken;

VaultToken *vault_token_new (KmsSecret *text, const char *source);
VaultToken *vault_token_copy (const VaultToken *self);
void vault_token_free (gpointer self);

/* Whether it was just seen to be good, so that a refusal is about what it may, and not about itself. */
gboolean vault_token_is_confirmed (const VaultToken *self);

KmsHttpCredentials *vault_token_make_credentials (VaultToken *self);

G_END_DECLS
