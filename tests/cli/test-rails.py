# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every row key of a database that a Rails application wrote."""

import os
import sqlite3

import cli
import tap

DATABASE = os.path.join(cli.SOURCE, "tests/fixtures/rails-app.sqlite3")
KEY = ("--key", "insecure-test-key")


def rows():
    if not os.path.exists(DATABASE):
        raise tap.Failure(f"{DATABASE} is not there")
    database = sqlite3.connect(f"file:{DATABASE}?mode=ro", uri=True)
    database.row_factory = sqlite3.Row
    return database.execute("select * from users order by id").fetchall()


def default_context(row):
    """model_name is the subclass's in a table with single-table inheritance."""
    return [f"model_name={row['type'] or 'User'}", f"model_id={row['id']}"]


def street_context(row):
    """{version: 1, "Name" => name} before, {version: 2, model_id: id} since."""
    if row["encrypted_kms_key_street"].startswith("v1:"):
        return [":version:=1", f'"Name"={row["name"]}']
    return ["version:=2", f"model_id={row['id']}"]


def keys():
    for row in rows():
        for column, context in (("encrypted_kms_key", default_context), ("encrypted_kms_key_phone", default_context),
                                ("encrypted_kms_key_street", street_context)):
            if row[column] is not None:
                yield row["id"], column, row[column].encode(), context(row)


def options(context):
    return [word for pair in context for word in ("-c", pair)]


def check_right_context(root):
    n_keys = 0
    found = set()
    for number, column, stored, context in keys():
        key = root.good("decrypt", *KEY, *options(context), data=stored)
        tap.equal(len(key), 32, f"{column} of row {number}")
        found.add(key)
        n_keys += 1
    tap.equal((n_keys, len(found)), (180, 180), "keys, and keys that differ")


def check_other_contexts(root):
    for number, column, stored, context in keys():
        name, value = context[-1].split("=", 1)
        others = ([], context[:1], [*context, "more=1"], [*context[:-1], f"{name}={value}x"])
        other = others[number % len(others)]
        root.bad(6, "decrypt", *KEY, *options(other), data=stored)


def check_context_of_another_row(root):
    listed = list(keys())
    for (_, _, _, context), (number, column, stored, own) in zip(listed, listed[3:]):
        if context != own:
            root.bad(6, "decrypt", *KEY, *options(context), data=stored)


cli.main("rails", globals())
