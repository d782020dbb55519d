/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* prepare(): the next request of a call. A pure function of the call, its state and the settings. */
#include "vault-call.h"

#include "vault-values.h"

/* Ruby's encode64, which the gem sends, breaks lines after so many bytes. The server does not care, but its audit log has
 * hashes of what was sent, and contexts are to be found there. */
#define LINE_BYTES 45

static const char *const words[] = {
  [VAULT_STEP_READ_KEY] = "keys",
  [VAULT_STEP_DECRYPT] = "decrypt",
  [VAULT_STEP_ENCRYPT] = "encrypt",
  [VAULT_STEP_REWRAP] = "rewrap",
};

char *
vault_call_dup_path (const VaultCall *self, const VaultSettings *settings, KmsCall *call)
{
  g_return_val_if_fail (self->step < VAULT_STEP_OVER, NULL);

  return g_strconcat (settings->mount, "/", words[self->step], "/", vault_call_get_key_name (self, call), NULL);
}

static void
append_lines (KmsHttpBuffer *body, const guint8 *data, gsize length)
{
  for (gsize at = 0; at < length; at += LINE_BYTES)
    {
      kms_http_buffer_append_base64 (body, data + at, MIN (length - at, LINE_BYTES));
      kms_http_buffer_append (body, "\\n", 2);
    }
}

static void
append_context (KmsHttpBuffer *body, const VaultSettings *settings, const char *json, gsize length)
{
  kms_http_buffer_append_text (body, settings->associated_data ? ",\"associated_data\":\"" : ",\"context\":\"");
  if (settings->associated_data)
    kms_http_buffer_append_base64 (body, (const guint8 *) json, length);
  else
    append_lines (body, (const guint8 *) json, length);
  kms_http_buffer_append (body, "\"", 1);
}

/* Without its braces. */
static void
append_item (KmsHttpBuffer *body, const VaultCall *self, const VaultSettings *settings, KmsItem *item, guint index)
{
  gsize length, json_length;
  const guint8 *input = vault_call_get_input (self, item, index, &length);
  const char *json = vault_call_get_context (self, item, &json_length);

  if (self->step != VAULT_STEP_ENCRYPT)
    {
      kms_http_buffer_append_text (body, "\"ciphertext\":");
      kms_http_buffer_append_json_string (body, (const char *) input, (gssize) length);
    }
  else
    {
      kms_http_buffer_append_text (body, "\"plaintext\":\"");
      append_lines (body, input, length);
      kms_http_buffer_append (body, "\"", 1);
    }
  if (json != NULL)
    append_context (body, settings, json, json_length);
}

void
vault_call_write (const VaultCall *self, const VaultSettings *settings, KmsCall *call, KmsHttpBuffer *body)
{
  gboolean is_batch = self->n_sent > 1;

  kms_http_buffer_append_text (body, is_batch ? "{\"batch_input\":[{" : "{");
  for (guint i = 0; i < self->n_sent; i++)
    {
      if (i > 0)
        kms_http_buffer_append (body, "},{", 3);
      append_item (body, self, settings, kms_call_get_item (call, self->sent[i]), self->sent[i]);
    }
  kms_http_buffer_append_text (body, is_batch ? "}]}" : "}");
}

static VaultCall *
start (KmsVaultProvider *self, KmsCall *call, KmsHttpRequest *request, GError **error)
{
  KmsItem *first = kms_call_get_item (call, 0);

  if (!vault_check_key_name (kms_item_get_key_id (first), error)
      || !vault_check_key_name (vault_call_get_encrypting_key (call), error))
    return NULL;
  VaultCall *state = vault_call_new (self->settings, call);
  g_autoptr (VaultKeyInfo) key = vault_key_cache_lookup (self->keys, vault_call_get_encrypting_key (call));
  /* Of a key that only decrypts it is still said how it binds, where that is known. */
  if (key != NULL && state->wants_key)
    vault_call_apply_key (state, self->settings, call, key);
  kms_http_request_set_state (request, state, vault_call_free);
  return state;
}

/* Of items in a batch a server does not say whether it knows associated data; of a single one it does. */
static gboolean
must_probe (KmsVaultProvider *self, KmsCall *call)
{
  return self->settings->associated_data && !g_atomic_int_get (&self->knows_associated_data)
         && (kms_item_get_context (kms_call_get_item (call, 0)) != NULL
             || (kms_call_get_operation (call) == KMS_OPERATION_REWRAP
                 && kms_item_get_new_context (kms_call_get_item (call, 0)) != NULL));
}

gboolean
kms_vault_provider_prepare (KmsHttpProvider *provider, KmsCall *call, KmsHttpCredentials *credentials,
                            KmsHttpRequest *request, GError **error)
{
  KmsVaultProvider *self = KMS_VAULT_PROVIDER (provider);
  VaultToken *token = kms_http_credentials_get_data (credentials);
  VaultCall *state = kms_http_request_get_state (request);

  if (state == NULL && (state = start (self, call, request, error)) == NULL)
    return FALSE;
  if (vault_call_choose (state, call, must_probe (self, call)) == VAULT_STEP_OVER)
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_FAILED, "nothing is left to be sent");
      return FALSE;
    }
  g_autofree char *path = vault_call_dup_path (state, self->settings, call);
  gboolean reads = state->step == VAULT_STEP_READ_KEY;
  state->may_renew = !vault_token_is_confirmed (token);
  vault_message_begin (request, self->settings, &state->route, reads ? "GET" : "POST", path, token->text,
                       VAULT_HEAD_DEFAULT);
  if (!reads)
    vault_call_write (state, self->settings, call, kms_http_request_get_body (request));
  return TRUE;
}
