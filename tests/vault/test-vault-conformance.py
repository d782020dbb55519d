# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kms-provider-test of the vault module against a server: test-vault-conformance.py context|associated-data SERVER. Its report
is this program's."""

import os
import subprocess
import sys
import tempfile

import vault_server

BUILD, SOURCE = os.environ["BUILD"], os.environ["SOURCE"]


def check(form, server, directory):
    token_file = os.path.join(directory, "token")
    with open(os.open(token_file, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
        file.write(server.token)
    plugin = os.path.join(SOURCE, "plugins/vault")
    command = [os.path.join(BUILD, "provider-test/kms-provider-test"), "--provider", os.path.join(plugin, "vault.provider"),
               f"--setting=Address={server.address}", f"--setting=TokenFile={token_file}", f"--setting=ContextAs={form}"]
    if server.ca_file is not None:
        command.append(f"--setting=CaFile={server.ca_file}")
    if form == "context":
        command += ["--expect", os.path.join(plugin, "provider-test.expect")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("VAULT_", "BAO_"))}
    return subprocess.run([*command, os.path.join(BUILD, "plugins/vault/kms-vault.so")], env=environment, check=False).returncode


def main(form, kind):
    with tempfile.TemporaryDirectory() as directory:
        try:
            with vault_server.KINDS[kind]() as server:
                return check(form, server, directory)
        except vault_server.Missing as reason:
            print(f"1..0 # SKIP {reason}")
            return 0


sys.exit(main(*sys.argv[1:]))
