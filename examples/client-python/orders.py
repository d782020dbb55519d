#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The life of a stored secret, from the first key to the second one, through introspection.

Each order has a key of its own, which the application would encrypt the order with. What is stored in the order's row is
that key, encrypted by the box "orders"."""

import os
import sys

import gi

gi.require_version("Kms", "1")
from gi.repository import GLib, Kms  # noqa: E402

KEY, NEXT_KEY = "local/orders", "local/orders-next"
ROWS = 1000


def say(what, text):
    """Tells what was done; never a secret."""
    print(f"{what:<10} {text}", flush=True)


def is_error(error, code):
    """Codes are for programs, messages for people."""
    return error.matches(Kms.error_quark(), code)


def administer(registry, verb, key_id):
    """Keys are made and rotated by an administrator (kmsctl key create, key rotate) or, as here, by a program that may."""
    provider, name = registry.dup_provider_for_key(key_id, None)
    if not isinstance(provider, Kms.KeyAdmin):
        sys.exit(f"orders.py: {provider.get_name()} does not administer keys")
    # Not provider.run(), which encrypts and decrypts.
    return Kms.KeyAdmin.run(provider, verb, name, None, None)[0]


def ensure_key(registry, key_id):
    """A second start finds the keys of the first."""
    try:
        key = administer(registry, Kms.KeyVerb.CREATE, key_id)
    except GLib.Error as error:
        if not is_error(error, Kms.Error.ALREADY_EXISTS):
            raise
        key = administer(registry, Kms.KeyVerb.SHOW, key_id)
    say("key", f"{key.get_id()}, version {key.get_version()}")


def write_box(registry, key_ids):
    """The file orders.box, as "kmsctl box create" would write it; the last key id encrypts. Where an application does not
    choose its keys itself, it only calls dup_box()."""
    file = GLib.KeyFile()
    file.set_string("Box", "Version", str(len(key_ids)))
    # A context with other names is a bug of ours, and refused.
    file.set_string("Box", "RequireContext", "model_name;model_id")
    for version, key_id in enumerate(key_ids, 1):
        file.set_string(f"Version {version}", "KeyId", key_id)
    directory = registry.dup_directory(Kms.ConfigKind.BOX)
    os.makedirs(directory, exist_ok=True)
    file.save_to_file(os.path.join(directory, "orders.box"))
    # Without this it is noticed within a second.
    registry.reload()
    return registry.dup_box("orders")


def context_of_row(number):
    """Ties a stored string to its row: copied into another one, it does not decrypt."""
    return Kms.Context.new_from_variant(GLib.Variant("a{sv}", {"model_name": GLib.Variant("s", "Order"),
                                                               "model_id": GLib.Variant("x", number)}))


def check_decrypts(box, stored, context, expected):
    """A stored string may hold any byte, so decrypting takes bytes."""
    if not box.decrypt(stored.encode(), context, None).equal(expected):
        sys.exit("orders.py: what was decrypted is not what was encrypted")


def say_key_version(box, stored):
    """The version of the master key that a string is under, which is not the version of the box: "v1:" stays."""
    inspection = box.inspect(stored.encode(), None)
    details = inspection.get_details().unpack()
    say("inspected", f"box version {inspection.get_version()}, key {inspection.get_key_id()}, "
                     f"key version {details['key-version']}")


def rotate_master_key(registry, box, stored, context, secret):
    """A new version of the same master key. What is stored stays readable; rewrapping it is for when there is time."""
    say_key_version(box, stored)
    key = administer(registry, Kms.KeyVerb.ROTATE, KEY)
    say("rotated", f"{key.get_id()}, version {key.get_version()}")
    rewrapped = box.rewrap(stored.encode(), context, None, None)
    say("rewrapped", rewrapped)
    say_key_version(box, rewrapped)
    check_decrypts(box, stored, context, secret)
    check_decrypts(box, rewrapped, context, secret)
    say("decrypted", "old and new")
    return rewrapped


def move_to_next_key(registry, stored, context, secret):
    """Another master key, perhaps at another service: version 2 of the box, which still reads version 1."""
    ensure_key(registry, NEXT_KEY)
    box = write_box(registry, [KEY, NEXT_KEY])
    moved = box.rewrap(stored.encode(), context, None, None)
    say("moved", moved)
    check_decrypts(box, stored, context, secret)
    check_decrypts(box, moved, context, secret)
    say("decrypted", "version 1 and version 2")
    return box


def check_refused(box, stored):
    """One code for wrong context, wrong key and changed bytes. It will not go away by trying again."""
    try:
        box.decrypt(stored.encode(), context_of_row(43), None)
    except GLib.Error as error:
        if not is_error(error, Kms.Error.INVALID_CIPHERTEXT):
            raise
        say("refused", error.message)
    else:
        sys.exit("orders.py: the string of one row was decrypted in another")


def run_batches(box, secret):
    """Many rows in one call. One of them is spoilt, and fails alone."""
    contexts = [context_of_row(row) for row in range(ROWS)]
    encrypt = Kms.Batch.new(Kms.Operation.ENCRYPT)
    for context in contexts:
        encrypt.add_secret(secret, context)
    box.run(encrypt, None)
    decrypt = Kms.Batch.new(Kms.Operation.DECRYPT)
    for row, context in enumerate(contexts):
        stored = "v2:c3BvaWx0" if row == 17 else encrypt.get_stored(row)
        decrypt.add_stored(stored.encode(), context, None)
    try:
        box.run(decrypt, None)
    except GLib.Error:
        if decrypt.get_n_failed() != 1 or decrypt.get_error(17) is None:
            raise
        say("batch", f"{ROWS} encrypted, {ROWS - decrypt.get_n_failed()} decrypted; row 17: {decrypt.get_error(17).message}")
    else:
        sys.exit("orders.py: a row that was spoilt was decrypted")


def main():
    registry = Kms.Registry.new_default()
    context = context_of_row(42)
    # Made in locked memory, and never a Python object: get_data() would copy it to where nothing is wiped.
    secret = Kms.Secret.new_random(32)
    ensure_key(registry, KEY)
    box = write_box(registry, [KEY])
    stored = box.encrypt(secret, context, None)
    say("encrypted", stored)
    stored = rotate_master_key(registry, box, stored, context, secret)
    box = move_to_next_key(registry, stored, context, secret)
    check_refused(box, stored)
    run_batches(box, secret)


if __name__ == "__main__":
    try:
        main()
    except GLib.Error as failure:
        print(f"orders.py: {failure.message}", file=sys.stderr)
        sys.exit(Kms.error_get_exit_code(failure))
