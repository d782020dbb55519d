#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A customer is stored and read, in a table of which e-mail address, birthday and number of visits are encrypted."""

import sys

import gi

gi.require_version("Kms", "1")
from gi.repository import GLib, Kms  # noqa: E402

EMAIL = b"ada@example.org"


def say(what, text):
    print(f"{what:<10} {text}", flush=True)


def create(model, store):
    """Nothing is encrypted or written before the record is saved."""
    record = Kms.Record.new(model, store)
    record.set_column("name", "Ada")
    record.set("email", Kms.Value.parse(Kms.ValueType.STRING, Kms.Secret.new(EMAIL))[1])
    record.set("born_on", Kms.Value.new_date(1815, 12, 10))
    record.set("visits", Kms.Value.new_integer(1))
    record.save(None)
    say("created", f"customer {record.get_id()}")
    return record.get_id()


def check_read(record, expected):
    email, visits = record.get("email", None)[1], record.get("visits", None)[1]
    if bytes(email.get_plaintext().get_data()) != EMAIL or visits.get_integer() != expected:
        sys.exit("customers.py: what was read is not what was stored")
    say("read", f"customer {record.get_id()}, visits {visits.get_integer()}")


def set_visits(record, number):
    record.set("visits", Kms.Value.new_integer(number))
    record.save(None)


def change(model, store, number):
    """Two programs read the same row; one is faster."""
    record, other = (Kms.Record.load(model, store, number, None) for _ in range(2))
    check_read(record, 1)
    set_visits(record, 2)
    say("changed", f"customer {number}")
    try:
        set_visits(other, 7)
        sys.exit("customers.py: a change was lost")
    except GLib.Error as late:
        if not late.matches(Kms.error_quark(), Kms.Error.CONFLICT):
            raise
        say("refused", late.message)
    other.reload(None)
    check_read(other, 2)


def count(model, store):
    """Many rows, whose data keys are unwrapped some hundred at a time."""
    reader, found = Kms.RecordReader.new(model, store, ["born_on"]), 0
    while reader.next(None):
        year = reader.get(0)[1].get_date()[0]
        if year != 1815:
            sys.exit("customers.py: a birthday is not what was stored")
        found += 1
    say("counted", f"customers: {found}")


def main(name, database):
    registry = Kms.Registry.new_default()
    # The model says which columns are encrypted, and under which key; it is a file, of an administrator or a package.
    model = registry.dup_model(name)
    store = Kms.Store.open(registry, database, None)
    change(model, store, create(model, store))
    count(model, store)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        print("Usage: customers.py MODEL DATABASE", file=sys.stderr)
        sys.exit(2)
    try:
        main(sys.argv[1], sys.argv[2])
    except GLib.Error as problem:
        print(f"customers.py: {problem.message}", file=sys.stderr)
        sys.exit(Kms.error_get_exit_code(problem))
