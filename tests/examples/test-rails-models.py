# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The models that a script writes for classes of Rails: accepted, and the same as somebody would write by hand."""

import configparser
import json
import os
import shutil
import subprocess
import sys
import tempfile

import tap

SOURCE = os.environ["SOURCE"]
sys.path.insert(0, os.path.join(SOURCE, "tests/cli"))

import cli  # noqa: E402

SCRATCH = tempfile.TemporaryDirectory()
NOTES = []

FIXTURES = os.path.join(SOURCE, "tests/fixtures")
KEY = {"KeyId": "insecure-test-key", "Complete": "true"}


def models():
    """The directory with the files that the script writes, once."""
    directory = os.path.join(SCRATCH.name, "models.d")
    if os.path.isdir(directory):
        return directory
    # Debian's Ruby, which has Debian's gems.
    ruby = shutil.which("ruby", path="/usr/bin") or shutil.which("ruby")
    if ruby is None:
        raise tap.Skip("there is no Ruby")
    done = subprocess.run([ruby, os.path.join(SOURCE, "tests/examples/rails-classes.rb"),
                           os.path.join(SOURCE, "examples/rails-models/kms_models.rb"), directory],
                          capture_output=True, text=True, check=False)
    if done.stdout.startswith("SKIP"):
        raise tap.Skip(f"Debian's ruby-activerecord, ruby-sqlite3, ruby-lockbox or ruby-attr-encrypted: {done.stdout[5:].strip()}")
    tap.equal(done.returncode, 0, done.stderr)
    NOTES.extend(done.stdout.splitlines())
    return directory


def parse(path):
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str
    with open(path, encoding="utf-8") as file:
        parser.read_file(file)
    return {section: dict(parser[section]) for section in parser.sections()}


def read(name):
    return parse(os.path.join(models(), f"{name}.model"))


def case_user():
    """What somebody wrote by hand for these classes; but here another class has more under one of the keys."""
    wanted = parse(os.path.join(FIXTURES, "rails-app.model"))
    del wanted["Key kms_key_phone"]["Complete"]
    tap.equal(read("user"), wanted, "user.model")
    tap.equal(sorted(os.listdir(models())), ["boss.model", "shop-line-item.model", "tenant.model", "user.model"], "files")


def case_rows():
    """The rows that the gems wrote are read with it."""
    if not os.path.exists(os.path.join(cli.BUILD, "plugins/store-sqlite/kms-store-sqlite.so")):
        raise tap.Skip("the module for SQLite is not built")
    with open(os.path.join(FIXTURES, "rails-app.json"), encoding="utf-8") as file:
        wanted = json.load(file)
    with cli.Root() as root:
        with open(os.path.join(models(), "user.model"), encoding="utf-8") as file:
            root.write("admin/models.d/user.model", file.read())
        database = root.path("rails.sqlite3")
        shutil.copy(os.path.join(FIXTURES, "rails-app.sqlite3"), database)
        os.chmod(database, 0o600)
        rows = root.json("record", "list", "user", "--db", f"sqlite:{database}",
                         env={"KMS_MODULE_PATH": cli.module_path("plugins/store-sqlite")})
    tap.equal(len(rows), len(wanted) + 1, "rows")
    for row, want in zip(rows, wanted):
        tap.equal(row["attributes"], {name: want[name] for name in row["attributes"]}, f"row {row['id']}")
        tap.equal(len(row["attributes"]), 13, "attributes")


def case_below():
    tap.equal(read("boss"), {
        "Model": {"Name": "Boss", "Extends": "user"},
        "Key kms_key_boss": {**KEY, "UpgradeContext": "true"},
        "Attribute office": {"Key": "kms_key_boss", "Format": "lockbox"},
        "Attribute car": {"Key": "kms_key_phone", "Format": "lockbox"},
    }, "boss.model")


def case_hard():
    found = read("shop-line-item")
    tap.equal(found["Model"], {"Name": "Shop::LineItem", "Table": "line_items", "Id": "number", "LockVersion": "lock_version"}, "[Model]")
    tap.equal(found["Key kms_key"], {"KeyId": "vault/items", "Context": "tenant=@tenant_id;:app.name=shop"}, "a context of columns")
    tap.equal(found["Attribute gift"], {"Key": "kms_key", "Format": "raw", "Column": "gift_data", "Padding": "8", "Algorithm": "xchacha20"},
              "options of Lockbox")
    tap.equal(found["Attribute licence"], {"Key": "kms_key_more", "Format": "lockbox-file"}, "a file")
    tap.equal("Attribute mine" in found, False, "an attribute under a key of another kind")


def case_incomplete():
    models()
    wanted = ("Shop::LineItem.kms_key is not Complete=true: \"secret\"", "LineItem.kms_key_more is not Complete=true: the file",
              "the context of Shop::LineItem.kms_key_odd", "Tenant.kms_key is not Complete=true: the key of \"iban\"",
              "User.kms_key_phone is not Complete=true: Boss has \"car\"")
    tap.none((part for part in wanted if not any(part in note for note in NOTES)), f"not said in {NOTES}")
    tap.equal(len(NOTES), len(wanted), f"{NOTES}")
    for name, key in (("shop-line-item", "Key kms_key"), ("shop-line-item", "Key kms_key_more"), ("tenant", "Key kms_key")):
        tap.equal("Complete" in read(name)[key], False, f"{name} {key}")


def case_accepted():
    directory = models()
    with cli.Root() as root:
        for name in ("user", "boss", "tenant"):
            with open(os.path.join(directory, f"{name}.model"), encoding="utf-8") as file:
                root.write(f"admin/models.d/{name}.model", file.read())
        root.good("config", "check")
        with open(os.path.join(directory, "shop-line-item.model"), encoding="utf-8") as file:
            root.write("admin/models.d/item.model", file.read())
        done = root.run("config", "check")
        tap.equal(done.returncode, 1, "a context that nobody wrote")
        cli.wants(done.stdout.decode(), "item.model", "Context", "\"?\"")


tap.main([
    ("/rails-models/user", case_user),
    ("/rails-models/rows", case_rows),
    ("/rails-models/class-below", case_below),
    ("/rails-models/hard", case_hard),
    ("/rails-models/incomplete", case_incomplete),
    ("/rails-models/accepted", case_accepted),
])
