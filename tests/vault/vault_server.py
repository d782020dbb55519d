# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The servers that the module is tested with: the double, OpenBao itself (plain, or with TLS, which speaks HTTP/2), or one that
KMS_TEST_VAULT_ADDR and KMS_TEST_VAULT_TOKEN name."""

import json
import os
import urllib.parse

import vault_servers


class Missing(Exception):
    """There is no such server here; the text says why."""


class Refused(Exception):
    """An answer with the status of an error."""


class Server:
    """What a test has to know of a server; with "with", gone at the end."""

    def __init__(self, inner, address, token="root"):
        self.inner, self.address, self.token = inner, address, token
        self.ca_file = getattr(inner, "ca_file", None)
        self.audit_log = getattr(inner, "audit_log", None)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.inner.process is not None:
            self.inner.stop()

    def ask(self, method, path, body=None, token=None, **headers):
        """The answer's JSON, or None for an empty one."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        status, _, text = self.inner.ask(method, path, body, token=token or self.token, headers={"X-Vault-Request": "true", **headers})
        if status >= 400:
            raise Refused(f"{method} {path}: {status} {text}")
        return json.loads(text) if text else None


def start_double():
    double = vault_servers.Double(os.path.join(os.environ["BUILD"], "tests/servers/kms-test-vault"))
    return Server(double, double.address, double.token)


def start_openbao(tls=False):
    address = os.environ.get("KMS_TEST_VAULT_ADDR")
    if address and not tls:
        named = vault_servers.Server(None, urllib.parse.urlsplit(address).port or 8200)
        return Server(named, address, os.environ.get("KMS_TEST_VAULT_TOKEN", "root"))
    program = vault_servers.find_bao()
    if program is None:
        raise Missing(f"no OpenBao in \"{vault_servers.peers()}\": run build-aux/install-peers with that directory")
    bao = vault_servers.Bao(program, tls=tls, audit=True)
    server = Server(bao, f"http{'s' if tls else ''}://127.0.0.1:{bao.port}")
    server.ask("POST", "sys/mounts/transit", {"type": "transit"})
    return server


KINDS = {"double": start_double, "openbao": start_openbao, "openbao-tls": lambda: start_openbao(True)}
