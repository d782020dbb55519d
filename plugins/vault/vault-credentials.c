/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where tokens come from, when new ones are wanted, and what becomes of them in the end. */
#include "vault-login.h"
#include "vault-secret-file.h"
#include "vault-token-command.h"
#include "vault-values.h"

static VaultToken *
check_token (KmsSecret *text, const char *source, GError **error)
{
  gsize length;
  const guint8 *data = kms_secret_get_data (text, &length);

  if (vault_check_token (data, length))
    return vault_token_new (text, source);
  g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "%s holds no token: it has to be one word", source);
  return NULL;
}

/* TRUE with a NULL token where there is no such file. */
static gboolean
read_token_file (const char *path, VaultToken **token, GCancellable *cancellable, GError **error)
{
  g_autoptr (KmsSecret) text = NULL;

  *token = NULL;
  if (path == NULL)
    return TRUE;
  if (!vault_secret_file_read (path, &text, cancellable, error))
    return FALSE;
  if (text == NULL)
    return TRUE;
  *token = check_token (text, path, error);
  return *token != NULL;
}

static gboolean
ask_helper (const char *config, VaultToken **token, GCancellable *cancellable, GError **error)
{
  g_autoptr (KmsSecret) text = NULL;

  *token = NULL;
  if (config == NULL)
    return TRUE;
  if (!vault_token_command_get (config, &text, cancellable, error))
    return FALSE;
  if (text == NULL)
    return TRUE;
  *token = check_token (text, "the token helper", error);
  return *token != NULL;
}

static gboolean
look_for_token (const VaultSettings *settings, VaultToken **token, GCancellable *cancellable, GError **error)
{
  if (settings->token_file != NULL)
    return read_token_file (settings->token_file, token, cancellable, error);
  if (settings->token != NULL)
    {
      *token = vault_token_new (settings->token, settings->token_from);
      return TRUE;
    }
  if (!ask_helper (settings->helper_config, token, cancellable, error))
    return FALSE;
  return *token != NULL || read_token_file (settings->home_token_file, token, cancellable, error);
}

static VaultToken *
find_token (KmsVaultProvider *self, GCancellable *cancellable, GError **error)
{
  const VaultSettings *settings = self->settings;
  VaultToken *token = NULL;

  if (!look_for_token (settings, &token, cancellable, error))
    return NULL;
  if (token != NULL)
    return token;
  if (settings->token_file == NULL && settings->may_lack_token)
    return vault_token_new (NULL, "the agent");
  if (settings->token_file != NULL)
    g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "there is no token: \"%s\" does not exist",
                 settings->token_file);
  else
    g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS,
                 "there is no token; set TokenFile= or Auth= in %s.provider, set VAULT_TOKEN, or run: vault login",
                 settings->label);
  return NULL;
}

static gboolean
is_same (const VaultToken *a, const VaultToken *b)
{
  if (a->text == NULL || b->text == NULL)
    return a->text == b->text;
  return kms_secret_equal (a->text, b->text);
}

/* A token that nobody asked us to renew is used until it is refused; its source may have another one then. */
static VaultToken *
obtain_given (KmsVaultProvider *self, const VaultToken *current, gboolean refused, GCancellable *cancellable,
              GError **error)
{
  g_autoptr (GError) local = NULL;
  VaultToken *token = find_token (self, cancellable, error), *known = NULL;
  gboolean is_current = token != NULL && current != NULL && is_same (token, current), good;

  if (token == NULL)
    return NULL;
  if (refused && is_current)
    token->confirmed_at = g_get_monotonic_time ();
  if (refused || token->text == NULL || !self->settings->renew_token)
    return token;
  if (is_current)
    known = vault_login_renew (self, current, cancellable, &local);
  else if (vault_login_look_up (self, token, &good, &known, cancellable, &local) && !good)
    g_clear_pointer (&known, vault_token_free);
  if (known == NULL)
    {
      if (local != NULL)
        g_message ("%s: the token is not renewed: %s", self->settings->label, local->message);
      return token;
    }
  vault_token_free (token);
  if (!known->renewable)
    known->lease = 0;
  return known;
}

/* Near the end of what a token may live, renewing it gains little. */
static gboolean
is_worth_keeping (const VaultToken *renewed, const VaultToken *current)
{
  return renewed != NULL && (renewed->lease == 0 || renewed->lease > current->lease / 2);
}

static VaultToken *
prolong (KmsVaultProvider *self, const VaultToken *current, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local = NULL;
  VaultToken *renewed = current->renewable ? vault_login_renew (self, current, cancellable, &local) : NULL;

  if (is_worth_keeping (renewed, current) || g_cancellable_is_cancelled (cancellable))
    return renewed;
  g_clear_error (&local);
  VaultToken *token = vault_login (self, cancellable, renewed != NULL ? &local : error);
  if (token == NULL || renewed == NULL)
    return token != NULL ? token : renewed;
  vault_token_free (renewed);
  return token;
}

/* A refusal may be about what the token may do: then another one would be refused as well, and a login is a burden. */
static VaultToken *
confirm (KmsVaultProvider *self, const VaultToken *current, GCancellable *cancellable)
{
  gboolean good = FALSE;
  VaultToken *token = NULL;

  if (current->num_uses > 0 || !vault_login_look_up (self, current, &good, &token, cancellable, NULL))
    return NULL;
  if (!good)
    g_clear_pointer (&token, vault_token_free);
  if (token != NULL)
    token->confirmed_at = g_get_monotonic_time ();
  return token;
}

static VaultToken *
obtain_by_login (KmsVaultProvider *self, const VaultToken *current, gboolean refused, GCancellable *cancellable,
                 GError **error)
{
  VaultToken *token = NULL;

  if (current != NULL && refused)
    token = confirm (self, current, cancellable);
  else if (current != NULL)
    return prolong (self, current, cancellable, error);
  return token != NULL ? token : vault_login (self, cancellable, error);
}

KmsHttpCredentials *
kms_vault_provider_obtain_credentials (KmsHttpProvider *provider, KmsHttpCredentials *current, gboolean refused,
                                       GCancellable *cancellable, GError **error)
{
  KmsVaultProvider *self = KMS_VAULT_PROVIDER (provider);
  const VaultToken *old = current != NULL ? kms_http_credentials_get_data (current) : NULL;
  VaultToken *token = self->settings->auth == VAULT_AUTH_TOKEN
                        ? obtain_given (self, old, refused, cancellable, error)
                        : obtain_by_login (self, old, refused, cancellable, error);

  return token != NULL ? vault_token_make_credentials (token) : NULL;
}

/* Tokens of ours are good for nobody else. */
gboolean
kms_vault_provider_prepare_farewell (KmsHttpProvider *provider, KmsHttpCredentials *credentials,
                                     KmsHttpRequest *request)
{
  const VaultToken *token = kms_http_credentials_get_data (credentials);

  if (!token->from_login || !token->revocable)
    return FALSE;
  vault_message_begin (request, KMS_VAULT_PROVIDER (provider)->settings, NULL, "POST", "auth/token/revoke-self",
                       token->text, VAULT_HEAD_DEFAULT);
  return TRUE;
}
