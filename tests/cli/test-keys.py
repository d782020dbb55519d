# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Master keys of the local provider: administration, export, import, and what protects them."""

import os
import re

import cli
import tap


def with_lines(root, *arguments, lines, data=b"", code=0):
    """Runs with passphrases on a descriptor."""
    reader, writer = os.pipe()
    os.write(writer, lines)
    os.close(writer)
    done = root.run("--passphrase-fd", str(reader), *arguments, data=data, pass_fds=(reader,))
    os.close(reader)
    if done.returncode not in (code if isinstance(code, tuple) else (code,)):
        raise tap.Failure(f"{arguments}: exit code {done.returncode}, not {code}: {done.stderr.decode()}")
    return done.stdout


def check_create_and_show(root):
    made = root.json("key", "create", "local/orders", "--description", "for us")
    tap.equal((made["id"], made["state"], made["description"], made["version"]), ("local/orders", "enabled", "for us", "1"),
              "key create")
    if not re.match(r"20\d\d-\d\d-\d\dT", made["created"]):
        raise tap.Failure(f"created: {made['created']}")
    root.bad(1, "key", "create", "local/orders")
    tap.equal(root.good("key", "list", "-q"), b"local/orders\n", "key list")


def check_rotate(root):
    root.good("key", "create", "local/orders")
    old = root.good("encrypt", "local/orders", data=b"x")
    tap.equal(root.json("key", "rotate", "local/orders")["version"], "2", "version")
    tap.equal(len(root.json("key", "show", "local/orders")["versions"]), 2, "versions")
    tap.equal(root.good("decrypt", "local/orders", data=old), b"x", "the old version decrypts")


def check_key_of_a_box(root):
    root.good("box", "create", "orders", "--key", "local/the-key")
    tap.equal(root.json("key", "rotate", "orders")["id"], "local/the-key", "rotated")
    cli.wants(root.bad(2, "key", "create", "orders"), "is a box")


def check_disable_and_enable(root):
    root.good("key", "create", "local/orders")
    stored = root.good("encrypt", "local/orders", data=b"x")
    root.good("key", "disable", "local/orders")
    root.bad(1, "decrypt", "local/orders", data=stored)
    root.bad(1, "encrypt", "local/orders", data=b"x")
    root.good("key", "enable", "local/orders")
    tap.equal(root.good("decrypt", "local/orders", data=stored), b"x", "enabled again")


def check_delete_and_restore(root):
    root.good("key", "create", "local/orders")
    stored = root.good("encrypt", "local/orders", data=b"x")
    gone = root.json("key", "delete", "local/orders", "--days", "7")
    tap.equal(gone["state"], "pending-deletion", "state")
    cli.wants(gone["deleted"], "T")
    root.bad(1, "decrypt", "local/orders", data=stored)
    root.good("key", "restore", "local/orders")
    root.good("key", "enable", "local/orders")
    tap.equal(root.good("decrypt", "local/orders", data=stored), b"x", "restored")
    cli.wants(root.bad(2, "key", "delete", "local/orders", "--force"), "--yes")
    tap.equal(root.json("key", "delete", "local/orders", "--force", "--yes"), {"id": "local/orders", "state": "deleted"},
              "what is left of it")
    root.bad(3, "key", "show", "local/orders")
    root.bad(2, "key", "delete", "local/orders", "--force", "--days", "3")


def check_recreated_key_is_another(root):
    root.good("key", "create", "local/orders")
    stored = root.good("encrypt", "local/orders", data=b"x")
    root.good("key", "delete", "local/orders", "--force", "--yes")
    root.good("key", "create", "local/orders")
    root.bad(6, "decrypt", "local/orders", data=stored)


def check_provider_without_administration(root):
    cli.wants(root.bad(1, "key", "rotate", "insecure-test-key"), "does not administer keys")
    cli.wants(root.bad(1, "key", "export", "insecure-test-key"), "does not hold its keys")
    cli.wants(root.bad(1, "key", "list", "test"), "can't list its keys")


def check_export_and_import(root):
    root.good("key", "create", "local/orders")
    stored = root.good("encrypt", "local/orders", data=b"x")
    exported = with_lines(root, "key", "export", "local/orders", lines=b"horse battery\n")
    if not exported.isascii() or b"horse" in exported:
        raise tap.Failure(f"exported: {exported!r}")
    root.good("key", "delete", "local/orders", "--force", "--yes")
    with_lines(root, "key", "import", "local/orders", lines=b"wrong\n", data=exported, code=(4, 6))
    with_lines(root, "key", "import", "local/orders", lines=b"horse battery\n", data=exported)
    tap.equal(root.good("decrypt", "local/orders", data=stored), b"x", "imported")


def check_export_asks_nobody_in_json(root):
    root.good("key", "create", "local/orders")
    done = root.run("--json", "key", "export", "local/orders")
    tap.equal((done.returncode, done.stdout), (2, b""), "export")
    cli.wants(done.stderr.decode(), "--passphrase-fd")


def check_root(root):
    root.good("key", "create", "local/orders")
    stored = root.good("encrypt", "local/orders", data=b"x")
    cli.wants(root.json("key", "root")["root"], "file")
    for wrong in ("bogus", "credential:"):
        cli.wants(root.bad(2, "key", "root", "--change", wrong, "--yes"), "file, passphrase or credential:NAME")
    with_lines(root, "key", "root", "--change", "passphrase", "--yes", lines=b"my words\n")
    tap.equal(with_lines(root, "decrypt", "local/orders", lines=b"my words\n", data=stored), b"x", "with the passphrase")
    done = root.run("--no-ask", "decrypt", "local/orders", data=stored)
    if done.returncode == 0:
        raise tap.Failure("decrypted without the passphrase")
    reader, writer = os.pipe()
    os.write(writer, b"other words\n")
    os.close(writer)
    wrong = root.run("--passphrase-fd", str(reader), "decrypt", "local/orders", data=stored, pass_fds=(reader,))
    os.close(reader)
    if wrong.returncode == 0 or b"other words" in wrong.stderr:
        raise tap.Failure(f"a wrong passphrase: {wrong}")
    with_lines(root, "key", "root", "--change", "file", "--yes", lines=b"my words\n")
    tap.equal(root.good("decrypt", "local/orders", data=stored), b"x", "back to a file")


cli.main("keys", globals())
