# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""HTTP/2, which libsoup and OpenBao agree on over TLS: single calls, many at once, and many that are cancelled.

The environment of build-aux/install-peers is in KMS_TEST_PEERS, the program that makes the calls in HTTP_LOAD."""

import os
import re
import subprocess

import cli
import tap
import vault_servers

PROVIDER = """[Provider]
Module=kms-vault.so
Abi=1
Prefixes=vault/

[Settings]
Address=https://127.0.0.1:{port}
CaFile={ca}
TokenFile={token}
"""


def make_root(root, bao):
    token = root.write("token", "root", mode=0o600)
    root.write("package/providers.d/vault.provider", PROVIDER.format(port=bao.port, ca=bao.ca_file, token=token))


def load(root, calls, cancelled_percent):
    """What the program counts."""
    values = dict(os.environ, KMS_MODULE_PATH=cli.module_path("plugins/vault"))
    done = subprocess.run([os.environ["HTTP_LOAD"], root.directory, "vault/orders", str(calls), str(cancelled_percent)],
                          capture_output=True, text=True, check=False, env=values, timeout=120)
    tap.equal(done.returncode, 0, f"exit code: {done.stderr[-300:]}")
    return {name: int(number) for name, number in re.findall(r"(\w+) (\d+)", done.stdout)}


def check_many(bao):
    with cli.Root() as root:
        make_root(root, bao)
        found = load(root, 3000, 0)
        tap.equal((found["done"], found["failed"], found["http1"]), (3000, 0, 0), "calls")
        if not 1 <= found["http2"] <= 10:
            raise tap.Failure(f"{found['http2']} connections with HTTP/2")


def check_cancelled(bao):
    with cli.Root() as root:
        make_root(root, bao)
        found = load(root, 3000, 60)
        tap.equal((found["failed"], found["done"] + found["cancelled"]), (0, 3000), "calls")
        if found["cancelled"] < 300:
            raise tap.Failure(f"only {found['cancelled']} cancelled calls")


def main():
    state = {}

    def start():
        program = vault_servers.find_bao()
        if program is None:
            raise tap.Skip(f"no bao in \"{vault_servers.peers()}\": run build-aux/install-peers with that directory")
        bao = state["bao"] = vault_servers.Bao(program, tls=True)
        bao.ask("POST", "sys/mounts/transit", {"type": "transit"})
        bao.ask("POST", "transit/keys/orders", {"derived": True})

    def check(function):
        if "bao" not in state:
            raise tap.Skip("there is no server")
        function(state["bao"])

    try:
        tap.run([("/vault-http2/start", start), ("/vault-http2/many", lambda: check(check_many)),
                 ("/vault-http2/cancelled", lambda: check(check_cancelled))])
    finally:
        if "bao" in state:
            state["bao"].stop()


if __name__ == "__main__":
    main()
