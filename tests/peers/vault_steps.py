# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is asked of the Vault double and of a real server, one request after the other."""

import base64


class Step:
    """A request. "$x" in its body, path or token is what a step before kept as x; keep says where in the answer it is.
    With loose only the status is compared."""

    def __init__(self, method, path, body=None, *, token="root", headers=None, raw=None, keep=None, loose=False):
        self.method, self.path, self.body, self.token = method, path, body, token
        self.headers, self.raw, self.keep, self.loose = headers or {}, raw, keep or {}, loose

    def __str__(self):
        body = self.raw if self.raw is not None else self.body
        return f"{self.method} {self.path} {body!r:.200}"


def post(path, body=None, **options):
    return Step("POST", path, body, **options)


def b64(text):
    return base64.b64encode(text.encode()).decode()


X, CONTEXT, OTHER = b64("x"), b64("context"), b64("other")
CIPHERTEXT = ("data", "ciphertext")

KEYS = [
    Step("GET", "transit/keys?list=true"),
    Step("LIST", "transit/keys"),
    post("transit/keys/plain", {}),
    post("transit/keys/plain", {}),
    post("transit/keys/derived", {"derived": True}),
    post("transit/keys/convergent", {"derived": True, "convergent_encryption": True}),
    post("transit/keys/rsa", {"type": "rsa-2048"}),
    post("transit/keys/signs", {"type": "ed25519"}),
    post("transit/keys/chacha", {"type": "chacha20-poly1305"}),
    post("transit/keys/small", {"type": "aes128-gcm96"}),
    post("transit/keys/auto", {"auto_rotate_period": "1h"}),
    post("transit/keys/auto2", {"auto_rotate_period": "1m"}),
    post("transit/keys/bad", {"type": "nonsense"}),
    post("transit/keys/bad", {"derived": "perhaps"}),
    post("transit/keys/bad", {"type": []}, loose=True),
    post("transit/keys/bad", {"auto_rotate_period": "zz"}),
    post("transit/keys/bad", {"derived": True, "type": "rsa-2048"}),
    post("transit/keys/bad", {"nonsense": True, "zebra": 1, "apple": 2}),
    post("transit/keys/b@d", {}),
    post("transit/keys/-bad", {}),
    post("transit/keys/a.b-c_", {}),
    post("transit/keys/bad", {"convergent_encryption": True}),
    Step("GET", "transit/keys/plain"),
    Step("GET", "transit/keys/derived"),
    Step("GET", "transit/keys/rsa"),
    Step("GET", "transit/keys/signs"),
    Step("GET", "transit/keys/none"),
    Step("GET", "transit/keys?list=true"),
    Step("LIST", "transit/keys"),
]

SINGLE = [
    post("transit/encrypt/plain", {"plaintext": X, "associated_data": CONTEXT}, keep={"bound": CIPHERTEXT}),
    post("transit/decrypt/plain", {"ciphertext": "$bound", "associated_data": CONTEXT}),
    post("transit/decrypt/plain", {"ciphertext": "$bound", "associated_data": OTHER}),
    post("transit/decrypt/plain", {"ciphertext": "$bound"}),
    post("transit/decrypt/plain", {"ciphertext": "$bound", "associated_data": "%%"}),
    post("transit/rewrap/plain", {"ciphertext": "$bound"}),
    post("transit/rewrap/plain", {"ciphertext": "$bound", "associated_data": CONTEXT}),
    post("transit/encrypt/plain", {"plaintext": X}, keep={"free": CIPHERTEXT}),
    post("transit/decrypt/plain", {"ciphertext": "$free", "context": CONTEXT}),
    post("transit/rewrap/plain", {"ciphertext": "$free"}),
    post("transit/encrypt/plain", {"plaintext": X, "associated_data": "%%"}),
    post("transit/encrypt/plain", {"plaintext": "%%"}),
    post("transit/encrypt/plain", {"plaintext": "eA=%"}, loose=True),
    post("transit/encrypt/plain", {"plaintext": "eA"}, loose=True),
    post("transit/encrypt/plain", {"plaintext": "ABC%"}),
    post("transit/encrypt/plain", {"plaintext": "eA\n==\n"}),
    post("transit/encrypt/plain", {"plaintext": ""}, keep={"empty": CIPHERTEXT}),
    post("transit/decrypt/plain", {"ciphertext": "$empty"}),
    post("transit/encrypt/plain", {}),
    post("transit/encrypt/plain"),
    post("transit/encrypt/plain", {"plaintext": None}),
    post("transit/encrypt/plain", {"plaintext": X, "context": "%%"}),
    post("transit/encrypt/plain", {"plaintext": X, "context": CONTEXT, "unknown": 1, "another": 2}),
    post("transit/encrypt/plain", {"plaintext": X, "key_version": 9}),
    post("transit/encrypt/plain", {"plaintext": X, "key_version": -1}),
    post("transit/encrypt/plain", {"plaintext": X, "key_version": "1"}),
    post("transit/encrypt/plain", {"plaintext": X, "key_version": "x"}),
    post("transit/encrypt/plain", {"plaintext": 5}),
    post("transit/encrypt/plain", {"plaintext": 12345}),
    post("transit/encrypt/plain", {"plaintext": 1234}),
    post("transit/encrypt/plain", {"plaintext": True}),
    post("transit/encrypt/plain", {"plaintext": X, "context": None, "key_version": None, "associated_data": None}),
    post("transit/encrypt/plain", {"plaintext": X, "batch_input": None}),
    post("transit/decrypt/plain", {"ciphertext": None}),
    post("transit/encrypt/plain", {"plaintext": {}}),
    post("transit/encrypt/plain", {"plaintext": X, "context": ["a"]}, loose=True),
    post("transit/encrypt/derived", {"plaintext": X}),
    post("transit/encrypt/derived", {"plaintext": X, "context": CONTEXT}, keep={"derived": CIPHERTEXT}),
    post("transit/encrypt/derived", {"plaintext": X, "context": CONTEXT, "associated_data": OTHER},
         keep={"both": CIPHERTEXT}),
    post("transit/decrypt/derived", {"ciphertext": "$derived"}),
    post("transit/decrypt/derived", {"ciphertext": "$derived", "context": OTHER}),
    post("transit/decrypt/derived", {"ciphertext": "$derived", "context": CONTEXT}),
    post("transit/decrypt/derived", {"ciphertext": "$both", "context": CONTEXT}),
    post("transit/decrypt/derived", {"ciphertext": "$both", "context": CONTEXT, "associated_data": OTHER}),
    post("transit/rewrap/derived", {"ciphertext": "$derived", "context": CONTEXT}),
    post("transit/rewrap/derived", {"ciphertext": "$derived", "context": OTHER}),
    post("transit/rewrap/derived", {"ciphertext": "$derived"}),
    post("transit/encrypt/convergent", {"plaintext": X, "context": CONTEXT}),
    post("transit/encrypt/chacha", {"plaintext": X}, keep={"chacha": CIPHERTEXT}),
    post("transit/decrypt/chacha", {"ciphertext": "$chacha"}),
    post("transit/decrypt/chacha", {"ciphertext": "$chacha", "associated_data": CONTEXT}),
    post("transit/encrypt/small", {"plaintext": X}, keep={"small": CIPHERTEXT}),
    post("transit/decrypt/small", {"ciphertext": "$small"}),
    post("transit/encrypt/signs", {"plaintext": X}),
    post("transit/decrypt/signs", {"ciphertext": "$free"}),
    post("transit/encrypt/rsa", {"plaintext": X}, keep={"rsa": CIPHERTEXT}),
    post("transit/decrypt/rsa", {"ciphertext": "$rsa"}),
    post("transit/encrypt/rsa", {"plaintext": X, "associated_data": CONTEXT}),
    post("transit/decrypt/rsa", {"ciphertext": "$rsa", "associated_data": CONTEXT}),
    post("transit/decrypt/rsa", {"ciphertext": "vault:v1:" + base64.b64encode(b"z" * 256).decode()}),
    post("transit/encrypt/rsa", {"plaintext": base64.b64encode(b"z" * 256).decode()}, loose=True),
]

BROKEN_CIPHERTEXTS = [
    post("transit/decrypt/plain", {"ciphertext": text})
    for text in ("", "nothing", "vault:", "vault:v1", "vault:v1:", "vault:vx:AAAA", "vault:v:AAAA", "vault:v-1:AAAA",
                 "vault:v9:AAAA", "vault:v0:AAAA", "vault:v1:%%", "vault:v1:AAAA", "vault:v1:" + "A" * 80,
                 "vault:v1:AAAA:BBBB", "VAULT:v1:AAAA", "vault:v99999999999999999999:AAAA")
] + [
    post("transit/decrypt/plain", {}),
    post("transit/decrypt/plain", {"ciphertext": 5}),
    post("transit/decrypt/none", {"ciphertext": "$free"}),
    post("transit/decrypt/none", {}),
    post("transit/rewrap/none", {"ciphertext": "$free"}),
    post("transit/rewrap/plain", {}),
    post("transit/rewrap/derived", {"ciphertext": "vault:v1:%%", "context": CONTEXT}),
    post("transit/decrypt/derived", {"ciphertext": "vault:v1:%%"}),
    post("transit/decrypt/derived", {"ciphertext": "vault:v1:AAAA"}),
]

BATCH = [
    post("transit/decrypt/plain", {"batch_input": [
        {"ciphertext": "$bound", "associated_data": CONTEXT, "reference": "a"}, {"ciphertext": "x", "reference": "b"}]}),
    post("transit/decrypt/plain", {"partial_failure_response_code": 207, "batch_input": [
        {"ciphertext": "$bound", "associated_data": CONTEXT, "reference": "a"}, {"ciphertext": "x", "reference": "b"}]}),
    post("transit/decrypt/plain", {"partial_failure_response_code": 207, "batch_input": [{"ciphertext": "x"}]}),
    post("transit/decrypt/plain", {"batch_input": [{"ciphertext": "$free"}, {}]}),
    post("transit/decrypt/plain", {"batch_input": [{"ciphertext": "$free"}, {"ciphertext": ""}]}),
    post("transit/decrypt/plain", {"batch_input": [{"ciphertext": 5}]}),
    post("transit/decrypt/none", {"batch_input": [{"ciphertext": "$free"}]}),
    post("transit/decrypt/rsa", {"batch_input": [
        {"ciphertext": "$rsa"}, {"ciphertext": "vault:v1:" + base64.b64encode(b"z" * 256).decode()}]}),
    post("transit/decrypt/rsa", {"partial_failure_response_code": 200, "batch_input": [
        {"ciphertext": "$rsa"}, {"ciphertext": "vault:v1:" + base64.b64encode(b"z" * 256).decode()}]}),
    post("transit/encrypt/plain", {"batch_input": [
        {"plaintext": X, "reference": "a"}, {"plaintext": ""}, {"plaintext": "%%"}, {"plaintext": X, "key_version": 9}]}),
    post("transit/encrypt/plain", {"plaintext": "%%", "context": "%%", "batch_input": [{"plaintext": X}]}),
    post("transit/encrypt/plain", {"batch_input": [{"plaintext": X}, {}]}),
    post("transit/encrypt/plain", {"batch_input": [{"plaintext": X, "associated_data": "%%"}]}),
    post("transit/encrypt/plain", {"batch_input": [{"plaintext": X}, {"plaintext": X, "associated_data": "%%"}]}),
    post("transit/encrypt/plain", {"batch_input": [
        {"plaintext": "%%"}, {"plaintext": X, "associated_data": "%%"}]}),
    post("transit/encrypt/plain", {"batch_input": [{"plaintext": X, "context": X}, {"plaintext": X}]}),
    post("transit/encrypt/plain", {"batch_input": [{"plaintext": X, "context": "%%"}]}),
    post("transit/encrypt/plain", {"batch_input": [{"plaintext": X, "unknown": 1}]}),
    post("transit/encrypt/derived", {"batch_input": [{"plaintext": X}, {"plaintext": X}]}),
    post("transit/encrypt/derived", {"batch_input": [
        {"plaintext": X, "context": CONTEXT}, {"plaintext": X, "context": OTHER}]}),
    post("transit/encrypt/rsa", {"batch_input": [{"plaintext": X, "associated_data": CONTEXT}, {"plaintext": X}]}),
    post("transit/encrypt/rsa", {"batch_input": [{"plaintext": X}, {"plaintext": X, "associated_data": CONTEXT}]}),
    post("transit/encrypt/signs", {"batch_input": [{"plaintext": X}]}),
    post("transit/encrypt/plain", {"batch_input": []}),
    post("transit/encrypt/plain", {"batch_input": {}}),
    post("transit/encrypt/plain", {"batch_input": "x"}),
    post("transit/encrypt/plain", {"batch_input": 5}, loose=True),
    post("transit/encrypt/plain", {"batch_input": [5]}),
    post("transit/encrypt/plain", {"batch_input": [{"plaintext": 5}]}),
    post("transit/encrypt/plain", {"batch_input": [{"plaintext": X, "key_version": "x"}]}, loose=True),
    post("transit/rewrap/plain", {"batch_input": [
        {"ciphertext": "$bound"}, {"ciphertext": "$free", "reference": "a"}, {"ciphertext": "x"}, {}]}),
    post("transit/rewrap/plain", {"batch_input": [{"ciphertext": 5}]}),
    post("transit/rewrap/plain", {"batch_input": []}),
    post("transit/rewrap/plain", {"batch_input": [{"ciphertext": "$free", "context": X}, {"ciphertext": "$free"}]}),
    post("transit/encrypt/plain", {"batch_input": [{"plaintext": X}] * 499}, loose=True),
    post("transit/encrypt/plain", {"batch_input": [{"plaintext": X}] * 499, "unknown": 1}, loose=True),
    post("transit/encrypt/plain", {"batch_input": [{"plaintext": X}] * 499, "unknown": "x"}),
    post("transit/encrypt/plain", {"batch_input": [{"plaintext": X}] * 500}),
]

VERSIONS = [
    post("transit/keys/plain/rotate", {}),
    post("transit/keys/none/rotate", {}),
    post("transit/encrypt/plain", {"plaintext": X}),
    post("transit/encrypt/plain", {"plaintext": X, "key_version": 1}),
    post("transit/rewrap/plain", {"ciphertext": "$free"}),
    post("transit/rewrap/plain", {"ciphertext": "$free", "key_version": 1}),
    post("transit/keys/plain/config", {"min_decryption_version": 2}),
    post("transit/encrypt/plain", {"plaintext": X, "key_version": 1}, loose=True),
    post("transit/keys/plain/config", {"min_decryption_version": 5}),
    post("transit/keys/plain/config", {"min_encryption_version": 5}),
    post("transit/keys/plain/config", {"min_encryption_version": 1}),
    post("transit/keys/plain/config", {"min_decryption_version": -1}),
    post("transit/keys/plain/config", {"min_encryption_version": -1}),
    post("transit/keys/plain/config", {"min_decryption_version": "x"}),
    post("transit/keys/plain/config", {"deletion_allowed": "perhaps"}),
    post("transit/keys/none/config", {"min_decryption_version": 2}),
    post("transit/keys/plain/config", {}),
    post("transit/keys/plain/config", {"min_decryption_version": 0}),
    post("transit/keys/plain/config", {"min_decryption_version": 2, "min_encryption_version": 2}),
    post("transit/decrypt/plain", {"ciphertext": "$free"}),
    post("transit/encrypt/plain", {"plaintext": X, "key_version": 1}),
    post("transit/keys/plain/trim", {"min_available_version": 2}),
    post("transit/keys/plain/trim", {"min_available_version": 9}),
    post("transit/keys/plain/trim", {"min_available_version": 1}),
    post("transit/keys/derived/trim", {"min_available_version": 1}),
    post("transit/keys/plain/trim", {}),
    post("transit/keys/none/trim", {"min_available_version": 1}),
    post("transit/keys/plain/config", {"min_decryption_version": 1}),
    Step("GET", "transit/keys/plain"),
    Step("DELETE", "transit/keys/derived/soft-delete"),
    post("transit/encrypt/derived", {"plaintext": X, "context": CONTEXT}),
    post("transit/decrypt/derived", {"ciphertext": "$derived", "context": CONTEXT}),
    post("transit/rewrap/derived", {"ciphertext": "$derived", "context": CONTEXT}),
    post("transit/keys/derived/rotate", {}),
    Step("GET", "transit/keys/derived"),
    post("transit/keys/derived/soft-delete-restore", {}),
    post("transit/keys/none/soft-delete-restore", {}),
    Step("DELETE", "transit/keys/none/soft-delete"),
    post("transit/decrypt/derived", {"ciphertext": "$derived", "context": CONTEXT}),
    Step("DELETE", "transit/keys/plain"),
    Step("DELETE", "transit/keys/none"),
    post("transit/keys/plain/config", {"deletion_allowed": True}),
    Step("DELETE", "transit/keys/plain"),
    Step("GET", "transit/keys/plain"),
]

DATA_KEYS = [
    post("transit/datakey/plaintext/derived", {"context": CONTEXT}),
    post("transit/datakey/wrapped/derived", {"context": CONTEXT, "bits": 512}),
    post("transit/datakey/wrapped/derived", {"context": CONTEXT, "bits": 128}),
    post("transit/datakey/wrapped/derived", {"context": CONTEXT, "bits": 5}),
    post("transit/datakey/wrapped/derived", {}),
    post("transit/datakey/wrapped/derived", {"context": "%%"}, loose=True),
    post("transit/datakey/wrapped/derived", {"context": CONTEXT, "bits": "x"}),
    post("transit/datakey/other/derived", {"context": CONTEXT}),
    post("transit/datakey/plaintext/none", {}),
    post("transit/datakey/plaintext/rsa", {"associated_data": CONTEXT}),
    post("transit/datakey/plaintext/chacha", {"associated_data": CONTEXT}, keep={"data key": CIPHERTEXT}),
    post("transit/decrypt/chacha", {"ciphertext": "$data key"}),
    post("transit/datakey/plaintext/chacha", {"unknown": CONTEXT}),
]

POLICY = """
path "transit/encrypt/app" { capabilities = ["update"] }
path "transit/decrypt/*" { capabilities = ["update"] }
path "transit/decrypt/secret" { capabilities = ["deny"] }
path "transit/rewrap/+" { capabilities = ["update"] }
path "transit/encrypt/both" { capabilities = ["create", "update"] }
path "transit/encrypt/updated" { capabilities = ["update"] }
path "transit/encrypt/created" { capabilities = ["create"] }
path "transit/keys/app" { capabilities = ["read"] }
path "transit/keys" { capabilities = ["list"] }
"""
AUTH = ("auth", "client_token")

TOKENS = [
    post("transit/keys/app", {}),
    post("sys/policies/acl/app", {"policy": POLICY}),
    post("auth/token/create", {"policies": ["app"], "ttl": "1h"}, keep={"token": AUTH}),
    post("auth/token/create", {"policies": ["app"], "ttl": "1h", "num_uses": 2, "renewable": False,
                               "no_default_policy": True}, keep={"twice": AUTH}),
    Step("GET", "auth/token/lookup-self", token="$token"),
    Step("GET", "auth/token/lookup-self"),
    Step("GET", "auth/token/lookup-self", token="none"),
    Step("GET", "auth/token/lookup-self", token="s.none"),
    Step("GET", "auth/token/lookup-self", token=None),
    post("transit/encrypt/app", {"plaintext": X}, token="$token", keep={"app": CIPHERTEXT}),
    post("transit/decrypt/app", {"ciphertext": "$app"}, token="$token"),
    post("transit/decrypt/secret", {"ciphertext": "$app"}, token="$token"),
    post("transit/rewrap/app", {"ciphertext": "$app"}, token="$token"),
    post("transit/encrypt/other", {"plaintext": X}, token="$token"),
    post("transit/encrypt/both", {"plaintext": X}, token="$token"),
    post("transit/encrypt/both", {"plaintext": X}, token="$token"),
    post("transit/encrypt/updated", {"plaintext": X}, token="$token"),
    post("transit/encrypt/created", {"plaintext": X}, token="$token"),
    post("transit/encrypt/created", {"plaintext": X}, token="$token"),
    Step("GET", "transit/keys/app", token="$token"),
    Step("GET", "transit/keys?list=true", token="$token"),
    Step("DELETE", "transit/keys/app", token="$token"),
    post("transit/encrypt/upserted", {"plaintext": X, "context": CONTEXT}),
    Step("GET", "transit/keys/upserted"),
    post("transit/encrypt/upserted2", {"plaintext": X, "convergent_encryption": True}),
    post("transit/encrypt/upserted3", {"plaintext": X, "type": "nonsense"}),
    post("transit/encrypt/upserted4", {"batch_input": [{"plaintext": X, "context": X}, {"plaintext": X}]}),
    Step("GET", "transit/keys/upserted4"),
    post("transit/encrypt/app", {"plaintext": X}, token=None),
    post("transit/encrypt/app", {"plaintext": X}, token="bad"),
    post("transit/encrypt/app", {"plaintext": X}, token=None, headers={"Authorization": "Bearer root"}),
    post("nomount/x", {"plaintext": X}, token="$token"),
    post("nomount/x", {"plaintext": X}, token=None),
    post("auth/token/renew-self", {"increment": "2h"}, token="$token"),
    post("auth/token/renew-self", {"increment": 60}, token="$token"),
    post("auth/token/renew-self", {}),
    post("auth/token/renew-self", {"increment": "zz"}, token="$token"),
    post("sys/capabilities-self", {"paths": ["transit/encrypt/app", "transit/encrypt/both", "none"]}, token="$token",
         loose=True),
    post("sys/capabilities-self", {}, token="$token"),
    post("transit/encrypt/app", {"plaintext": X}, token="$twice"),
    Step("GET", "auth/token/lookup-self", token="$twice"),
    post("transit/encrypt/app", {"plaintext": X}, token="$twice"),
    post("auth/token/revoke-self", token="$token"),
    post("transit/encrypt/app", {"plaintext": X}, token="$token"),
    post("auth/token/create", {"ttl": "20m", "explicit_max_ttl": "30m"}, keep={"capped": AUTH}),
    post("auth/token/renew-self", {"increment": "2h"}, token="$capped", loose=True),
    post("auth/token/create", {"ttl": "20m", "renewable": False, "policies": ["default"]}, keep={"fixed": AUTH}),
    post("auth/token/renew-self", {}, token="$fixed"),
    post("auth/token/create", {"ttl": "20m", "type": "batch", "policies": ["app"]}, keep={"batch": AUTH}),
    post("auth/token/renew-self", {}, token="$batch"),
    post("auth/token/revoke-self", {}, token="$batch"),
    Step("GET", "auth/token/lookup-self", token="$batch"),
    post("auth/token/create", {"ttl": "zz"}, loose=True),
    Step("GET", "transit/config/keys"),
    post("transit/config/keys", {"disable_upsert": True}),
    post("transit/encrypt/upserted5", {"plaintext": X}),
    post("transit/config/keys", {"disable_upsert": False}),
]

SECRET = ("data", "secret_id")
WRAPPING = ("wrap_info", "token")
SECRET_ID = "auth/approle/role/r/secret-id"

LOGINS = [
    post("auth/approle/role/r", {"token_policies": ["app"], "secret_id_num_uses": 1, "token_ttl": "1h"}),
    Step("GET", "auth/approle/role/r/role-id", keep={"role": ("data", "role_id")}),
    Step("GET", "auth/approle/role/none/role-id"),
    post(SECRET_ID, {}, keep={"secret": SECRET}),
    post("auth/approle/login", {"role_id": "$role"}, token=None),
    post("auth/approle/login", {"secret_id": "x"}, token=None),
    post("auth/approle/login", {"role_id": "x", "secret_id": "$secret"}, token=None),
    post("auth/approle/login", {"role_id": "x"}, token=None),
    post("auth/approle/login", {"role_id": "$role", "secret_id": "x"}, token=None),
    post("auth/approle/login", {"role_id": "$role", "secret_id": "$secret"}, token=None, keep={"login": AUTH}),
    post("auth/approle/login", {"role_id": "$role", "secret_id": "$secret"}, token=None),
    post(SECRET_ID, {}, headers={"X-Vault-Wrap-TTL": "60s"}, keep={"wrapped": WRAPPING}),
    post("sys/wrapping/lookup", {"token": "$wrapped"}, token=None),
    post("sys/wrapping/lookup", token="$wrapped"),
    Step("GET", "auth/token/lookup-self", token="$wrapped"),
    post("sys/wrapping/unwrap", token="$wrapped"),
    post(SECRET_ID, {}, headers={"X-Vault-Wrap-TTL": "60s"}, keep={"wrapped": WRAPPING}),
    post("sys/wrapping/unwrap", token="$wrapped", keep={"secret": SECRET}),
    post("sys/wrapping/unwrap", token="$wrapped"),
    post("sys/wrapping/unwrap", {"token": "$wrapped"}, token=None),
    post("sys/wrapping/unwrap", {"token": "$wrapped"}),
    post("sys/wrapping/lookup", {"token": "$wrapped"}, token=None),
    post("sys/wrapping/lookup", {}, token=None),
    post("sys/wrapping/unwrap", {}, token=None),
    post("sys/wrapping/unwrap", {}),
    post("auth/approle/login", {"role_id": "$role", "secret_id": "$secret"}, token=None),
    post("transit/encrypt/app", {"plaintext": X}, headers={"X-Vault-Wrap-TTL": "60"}, keep={"answer": WRAPPING}),
    post("sys/wrapping/unwrap", {"token": "$answer"}, token=None),
    post("sys/wrapping/unwrap", {"token": "$answer"}),
    post("sys/wrapping/unwrap", {"token": "root"}, token=None),
    post("sys/wrapping/lookup", {"token": "root"}),
    post("transit/encrypt/app", {"plaintext": "%%"}, headers={"X-Vault-Wrap-TTL": "60"}),
    Step("GET", "transit/keys/none", headers={"X-Vault-Wrap-TTL": "60"}),
    post("transit/encrypt/app", {"plaintext": X}, headers={"X-Vault-Wrap-TTL": "60q"}, loose=True),
    post("auth/approle/role/none/secret-id", {}),
    post("auth/approle/role/s", {"token_policies": "app,default", "secret_id_num_uses": 1}),
    Step("GET", "auth/approle/role/s/role-id", keep={"other role": ("data", "role_id")}),
    post("auth/approle/role/s/secret-id", {}, keep={"other secret": SECRET}),
    post("auth/approle/login", {"role_id": "$other role", "secret_id": "$other secret"}, token=None),
    post("auth/userpass/users/alice", {"password": "secret", "token_ttl": "1h"}),
    post("auth/userpass/login/ALICE", {"password": "secret"}, token=None),
    post("auth/userpass/login/alice", {"password": "bad"}, token=None),
    post("auth/userpass/login/none", {"password": "bad"}, token=None),
    post("auth/userpass/login/alice", {}, token=None),
    post("auth/kubernetes/login", {"role": "r", "jwt": "x"}, token=None),
    post("auth/kubernetes/login", {}, token=None),
    post("auth/kubernetes/login", {"role": "r"}, token=None),
    post("auth/cert/login", {"name": "r"}, token=None),
    post("auth/none/login", {}, token=None),
]

FRONT = [
    Step("GET", "sys/health", token=None),
    Step("HEAD", "sys/health", token=None),
    Step("GET", "sys/health?activecode=299", token=None),
    Step("GET", "sys/health?standbyok=true&sealedcode=201", token=None),
    Step("GET", "sys/health?activecode=x", token=None),
    Step("GET", "sys/health", headers={"X-Vault-Namespace": "none"}),
    Step("GET", "sys/seal-status", token=None),
    post("sys/audit-hash/none", {"input": "x"}),
    post("sys/audit-hash/none", {}),
    post("transit/encrypt/app", {"plaintext": X}, headers={"X-Vault-Namespace": "none"}),
    post("sys/namespaces/ns1", {}, loose=True),
    post("ns1/sys/mounts/second", {"type": "transit"}),
    post("ns1/sys/mounts/second", {"type": "transit"}),
    post("second/encrypt/n", {"plaintext": X}, headers={"X-Vault-Namespace": "ns1"}),
    post("second/encrypt/n", {"plaintext": X}, headers={"X-Vault-Namespace": "/ns1/"}),
    post("ns1/second/encrypt/n", {"plaintext": X}),
    post("ns1/second/encrypt/n", {"plaintext": X}, headers={"X-Vault-Namespace": "root"}),
    Step("GET", "second/keys?list=true", headers={"X-Vault-Namespace": "ns1"}),
    post("second/encrypt/n", {"plaintext": X}),
    Step("GET", "transit/encrypt/app"),
    post("transit/none/app", {}),
    post("transit", {}),
    post("transit/encrypt/app", raw='{"plaintext":'),
    post("transit/encrypt/app", raw="[]"),
    Step("GET", "/other"),
    post("sys/quotas/rate-limit/x", {"rate": 1, "path": "transit/"}),
    post("transit/encrypt/app", {"plaintext": X}),
    post("transit/encrypt/app", {"plaintext": X}),
    Step("DELETE", "sys/quotas/rate-limit/x"),
    post("sys/seal"),
    Step("GET", "sys/health", token=None),
    Step("GET", "sys/health?sealedcode=201", token=None),
    Step("GET", "sys/seal-status", token=None),
    post("transit/encrypt/app", {"plaintext": X}),
    post("auth/approle/login", {"role_id": "$role", "secret_id": "$secret"}, token=None),
    Step("GET", "nomount/x"),
]

GROUPS = (
    ("keys", KEYS),
    ("single", SINGLE),
    ("broken-ciphertexts", BROKEN_CIPHERTEXTS),
    ("batch", BATCH),
    ("versions", VERSIONS),
    ("data-keys", DATA_KEYS),
    ("tokens", TOKENS),
    ("logins", LOGINS),
    ("front", FRONT),
)
