# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Vault double answers as a real OpenBao does: the same requests, the same statuses, texts and shapes.

test-vault-double.py KMS_TEST_VAULT, with the environment of build-aux/install-peers in KMS_TEST_PEERS"""

import json
import re
import sys

import tap
import vault_servers
import vault_steps

# What is another one each time, or each server's own.
OWN = {"request_id", "accessor", "client_token", "creation_time", "issue_time", "expire_time", "token", "secret_id",
       "role_id", "secret_id_accessor", "entity_id", "wrapped_accessor", "cluster_name", "cluster_id", "commit_date",
       "server_time_utc", "version", "public_key", "ttl", "id", "certificate_chain", "keys", "orphan"}
# What real servers say only sometimes.
OPTIONAL = {"wrapped_accessor", "commit_date", "certificate_chain", "cluster_name", "cluster_id", "build_date"}


def shape(name, value):
    """The value without what differs between two servers that do the same."""
    if isinstance(value, dict):
        return {key: shape(key, member) for key, member in value.items() if key not in OPTIONAL}
    if isinstance(value, list):
        return sorted((shape(name, element) for element in value), key=str) if name == "policies" else \
            [shape(name, element) for element in value]
    if name == "ciphertext":
        return re.sub(r":[^:]*$", ":", value)
    if name == "lease_duration":
        return value > 0
    if value is not None and name in OWN or name.isdigit():
        return type(value).__name__
    # A data key is another one each time.
    if name == "plaintext" and isinstance(value, str) and len(value) > 8:
        return len(value)
    return value


def parse(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def fill(value, kept):
    """The value with what was kept in place of its names."""
    if isinstance(value, dict):
        return {key: fill(member, kept) for key, member in value.items()}
    if isinstance(value, list):
        return [fill(element, kept) for element in value]
    if isinstance(value, str) and value.startswith("$"):
        return kept.get(value[1:], "nothing was kept")
    return value


def keep(step, answer, kept):
    for name, (outer, inner) in step.keep.items():
        try:
            kept[name] = answer[outer][inner]
        except (KeyError, TypeError):
            kept[name] = "nothing was kept"


class Pair:
    """The double, a real server, and what both said so far."""

    def __init__(self, double, bao):
        self.sides = [(double, {}), (bao, {})]

    def ask(self, step):
        """What differs, or None."""
        answers = []
        for server, kept in self.sides:
            status, kind, text = server.ask(step.method, step.path, fill(step.body, kept), headers=step.headers,
                                            token=fill(step.token, kept), raw=step.raw)
            answer = parse(text)
            keep(step, answer, kept)
            answers.append((status, None if step.loose else (kind if text else None, shape("", answer))))
        found, expected = answers
        return None if found == expected else f"{step}:\n  the double {found}\n  the real   {expected}"


def prepare(bao):
    """Mounts what the double has mounted from the start."""
    for path, kind in (("mounts/transit", "transit"), ("auth/approle", "approle"), ("auth/userpass", "userpass"),
                       ("auth/kubernetes", "kubernetes"), ("auth/jwt", "jwt"), ("auth/cert", "cert")):
        status, _, text = bao.ask("POST", "sys/" + path, {"type": kind})
        if status != 204:
            raise RuntimeError(f"sys/{path}: {status} {text}")


def main():
    bao_program = vault_servers.find_bao()
    pair = None
    servers = []

    def start():
        nonlocal pair
        if bao_program is None:
            raise tap.Skip(f"no bao in \"{vault_servers.peers()}\": run build-aux/install-peers with that directory")
        servers.append(vault_servers.Double(sys.argv[1]))
        servers.append(vault_servers.Bao(bao_program))
        prepare(servers[1])
        pair = Pair(*servers)

    def compare(steps):
        if pair is None:
            raise tap.Skip("there is no real server to compare with")
        tap.none(filter(None, map(pair.ask, steps)), "answers that differ")

    cases = [("/vault-double/start", start)]
    def stop():
        if pair is None:
            raise tap.Skip("nothing was started")
        tap.equal(servers.pop(0).stop(), 0, "the exit code of kms-test-vault")

    cases += [(f"/vault-double/{name}", lambda steps=steps: compare(steps)) for name, steps in vault_steps.GROUPS]
    cases.append(("/vault-double/stop", stop))
    try:
        tap.run(cases)
    finally:
        for server in servers:
            server.stop()


if __name__ == "__main__":
    main()
