# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kmsctl with a server, as people use the two: test-vault-scenes.py SERVER."""

import base64
import contextlib
import json
import os
import sys
import tempfile
import time

import cli
import tap
import vault_server

CONTEXT = ("-c", "model_name=User", "-c", "model_id=123")
SENT = "eyJtb2RlbF9pZCI6IjEyMyIsIm1vZGVsX25hbWUiOiJVc2VyIn0=\n"
ENCRYPT = 'path "transit/encrypt/orders" { capabilities = ["update"] }\npath "transit/keys/orders" { capabilities = ["read"] }'
DECRYPT = 'path "transit/decrypt/orders" { capabilities = ["update"] }'


class Scene(cli.Root):
    """A configuration in which the environment says where the server is."""

    def __init__(self, server, settings="", token=None):
        super().__init__()
        self.server, self.token = server, token or server.token
        with open(os.path.join(cli.SOURCE, "plugins/vault/vault.provider"), encoding="ascii") as file:
            provider = file.read()
        self.write("package/providers.d/vault.provider", f"{provider}[Settings]\n{settings}")

    def environment(self, **more):
        values = super().environment(**more)
        values = {name: value for name, value in values.items() if not name.startswith(("VAULT_", "BAO_"))}
        values.update(KMS_MODULE_PATH=cli.module_path("plugins/vault"), VAULT_ADDR=self.server.address)
        if self.token != "none":
            values["VAULT_TOKEN"] = self.token
        if self.server.ca_file:
            values["VAULT_CACERT"] = self.server.ca_file
        return values

    def ensure_key(self, name="orders"):
        done = self.run("key", "create", f"vault/{name}")
        if done.returncode != 0 and b"already" not in done.stderr:
            raise tap.Failure(done.stderr.decode())


def make_token(server, policy, **more):
    server.ask("PUT", "sys/policies/acl/scene", {"policy": policy})
    return server.ask("POST", "auth/token/create", {"policies": ["scene"], **more})["auth"]["client_token"]


def check_default_key(server):
    with Scene(server) as scene:
        scene.ensure_key()
        env = {"KMS_KEY_ID": "vault/orders"}
        stored = scene.good("encrypt", *CONTEXT, data=b"the blue door", env=env)
        tap.equal(base64.b64decode(stored[3:])[:9], b"vault:v1:", "what is stored")
        tap.equal(scene.good("decrypt", *CONTEXT, data=stored, env=env), b"the blue door", "decrypted")
        cli.wants(scene.bad(6, "decrypt", "-c", "model_id=124", data=stored, env=env), "does not decrypt")


def check_move_from_local(server):
    """Version 1 of a box is a local key, version 2 is here: old and new values decrypt all the while."""
    with Scene(server) as scene:
        scene.ensure_key()
        scene.good("key", "create", "local/orders")
        scene.good("box", "create", "orders", "--key", "local/orders")
        old = scene.good("encrypt", "orders", *CONTEXT, data=b"the blue door")
        scene.good("box", "new-version", "orders", "--key", "vault/orders")
        new = scene.good("encrypt", "orders", *CONTEXT, data=b"the red door")
        moved = scene.good("rewrap", "orders", *CONTEXT, data=old)
        tap.equal([text[:3] for text in (old, new, moved)], [b"v1:", b"v2:", b"v2:"], "versions")
        tap.equal([scene.good("decrypt", "orders", *CONTEXT, data=text) for text in (old, new, moved)],
                  [b"the blue door", b"the red door", b"the blue door"], "decrypted")


def check_row_of_the_gem(server):
    """What the gem's client would have stored decrypts, and the reverse."""
    with Scene(server) as scene:
        scene.ensure_key()
        plaintext = base64.encodebytes(b"the blue door").decode()
        made = server.ask("PUT", "transit/encrypt/orders", {"plaintext": plaintext, "context": SENT})["data"]["ciphertext"]
        stored = b"v1:" + base64.b64encode(made.encode())
        tap.equal(scene.good("decrypt", "vault/orders", *CONTEXT, data=stored), b"the blue door", "the gem's row")
        mine = base64.b64decode(scene.good("encrypt", "vault/orders", *CONTEXT, data=b"the red door")[3:]).decode()
        read = server.ask("PUT", "transit/decrypt/orders", {"ciphertext": mine, "context": SENT})["data"]["plaintext"]
        tap.equal(base64.b64decode(read), b"the red door", "read by the gem")


def check_policies(server):
    with Scene(server) as admin:
        admin.ensure_key()
    with Scene(server, token=make_token(server, ENCRYPT)) as scene:
        stored = scene.good("encrypt", "vault/orders", *CONTEXT, data=b"x")
        cli.wants(scene.bad(4, "decrypt", "vault/orders", *CONTEXT, data=stored), "permission denied")
        cli.wants(scene.bad(4, "key", "rotate", "vault/orders"), "permission denied")
        cli.wants(scene.run("encrypt", "vault/missing", *CONTEXT, data=b"x").stderr.decode(), "permission denied")
    with Scene(server, token=make_token(server, DECRYPT)) as scene:
        tap.equal(scene.good("decrypt", "vault/orders", *CONTEXT, data=stored), b"x", "decrypted")
        cli.wants(scene.good("doctor", "vault/orders").decode(), "the token may decrypt", "the token may not encrypt")


def check_plain_key(server):
    server.ask("POST", "transit/keys/plain", {"type": "aes256-gcm96"})
    with Scene(server) as scene:
        text = scene.bad(6, "encrypt", "vault/plain", *CONTEXT, data=b"x")
        cli.wants(text, "derived", "ContextAs=associated-data", "AllowUnboundContext=true")
        cli.wants(scene.run("doctor", "vault/plain").stdout.decode(), "not derived")
    with Scene(server, "ContextAs=associated-data\n") as scene:
        stored = scene.good("encrypt", "vault/plain", *CONTEXT, data=b"x")
        scene.bad(6, "decrypt", "vault/plain", data=stored)
        scene.good("key", "rotate", "vault/plain")
        moved = scene.good("rewrap", "vault/plain", *CONTEXT, data=stored)
        tap.equal(scene.json("inspect", "vault/plain", data=moved)["details"]["key-version"], "2", "version after a rewrap")
        tap.equal(scene.good("decrypt", "vault/plain", *CONTEXT, data=moved), b"x", "decrypted")


def check_expired_token(server):
    with Scene(server) as admin:
        admin.ensure_key()
    token = make_token(server, ENCRYPT, ttl="1s", renewable=False)
    with Scene(server, token=token) as scene:
        end = time.monotonic() + 20
        done = scene.run("encrypt", "vault/orders", *CONTEXT, data=b"x")
        while done.returncode == 0 and time.monotonic() < end:
            time.sleep(0.2)
            done = scene.run("encrypt", "vault/orders", *CONTEXT, data=b"x")
        tap.equal(done.returncode, 4, "exit code")
        cli.wants(done.stderr.decode(), "the token is refused")


def set_up_approle(server):
    with contextlib.suppress(vault_server.Refused): # it may be there
        server.ask("POST", "sys/auth/approle", {"type": "approle"})
    server.ask("PUT", "sys/policies/acl/app", {"policy": ENCRYPT + "\n" + DECRYPT})
    server.ask("POST", "auth/approle/role/shop", {"token_policies": ["app"], "secret_id_num_uses": 0, "token_ttl": "1h"})
    return server.ask("GET", "auth/approle/role/shop/role-id")["data"]["role_id"]


def check_wrapped_secret_id(server):
    role = set_up_approle(server)
    wrapped = server.ask("POST", "auth/approle/role/shop/secret-id", {}, X_Vault_Wrap_TTL="60s")["wrap_info"]["token"]
    with Scene(server) as admin:
        admin.ensure_key()
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "secret-id")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write(wrapped)
        settings = f"Auth=approle\nRoleId={role}\nSecretIdFile={path}\nSecretIdIsWrapped=true\n"
        with Scene(server, settings, "none") as scene:
            stored = scene.good("encrypt", "vault/orders", *CONTEXT, data=b"x")
            tap.equal(stored[:3], b"v1:", "stored")
            cli.wants(scene.bad(4, "encrypt", "vault/orders", *CONTEXT, data=b"x"), "SOMEBODY ELSE")


def check_rate_limit(server):
    with Scene(server) as scene:
        scene.ensure_key()
        scene.write("admin/providers.d/vault.provider", "[Provider]\nRetries=0\n")
        server.ask("POST", "sys/quotas/rate-limit/scene", {"path": "transit/", "rate": 1})
        try:
            done = [scene.run("encrypt", "vault/orders", *CONTEXT, data=b"x") for _ in range(5)]
        finally:
            server.ask("DELETE", "sys/quotas/rate-limit/scene")
        refused = [run.stderr.decode() for run in done if run.returncode == 7]
        if not refused:
            raise tap.Failure("nothing was refused")
        cli.wants(refused[0], "too many requests")


def check_audit(server):
    """What kmsctl says is what the log has."""
    with Scene(server) as scene:
        scene.ensure_key()
        scene.good("encrypt", "vault/orders", *CONTEXT, data=b"x")
        found = scene.json("audit", "context-hash", "vault/orders", *CONTEXT)["hash"]
        cli.wants(found, "hmac-sha256:")
        other = scene.json("audit", "context-hash", "vault/orders", "--gem-compat", *CONTEXT)["hash"]
        if found == other:
            raise tap.Failure("the order of the pairs makes no difference")
        cli.wants(scene.bad(3, "audit", "context-hash", "vault/orders", "--device", "nowhere", *CONTEXT), "no such audit device")
    if server.audit_log is None:
        raise tap.Skip("this server writes no log")
    with open(server.audit_log, encoding="utf-8") as file:
        contexts = [json.loads(line)["request"].get("data", {}) for line in file]
    if found not in [data.get("context") for data in contexts if data]:
        raise tap.Failure("the hash is not in the audit log")


def check_zz_sealed(server):
    """The last: nobody unseals it."""
    with Scene(server) as scene:
        scene.ensure_key()
        server.ask("PUT", "sys/seal")
        cli.wants(scene.bad(7, "encrypt", "vault/orders", *CONTEXT, data=b"x"), "sealed")
        done = scene.run("doctor", "vault/orders")
        cli.wants(done.stdout.decode(), "the server is sealed")


def main(kind):
    try:
        with vault_server.KINDS[kind]() as server:
            return tap.run((f"/vault/scenes/{name[6:].replace('_', '-')}", lambda function=function: function(server))
                           for name, function in sorted(globals().items()) if name.startswith("check_"))
    except vault_server.Missing as reason:
        print(f"1..0 # SKIP {reason}")
        return 0


sys.exit(main(*sys.argv[1:]))
