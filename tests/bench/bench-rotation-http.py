#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rekeying a table under keys of a Vault double that answers after 20 ms: bench-rotation-http.py BUILD [ROWS]

On SQLite, and where there is a PostgreSQL, with one worker and with two that share the table. The double runs in a process of
its own, on the same processors."""

import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "record"))

import postgres  # noqa: E402

LATENCY_MS = 20
MODEL = """[Model]
Name=User
Table=users
[Key kms_key]
Box=users
Context=app=shop
Complete=true
[Attribute city]
Key=kms_key
Format=lockbox
[Attribute phone]
Key=kms_key
Format=lockbox
"""
COLUMNS = "encrypted_kms_key TEXT, city_ciphertext TEXT, phone_ciphertext TEXT"


class Vault:
    """The double, with its latency."""

    def __init__(self, build):
        self.process = subprocess.Popen([build / "tests/servers/kms-test-vault"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.address, self.token, control = self.process.stdout.readline().split()
        fault = json.dumps({"kind": "none", "delay_ms": LATENCY_MS}).encode()
        self.late = urllib.request.Request(f"{control}/test/faults", data=fault, method="POST")

    def be_late(self):
        urllib.request.urlopen(self.late).read()

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


class Bench:
    def __init__(self, build, folder, vault):
        self.build, self.folder, self.rows = build, folder, 0
        modules = ":".join(str(build / "plugins" / name) for name in ("test", "vault", "store-sqlite", "store-postgresql"))
        self.env = {**os.environ, "KMS_CONFIG_ROOT": str(folder / "root"), "KMS_MODULE_PATH": modules}
        self.write("providers.d/test.provider", "[Provider]\nModule=kms-test.so\nAbi=1\nExact=insecure-test-key\n")
        self.write("providers.d/vault.provider", "[Provider]\nModule=kms-vault.so\nAbi=1\nPrefixes=vault/\n[Settings]\n"
                   f"Address={vault.address}\nTokenFile={folder}/token\n")
        (folder / "token").write_text(vault.token)
        (folder / "token").chmod(0o600)
        self.write("models.d/user.model", MODEL)
        self.set_box(1)
        self.kmsctl("key", "create", "vault/shop")

    def write(self, name, text):
        path = self.folder / "root/admin" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def set_box(self, version):
        keys = ["insecure-test-key", "vault/shop", "vault/shop", "vault/shop"][:version]
        self.write("boxes.d/users.box", f"[Box]\nVersion={version}\n" + "".join(
            f"[Version {number}]\nKeyId={key}\n" for number, key in enumerate(keys, 1)))

    def start(self, *arguments, **more):
        return subprocess.Popen([self.build / "kmsctl/kmsctl", *arguments], env=self.env, stdout=subprocess.DEVNULL, **more)

    def kmsctl(self, *arguments):
        if self.start(*arguments).wait() != 0:
            sys.exit(f"kmsctl {' '.join(arguments)} failed")

    def fill(self, uri, n_rows, run):
        """One row through kmsctl, and copies of it: the context does not have the id."""
        self.rows = n_rows
        for name in ("city", "phone"):
            (self.folder / name).write_text(f"the {name}")
        self.kmsctl("record", "create", "user", f"--db={uri}", f"city=@{self.folder}/city", f"phone=@{self.folder}/phone")
        columns = "encrypted_kms_key, city_ciphertext, phone_ciphertext"
        run(f"INSERT INTO users ({columns}) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {n_rows - 1})"
            f" SELECT {columns} FROM users, n")

    def rekey(self, uri, version, n_workers):
        self.set_box(version)
        more = ["--shared"] if n_workers > 1 else []
        started = time.monotonic()
        workers = [self.start("record", "rekey", "user", "kms_key", "--offline", f"--db={uri}", *more) for _ in range(n_workers)]
        if any(worker.wait() != 0 for worker in workers):
            sys.exit("a worker failed")
        return self.rows / (time.monotonic() - started)


def run_sqlite(bench, n_rows):
    path = bench.folder / "shop.sqlite3"
    with sqlite3.connect(path) as database:
        database.execute(f"CREATE TABLE users (id INTEGER PRIMARY KEY NOT NULL, {COLUMNS})")

    def run(sql):
        with sqlite3.connect(path) as other:
            other.execute(sql)
    bench.fill(f"sqlite:{path}", n_rows, run)
    print(f"SQLite, one worker        {bench.rekey(f'sqlite:{path}', 2, 1):8.0f} rows/s")


def run_postgresql(bench, n_rows):
    with postgres.server() as env:
        bench.env.update({name: value for name, value in env.items() if name.startswith(("PG", "KMS_TEST_POSTGRES"))})
        uri = env["KMS_TEST_POSTGRES"]

        def run(sql):
            subprocess.run(["psql", "-q", "-c", sql], env=env, check=True)
        run(f"CREATE TABLE users (id BIGSERIAL PRIMARY KEY, {COLUMNS})")
        bench.set_box(1)
        bench.fill(uri, n_rows, run)
        first = bench.rekey(uri, 2, 1)
        # From here on the old keys are the service's, too: two requests a batch, and the same work for one worker and for two.
        one = bench.rekey(uri, 3, 1)
        two = bench.rekey(uri, 4, 2)
    print(f"PostgreSQL, first keys    {first:8.0f} rows/s")
    print(f"PostgreSQL, one worker    {one:8.0f} rows/s")
    print(f"PostgreSQL, two workers   {two:8.0f} rows/s, {two / one:.2f} times as many")


def main():
    if len(sys.argv) < 2:
        sys.exit("Usage: bench-rotation-http.py BUILD [ROWS]")
    build, n_rows = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 100000
    with tempfile.TemporaryDirectory() as folder:
        vault = Vault(build)
        try:
            bench = Bench(build, pathlib.Path(folder), vault)
            vault.be_late()
            run_sqlite(bench, n_rows)
            run_postgresql(bench, n_rows)
        except postgres.Missing as reason:
            print(f"no figures of PostgreSQL: {reason}")
        finally:
            vault.stop()


main()
