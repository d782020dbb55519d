/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Vault and OpenBao have no error codes: there is the status, and an English text. The texts are OpenBao's of version 2
 * and Vault's up to 1.20, with older ones where they were others. */
#include "vault-errors.h"

#include <string.h>

#include "vault-values.h"

#define ANY (VAULT_DOING_OTHER | VAULT_DOING_ENCRYPT | VAULT_DOING_DECRYPT)

/* One text for wrong bytes, wrong keys and wrong contexts: who asks learns nothing of which it was. */
#define DOES_NOT_DECRYPT "the ciphertext does not decrypt with this key and this context"

/* A token that is no good and a policy that denies are told apart by this: OpenBao's and older Vaults' words for the first
 * are "permission denied", for the second "1 error occurred: * permission denied". */
#define ONLY "="

typedef struct
{
  guint status;     /* 0: any */
  const char *text; /* NULL: any; in small letters, part of the server's, or all of it behind ONLY */
  VaultDoing doing;
  KmsError error;
  KmsHttpVerdict verdict;
  const char *words;
} VaultRule;

/* The first that matches counts. */
static const VaultRule rules[] = {
  /* Decryption, which fails with 400, and with 500 too: no use in asking again. */
  { 0, "message authentication failed", VAULT_DOING_DECRYPT, KMS_ERROR_INVALID_CIPHERTEXT, KMS_HTTP_FAILED,
    DOES_NOT_DECRYPT },
  { 0, "unable to decrypt", VAULT_DOING_DECRYPT, KMS_ERROR_INVALID_CIPHERTEXT, KMS_HTTP_FAILED, DOES_NOT_DECRYPT },
  { 0, "invalid ciphertext", VAULT_DOING_DECRYPT, KMS_ERROR_INVALID_CIPHERTEXT, KMS_HTTP_FAILED, DOES_NOT_DECRYPT },
  { 0, "failed to rsa decrypt", VAULT_DOING_DECRYPT, KMS_ERROR_INVALID_CIPHERTEXT, KMS_HTTP_FAILED, DOES_NOT_DECRYPT },
  { 0, "missing 'context' for key deriv", VAULT_DOING_DECRYPT, KMS_ERROR_INVALID_CIPHERTEXT, KMS_HTTP_FAILED,
    DOES_NOT_DECRYPT },
  { 0, "'associated_data' provided for non-aead", VAULT_DOING_DECRYPT, KMS_ERROR_INVALID_CIPHERTEXT, KMS_HTTP_FAILED,
    DOES_NOT_DECRYPT },

  { 0, "disallowed by policy (too old)", ANY, KMS_ERROR_KEY_DISABLED, KMS_HTTP_FAILED,
    "this version of the key is retired; its min_decryption_version must be lowered to decrypt" },
  { 0, "less than the minimum encryption key version", ANY, KMS_ERROR_KEY_DISABLED, KMS_HTTP_FAILED,
    "this version of the key is retired" },
  { 0, "soft-deleted key", ANY, KMS_ERROR_KEY_DISABLED, KMS_HTTP_FAILED, "the key is deleted, and can be restored" },
  { 0, "soft deleted", ANY, KMS_ERROR_KEY_DISABLED, KMS_HTTP_FAILED, "the key is deleted, and can be restored" },

  { 0, "missing 'context' for key deriv", ANY, KMS_ERROR_CONTEXT_REQUIRED, KMS_HTTP_FAILED,
    "the key is derived, so that it takes a context" },
  { 0, "'associated_data' provided for non-aead", ANY, KMS_ERROR_CONTEXT_UNBOUND, KMS_HTTP_FAILED,
    "keys of this type take no associated data; use one of type aes256-gcm96" },
  { 0, "higher than the latest key version", ANY, KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED,
    "the key has no such version" },
  { 0, "context should be set either in all", ANY, KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED,
    "all values of a request must have a context, or none" },
  { 0, "base64", ANY, KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED, "the server can't read what it was sent" },
  { 0, "missing plaintext", ANY, KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED, "the server misses the plaintext" },
  { 0, "missing ciphertext", ANY, KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED, "the server misses the ciphertext" },
  { 0, "does not support encryption", ANY, KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED,
    "keys of this type do not encrypt" },
  { 0, "does not support decryption", ANY, KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED,
    "keys of this type do not decrypt" },

  { 0, "no handler for route", ANY, KMS_ERROR_NOT_FOUND, KMS_HTTP_FAILED,
    "nothing is mounted there; check Mount=, the namespace and the path" },
  { 0, "unsupported path", ANY, KMS_ERROR_NOT_SUPPORTED, KMS_HTTP_FAILED,
    "what is mounted there does not know this; check Mount=" },
  { 0, "encryption key not found", ANY, KMS_ERROR_NOT_FOUND, KMS_HTTP_FAILED, "there is no such key" },
  { 0, "key not found", ANY, KMS_ERROR_NOT_FOUND, KMS_HTTP_FAILED, "there is no such key" },
  { 0, "unknown audit backend", ANY, KMS_ERROR_NOT_FOUND, KMS_HTTP_FAILED, "there is no such audit device" },
  { 0, "deletion is not allowed", ANY, KMS_ERROR_NOT_AUTHORIZED, KMS_HTTP_FAILED,
    "the key's deletion_allowed is false" },
  { 0, "no existing key named", ANY, KMS_ERROR_NOT_FOUND, KMS_HTTP_FAILED, "there is no such key" },
  { 0, "could not delete key; not found", ANY, KMS_ERROR_NOT_FOUND, KMS_HTTP_FAILED, "there is no such key" },

  { 0, "wrapping token is not valid or does not exist", ANY, KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED,
    "the wrapping token was used already, or is too old; if it was not used by you, SOMEBODY ELSE HAS THE SECRET: "
    "revoke what it wraps" },
  { 0, "invalid role or secret id", ANY, KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED,
    "the role id or the secret id is refused" },
  { 0, "invalid role id", ANY, KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED, "the role id is refused" },
  { 0, "invalid secret id", ANY, KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED,
    "the secret id is refused; it may be used up" },
  { 0, "invalid username or password", ANY, KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED,
    "the user or the password is refused" },
  { 0, "missing client token", ANY, KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED, "the server wants a token" },
  { 0, "invalid token", ANY, KMS_ERROR_CREDENTIALS, KMS_HTTP_REFUSED,
    "the token is refused: it expired, was revoked, or is of another server" },
  { 0, "bad token", ANY, KMS_ERROR_CREDENTIALS, KMS_HTTP_REFUSED,
    "the token is refused: it expired, was revoked, or is of another server" },
  { 403, ONLY "permission denied", ANY, KMS_ERROR_CREDENTIALS, KMS_HTTP_REFUSED,
    "the token is refused: it expired, was revoked, or is of another server" },
  { 403, NULL, ANY, KMS_ERROR_NOT_AUTHORIZED, KMS_HTTP_REFUSED,
    "permission denied: a policy of the token must allow this path, and the token must still be good" },
  { 0, "permission denied", ANY, KMS_ERROR_NOT_AUTHORIZED, KMS_HTTP_REFUSED,
    "permission denied: a policy of the token must allow this path, and the token must still be good" },

  { 0, "is sealed", ANY, KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, "the server is sealed; unseal it" },
  { 0, "no active", ANY, KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, "there is no active server just now" },
  { 0, "standby", ANY, KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY,
    "this server is a standby, and can't pass the request on" },
  { 0, "quota exceeded", ANY, KMS_ERROR_THROTTLED, KMS_HTTP_RETRY,
    "the server gets too many requests; its quota says so" },
  { 0, "request body too large", ANY, KMS_ERROR_TOO_LARGE, KMS_HTTP_FAILED,
    "the request is larger than the server takes" },
  { 0, "exceeded max", ANY, KMS_ERROR_TOO_LARGE, KMS_HTTP_FAILED, "the request is larger than the server takes" },
  { 0, "exceeds max", ANY, KMS_ERROR_TOO_LARGE, KMS_HTTP_FAILED, "the request is larger than the server takes" },

  { 404, NULL, VAULT_DOING_ENCRYPT | VAULT_DOING_DECRYPT, KMS_ERROR_NOT_FOUND, KMS_HTTP_FAILED,
    "there is no such key, or nothing is mounted there" },
  { 412, NULL, ANY, KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, "the server does not know yet what was written elsewhere" },
  { 472, NULL, ANY, KMS_ERROR_UNAVAILABLE, KMS_HTTP_FAILED,
    "this server is only there for disaster recovery; ask another" },
  { 473, NULL, ANY, KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, "this server is a performance standby" },
};

static gboolean
text_matches (const char *text, const char *small)
{
  if (!g_str_has_prefix (text, ONLY))
    return strstr (small, text) != NULL;
  gsize length = strlen (text + strlen (ONLY));
  return strncmp (small, text + strlen (ONLY), length) == 0 && strcmp (small + length, "\n") == 0;
}

static gboolean
rule_matches (const VaultRule *rule, guint status, const char *small, VaultDoing doing)
{
  return (rule->doing & doing) != 0 && (rule->status == 0 || rule->status == status)
         && (rule->text == NULL || text_matches (rule->text, small));
}

static char *
join_small (const char *const *texts, guint n_texts)
{
  g_autoptr (GString) joined = g_string_new (NULL);

  for (guint i = 0; i < n_texts; i++)
    g_string_append_printf (joined, "%s\n", texts[i]);
  return g_ascii_strdown (joined->str, (gssize) joined->len);
}

static const VaultRule *
find_rule (guint status, const char *small, VaultDoing doing)
{
  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    if (rule_matches (&rules[i], status, small, doing))
      return &rules[i];
  return NULL;
}

/* Another token helps only where this one is not known to be good, or said to be bad; and a sealed server is asked
 * twice, not more. */
static KmsHttpVerdict
soften (KmsHttpVerdict verdict, KmsError code, gboolean sealed, const VaultScene *scene)
{
  if (verdict == KMS_HTTP_REFUSED && !scene->may_renew && code != KMS_ERROR_CREDENTIALS)
    return KMS_HTTP_FAILED;
  if (verdict != KMS_HTTP_RETRY || !sealed || scene->route == NULL)
    return verdict;
  if (scene->route->sealed)
    return KMS_HTTP_FAILED;
  scene->route->sealed = TRUE;
  return verdict;
}

static KmsHttpVerdict
judge_by_rule (const VaultRule *rule, guint status, const VaultScene *scene, GError **error)
{
  gboolean sealed = rule->text != NULL && strcmp (rule->text, "is sealed") == 0;
  g_autofree char *suffix = status != 0 ? g_strdup_printf (" (HTTP status %u)", status) : g_strdup ("");

  g_set_error (error, KMS_ERROR, (gint) rule->error, "%s: %s%s", scene->path, rule->words, suffix);
  return soften (rule->verdict, rule->error, sealed, scene);
}

/* What nobody has seen yet; its text may echo what was sent. */
static KmsHttpVerdict
judge_unknown (guint status, const char *small, const VaultScene *scene, GError **error)
{
  g_autofree char *said = scene->show_words ? vault_filter_words (small) : NULL;
  gboolean says = said != NULL && said[0] != '\0';
  g_autoptr (GError) local = NULL;
  KmsHttpVerdict verdict = KMS_HTTP_FAILED;

  if (status != 0)
    verdict = kms_http_provider_judge_status (NULL, status, NULL, NULL, &local);
  else
    local =
      g_error_new_literal (KMS_ERROR, KMS_ERROR_FAILED, "the server refuses it, and says nothing that is known here");
  g_set_error (error, KMS_ERROR, local->code, "%s: %s%s%s", scene->path, local->message,
               says ? "; the server says: " : "", says ? said : "");
  return verdict;
}

KmsHttpVerdict
vault_errors_judge (guint status, const char *const *texts, guint n_texts, const VaultScene *scene, GError **error)
{
  g_autofree char *small = join_small (texts, n_texts);
  const VaultRule *rule = find_rule (status, small, scene->doing);
  KmsHttpVerdict verdict = rule != NULL ? judge_by_rule (rule, status, scene, error)
                                        : judge_unknown (status, small, scene, error);

  if (error != NULL)
    kms_error_set_service (*error, status, NULL, scene->request_id);
  return verdict;
}

static KmsHttpVerdict
judge_unreadable (guint status, const VaultScene *scene, GError **error)
{
  g_set_error (
    error, KMS_ERROR, KMS_ERROR_INTEGRITY,
    "%s: the answer is not what Vault or OpenBao answers (HTTP status %u); check the address, and what stands "
    "between",
    scene->path, status);
  if (error != NULL)
    kms_error_set_service (*error, status, NULL, scene->request_id);
  return KMS_HTTP_FAILED;
}

KmsHttpVerdict
vault_errors_judge_answer (guint status, const VaultEnvelope *answer, const VaultScene *scene, GError **error)
{
  VaultScene with_id = *scene;

  if (answer->is_json)
    with_id.request_id = answer->request_id;
  if (status >= 200 && status < 300)
    return judge_unreadable (status, &with_id, error);
  return vault_errors_judge (status, answer->errors, answer->is_json ? answer->n_errors : 0, &with_id, error);
}

gboolean
vault_errors_blame_token (const VaultEnvelope *answer)
{
  g_autofree char *small = join_small (answer->errors, answer->n_errors);
  const VaultRule *rule = find_rule (403, small, VAULT_DOING_OTHER);
  return rule != NULL && rule->error == KMS_ERROR_CREDENTIALS && rule->verdict == KMS_HTTP_REFUSED;
}
