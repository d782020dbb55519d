/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers as OpenBao 2.7 and Vault 1.20 give them, and what their errors mean. */
#include <vault-answer.h>
#include <vault-errors.h>
#include <vault-key-info.h>

#include <string.h>

static KmsHttpBuffer *
parse (const char *json, VaultAnswer *answer, VaultResult *results, guint n_room)
{
  KmsHttpBuffer *body = kms_http_buffer_new ();
  gsize length;

  kms_http_buffer_append_text (body, json);
  guint8 *data = kms_http_buffer_get_data (body, &length);
  vault_answer_parse (answer, data, length, results, n_room);
  return body;
}

static void
test_batch (void)
{
  VaultResult results[2];
  VaultAnswer answer;
  g_autoptr (KmsHttpBuffer)
    body = parse ("{\"request_id\":\"4e2c-9f\",\"lease_id\":\"\",\"renewable\":false,\"lease_duration\":0,\"data\":{"
                  "\"batch_results\":[{\"ciphertext\":\"vault:v3:QUJD\",\"key_version\":3},"
                  "{\"plaintext\":\"\",\"error\":\"cipher: message authentication failed\"}]},\"wrap_info\":null,"
                  "\"warnings\":null,\"auth\":null}\n",
                  &answer, results, 2);

  g_assert_true (answer.envelope.is_json);
  g_assert_cmpstr (answer.envelope.request_id, ==, "4e2c-9f");
  g_assert_cmpuint (answer.n_results, ==, 2);
  g_assert_cmpstr (results[0].ciphertext, ==, "vault:v3:QUJD");
  g_assert_cmpint (results[0].key_version, ==, 3);
  g_assert_null (results[0].error);
  g_assert_cmpstr (results[1].error, ==, "cipher: message authentication failed");
}

static void
test_single (void)
{
  VaultResult result;
  VaultAnswer answer;
  g_autoptr (KmsHttpBuffer) body = parse ("{\"data\":{\"plaintext\":\"\"}}", &answer, &result, 1);

  g_assert_true (answer.envelope.is_json);
  g_assert_cmpuint (answer.n_results, ==, 1);
  g_assert_cmpstr (result.plaintext, ==, "");
  g_assert_cmpint (result.key_version, ==, -1);
}

static void
test_ignored (void)
{
  static const char *const warnings[] = {
    "Endpoint ignored these unrecognized parameters: [associated_data]",
    "Endpoint ignored these unrecognized parameters: [a associated_data b]",
  };

  for (guint i = 0; i < G_N_ELEMENTS (warnings); i++)
    {
      VaultResult result;
      VaultAnswer answer;
      g_autofree char *json =
        g_strdup_printf ("{\"data\":{\"ciphertext\":\"vault:v1:QUJD\"},\"warnings\":[\"x\",\"%s\"]}", warnings[i]);
      g_autoptr (KmsHttpBuffer) body = parse (json, &answer, &result, 1);
      g_assert_true (answer.envelope.ignored_associated_data);
    }
}

/* More results than there is room for are counted, and nothing else. */
static void
test_too_many (void)
{
  VaultResult result;
  VaultAnswer answer;
  g_autoptr (KmsHttpBuffer)
    body = parse ("{\"data\":{\"batch_results\":[{\"error\":\"a\"},{\"error\":\"b\"},{},{}]}}", &answer, &result, 1);

  g_assert_true (answer.envelope.is_json);
  g_assert_cmpuint (answer.n_results, ==, 4);
  g_assert_cmpstr (result.error, ==, "a");
}

static void
test_broken (void)
{
  static const char *const texts[] = {
    "",
    "<html><body>Bad gateway</body></html>",
    "{\"data\":{\"ciphertext\":\"vault:v1:QUJD\"}",
    "{\"data\":{\"ciphertext\":17}}",
    "{\"data\":{\"batch_results\":{}}}",
    "{\"data\":{\"batch_results\":[17]}}",
    "{\"data\":[]}",
    "[]",
    "null",
    "{} {}",
    "{\"errors\":\"text\"}",
    "{\"data\":{\"key_version\":1.5}}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      VaultResult results[2];
      VaultAnswer answer;
      g_autoptr (KmsHttpBuffer) body = parse (texts[i], &answer, results, 2);
      g_test_message ("%s", texts[i]);
      g_assert_false (answer.envelope.is_json);
    }
}

static void
test_request_ids (void)
{
  static const char *const bad[] = { "", "a b", "a\\nb", "\\u001b[31m" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      VaultAnswer answer;
      g_autofree char *json = g_strdup_printf ("{\"request_id\":\"%s\"}", bad[i]);
      g_autoptr (KmsHttpBuffer) body = parse (json, &answer, NULL, 0);
      g_assert_true (answer.envelope.is_json);
      g_assert_null (answer.envelope.request_id);
    }
}

static void
test_ciphertexts (void)
{
  static const char *const good[] = { "vault:v1:QUJD", "vault:v17:QUI=", "vault:v1:QQ==" };
  static const char *const bad[] = { "",
                                     "vault:v1:",
                                     "vault:v:QUJD",
                                     "vault:v0:QUJD",
                                     "vault:v01:QUJD",
                                     "vault:v-1:QUJD",
                                     "vault:1:QUJD",
                                     "VAULT:v1:QUJD",
                                     " vault:v1:QUJD",
                                     "vault:v1:QUJD ",
                                     "vault:v1:QUJ",
                                     "vault:v1:QUJ=",
                                     "vault:v1:QR==",
                                     "vault:v1:Q===",
                                     "vault:v1:====",
                                     "vault:v1:QU\nJD",
                                     "vault:v1:QU-_",
                                     "vault:v9999999999999999999:QUJD" };
  guint64 version;

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (vault_ciphertext_parse (good[i], strlen (good[i]), &version));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_test_message ("\"%s\"", bad[i]);
      g_assert_false (vault_ciphertext_parse (bad[i], strlen (bad[i]), &version));
    }
  g_assert_true (vault_ciphertext_parse ("vault:v17:QUJD", 14, &version));
  g_assert_cmpuint (version, ==, 17);
}

/* Texts that the servers have, with the status that comes with them. */
static const struct
{
  guint status;
  const char *text;
  VaultDoing doing;
  KmsError error;
  KmsHttpVerdict verdict;
} errors[] = {
  { 400, "cipher: message authentication failed", VAULT_DOING_DECRYPT, KMS_ERROR_INVALID_CIPHERTEXT, KMS_HTTP_FAILED },
  { 400, "chacha20poly1305: message authentication failed", VAULT_DOING_DECRYPT, KMS_ERROR_INVALID_CIPHERTEXT,
    KMS_HTTP_FAILED },
  { 500, "cipher: message authentication failed", VAULT_DOING_DECRYPT, KMS_ERROR_INVALID_CIPHERTEXT, KMS_HTTP_FAILED },
  { 400, "Unable to decrypt", VAULT_DOING_DECRYPT, KMS_ERROR_INVALID_CIPHERTEXT, KMS_HTTP_FAILED },
  { 400, "invalid ciphertext: no prefix", VAULT_DOING_DECRYPT, KMS_ERROR_INVALID_CIPHERTEXT, KMS_HTTP_FAILED },
  { 400, "invalid ciphertext: version is too new", VAULT_DOING_DECRYPT, KMS_ERROR_INVALID_CIPHERTEXT, KMS_HTTP_FAILED },
  { 400, "invalid ciphertext: could not decode base64", VAULT_DOING_DECRYPT, KMS_ERROR_INVALID_CIPHERTEXT,
    KMS_HTTP_FAILED },
  { 500, "failed to RSA decrypt the ciphertext", VAULT_DOING_DECRYPT, KMS_ERROR_INVALID_CIPHERTEXT, KMS_HTTP_FAILED },
  { 400, "missing 'context' for key derivation; the key was created using a derived key", VAULT_DOING_DECRYPT,
    KMS_ERROR_INVALID_CIPHERTEXT, KMS_HTTP_FAILED },
  { 400, "missing 'context' for key derivation; the key was created using a derived key", VAULT_DOING_ENCRYPT,
    KMS_ERROR_CONTEXT_REQUIRED, KMS_HTTP_FAILED },
  { 400, "ciphertext or signature version is disallowed by policy (too old)", VAULT_DOING_DECRYPT,
    KMS_ERROR_KEY_DISABLED, KMS_HTTP_FAILED },
  { 400, "refusing to use soft-deleted key", VAULT_DOING_ENCRYPT, KMS_ERROR_KEY_DISABLED, KMS_HTTP_FAILED },
  { 400, "encryption key not found", VAULT_DOING_DECRYPT, KMS_ERROR_NOT_FOUND, KMS_HTTP_FAILED },
  { 404, "no handler for route \"transit/encrypt/a\". route entry not found.", VAULT_DOING_ENCRYPT, KMS_ERROR_NOT_FOUND,
    KMS_HTTP_FAILED },
  { 403, "1 error occurred:\n\t* permission denied\n\n", VAULT_DOING_ENCRYPT, KMS_ERROR_NOT_AUTHORIZED,
    KMS_HTTP_REFUSED },
  { 403, "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n", VAULT_DOING_ENCRYPT, KMS_ERROR_CREDENTIALS,
    KMS_HTTP_REFUSED },
  { 403, "permission denied", VAULT_DOING_ENCRYPT, KMS_ERROR_CREDENTIALS, KMS_HTTP_REFUSED },
  { 400, "invalid role or secret ID", VAULT_DOING_OTHER, KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED },
  { 400, "wrapping token is not valid or does not exist", VAULT_DOING_OTHER, KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED },
  { 400, "failed to base64-decode plaintext", VAULT_DOING_ENCRYPT, KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED },
  { 400, "context should be set either in all the request blocks or in none", VAULT_DOING_ENCRYPT,
    KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED },
  { 503, "Vault is sealed", VAULT_DOING_ENCRYPT, KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY },
  { 503, "OpenBao is sealed", VAULT_DOING_ENCRYPT, KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY },
  { 503, "something else", VAULT_DOING_ENCRYPT, KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY },
  { 412, "required index state not present", VAULT_DOING_ENCRYPT, KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY },
  { 429, "rate limit quota exceeded", VAULT_DOING_ENCRYPT, KMS_ERROR_THROTTLED, KMS_HTTP_RETRY },
  { 429, "", VAULT_DOING_ENCRYPT, KMS_ERROR_THROTTLED, KMS_HTTP_RETRY },
  { 413, "", VAULT_DOING_ENCRYPT, KMS_ERROR_TOO_LARGE, KMS_HTTP_FAILED },
  { 500, "internal error", VAULT_DOING_ENCRYPT, KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY },
  { 501, "", VAULT_DOING_ENCRYPT, KMS_ERROR_NOT_SUPPORTED, KMS_HTTP_FAILED },
  { 502, "", VAULT_DOING_ENCRYPT, KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY },
  { 504, "", VAULT_DOING_ENCRYPT, KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY },
  { 472, "", VAULT_DOING_ENCRYPT, KMS_ERROR_UNAVAILABLE, KMS_HTTP_FAILED },
  { 405, "unsupported operation", VAULT_DOING_OTHER, KMS_ERROR_NOT_SUPPORTED, KMS_HTTP_FAILED },
  { 400, "deletion is not allowed for this key", VAULT_DOING_OTHER, KMS_ERROR_NOT_AUTHORIZED, KMS_HTTP_FAILED },
  { 400, "what nobody has heard of", VAULT_DOING_ENCRYPT, KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED },
  { 0, "what nobody has heard of", VAULT_DOING_ENCRYPT, KMS_ERROR_FAILED, KMS_HTTP_FAILED },
};

static void
test_errors (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (errors); i++)
    {
      g_autoptr (GError) error = NULL;
      VaultRoute route = { NULL };
      VaultScene scene = {
        .path = "transit/x/k", .doing = errors[i].doing, .request_id = "id-1", .may_renew = TRUE, .route = &route
      };
      g_test_message ("%u %s", errors[i].status, errors[i].text);
      KmsHttpVerdict verdict = vault_errors_judge (errors[i].status, &errors[i].text, 1, &scene, &error);
      g_assert_error (error, KMS_ERROR, (int) errors[i].error);
      g_assert_cmpint (verdict, ==, errors[i].verdict);
      g_assert_true (g_str_has_prefix (error->message, "transit/x/k: "));
      g_assert_cmpuint (kms_error_get_http_status (error), ==, errors[i].status);
      g_assert_cmpstr (kms_error_get_request_id (error), ==, "id-1");
      g_assert_null (strstr (error->message, "nobody has heard"));
    }
}

static void
test_sealed_twice (void)
{
  const char *text = "Vault is sealed";
  VaultRoute route = { NULL };
  VaultScene scene = { .path = "p", .doing = VAULT_DOING_ENCRYPT, .route = &route };
  g_autoptr (GError) first = NULL;
  g_autoptr (GError) second = NULL;

  g_assert_cmpint (vault_errors_judge (503, &text, 1, &scene, &first), ==, KMS_HTTP_RETRY);
  g_assert_cmpint (vault_errors_judge (503, &text, 1, &scene, &second), ==, KMS_HTTP_FAILED);
  g_assert_error (second, KMS_ERROR, KMS_ERROR_UNAVAILABLE);
  g_assert_nonnull (strstr (second->message, "sealed"));
}

static void
test_key (void)
{
  g_autoptr (VaultKeyInfo) key = vault_key_info_new ();
  VaultSection section = { "data", vault_key_info_read_member, key };
  g_autoptr (KmsHttpBuffer) body = kms_http_buffer_new ();
  VaultEnvelope envelope;
  gsize length;

  kms_http_buffer_append_text (
    body,
    "{\"request_id\":\"1\",\"data\":{\"allow_plaintext_backup\":false,\"auto_rotate_period\":0,\"deletion_allowed\":"
    "true,"
    "\"derived\":true,\"exportable\":false,\"imported_key\":false,\"kdf\":\"hkdf_sha256\",\"keys\":{\"10\":1700000010,"
    "\"\\u000b3\":1700000003,\"+4\":1700000004,\"2\":1700000002,\"1\":{\"creation_time\":\"2023-11-14T22:13:20Z\","
    "\"public_key\":\"x\"}},\"latest_version\":10,"
    "\"min_available_version\":0,\"min_decryption_version\":1,\"min_encryption_version\":0,\"name\":\"k\","
    "\"supports_decryption\":true,\"supports_encryption\":true,\"type\":\"aes256-gcm96\"},\"warnings\":null}");
  guint8 *data = kms_http_buffer_get_data (body, &length);
  vault_envelope_parse (&envelope, data, length, &section, 1);
  g_assert_true (envelope.is_json);
  vault_key_info_complete (key);
  g_assert_true (key->derived && key->deletion_allowed && key->supports_encryption && key->known);
  g_assert_cmpstr (key->type, ==, "aes256-gcm96");
  g_assert_cmpuint (key->versions->len, ==, 3);
  g_assert_cmpuint (g_array_index (key->versions, VaultKeyVersion, 0).number, ==, 1);
  g_assert_cmpint (g_array_index (key->versions, VaultKeyVersion, 0).created, ==, 1700000000);
  g_assert_cmpint (g_array_index (key->versions, VaultKeyVersion, 1).created, ==, 1700000002);
  g_assert_cmpuint (g_array_index (key->versions, VaultKeyVersion, 2).number, ==, 10);
}

/* The three ways out stand in the message, and each of them helps. */
static void
test_unbound (void)
{
  g_autoptr (VaultKeyInfo) key = vault_key_info_new ();
  VaultSettings settings = { .label = "vault" };
  g_autoptr (GError) error = NULL;

  key->type = g_strdup ("aes256-gcm96");
  vault_key_info_complete (key);
  g_assert_cmpint (vault_key_info_get_binding (key, &settings), ==, KMS_BINDING_IGNORED);
  g_assert_false (vault_key_info_check (key, &settings, "k", TRUE, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CONTEXT_UNBOUND);
  g_assert_nonnull (strstr (error->message, "derived"));
  g_assert_nonnull (strstr (error->message, "ContextAs=associated-data"));
  g_assert_nonnull (strstr (error->message, "AllowUnboundContext=true"));
  g_clear_error (&error);

  g_assert_true (vault_key_info_check (key, &settings, "k", FALSE, NULL));
  settings.allow_unbound = TRUE;
  g_assert_true (vault_key_info_check (key, &settings, "k", TRUE, NULL));
  settings.allow_unbound = FALSE;
  settings.associated_data = TRUE;
  g_assert_true (vault_key_info_check (key, &settings, "k", TRUE, NULL));
  g_assert_cmpint (vault_key_info_get_binding (key, &settings), ==, KMS_BINDING_VERIFIED);
  settings.associated_data = FALSE;
  key->derived = TRUE;
  g_assert_true (vault_key_info_check (key, &settings, "k", TRUE, NULL));
  g_assert_false (vault_key_info_check (key, &settings, "k", FALSE, &error));
  g_assert_error (error, KMS_ERROR, KMS_ERROR_CONTEXT_REQUIRED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vault/answers/batch", test_batch);
  g_test_add_func ("/vault/answers/single", test_single);
  g_test_add_func ("/vault/answers/ignored", test_ignored);
  g_test_add_func ("/vault/answers/too-many", test_too_many);
  g_test_add_func ("/vault/answers/broken", test_broken);
  g_test_add_func ("/vault/answers/request-ids", test_request_ids);
  g_test_add_func ("/vault/answers/ciphertexts", test_ciphertexts);
  g_test_add_func ("/vault/answers/errors", test_errors);
  g_test_add_func ("/vault/answers/sealed-twice", test_sealed_twice);
  g_test_add_func ("/vault/answers/key", test_key);
  g_test_add_func ("/vault/answers/unbound", test_unbound);
  return g_test_run ();
}
