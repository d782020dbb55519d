# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kms-provider-test of the vault module against a server: test-vault-conformance.py context|associated-data double|openbao.
Its report is this program's. The double is kms-test-vault; OpenBao is the program "bao" on PATH or in $KMS_TEST_PEERS/bin, or
the server that KMS_TEST_VAULT_ADDR and KMS_TEST_VAULT_TOKEN name."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

BUILD, SOURCE = os.environ["BUILD"], os.environ["SOURCE"]


def skip(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def start_double(_):
    program = [os.path.join(BUILD, "tests/servers/kms-test-vault")]
    server = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # pylint: disable=consider-using-with
    address, token, _ = server.stdout.readline().split()
    return server, address, token


def ask(method, url, token, body):
    headers = {"X-Vault-Token": token, "X-Vault-Request": "true"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), timeout=5) as answer:
        return answer.read()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_server(server, address):
    for _ in range(300):
        try:
            return ask("GET", address + "/v1/sys/health", "root", None)
        except (urllib.error.URLError, OSError):
            if server.poll() is not None:
                break
            time.sleep(0.1)
    raise RuntimeError("the server does not answer")


def find_openbao():
    peers = os.environ.get("KMS_TEST_PEERS")
    found = shutil.which("bao", path=os.path.join(peers, "bin")) if peers else None
    return found or shutil.which("bao")


def start_openbao(directory):
    if "KMS_TEST_VAULT_ADDR" in os.environ:
        return None, os.environ["KMS_TEST_VAULT_ADDR"], os.environ.get("KMS_TEST_VAULT_TOKEN", "root")
    program = find_openbao()
    if program is None:
        skip("OpenBao's program \"bao\" is not installed")
    listen = f"127.0.0.1:{free_port()}"
    command = [program, "server", "-dev", "-dev-root-token-id=root", f"-dev-listen-address={listen}", "-dev-no-store-token"]
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,  # pylint: disable=consider-using-with
                              stderr=subprocess.DEVNULL, env=dict(os.environ, HOME=directory))
    await_server(server, f"http://{listen}")
    ask("POST", f"http://{listen}/v1/sys/mounts/transit", "root", b'{"type":"transit"}')
    return server, f"http://{listen}", "root"


def check(form, address, token, directory):
    token_file = os.path.join(directory, "token")
    with open(os.open(token_file, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
        file.write(token)
    plugin = os.path.join(SOURCE, "plugins/vault")
    command = [os.path.join(BUILD, "provider-test/kms-provider-test"), "--provider", os.path.join(plugin, "vault.provider"),
               f"--setting=Address={address}", f"--setting=TokenFile={token_file}", f"--setting=ContextAs={form}"]
    if form == "context":
        command += ["--expect", os.path.join(plugin, "provider-test.expect")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("VAULT_", "BAO_"))}
    return subprocess.run([*command, os.path.join(BUILD, "plugins/vault/kms-vault.so")], env=environment, check=False).returncode


def main(form, kind):
    with tempfile.TemporaryDirectory() as directory:
        server, address, token = {"double": start_double, "openbao": start_openbao}[kind](directory)
        try:
            return check(form, address, token, directory)
        finally:
            if server is not None:
                server.terminate()
                server.wait()


sys.exit(main(*sys.argv[1:]))
