# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows of a database whose keys a server has wrapped, which tells by which version of its own key it did, which has enough
now and then, and which goes away: with the double, and with SQLite."""

import base64
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

import cli
import tap
import vault_server

MODEL = """[Model]
Name=User
Table=users
LockVersion=lock_version
Database=sqlite:{database}
[Key kms_key]
Box=users
Complete=true
[Attribute email]
Key=kms_key
Format=lockbox
"""


class Shop(cli.Root):
    """A box of the server's key "orders", and a table of which each row has one value."""

    def __init__(self, server, n_rows=6):
        super().__init__()
        self.server = server
        self.database = self.path("shop.sqlite3")
        with open(os.path.join(cli.SOURCE, "plugins/vault/vault.provider"), encoding="ascii") as file:
            self.provider = file.read()
        self.set_provider("")
        self.write("admin/models.d/user.model", MODEL.format(database=self.database))
        self.sql("CREATE TABLE users (id INTEGER PRIMARY KEY, encrypted_kms_key TEXT, email_ciphertext TEXT, "
                 "lock_version INTEGER NOT NULL DEFAULT 0)")
        if self.run("key", "create", "vault/orders").returncode not in (0, 1):
            raise tap.Failure("there is no key")
        self.good("box", "create", "users", "--key", "vault/orders")
        self.add(n_rows)

    def set_provider(self, settings):
        """No second try of its own, so that a test sees what a rotation does."""
        text = self.provider.replace("[Provider]\n", "[Provider]\nRetries=0\n") + "[Settings]\n" + settings
        self.write("package/providers.d/vault.provider", text)

    def environment(self, **more):
        values = super().environment(**more)
        values = {name: value for name, value in values.items() if not name.startswith(("VAULT_", "BAO_"))}
        values.update(KMS_MODULE_PATH=cli.module_path("plugins/vault", "plugins/store-sqlite"),
                      VAULT_ADDR=self.server.address, VAULT_TOKEN=self.server.token)
        return values

    def add(self, n_rows):
        for _ in range(n_rows):
            self.good("record", "create", "user", "email", data=b"ada@example.org")

    def sql(self, text):
        connection = sqlite3.connect(self.database, timeout=20)
        try:
            with connection:
                return connection.execute(text).fetchall()
        finally:
            connection.close()

    def key_versions(self):
        """What the server wrote in front of each row's key."""
        stored = [row[0] for row in self.sql("SELECT encrypted_kms_key FROM users ORDER BY id")]
        return [base64.b64decode(text.split(":", 1)[1]).split(b":")[1].decode() for text in stored]

    def lines(self, *arguments):
        return [json.loads(line) for line in self.good("record", *arguments, "--json").splitlines()]

    def status(self):
        return [(group["key_version"], group["current"], group["rows"])
                for group in self.json("record", "status", "user")["groups"]]

    def assert_values(self):
        found = self.json("record", "list", "user")
        tap.equal({row["attributes"]["email"] for row in found}, {"ada@example.org"}, "values")

    def fail(self, status, times, operation="rewrap"):
        """The server answers so for a while."""
        body = {"path": f"/v1/transit/{operation}/orders", "kind": "answer", "status": status, "times": times,
                "body": '{"errors": ["slow down"]}'}
        self.server.inner.control("POST", "/test/faults", body)

    def answer(self):
        self.server.inner.control("POST", "/test/no-faults", {})


def count_written(shop, before):
    after = dict(shop.sql("SELECT id, encrypted_kms_key FROM users"))
    return [number for number in after if after[number] != before[number]]


def check_stale_key_versions(server):
    """A new version of the server's own key makes rows old, which the version of the box does not show."""
    with Shop(server) as shop:
        first = shop.key_versions()[0]
        tap.equal(shop.status(), [(first[1:], True, 6)], "status before")
        tap.equal(shop.lines("rewrap", "user")[-1]["done"], 0, "nothing to do")
        shop.good("key", "rotate", "vault/orders")
        shop.add(2)
        second = f"v{int(first[1:]) + 1}"
        tap.equal(shop.key_versions(), [first] * 6 + [second] * 2, "what the server wrote")
        tap.equal(shop.status(), [(first[1:], False, 6), (second[1:], True, 2)], "status")
        plan = shop.lines("rewrap", "user", "--dry-run")[0]
        tap.equal((plan["rows"], plan["values"], plan["calls"]), (6, 6, 1), "dry run")
        plan = shop.lines("rekey", "user", "--dry-run")[0]
        tap.equal((plan["rows"], plan["values"], plan["calls"]), (6, 12, 2), "dry run of a rekey")
        before = dict(shop.sql("SELECT id, encrypted_kms_key FROM users"))
        done = shop.lines("rewrap", "user", "--where", "id <= 4")[-1]
        tap.equal((done["done"], done["skipped"]), (4, 0), "a part of them")
        done = shop.lines("rewrap", "user")[-1]
        tap.equal((done["done"], done["skipped"]), (2, 6), "the rest")
        tap.equal(count_written(shop, before), [1, 2, 3, 4, 5, 6], "rows that were written")
        tap.equal(shop.key_versions(), [second] * 8, "versions afterwards")
        tap.equal(shop.status(), [(second[1:], True, 8)], "status afterwards")
        shop.good("key", "rotate", "vault/orders")
        tap.equal(shop.lines("rekey", "user")[-1]["done"], 8, "rekey finds them, too")
        shop.assert_values()


def check_unknown_is_not_new(server):
    """Where the server does not say which version is the newest, nobody may say that all rows are new enough."""
    with Shop(server) as shop:
        shop.good("key", "rotate", "vault/orders")
        for operation in ("encrypt", "rewrap"):
            shop.fail(503, 100, operation)
        text = shop.bad(7, "record", "rewrap", "user")
        cli.wants(text, "which version of the master key is the newest")
        shop.bad(7, "record", "rekey", "user")
        shop.bad(7, "record", "status", "user")
        shop.answer()
        tap.equal(shop.lines("rewrap", "user")[-1]["done"], 6, "afterwards")


def check_throttled(server):
    """It goes on by itself, and tells what it waits for."""
    with Shop(server, 20) as shop:
        shop.good("key", "rotate", "vault/orders")
        shop.fail(429, 3)
        done = shop.run("record", "rewrap", "user")
        shop.answer()
        tap.equal(done.returncode, 0, done.stderr.decode())
        cli.wants(done.stderr.decode(), "kms_key: waits 0.2 s for the KMS: ", "too many requests")
        tap.equal(len(set(shop.key_versions())), 1, "versions")
        shop.good("key", "rotate", "vault/orders")
        shop.fail(429, 3)
        lines = shop.lines("rewrap", "user")
        shop.answer()
        waiting = [line for line in lines if line["state"] == "waiting"]
        tap.equal([(line["seconds"], line["error"]) for line in waiting], [(0.2, "throttled")], "lines of JSON")
        tap.equal(lines[-1]["done"], 20, "rows")
        shop.assert_values()


def check_gives_up(server):
    with Shop(server) as shop:
        shop.good("key", "rotate", "vault/orders")
        shop.fail(429, 100)
        text = shop.run("record", "rewrap", "user", "--patience=1")
        tap.equal(text.returncode, 7, text.stderr.decode())
        cli.wants(text.stderr.decode(), "no answer for 1 seconds")
        cli.wants(shop.bad(7, "record", "rewrap", "user", "--patience=0"), "too many requests")
        shop.answer()
        shop.lines("rewrap", "user")
        shop.assert_values()


def read_until(stream, word):
    for line in stream:
        if word in line:
            return line
    raise tap.Failure(f"it ended without {word!r}")


def check_interrupted_while_waiting(server):
    """In the middle of a table, where the line that goes on is told; what it says works."""
    with Shop(server, 8) as shop:
        shop.good("key", "rotate", "vault/orders")
        command = [cli.KMSCTL, "record", "rewrap", "user", "--batch=2", "--max-per-second=4"]
        with subprocess.Popen(command, env=shop.environment(), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                              text=True) as process:
            deadline = time.monotonic() + 60
            while len(set(shop.key_versions())) == 1 and time.monotonic() < deadline:
                time.sleep(0.05)
            shop.fail(429, 1000)
            read_until(process.stderr, "waits 0.2 s")
            started = time.monotonic()
            process.send_signal(signal.SIGINT)
            rest = process.stderr.read()
            tap.equal((process.wait(timeout=60), time.monotonic() - started < 30), (130, True), "exit code")
        shop.answer()
        cli.wants(rest, "go on with: kmsctl record rewrap user --batch=2")
        shop.lines("rewrap", "user", "--batch=2", "--resume")
        tap.equal(len(set(shop.key_versions())), 1, "versions")
        shop.assert_values()


def main():
    with vault_server.start_double() as server:
        return tap.run((f"/vault/rotations/{name[6:].replace('_', '-')}", lambda function=function: function(server))
                       for name, function in sorted(globals().items()) if name.startswith("check_"))


sys.exit(main())
