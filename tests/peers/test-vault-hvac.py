# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""hvac, a client that others wrote, works with the Vault double.

test-vault-hvac.py KMS_TEST_VAULT, with the environment of build-aux/install-peers in KMS_TEST_PEERS"""

import base64
import hashlib
import os
import socket
import subprocess
import sys
import tempfile

import tap
import vault_servers

vault_servers.add_packages()
try:
    import hvac
except ImportError:
    hvac = None

POLICY = 'path "transit/encrypt/app" { capabilities = ["update"] }'


def b64(data):
    return base64.b64encode(data).decode()


class Case:
    """What the cases share: the program, and a client with the root token."""

    def __init__(self):
        self.double = None

    def client(self, token="root"):
        if hvac is None:
            raise tap.Skip(f"no hvac in \"{vault_servers.peers()}\": run build-aux/install-peers with that directory")
        if self.double is None:
            self.double = vault_servers.Double(sys.argv[1])
        return hvac.Client(url=self.double.address, token=token)

    def encrypt_and_decrypt(self):
        client = self.client()
        transit = client.secrets.transit
        transit.create_key(name="hvac", derived=True)
        context = b64(b'{"a":1}')
        answer = transit.encrypt_data(name="hvac", plaintext=b64(b"secret"), context=context)
        ciphertext = answer["data"]["ciphertext"]
        tap.equal(ciphertext.startswith("vault:v1:"), True, "the ciphertext has its prefix")
        back = transit.decrypt_data(name="hvac", ciphertext=ciphertext, context=context)
        tap.equal(back["data"]["plaintext"], b64(b"secret"), "the plaintext that came back")
        try:
            transit.decrypt_data(name="hvac", ciphertext=ciphertext, context=b64(b"other"))
        except hvac.exceptions.InvalidRequest as problem:
            tap.equal(problem.errors, ["cipher: message authentication failed"], "the error for another context")
        else:
            raise tap.Failure("another context decrypted it")
        log = self.double.control("GET", "/test/log")["entries"]
        entry = next(line for line in log if line["path"] == "transit/encrypt/hvac")
        tap.equal(entry["contexts"], [context], "the context in the log")

    def batch(self):
        transit = self.client().secrets.transit
        transit.create_key(name="batch")
        items = [{"plaintext": b64(bytes([i])), "reference": str(i)} for i in range(100)]
        results = transit.encrypt_data(name="batch", plaintext="", batch_input=items)["data"]["batch_results"]
        tap.equal([result["reference"] for result in results], [str(i) for i in range(100)], "the order of results")
        results = transit.decrypt_data(name="batch", ciphertext="", batch_input=[
            {"ciphertext": result["ciphertext"]} for result in results])["data"]["batch_results"]
        tap.equal([result["plaintext"] for result in results], [item["plaintext"] for item in items], "the plaintexts")

    def life_of_a_key(self):
        transit = self.client().secrets.transit
        transit.create_key(name="life")
        first = transit.encrypt_data(name="life", plaintext=b64(b"x"))["data"]["ciphertext"]
        transit.rotate_key(name="life")
        second = transit.rewrap_data(name="life", ciphertext=first)["data"]["ciphertext"]
        tap.equal(second.startswith("vault:v2:"), True, "rewrap takes the new version")
        transit.update_key_configuration(name="life", min_decryption_version=2, deletion_allowed=True)
        try:
            transit.decrypt_data(name="life", ciphertext=first)
        except hvac.exceptions.InvalidRequest as problem:
            tap.equal(problem.errors, ["ciphertext or signature version is disallowed by policy (too old)"], "the error")
        else:
            raise tap.Failure("the old version decrypted")
        data = transit.read_key(name="life")["data"]
        tap.equal((data["latest_version"], data["min_decryption_version"], list(data["keys"])), (2, 2, ["2"]), "the key")
        transit.delete_key(name="life")
        tap.equal("life" in transit.list_keys()["data"]["keys"], False, "the key is listed")

    def approle_and_wrapping(self):
        root = self.client()
        root.secrets.transit.create_key(name="app")
        root.sys.create_or_update_policy("app", POLICY)
        root.auth.approle.create_or_update_approle("role", token_policies=["app"])
        role_id = root.auth.approle.read_role_id("role")["data"]["role_id"]
        wrapped = root.auth.approle.generate_secret_id("role", wrap_ttl="60s")["wrap_info"]
        tap.equal(wrapped["creation_path"], "auth/approle/role/role/secret-id", "where the wrapping token was made")
        secret_id = self.client().sys.unwrap(wrapped["token"])["data"]["secret_id"]
        try:
            self.client().sys.unwrap(wrapped["token"])
        except hvac.exceptions.InvalidRequest as problem:
            tap.equal(problem.errors, ["wrapping token is not valid or does not exist"], "the error of a second unwrap")
        else:
            raise tap.Failure("it could be unwrapped twice")
        app = self.client(token=None)
        app.auth.approle.login(role_id=role_id, secret_id=secret_id)
        tap.equal(app.is_authenticated(), True, "the login gave a token")
        app.secrets.transit.encrypt_data(name="app", plaintext=b64(b"x"))
        try:
            app.secrets.transit.decrypt_data(name="app", ciphertext="vault:v1:AAAA")
        except hvac.exceptions.Forbidden:
            pass
        else:
            raise tap.Failure("the policy does not let it decrypt, and it could")
        app.auth.token.renew_self(increment="2h")
        app.auth.token.revoke_self()
        tap.equal(app.is_authenticated(), False, "the token after it was revoked")

    def seal_and_faults(self):
        client = self.client()
        self.double.control("POST", "/test/seal")
        tap.equal(client.sys.is_sealed(), True, "sealed")
        tap.equal(client.sys.read_health_status(method="GET").status_code, 503, "the health of a sealed server")
        self.double.control("POST", "/test/unseal")
        tap.equal(client.sys.is_sealed(), False, "sealed after it was unsealed")
        self.double.control("POST", "/test/faults", {"path": "transit/keys", "status": 429, "times": 1,
                                                     "body": '{"errors":["rate limit quota exceeded"]}'})
        try:
            client.secrets.transit.list_keys()
        except hvac.exceptions.RateLimitExceeded:
            pass
        else:
            raise tap.Failure("the fault was not met")
        client.secrets.transit.list_keys()

    def tls(self):
        self.client()
        double = vault_servers.Double(sys.argv[1], "--tls")
        try:
            ca_file, certificate, key = double.files
            stranger = hvac.Client(url=double.address, verify=ca_file)
            try:
                stranger.adapter.post("/v1/auth/cert/login", json={})
            except hvac.exceptions.InvalidRequest as problem:
                tap.equal(problem.errors, ["no client certificate found"], "the error without a certificate")
            else:
                raise tap.Failure("a login without a certificate worked")
            double.control("POST", "/test/certificate", {"role": "app"})
            client = hvac.Client(url=double.address, verify=ca_file, cert=(certificate, key))
            client.adapter.login("/v1/auth/cert/login", json={"name": "app"})
            tap.equal(client.is_authenticated(), True, "the login with a certificate gave a token")
            client.auth.token.revoke_self()
        finally:
            tap.equal(double.stop(), 0, "the exit code of kms-test-vault")

    def unix(self):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "socket")
            with subprocess.Popen([sys.argv[1], f"--unix={path}", "--seconds=1"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True) as process:
                tap.equal(process.stdout.readline().split()[0], f"unix://{path}", "the address")
                with socket.socket(socket.AF_UNIX) as connection:
                    connection.connect(path)
                    connection.sendall(b"GET /v1/sys/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    tap.equal(connection.recv(12), b"HTTP/1.1 200", "the health")
                # Its second is over before anybody closes its input.
                tap.equal(process.wait(timeout=60), 0, "the exit code")

    def stop(self):
        self.client()
        double, self.double = self.double, None
        tap.equal(double.stop(), 0, "the exit code of kms-test-vault")

    def audit_hash(self):
        client = self.client()
        first = client.sys.calculate_hash(path="file", input_to_hash="abc")["data"]["hash"]
        tap.equal(first, client.sys.calculate_hash(path="file", input_to_hash="abc")["data"]["hash"], "the same again")
        tap.equal(len(first), len("hmac-sha256:") + 2 * hashlib.sha256().digest_size, "the length of the hash")
        other = client.sys.calculate_hash(path="file", input_to_hash="abd")["data"]["hash"]
        tap.equal(other == first, False, "another input has another hash")


def main():
    case = Case()
    try:
        tap.run([
            ("/vault-hvac/encrypt-and-decrypt", case.encrypt_and_decrypt),
            ("/vault-hvac/batch", case.batch),
            ("/vault-hvac/life-of-a-key", case.life_of_a_key),
            ("/vault-hvac/approle-and-wrapping", case.approle_and_wrapping),
            ("/vault-hvac/seal-and-faults", case.seal_and_faults),
            ("/vault-hvac/audit-hash", case.audit_hash),
            ("/vault-hvac/tls", case.tls),
            ("/kms-test-vault/unix", case.unix),
            ("/vault-hvac/stop", case.stop),
        ])
    finally:
        if case.double is not None:
            case.double.stop()


if __name__ == "__main__":
    main()
