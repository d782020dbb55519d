/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A Vault inside a test program: transit that really encrypts, policies that really refuse, tokens that end.
 *
 *   g_autoptr (TestServer) server = test_server_new (TEST_SERVER_PLAIN);
 *   g_autoptr (VaultDouble) vault = vault_double_new (server);
 *   vault_double_create_key (vault, "orders", &(VaultKeyOptions){ .derived = TRUE });
 *   g_autofree char *token = vault_double_add_token (vault, &(VaultTokenOptions){
 *     .policy = "path \"transit/encrypt/orders\" { capabilities = [\"update\"] }", .ttl = 60, .renewable = TRUE });
 *   … talk to test_server_get_address (server) with the token …
 *   g_assert_cmpstr (vault_double_get_entry (vault, 0)->contexts[0], ==, "eyJhIjoiYiJ9");
 *
 * It answers as OpenBao 2.7 does, which tests/peers/test-vault-double.py compares. Engines are mounted at their usual
 * paths: transit, auth/token, auth/approle, auth/userpass, auth/kubernetes, auth/jwt, auth/cert. Faults of the network are
 * the server's, see test_server_add_fault(). All functions may be called from any thread while the server runs; free the
 * double before the server. Misuse is a failed assertion. */
#pragma once

#include "test-server.h"

G_BEGIN_DECLS

typedef struct _VaultDouble VaultDouble;

VaultDouble *vault_double_new (TestServer *server);
void vault_double_free (VaultDouble *self);

/* May do everything; does not end. */
#define VAULT_DOUBLE_ROOT_TOKEN "root"

/* Goes forward this far, for all that ends by itself. */
void vault_double_advance (VaultDouble *self, guint seconds);

/* Mounts one more engine: type is "transit" or a method of login; the path of the latter starts with "auth/". */
void vault_double_mount (VaultDouble *self, const char *type, const char *path);
/* A namespace with the usual engines of its own. Tokens and policies live in the root namespace: policies name paths as
 * "ns1/transit/encrypt/orders". */
void vault_double_add_namespace (VaultDouble *self, const char *name);

/* Keys */

typedef struct
{
  /* NULL: "aes256-gcm96". Also "aes128-gcm96", "chacha20-poly1305", "rsa-2048" (which refuses associated_data), and
   * "ed25519" (which does not encrypt). */
  const char *type;
  gboolean derived;
  gboolean convergent;
  gboolean deletion_allowed;
  /* NULL: "transit"; with its namespace: "ns1/transit". */
  const char *mount;
} VaultKeyOptions;

/* Names of keys are those in "transit", or with their mount in front: "ns1/transit/orders". Options may be NULL. */
void vault_double_create_key (VaultDouble *self, const char *name, const VaultKeyOptions *options);
gboolean vault_double_has_key (VaultDouble *self, const char *name);
guint vault_double_get_latest_version (VaultDouble *self, const char *name);
void vault_double_rotate_key (VaultDouble *self, const char *name);
/* 0 for the one that is to stay as it is. */
void vault_double_set_min_versions (VaultDouble *self, const char *name, guint min_decryption, guint min_encryption);
void vault_double_soft_delete_key (VaultDouble *self, const char *name, gboolean deleted);
/* Deletes it, whatever is allowed. */
void vault_double_remove_key (VaultDouble *self, const char *name);
/* Encryption creates no keys, whatever the token may do (config/keys, disable_upsert). */
void vault_double_set_disable_upsert (VaultDouble *self, gboolean disabled);

/* What is old or strange about the server. */
typedef enum {
  VAULT_QUIRK_NONE = 0,
  /* Before 1.9: associated_data is ignored with a warning, in batches without. */
  VAULT_QUIRK_NO_ASSOCIATED_DATA = 1 << 0,
  /* Answers name no key_version. */
  VAULT_QUIRK_NO_KEY_VERSION = 1 << 1,
  /* A ciphertext that is no good is "unable to decrypt". */
  VAULT_QUIRK_UNABLE_TO_DECRYPT = 1 << 2,
  /* The last result of a batch is missing. */
  VAULT_QUIRK_SHORT_BATCH = 1 << 3,
  /* The results of a batch have no reference. */
  VAULT_QUIRK_NO_REFERENCE = 1 << 4,
  /* Requests may have any number of strings. */
  VAULT_QUIRK_NO_STRING_LIMIT = 1 << 5,
  /* datakey knows no associated_data, as Vault and OpenBao before 2.5. */
  VAULT_QUIRK_DATAKEY_NO_ASSOCIATED_DATA = 1 << 6,
} VaultQuirks;

void vault_double_set_quirks (VaultDouble *self, VaultQuirks quirks);

/* Policies and tokens */

typedef struct
{
  const char *path;
  /* Separated by blanks: "create update". */
  const char *capabilities;
} VaultRule;

/* The text is HCL's path "x" { capabilities = ["update"] }, or the same in JSON. Replaces one of this name. */
void vault_double_add_policy (VaultDouble *self, const char *name, const char *text);
void vault_double_add_policy_rules (VaultDouble *self, const char *name, const VaultRule *rules, guint n_rules);

typedef struct
{
  /* The text of a policy, or the names of policies separated by blanks; both NULL: root. */
  const char *policy;
  const char *policies;
  /* In seconds; 0: does not end. */
  guint ttl;
  /* How far renewals reach from now; 0: without limit. */
  guint max_ttl;
  /* 0: any number. */
  guint num_uses;
  gboolean renewable;
  /* A batch token, which is neither renewed nor revoked. */
  gboolean batch;
  /* The policy that lets a token look at itself is not added. */
  gboolean no_default_policy;
} VaultTokenOptions;

/* Returns: the token, free with g_free(). */
char *vault_double_add_token (VaultDouble *self, const VaultTokenOptions *options);
void vault_double_revoke_token (VaultDouble *self, const char *token);
/* All that logins and auth/token/create gave out, as after a restore. */
void vault_double_revoke_all_tokens (VaultDouble *self);
gboolean vault_double_is_token_valid (VaultDouble *self, const char *token);
guint vault_double_count_renewals (VaultDouble *self, const char *token);
/* Those that are valid, without the root token. */
guint vault_double_count_tokens (VaultDouble *self);
/* The one given out last, by whatever way; NULL if there is none; free with g_free(). */
char *vault_double_get_last_token (VaultDouble *self);

/* Login */

/* What tokens of logins are from now on; policy is not looked at. At first: 3600
 * seconds, renewable, and no policy but "default". */
void vault_double_set_login_options (VaultDouble *self, const VaultTokenOptions *options);

/* Makes a role; its policies are those of the login options. Returns: the role id, free with g_free(). */
char *vault_double_add_approle (VaultDouble *self, const char *role);
/* A secret id for this many logins, 0: any number. Free with g_free(). */
char *vault_double_add_secret_id (VaultDouble *self, const char *role, guint num_uses);
/* A wrapping token with such a secret id inside, made at the path that an administrator would use
 * ("auth/approle/role/ROLE/secret-id"), or at creation_path if that is not NULL. Free with g_free(). */
char *vault_double_wrap_secret_id (VaultDouble *self, const char *role, guint ttl, const char *creation_path);
/* Any text of JSON that sys/wrapping/unwrap is to give out as data. Free with g_free(). */
char *vault_double_wrap (VaultDouble *self, const char *data, guint ttl, const char *creation_path);

void vault_double_add_user (VaultDouble *self, const char *user, const char *password);
/* The role and token that kubernetes and jwt let in; method is "kubernetes" or "jwt". */
void vault_double_add_jwt (VaultDouble *self, const char *method, const char *role, const char *jwt);
/* cert lets in who shows a TLS certificate, with this name or none; the server needs TEST_SERVER_ASK_CERTIFICATE. */
void vault_double_add_certificate_role (VaultDouble *self, const char *name);
/* Logins are answered with what a second factor would need, and without a token. */
void vault_double_set_require_mfa (VaultDouble *self, gboolean required);

/* The server as a whole */

void vault_double_seal (VaultDouble *self);
void vault_double_unseal (VaultDouble *self);

typedef enum {
  VAULT_STATE_ACTIVE,
  VAULT_STATE_STANDBY,
  VAULT_STATE_PERFORMANCE_STANDBY,
  VAULT_STATE_RECOVERY_SECONDARY,
  VAULT_STATE_UNINITIALIZED,
} VaultState;

/* What sys/health says. All but the first answer other requests with 503 or, as standby, with a redirect if there is one. */
void vault_double_set_state (VaultDouble *self, VaultState state);
/* Requests meet 307 to this address ("https://host:port") with their path; NULL: no more. Health says standby. */
void vault_double_set_redirect (VaultDouble *self, const char *address);
/* Requests in a second of the double's clock, which stands still but for vault_double_advance(); 0: no limit. Those past
 * it are answered with 429, and Retry-After if retry_after is not NULL. */
void vault_double_set_rate_limit (VaultDouble *self, guint requests, const char *retry_after);
/* Requests without X-Vault-Request: true are answered with 412, as agents do. */
void vault_double_require_request_header (VaultDouble *self, gboolean required);
/* Requests without a token are taken to have this one, as behind an agent; NULL: no more. */
void vault_double_set_agent_token (VaultDouble *self, const char *token);

/* Audit */

/* What a request to an engine left. Strings as they were sent, which the audit log of a real one holds as HMACs. */
typedef struct
{
  /* "create", "read", "update", "delete" or "list". */
  char *operation;
  /* With the namespace: "ns1/transit/encrypt/orders". */
  char *path;
  char *token;
  guint status;
  /* One of each item of a batch, NULL-terminated; "" where an item has none. */
  char **contexts;
  char **associated_data;
  guint n_items;
} VaultAuditEntry;

guint vault_double_count_entries (VaultDouble *self);
/* Counted from 0; valid until they are forgotten. */
const VaultAuditEntry *vault_double_get_entry (VaultDouble *self, guint index);
void vault_double_forget_entries (VaultDouble *self);
/* A device that sys/audit-hash/DEVICE knows; there is "file" at first. */
void vault_double_add_audit_device (VaultDouble *self, const char *device);
/* What its log holds for a string: "hmac-sha256:…". Free with g_free(). */
char *vault_double_hash_audit (VaultDouble *self, const char *device, const char *input);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VaultDouble, vault_double_free)

G_END_DECLS
