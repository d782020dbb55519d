/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tokens as credentials. */
#include "vault-token.h"

/* A token that was revoked a moment after it was looked at is found out when this is over. */
#define CONFIRMED_FOR (5 * G_USEC_PER_SEC)

VaultToken *
vault_token_new (KmsSecret *text, const char *source)
{
  VaultToken *self = g_new0 (VaultToken, 1);
  self->text = text != NULL ? kms_secret_ref (text) : NULL;
  self->source = g_strdup (source);
  return self;
}

VaultToken *
vault_token_copy (const VaultToken *self)
{
  VaultToken *copy = g_memdup2 (self, sizeof *self);
  copy->text = self->text != NULL ? kms_secret_ref (self->text) : NULL;
  copy->source = g_strdup (self->source);
  return copy;
}

void
vault_token_free (gpointer data)
{
  VaultToken *self = data;

  g_clear_pointer (&self->text, kms_secret_unref);
  g_free (self->source);
  g_free (self);
}

gboolean
vault_token_is_confirmed (const VaultToken *self)
{
  return self->confirmed_at != 0 && g_get_monotonic_time () < self->confirmed_at + CONFIRMED_FOR;
}

KmsHttpCredentials *
vault_token_make_credentials (VaultToken *self)
{
  KmsHttpCredentials *credentials = kms_http_credentials_new (self, vault_token_free);
  kms_http_credentials_set_lifetime (credentials, self->lease);
  return credentials;
}
