# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What hvac encrypts, kmsctl decrypts, and the other way round, both with a real OpenBao.

The environment of build-aux/install-peers is in KMS_TEST_PEERS, and that of the tests of kmsctl is there."""

import base64
import sys

import cli
import tap
import vault_servers

vault_servers.add_packages()
try:
    import hvac
except ImportError:
    hvac = None

PROVIDER = """[Provider]
Module=kms-vault.so
Abi=1
Prefixes=vault/

[Settings]
Address=http://127.0.0.1:{port}
TokenFile={token}
ContextAs={form}
"""
CONTEXT = ("-c", "id:=1", "-c", "table=orders")
# Sorted, without blanks, numbers as strings, as the Ruby gem writes it.
CONTEXT_JSON = b'{"id":"1","table":"orders"}'


def b64(data):
    return base64.b64encode(data).decode()


def unpack(stored):
    """The ciphertext of the server in a stored string."""
    version, _, text = stored.decode().strip().partition(":")
    tap.equal(version, "v1", "the version of the stored string")
    return text if text.startswith("vault:") else base64.b64decode(text).decode()


def pack(ciphertext, like):
    """A stored string in the form of another one."""
    text = like.decode().partition(":")[2]
    return f"v1:{ciphertext if text.startswith('vault:') else b64(ciphertext.encode())}\n".encode()


class Case:
    """A server, a client of it, and what kmsctl needs to know."""

    def __init__(self, bao):
        self.bao = bao
        self.client = hvac.Client(url=f"http://127.0.0.1:{bao.port}", token="root")
        self.client.sys.enable_secrets_engine("transit")
        self.client.secrets.transit.create_key(name="orders", derived=True)
        self.client.secrets.transit.create_key(name="bound")

    def root(self, root, form):
        token = root.write("token", "root", mode=0o600)
        root.write("package/providers.d/vault.provider",
                   PROVIDER.format(port=self.bao.port, token=token, form=form))
        module_path = cli.module_path("plugins/vault")
        return lambda *arguments, data: root.good(*arguments, data=data, env={"KMS_MODULE_PATH": module_path})

    def check(self, root, form, key, mime):
        """With the context of the gem's form, or of associated data."""
        kmsctl = self.root(root, form)
        transit = self.client.secrets.transit
        field = "context" if form == "context" else "associated_data"
        context = {field: base64.encodebytes(CONTEXT_JSON).decode() if mime else b64(CONTEXT_JSON)}
        stored = kmsctl("encrypt", "--key", f"vault/{key}", *CONTEXT, data=b"of kmsctl")
        found = transit.decrypt_data(name=key, ciphertext=unpack(stored), **context)["data"]["plaintext"]
        tap.equal(base64.b64decode(found), b"of kmsctl", "what hvac decrypted")
        ciphertext = transit.encrypt_data(name=key, plaintext=b64(b"of hvac"), **context)["data"]["ciphertext"]
        found = kmsctl("decrypt", "--key", f"vault/{key}", *CONTEXT, data=pack(ciphertext, stored))
        tap.equal(found, b"of hvac", "what kmsctl decrypted")


def main():
    state = {}

    def start():
        bao = vault_servers.find_bao()
        if bao is None or hvac is None:
            raise tap.Skip(f"no bao or hvac in \"{vault_servers.peers()}\": run build-aux/install-peers with that directory")
        state["bao"] = vault_servers.Bao(bao)
        state["case"] = Case(state["bao"])

    def check(*arguments):
        if "case" not in state:
            raise tap.Skip("there is no server")
        with cli.Root() as root:
            state["case"].check(root, *arguments)

    try:
        tap.run([
            ("/vault-interop/start", start),
            ("/vault-interop/context", lambda: check("context", "orders", True)),
            ("/vault-interop/associated-data", lambda: check("associated-data", "bound", False)),
        ])
    finally:
        if "bao" in state:
            state["bao"].stop()


if __name__ == "__main__":
    main()
