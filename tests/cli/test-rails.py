# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every row key of a database that a Rails application wrote."""

import collections
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


COLUMNS = (("encrypted_kms_key", default_context), ("encrypted_kms_key_phone", default_context),
           ("encrypted_kms_key_street", street_context))


def keys():
    for column, context in COLUMNS:
        for row in rows():
            if row[column] is not None:
                yield column, row, row[column].encode(), context(row)


def options(context):
    return [word for pair in context for word in ("-c", pair)]


def check_what_is_there():
    """Or the cases below would say nothing of what they should say."""
    found = collections.Counter((column, stored[:3].decode(), row["type"]) for column, row, stored, _ in keys())
    expected = {("encrypted_kms_key", "v1:", None): 51, ("encrypted_kms_key", "v1:", "Admin"): 9,
                ("encrypted_kms_key_phone", "v1:", None): 51, ("encrypted_kms_key_phone", "v1:", "Admin"): 9,
                ("encrypted_kms_key_street", "v1:", None): 26, ("encrypted_kms_key_street", "v1:", "Admin"): 4,
                ("encrypted_kms_key_street", "v2:", None): 25, ("encrypted_kms_key_street", "v2:", "Admin"): 5}
    tap.equal(dict(found), expected, "keys by column, version and subclass")
    columns = [name for name in rows()[0].keys() if name.startswith("encrypted_kms_key")]
    tap.equal(columns, [column for column, _ in COLUMNS], "columns of keys")
    last = rows()[-1]
    tap.equal([last[column] for column in columns], [None] * 3, "the last row's keys")


def check_right_context(root):
    found = set()
    for column, row, stored, context in keys():
        key = root.good("decrypt", *KEY, *options(context), data=stored)
        tap.equal(len(key), 32, f"{column} of row {row['id']}")
        found.add(key)
    tap.equal(len(found), 180, "keys that differ")


def changed(context):
    name, value = context[-1].split("=", 1)
    return [*context[:-1], f"{name}={value}x"]


def of_another_row(row, column):
    """The nearest row whose context is another one: three rows in a row have different names."""
    others = [other for other in rows() if other["id"] != row["id"] and other[column] is not None]
    contexts = [dict(COLUMNS)[column](other) for other in sorted(others, key=lambda other: abs(other["id"] - row["id"]))]
    return next(context for context in contexts if context != dict(COLUMNS)[column](row))


def as_otherwise(row, column, context):
    """What who does not know of the subclass, or of the other version, would take."""
    if column != "encrypted_kms_key_street":
        return [f"model_name={'Admin' if row['type'] is None else 'User'}", context[1]]
    return [context[0].replace("=1", "=0").replace("=2", "=1"), context[1]]


def check_other_contexts(root):
    """Each key with one of them, each of them with every column."""
    empty = ["--context-file", root.write("empty.json", "{}")]
    for number, (column, row, stored, context) in enumerate(keys()):
        others = ([], empty, options(context[:1]), options([*context, "more=1"]), options(changed(context)),
                  options(of_another_row(row, column)), options(as_otherwise(row, column, context)))
        root.bad(6, "decrypt", *KEY, *others[number % len(others)], data=stored)


def check_subclasses(root):
    for column, row, stored, context in keys():
        if row["type"] is not None and column != "encrypted_kms_key_street":
            root.bad(6, "decrypt", *KEY, *options(as_otherwise(row, column, context)), data=stored)


cli.main("rails", globals())
