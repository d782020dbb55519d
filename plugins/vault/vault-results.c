/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* parse(): what an answer means for a call and its items. Nothing of an answer counts before all of it was read: what
 * tells that it is void stands at its end. */
#include "vault-call.h"

#include <string.h>

#include "vault-errors.h"

#define VERSION_SIZE 24

static void
set_remarks (KmsItem *item, const VaultEnvelope *envelope, guint64 version)
{
  char text[VERSION_SIZE];

  g_snprintf (text, sizeof text, "%" G_GUINT64_FORMAT, version);
  kms_item_set_key_version (item, text);
  if (envelope->request_id != NULL)
    kms_item_set_request_id (item, envelope->request_id);
}

static void
fail_integrity (KmsItem *item, const VaultScene *scene, const char *what)
{
  kms_item_fail (item, KMS_ERROR_INTEGRITY, "%s: %s", scene->path, what);
}

static void
settle_ciphertext (KmsItem *item, const VaultResult *result, const VaultEnvelope *envelope, const VaultScene *scene)
{
  guint64 version;
  guint8 *out;

  if (result->ciphertext == NULL || !vault_ciphertext_parse (result->ciphertext, result->ciphertext_length, &version)
      || (result->key_version >= 0 && (guint64) result->key_version != version))
    {
      fail_integrity (item, scene, "the server answers with something that is no ciphertext of a key's version");
      return;
    }
  out = kms_item_reserve (item, result->ciphertext_length);
  memcpy (out, result->ciphertext, result->ciphertext_length);
  set_remarks (item, envelope, version);
  kms_item_commit (item, result->ciphertext_length);
}

static void
settle_plaintext (KmsItem *item, const VaultResult *result, const VaultEnvelope *envelope, const VaultScene *scene)
{
  gsize input_length, length;
  const guint8 *input = kms_item_get_input (item, &input_length);
  guint64 version = 0;

  if (result->plaintext == NULL)
    {
      fail_integrity (item, scene, "the server answers without a plaintext");
      return;
    }
  guint8 *out = kms_item_reserve (item, kms_base64_decoded_max (result->plaintext_length));
  if (out == NULL)
    return;
  if (!kms_base64_decode_strict_to (result->plaintext, result->plaintext_length, out, &length))
    {
      fail_integrity (item, scene, "the server answers with a plaintext that is no base64");
      return;
    }
  vault_ciphertext_parse ((const char *) input, input_length, &version);
  set_remarks (item, envelope, version);
  kms_item_commit (item, length);
}

/* On its way to be encrypted again. */
static void
keep_plaintext (VaultCall *state, KmsItem *item, guint index, const VaultResult *result, const VaultScene *scene)
{
  gsize length;
  guint8 *bytes;

  if (result->plaintext == NULL)
    {
      fail_integrity (item, scene, "the server answers without a plaintext");
      return;
    }
  g_autoptr (KmsSecret) secret = kms_secret_reserve (kms_base64_decoded_max (result->plaintext_length), &bytes);
  if (secret == NULL)
    {
      kms_item_fail (item, KMS_ERROR_QUOTA,
                     "locked memory is used up; raise LimitMEMLOCK= or the hard limit of \"ulimit -l\"");
      return;
    }
  if (!kms_base64_decode_strict_to (result->plaintext, result->plaintext_length, bytes, &length))
    {
      fail_integrity (item, scene, "the server answers with a plaintext that is no base64");
      return;
    }
  kms_secret_commit (secret, length);
  g_clear_pointer (&state->plaintexts[index], kms_secret_unref);
  state->plaintexts[index] = g_steal_pointer (&secret);
  state->steps[index] = VAULT_STEP_ENCRYPT;
}

static void
settle_item (VaultCall *state, KmsItem *item, guint index, const VaultResult *result, const VaultEnvelope *envelope,
             guint status, const VaultScene *scene)
{
  GError *error = NULL;

  if (result->error != NULL)
    {
      vault_errors_judge (status >= 500 ? status : 0, &result->error, 1, scene, &error);
      kms_item_take_error (item, error);
    }
  else if (state->step != VAULT_STEP_DECRYPT)
    settle_ciphertext (item, result, envelope, scene);
  else if (kms_item_get_operation (item) == KMS_OPERATION_DECRYPT)
    settle_plaintext (item, result, envelope, scene);
  else
    keep_plaintext (state, item, index, result, scene);
}

static KmsHttpVerdict
go_on (VaultCall *state, KmsCall *call)
{
  for (guint i = 0; i < state->n_items; i++)
    if (!kms_item_is_settled (kms_call_get_item (call, i)))
      return KMS_HTTP_AGAIN;
  return KMS_HTTP_DONE;
}

/* Once a key, and only where something was encrypted: a token that is no good any more says nothing about keys. */
static void
warn_of_unknown (KmsVaultProvider *self, VaultCall *state, KmsCall *call)
{
  const char *name = vault_call_get_encrypting_key (call);
  gsize length;

  if (state->step != VAULT_STEP_ENCRYPT || state->key == NULL || state->key->known
      || vault_call_get_context (state, kms_call_get_item (call, state->sent[0]), &length) == NULL
      || !vault_key_cache_warns (self->keys, name))
    return;
  g_warning ("%s: the token may not read \"%s/keys/%s\", so it is not known whether that key binds the context; allow "
             "\"read\" there, or make sure that the key is derived",
             self->settings->label, self->settings->mount, name);
}

static KmsHttpVerdict
refuse_count (VaultCall *state, guint n_results, const VaultEnvelope *envelope, guint status, const VaultScene *scene,
              GError **error)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY, "%s: %u results came for %u values", scene->path, n_results,
               state->n_sent);
  if (error != NULL)
    kms_error_set_service (*error, status, NULL, envelope->request_id);
  return KMS_HTTP_FAILED;
}

/* A server that ignores associated data gives ciphertexts that any context opens, and plaintexts of any context. */
static KmsHttpVerdict
refuse_ignored (const VaultSettings *settings, const VaultEnvelope *envelope, guint status, const VaultScene *scene,
                GError **error)
{
  g_set_error (
    error, KMS_ERROR, KMS_ERROR_CONTEXT_UNBOUND,
    "%s: the server does not know associated data and ignores the context; use a server that does, or a derived "
    "key with ContextAs=context in %s.provider",
    scene->path, settings->label);
  if (error != NULL)
    kms_error_set_service (*error, status, NULL, envelope->request_id);
  return KMS_HTTP_FAILED;
}

static gboolean
sent_context (VaultCall *state, KmsCall *call)
{
  gsize length;
  return vault_call_get_context (state, kms_call_get_item (call, state->sent[0]), &length) != NULL;
}

/* Where some items of a batch failed, the status is that of an error, and the answer still has the results. */
static gboolean
has_results (const VaultAnswer *answer, guint status, guint n_sent)
{
  gboolean may_have = (status >= 200 && status < 300) || (n_sent > 1 && (status == 400 || status >= 500));

  return may_have && answer->envelope.is_json && answer->n_results > 0 && answer->envelope.n_errors == 0;
}

static KmsHttpVerdict
parse_results (KmsVaultProvider *self, VaultCall *state, KmsCall *call, KmsHttpResponse *response,
               const VaultScene *scene, GError **error)
{
  guint status = kms_http_response_get_status (response);
  g_autofree VaultResult *results = g_new (VaultResult, state->n_sent);
  gboolean associated = self->settings->associated_data && sent_context (state, call);
  VaultAnswer answer;
  gsize length;

  guint8 *body = kms_http_response_get_body (response, &length);
  vault_answer_parse (&answer, body, length, results, state->n_sent);
  if (!has_results (&answer, status, state->n_sent))
    return vault_errors_judge_answer (status, &answer.envelope, scene, error);
  if (associated && answer.envelope.ignored_associated_data)
    return refuse_ignored (self->settings, &answer.envelope, status, scene, error);
  if (answer.n_results != state->n_sent)
    return refuse_count (state, answer.n_results, &answer.envelope, status, scene, error);
  /* Before the items, with which the caller goes on. */
  if (status < 300)
    warn_of_unknown (self, state, call);
  for (guint i = 0; i < state->n_sent; i++)
    settle_item (state, kms_call_get_item (call, state->sent[i]), state->sent[i], &results[i], &answer.envelope, status,
                 scene);
  if (associated && state->n_sent == 1 && results[0].error == NULL)
    g_atomic_int_set (&self->knows_associated_data, TRUE);
  return go_on (state, call);
}

static KmsHttpVerdict
parse_key (KmsVaultProvider *self, VaultCall *state, KmsCall *call, KmsHttpResponse *response, const VaultScene *scene,
           GError **error)
{
  guint status = kms_http_response_get_status (response);
  const char *name = vault_call_get_encrypting_key (call);
  g_autoptr (VaultKeyInfo) key = vault_key_info_new ();
  VaultSection section = { "data", vault_key_info_read_member, key };
  VaultEnvelope envelope;
  gsize length;

  guint8 *body = kms_http_response_get_body (response, &length);
  vault_envelope_parse (&envelope, body, length, &section, 1);
  if (status == 403 && envelope.is_json && !vault_errors_blame_token (&envelope))
    key->known = FALSE;
  else if (status == 200 && envelope.is_json && key->type != NULL)
    vault_key_info_complete (key);
  else if (status == 404 && envelope.is_json && envelope.n_errors == 0)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND,
                   "there is no key \"%s\" under \"%s\"; create it with: kmsctl key create %s/%s", name,
                   self->settings->mount, self->settings->label, name);
      if (error != NULL)
        kms_error_set_service (*error, status, NULL, envelope.request_id);
      return KMS_HTTP_FAILED;
    }
  else
    return vault_errors_judge_answer (status, &envelope, scene, error);
  vault_key_cache_store (self->keys, name, key);
  vault_call_apply_key (state, self->settings, call, key);
  return go_on (state, call);
}

/* What was taken for "may not look at the key" may have been a token that ended; what was known of a key that is gone
 * would have it made anew by encrypting. */
static void
forget_key (KmsVaultProvider *self, VaultCall *state, KmsCall *call, KmsHttpVerdict verdict, const GError *error)
{
  gboolean unknown = verdict == KMS_HTTP_REFUSED && state->key != NULL && !state->key->known;

  if (!unknown && !g_error_matches (error, KMS_ERROR, KMS_ERROR_NOT_FOUND))
    return;
  vault_key_cache_forget (self->keys, vault_call_get_encrypting_key (call));
  g_clear_pointer (&state->key, vault_key_info_unref);
}

KmsHttpVerdict
kms_vault_provider_parse (KmsHttpProvider *provider, KmsCall *call, KmsHttpResponse *response, GError **error)
{
  KmsVaultProvider *self = KMS_VAULT_PROVIDER (provider);
  VaultCall *state = kms_http_response_get_state (response);
  g_autofree char *path = vault_call_dup_path (state, self->settings, call);
  g_autoptr (GError) local = NULL;
  VaultScene scene = { .path = path,
                       .doing = state->step == VAULT_STEP_READ_KEY  ? VAULT_DOING_OTHER
                                : state->step == VAULT_STEP_ENCRYPT ? VAULT_DOING_ENCRYPT
                                                                    : VAULT_DOING_DECRYPT,
                       .may_renew = state->may_renew,
                       .route = &state->route };
  KmsHttpVerdict verdict;

  if (vault_message_follow (response, self->settings, &state->route, &local))
    return KMS_HTTP_AGAIN;
  vault_route_clear (&state->route);
  if (local != NULL)
    verdict = KMS_HTTP_FAILED;
  else if (state->step == VAULT_STEP_READ_KEY)
    verdict = parse_key (self, state, call, response, &scene, &local);
  else
    verdict = parse_results (self, state, call, response, &scene, &local);
  if (local == NULL)
    return verdict;
  forget_key (self, state, call, verdict, local);
  g_propagate_error (error, g_steal_pointer (&local));
  return verdict;
}
