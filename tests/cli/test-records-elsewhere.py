# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Other programs read what kmsctl wrote into rows, and the other way round: ActiveRecord with Lockbox and attr_encrypted, and
Python's cryptography."""

import base64
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess

import cli
import tap

FIXTURES = os.path.join(cli.SOURCE, "tests/fixtures")
SCRIPT = os.path.join(cli.SOURCE, "tests/cli/rails-users.rb")
MODULES = {"KMS_MODULE_PATH": cli.module_path("plugins/store-sqlite")}
RUBY_READS = ["email", "ssn", "city", "date_of_birth", "score", "active", "seen_at", "note", "ratio", "settings"]

VALUES = {"email": "grace@example.org", "ssn": "078-05-1120", "city": "Zürich <&>", "date_of_birth": "1906-12-09",
          "score": -(2 ** 62), "active": False, "seen_at": "2021-02-03T04:05:06.123456000Z", "note": "x" * 32,
          "ratio": 0.1, "settings": {"a": [1, "é", None]}}


def start(root):
    """A copy of the database, and kmsctl's arguments for it."""
    database = root.path("rails.sqlite3")
    shutil.copy(os.path.join(FIXTURES, "rails-app.sqlite3"), database)
    os.chmod(database, 0o600)
    with open(os.path.join(FIXTURES, "rails-app.model"), encoding="utf-8") as file:
        root.write("admin/models.d/user.model", file.read())
    return database, f"--db=sqlite:{database}"


def need_ruby():
    if shutil.which("ruby") is None:
        raise tap.Skip("needs Ruby")
    probe = ["ruby", "-rstringio", "-e", "require 'active_record'; require 'sqlite3'; require 'lockbox'; require 'attr_encrypted'"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        raise tap.Skip("needs ruby-activerecord, ruby-sqlite3, ruby-lockbox and ruby-attr-encrypted")


def ruby(*arguments, data=""):
    done = subprocess.run(["ruby", SCRIPT, *arguments], input=data, capture_output=True, text=True, check=False, timeout=100,
                          env=dict(os.environ, LC_ALL="C.UTF-8"))
    if done.returncode != 0:
        raise tap.Failure(done.stderr)
    return json.loads(done.stdout)


def as_text(value):
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def write_all(root, row, *options):
    for name, value in VALUES.items():
        root.good("record", "set", "user", row, name, *options, data=as_text(value), env=MODULES)


def check_ruby_reads(root):
    need_ruby()
    database, option = start(root)
    write_all(root, "4", option)
    made = root.good("record", "create", "user", "note", "--column=name=Zoe", option, data=b"", env=MODULES).decode().strip()
    write_all(root, made, option)
    with open(os.path.join(FIXTURES, "rails-app.json"), encoding="utf-8") as file:
        expected = {row["id"]: {name: row[name] for name in RUBY_READS} for row in json.load(file)}
    expected.update({4: VALUES, int(made): VALUES, 61: dict.fromkeys(RUBY_READS)})
    found = {row["id"]: row["attributes"] for row in ruby(database)}
    tap.equal(sorted(found), sorted(expected), "ids")
    for number, values in expected.items():
        tap.equal(found[number], values, f"row {number}")


def check_ruby_writes(root):
    need_ruby()
    database, option = start(root)
    for number in ("1", "4"):
        tap.equal(ruby(database, number, data=json.dumps(VALUES)), int(number), "the row")
        tap.equal(root.json("record", "get", "user", number, *RUBY_READS, option, env=MODULES)["attributes"], VALUES, number)


def rails_rows():
    with open(os.path.join(FIXTURES, "rails-app.json"), encoding="utf-8") as file:
        return {row["id"]: row for row in json.load(file)}


def check_ruby_reads_after_rotation(root):
    """Keys that were wrapped anew, then new keys, then both: every value is what Rails wrote."""
    need_ruby()
    database, option = start(root)
    expected = {number: {name: row[name] for name in RUBY_READS} for number, row in rails_rows().items()}
    expected[61] = dict.fromkeys(RUBY_READS)
    before = row_of(database, 1)
    for arguments in (("rewrap", "--all"), ("rekey", "--all", "--offline"), ("rewrap", "--all")):
        root.good("record", arguments[0], "user", *arguments[1:], option, env=MODULES)
        found = {row["id"]: row["attributes"] for row in ruby(database)}
        tap.equal(sorted(found), sorted(expected), f"ids after {arguments[0]}")
        for number, values in expected.items():
            tap.equal(found[number], values, f"row {number} after {arguments[0]}")
    after = row_of(database, 1)
    tap.equal([before[name] != after[name] for name in ("encrypted_kms_key", "encrypted_email", "city_ciphertext")], [True] * 3,
              "nothing is what it was")


# What Python's cryptography is asked, as it may be another Python that has it.
OPEN = """
import base64, json, sys
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
asked = json.load(sys.stdin)
key, data, nonce, aad = (base64.b64decode(asked[name]) for name in ("key", "data", "nonce", "aad"))
print(base64.b64encode(getattr(AESGCM(key), asked["verb"])(nonce, data, aad)).decode())
"""


def need_cryptography():
    if subprocess.run(["/usr/bin/python3", "-c", "import cryptography"], capture_output=True, check=False).returncode != 0:
        raise tap.Skip("needs python3-cryptography")


def aes_gcm(verb, key, nonce, data, aad=b""):
    asked = {"verb": verb, **{name: base64.b64encode(value).decode()
                              for name, value in (("key", key), ("nonce", nonce), ("data", data), ("aad", aad))}}
    done = subprocess.run(["/usr/bin/python3", "-c", OPEN], input=json.dumps(asked), capture_output=True, text=True, check=False,
                          env={"PATH": os.environ["PATH"]}, timeout=60)
    if done.returncode != 0:
        raise tap.Failure(done.stderr)
    return base64.b64decode(done.stdout)


def data_key(row, column="encrypted_kms_key"):
    """Of the test provider: v1: and base64 of PREFIX:base64:base64."""
    return base64.b64decode(base64.b64decode(row[column].split(":")[1]).split(b":")[1])


def row_of(database, number):
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    return connection.execute("SELECT * FROM users WHERE id = ?", (number,)).fetchone()


def check_python_reads(root):
    need_cryptography()
    database, option = start(root)
    for name, value in (("balance", b"-0.5"), ("phone", b"555"), ("ssn", b"000"), ("email", b"a@b")):
        root.good("record", "set", "user", "5", name, option, data=value, env=MODULES)
    row = row_of(database, 5)
    key = data_key(row)
    sealed = base64.b64decode(row["balance_ciphertext"])
    tap.equal(aes_gcm("decrypt", key, sealed[:12], sealed[12:]), b"-0.5", "balance")
    sealed = base64.b64decode(row["phone_ciphertext"])
    tap.equal(aes_gcm("decrypt", data_key(row, "encrypted_kms_key_phone"), sealed[:12], sealed[12:], b"phone"), b"555", "phone")
    salt = base64.b64decode(row["encrypted_ssn_salt"].removeprefix("_"))
    tap.equal(aes_gcm("decrypt", hashlib.pbkdf2_hmac("sha1", key, salt, 2000, 32), base64.b64decode(row["encrypted_ssn_iv"]),
                      base64.b64decode(row["encrypted_ssn"])), b"000", "ssn")
    tap.equal(aes_gcm("decrypt", key, base64.b64decode(row["encrypted_email_iv"]), base64.b64decode(row["encrypted_email"])),
              b"a@b", "email")


def check_python_reads_after_rotation(root):
    """Under the box's second version, with a data key that Rails never saw."""
    need_cryptography()
    database, option = start(root)
    path = root.path("admin/models.d/user.model")
    with open(path, encoding="utf-8") as file:
        model = file.read()
    root.write("admin/models.d/user.model", model.replace("[Key kms_key]\nKeyId=insecure-test-key\n", "[Key kms_key]\nBox=users\n"))
    root.good("box", "create", "users", "--key", "insecure-test-key", env=MODULES)
    root.good("box", "new-version", "users", "--key", "insecure-test-key", env=MODULES)
    root.good("record", "rekey", "user", "kms_key", "--offline", option, env=MODULES)
    read = 0
    for number, expected in rails_rows().items():
        row = row_of(database, number)
        if row["balance_ciphertext"] is None:
            continue
        tap.equal(row["encrypted_kms_key"][:3], "v2:", f"row {number}: version")
        sealed = base64.b64decode(row["balance_ciphertext"])
        tap.equal(aes_gcm("decrypt", data_key(row), sealed[:12], sealed[12:]).decode(), expected["balance"], f"row {number}")
        read += 1
        if read == 5:
            break
    tap.equal(read, 5, "rows with a balance")


def check_python_writes(root):
    need_cryptography()
    database, option = start(root)
    row = row_of(database, 5)
    nonce = os.urandom(12)
    balance = nonce + aes_gcm("encrypt", data_key(row), nonce, b"12.5")
    phone = nonce + aes_gcm("encrypt", data_key(row, "encrypted_kms_key_phone"), nonce, b"911", b"phone")
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE users SET balance_ciphertext = ?, phone_ciphertext = ? WHERE id = 5",
                           (base64.b64encode(balance).decode(), base64.b64encode(phone).decode()))
    tap.equal(root.json("record", "get", "user", "5", "balance", "phone", option, env=MODULES)["attributes"],
              {"balance": "12.5", "phone": "911"}, "values")


cli.main("records-elsewhere", globals())
