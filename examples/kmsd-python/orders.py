#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The keys of orders, encrypted and decrypted by kmsd: orders.py gio|jeepney system|session|SOCKET BOX."""

import importlib
import secrets
import sys

import pipes

ROW, OTHER_ROW = {"model_name": "Order", "model_id": "42"}, {"model_name": "Order", "model_id": "43"}
ROWS = 100
ERRORS = "org.libkms.Kms1.Error."


def say(what, text):
    """Tells what was done; never a secret."""
    print(f"{what:<10} {text}", flush=True)


def check_refused(kmsd, box, stored):
    """One name for wrong context, wrong key and changed bytes. It will not go away by trying again."""
    try:
        box.decrypt(stored, OTHER_ROW)
    except kmsd.Error as error:
        if error.name != "InvalidCiphertext":
            raise
        say("refused", error.name)
        return
    sys.exit("orders.py: the string of one row was decrypted in another")


def run_batches(box):
    """Many rows in one call. One of them is spoilt, and fails alone."""
    keys = [bytearray(secrets.token_bytes(32)) for _ in range(ROWS)]
    contexts = [{"model_name": "Order", "model_id": str(row)} for row in range(ROWS)]
    stored, _ = box.encrypt_batch(keys, contexts)
    stored[17] = stored[18]
    decrypted, results = box.decrypt_batch(stored, contexts)
    good = [row for row in range(ROWS) if "error" not in results[row] and decrypted[row] == keys[row]]
    for key in keys + decrypted:
        pipes.wipe(key)
    say("batch", f"{ROWS} encrypted, {len(good)} decrypted; row 17: {results[17]['error'].removeprefix(ERRORS)}")


def run(kmsd, where, name):
    box = kmsd.Box(where, name)
    key = bytearray(secrets.token_bytes(32))
    stored = box.encrypt(key, ROW)
    say("encrypted", stored.decode())
    decrypted = box.decrypt(stored, ROW)
    say("decrypted", "the same key" if decrypted == key else "another key")
    pipes.wipe(key)
    pipes.wipe(decrypted)
    check_refused(kmsd, box, stored)
    run_batches(box)


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in ("gio", "jeepney"):
        sys.exit("usage: orders.py gio|jeepney system|session|SOCKET BOX")
    kmsd = importlib.import_module("kmsd_" + sys.argv[1])
    try:
        run(kmsd, *sys.argv[2:])
    except kmsd.Error as error:
        sys.exit(f"orders.py: {error.name}: {error}")


main()
