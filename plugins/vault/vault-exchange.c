/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exchanges on the base class's kms_http_provider_send(), with redirects and the table of errors. */
#include "vault-exchange.h"

static gboolean
prepare (KmsHttpProvider *provider, KmsHttpCredentials *credentials, KmsHttpRequest *request, gpointer data,
         GError **error)
{
  VaultExchange *self = data;
  KmsVaultProvider *vault = KMS_VAULT_PROVIDER (provider);
  VaultToken *token = credentials != NULL ? kms_http_credentials_get_data (credentials) : NULL;
  KmsSecret *text = self->token != NULL ? self->token : token != NULL ? token->text : NULL;

  self->may_renew = token != NULL && !vault_token_is_confirmed (token);
  vault_message_begin (request, vault->settings, &self->route, self->method != NULL ? self->method : "POST", self->path,
                       text, self->head);
  kms_http_request_set_repeatable (request, !self->once);
  if (self->write != NULL)
    {
      KmsHttpBuffer *body = kms_http_request_get_body (request);
      kms_http_buffer_append (body, "{", 1);
      self->write (body, self->data);
      kms_http_buffer_append (body, "}", 1);
    }
  return TRUE;
}

static KmsHttpVerdict
parse (KmsHttpProvider *provider, KmsHttpResponse *response, gpointer data, GError **error)
{
  VaultExchange *self = data;
  const VaultSettings *settings = KMS_VAULT_PROVIDER (provider)->settings;
  VaultScene scene = { .path = self->path,
                       .doing = VAULT_DOING_OTHER,
                       .may_renew = self->may_renew,
                       .route = &self->route,
                       .show_words = !self->secret };
  g_autoptr (GError) local = NULL;
  VaultEnvelope envelope;
  gsize length;

  self->status = kms_http_response_get_status (response);
  if (vault_message_follow (response, settings, &self->route, &local))
    return KMS_HTTP_AGAIN;
  vault_route_clear (&self->route);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return KMS_HTTP_FAILED;
    }
  guint8 *body = kms_http_response_get_body (response, &length);
  if (length == 0 && self->status == 204)
    return KMS_HTTP_DONE;
  vault_envelope_parse (&envelope, body, length, self->sections, self->n_sections);
  self->blames_token = envelope.is_json && vault_errors_blame_token (&envelope);
  self->n_errors = envelope.n_errors;
  if (envelope.is_json && (self->any_status || (self->status >= 200 && self->status < 300)))
    return KMS_HTTP_DONE;
  return vault_errors_judge_answer (self->status, &envelope, &scene, error);
}

gboolean
vault_exchange_run (VaultExchange *self, KmsVaultProvider *provider, GCancellable *cancellable, GError **error)
{
  KmsHttpSendFlags flags = self->send;
  if (self->token != NULL || self->anonymous)
    flags |= KMS_HTTP_SEND_ANONYMOUS;
  gboolean done =
    kms_http_provider_send (KMS_HTTP_PROVIDER (provider), prepare, parse, self, flags, cancellable, error);

  vault_route_clear (&self->route);
  return done;
}

static void
add_name (KmsHttpBuffer *body, gboolean *first, const char *name)
{
  if (!*first)
    kms_http_buffer_append (body, ",", 1);
  *first = FALSE;
  kms_http_buffer_append_json_string (body, name, -1);
  kms_http_buffer_append (body, ":", 1);
}

void
vault_body_add_text (KmsHttpBuffer *body, gboolean *first, const char *name, const char *value)
{
  if (value == NULL)
    return;
  add_name (body, first, name);
  kms_http_buffer_append_json_string (body, value, -1);
}

void
vault_body_add_secret (KmsHttpBuffer *body, gboolean *first, const char *name, KmsSecret *value)
{
  gsize length;

  if (value == NULL)
    return;
  add_name (body, first, name);
  const guint8 *data = kms_secret_get_data (value, &length);
  kms_http_buffer_append_json_string (body, (const char *) data, (gssize) length);
}

void
vault_body_add_word (KmsHttpBuffer *body, gboolean *first, const char *name, const char *value)
{
  add_name (body, first, name);
  kms_http_buffer_append_text (body, value);
}
