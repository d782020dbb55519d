# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows of a database that a Rails application wrote are read, written and listed as it would."""

import csv
import io
import json
import os
import re
import shutil
import sqlite3

import cli
import tap

FIXTURES = os.path.join(cli.SOURCE, "tests/fixtures")
MODULES = {"KMS_MODULE_PATH": cli.module_path("plugins/store-sqlite")}
EXPECTED = os.path.join(FIXTURES, "rails-app.json")


class Records:
    """The database, the model, and kmsctl with both."""

    def __init__(self, root):
        self.root = root
        self.database = root.path("rails.sqlite3")
        shutil.copy(os.path.join(FIXTURES, "rails-app.sqlite3"), self.database)
        os.chmod(self.database, 0o600)
        with open(os.path.join(FIXTURES, "rails-app.model"), encoding="utf-8") as file:
            self.model = file.read()
        self.write_model(self.model)

    def write_model(self, text):
        self.root.write("admin/models.d/user.model",
                        text.replace("Table=users\n", f"Table=users\nDatabase=sqlite:{self.database}\n"))

    def good(self, *arguments, data=b""):
        return self.root.good("record", *arguments, data=data, env=MODULES)

    def bad(self, code, *arguments, data=b""):
        return self.root.bad(code, "record", *arguments, data=data, env=MODULES)

    def json(self, *arguments, data=b""):
        return self.root.json("record", *arguments, data=data, env=MODULES)

    def run(self, *arguments, data=b""):
        return self.root.run("record", *arguments, data=data, env=MODULES)

    def sql(self, text, *values):
        with sqlite3.connect(self.database) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(text, values).fetchall()


def expected():
    with open(EXPECTED, encoding="utf-8") as file:
        return json.load(file)


def check_list_is_all_of_rails(root):
    records = Records(root)
    found = records.json("list", "user")
    wanted = expected()
    tap.equal([row["id"] for row in found], [*(row["id"] for row in wanted), 61], "ids")
    for row, want in zip(found, wanted):
        tap.equal(row["attributes"], {name: want[name] for name in row["attributes"]}, f"row {row['id']}")
    tap.equal(set(found[0]["attributes"]), set(wanted[0]) - {"id", "type", "name", "street_version"}, "attributes")
    tap.equal(set(found[-1]["attributes"].values()), {None}, "the row without keys")


def check_get_is_list(root):
    records = Records(root)
    for want in expected()[::13]:
        row = records.json("get", "user", str(want["id"]))
        tap.equal(row, {"id": want["id"], "attributes": {name: want[name] for name in row["attributes"]}}, "row")
    tap.equal(records.good("get", "user", "1", "city"), "City 0 é".encode(), "one alone")
    tap.equal(records.good("get", "user", "1", "city", "--newline=yes"), "City 0 é\n".encode(), "with a newline")
    tap.equal(records.good("get", "user", "1", "city", "score"), "city: City 0 é\nscore: -5\n".encode(), "two")
    records.good("get", "user", "1", "email", "--out", root.path("email"))
    tap.equal(root.read("email"), b"user0@example.org", "in a file")


def check_csv(root):
    records = Records(root)
    rows = list(csv.reader(io.StringIO(records.good("list", "user", "city", "settings", "--csv").decode())))
    tap.equal(rows[0], ["id", "city", "settings"], "names")
    for row, want in zip(rows[1:], expected()):
        tap.equal((row[0], row[1], json.loads(row[2])), (str(want["id"]), want["city"] or "", want["settings"]), "row")
    plain = records.good("list", "user", "city", "--csv", "--where", "id IN (6, 7)").decode()
    tap.equal(plain, 'id,city\n6,\n7,""\n', "NULL and what is empty")


def check_strange_ids(root):
    records = Records(root)
    for number in ("abc", "", "9223372036854775808", "'; DROP TABLE users; --"):
        cli.wants(records.bad(3, "get", "user", number), f"there is no row with id {number}")


def check_where_and_limit(root):
    records = Records(root)
    tap.equal([row["id"] for row in records.json("list", "user", "--where", "type = 'Admin'", "--limit", "2")], [4, 11],
              "ids")
    tap.equal(records.json("list", "user", "--where", "id < 0"), [], "no rows")
    cli.wants(records.bad(1, "list", "user", "--where", "id <"), "syntax error")
    cli.wants(records.bad(2, "list", "user", "--where", "1=1); --"), "must not end the statement")


VALUES = (("email", b"a@b\0c"), ("city", "Zürich\n".encode()), ("date_of_birth", b"1815-12-10"), ("score", b"-9"),
          ("active", b"false"), ("seen_at", b"2020-01-02T03:04:05.123456789Z"), ("balance", b"-0.5"), ("ratio", b"2.5"),
          ("settings", b'{"a":[1,null]}'), ("note", b""), ("phone", b"\xf0\x9f\x93\x9e"))


def check_set_is_get(root):
    records = Records(root)
    for name, value in VALUES:
        before = records.sql("SELECT updated_at FROM users WHERE id = 4")[0][0]
        records.good("set", "user", "4", name, data=value)
        tap.equal(records.good("get", "user", "4", name), value, name)
        after = records.sql("SELECT updated_at FROM users WHERE id = 4")[0][0]
        tap.equal(bool(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", after)) and after > before, True, after)
    records.good("set", "user", "4", "score", data=b"12\n")
    tap.equal(records.good("get", "user", "4", "score"), b"12", "a number with a shell's newline")
    records.good("set", "user", "4", "city", "phone", "--null")
    tap.equal(records.json("get", "user", "4", "city", "phone")["attributes"], {"city": None, "phone": None}, "NULL")
    cli.wants(records.bad(2, "set", "user", "4", "score", data=b"twelve"), "score: ", "an integer")
    cli.wants(records.bad(2, "set", "user", "4", "city=Rome"), "does not stand on the command line")
    cli.wants(records.bad(2, "set", "user", "4", "city", "phone"), "one value can come from stdin")


def check_large(root):
    records = Records(root)
    path = root.write("large", os.urandom(5000000).hex())
    records.good("set", "user", "1", f"note=@{path}")
    tap.equal(records.good("get", "user", "1", "note"), root.read("large"), "10 MB")
    tap.equal(records.json("get", "user", "1", "note")["attributes"]["note"].encode(), root.read("large"), "as JSON")


def check_create(root):
    records = Records(root)
    path = root.write("score", "7")
    made = records.good("create", "user", "city", f"score=@{path}", "--column", "name=Zoe", data=b"Oslo").decode().strip()
    tap.equal(records.json("get", "user", made, "city", "score"), {"id": int(made), "attributes": {"city": "Oslo", "score": 7}},
              "row")
    row = records.sql("SELECT * FROM users WHERE id = ?", made)[0]
    tap.equal((row["name"], row["encrypted_kms_key"][:3], row["encrypted_kms_key_phone"]), ("Zoe", "v1:", None), "columns")
    tap.equal(row["created_at"][:10], row["updated_at"][:10], "times")
    tap.equal(records.json("create", "user"), {"id": int(made) + 1}, "as JSON")
    cli.wants(records.bad(2, "create", "user", "--column", "encrypted_kms_key=x"), "set the attribute instead")


def check_new_key(root):
    """Who may encrypt only: the provider refuses to decrypt."""
    records = Records(root)
    records.write_model(records.model.replace("KeyId=insecure-test-key\n", "KeyId=insecure-test-key/encrypt\n"))
    records.bad(4, "get", "user", "1", "phone")
    records.bad(4, "set", "user", "1", "phone", data=b"1")
    cli.wants(records.bad(2, "set", "user", "1", "city", "--new-key", data=b"1"), "would be lost with it: email, ssn,")
    records.good("set", "user", "1", "phone", "--new-key", data=b"1")
    records.write_model(records.model)
    tap.equal(records.good("get", "user", "1", "phone"), b"1", "phone")
    tap.equal(records.good("get", "user", "1", "city"), "City 0 é".encode(), "city")


def check_broken_rows(root):
    records = Records(root)
    records.sql("UPDATE users SET encrypted_kms_key = 'v1:AAAA' WHERE id = 2")
    records.sql("UPDATE users SET city_ciphertext = 'AAAA' WHERE id = 3")
    done = records.run("list", "user", "city", "phone", "--limit", "3")
    tap.equal((done.returncode, done.stdout.decode()),
              (9, "id\tcity\tphone\n1\tCity 0 é\t555-0\n2\t\t555-1\n3\t\t555-2\n"), "list")
    cli.wants(done.stderr.decode(), "kmsctl: 2: city: ", "kmsctl: 3: city: ", "2 of 3 rows could not be read")
    done = records.root.run("--json", "record", "list", "user", "city", "phone", "--limit", "3", env=MODULES)
    rows = json.loads(done.stdout)
    tap.equal((done.returncode, rows[1]["attributes"], list(rows[1]["errors"])), (9, {"phone": "555-1"}, ["city"]), "JSON")


def check_not_found(root):
    records = Records(root)
    cli.wants(records.bad(3, "get", "usr", "1"), "did you mean \"user\"?")
    cli.wants(records.bad(3, "get", "user", "99"), "there is no row with id 99")
    cli.wants(records.bad(3, "get", "user", "1'; DROP TABLE users; --"), "there is no row")
    cli.wants(records.bad(3, "get", "user", "1", "nosuch"), "no attribute \"nosuch\"")
    cli.wants(records.bad(3, "list", "user", "--db", "sqlite:/nosuch/nosuch"), "sqlite:/nosuch/nosuch")
    records.sql("ALTER TABLE users RENAME COLUMN city_ciphertext TO town")
    cli.wants(records.bad(3, "get", "user", "1"), "\"city_ciphertext\"")
    records.sql("DROP TABLE users")
    cli.wants(records.bad(3, "list", "user"), "there is no table \"users\"")


def check_terminals_are_spared(root):
    """What is in a row must not play tricks: kmsctl's own lines have no control characters."""
    records = Records(root)
    records.good("set", "user", "1", "city", data=b"\x1b[2Jx\ny\xc2\x9bz")
    tap.equal(records.good("get", "user", "1", "city", "phone"), b"city: ?[2Jx y?z\nphone: 555-0\n", "text")
    tap.equal(records.json("get", "user", "1", "city")["attributes"]["city"], "\x1b[2Jx\ny\x9bz", "JSON")


cli.main("records", globals())
