# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The life of a box: created, used, given another key, retired, switched off, edited."""

import os

import cli
import tap


def check_create_makes_a_local_key(root):
    done = root.run("box", "create", "orders", "--key", "local/orders", "--require-context", "a,b", "--description", "of us")
    tap.equal(done.returncode, 0, done.stderr.decode())
    cli.wants(done.stderr.decode(), "created the key local/orders")
    tap.equal(os.stat(root.box_file("orders")).st_mode & 0o777, 0o644, "mode")
    shown = root.json("box", "show", "orders")
    tap.equal((shown["version"], shown["description"], shown["require_context"]), ("1", "of us", ["a", "b"]), "box show")
    tap.equal(root.json("key", "show", "local/orders")["state"], "enabled", "the key")
    # The key is there now, so nothing is said.
    again = root.run("box", "create", "second", "--key", "local/orders")
    tap.equal((again.returncode, b"created the key" in again.stderr), (0, False), "a second box of the key")


def check_create_refuses(root):
    root.good("box", "create", "orders", "--key", "local/orders")
    cli.wants(root.bad(1, "box", "create", "orders", "--key", "local/other"), "there is a box \"orders\" already")
    root.bad(3, "key", "show", "local/other")
    cli.wants(root.bad(2, "box", "create", "Orders", "--key", "local/x"), "can't name a box")
    cli.wants(root.bad(2, "box", "create", "../x", "--key", "local/x"), "can't name a box")
    cli.wants(root.bad(2, "box", "create", "x"), "--key=KEYID")
    cli.wants(root.bad(3, "box", "create", "x", "--key", "lokal/x"), "no provider claims")
    root.bad(3, "box", "create", "x", "--key", "local/missing", "--no-create-key")
    tap.equal(root.left_over(), [], "left over")


def check_encrypt_creates_no_key(root):
    root.bad(3, "encrypt", "local/typing-error", data=b"x")
    tap.equal(root.json("key", "list", "local")["keys"], [], "keys")


def check_require_context(root):
    root.good("box", "create", "orders", "--key", "local/orders", "--require-context", "id")
    cli.wants(root.bad(6, "encrypt", "orders", data=b"x"), "exactly these names: id")
    root.bad(6, "encrypt", "orders", "-c", "id=1", "-c", "more=1", data=b"x")
    root.good("encrypt", "orders", "-c", "id=1", data=b"x")
    root.good("box", "test", "orders")


def check_second_key(root):
    root.good("box", "create", "orders", "--key", "local/orders")
    old = root.good("encrypt", "orders", data=b"old")
    root.good("box", "new-version", "orders", "--key", "local/orders-2")
    new = root.good("encrypt", "orders", data=b"new")
    tap.equal((old[:3], new[:3]), (b"v1:", b"v2:"), "versions")
    tap.equal(root.good("decrypt", "orders", data=old) + root.good("decrypt", "orders", data=new), b"oldnew", "decrypt")
    tap.equal([version["version"] for version in root.json("box", "show", "orders")["versions"]], ["1", "2"], "versions")
    cli.wants(root.bad(1, "box", "new-version", "orders", "--key", "local/orders-2", "--number", "1"), "already")


def check_big_version(root):
    root.good("box", "create", "orders", "--key", "insecure-test-key", "--number", "99999999999999999999")
    root.good("box", "new-version", "orders", "--key", "insecure-test-key")
    tap.equal(root.json("box", "show", "orders")["version"], "100000000000000000000", "the next version")


def check_number_in_front_of_others(root):
    """The next number is one that the box does not have."""
    root.good("box", "create", "orders", "--key", "insecure-test-key")
    root.good("box", "new-version", "orders", "--key", "insecure-test-key")
    root.good("box", "new-version", "orders", "--key", "insecure-test-key", "--number", "0")
    root.good("box", "new-version", "orders", "--key", "insecure-test-key")
    tap.equal(root.json("box", "show", "orders")["version"], "3", "the next version")


def check_retire(root):
    root.good("box", "create", "orders", "--key", "local/orders")
    old = root.good("encrypt", "orders", data=b"old")
    root.good("box", "new-version", "orders", "--key", "local/orders-2")
    cli.wants(root.bad(2, "box", "retire", "orders", "2", "--yes"), "encrypts")
    cli.wants(root.bad(3, "box", "retire", "orders", "7", "--yes"), "no version 7")
    cli.wants(root.bad(2, "box", "retire", "orders", "1"), "--yes")
    tap.equal(root.good("decrypt", "orders", data=old), b"old", "before")
    root.good("box", "retire", "orders", "1", "--yes")
    cli.wants(root.bad(3, "decrypt", "orders", data=old), "version not active: 1")


def check_states(root):
    root.good("box", "create", "orders", "--key", "local/orders")
    stored = root.good("encrypt", "orders", data=b"x")
    root.good("box", "disable", "orders", "--encrypt-only")
    root.good("encrypt", "orders", data=b"x")
    cli.wants(root.bad(1, "decrypt", "orders", data=stored), "kmsctl box enable orders")
    root.good("box", "disable", "orders")
    root.bad(1, "encrypt", "orders", data=b"x")
    root.good("box", "enable", "orders")
    tap.equal(root.good("decrypt", "orders", data=stored), b"x", "enabled again")


def check_comments_stay(root):
    root.good("box", "create", "orders", "--key", "local/orders")
    path = root.box_file("orders")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write("# ours\n" + text.replace("[Version 1]\n", "[Version 1]\n# the first\n"))
    root.good("box", "new-version", "orders", "--key", "local/orders-2")
    root.good("box", "disable", "orders")
    with open(path, encoding="utf-8") as file:
        cli.wants(file.read(), "# ours\n", "# the first\n", "State=disabled", "[Version 2]")


def check_lower_layer(root):
    """A box of a package: what we change is merged over it, its file stays as it is."""
    text = "[Box]\nVersion=1\n[Version 1]\nKeyId=insecure-test-key\n"
    path = root.write("package/boxes.d/orders.box", text)
    old = root.good("encrypt", "orders", data=b"x")
    root.good("box", "new-version", "orders", "--key", "local/orders")
    tap.equal(root.good("encrypt", "orders", data=b"x")[:3], b"v2:", "the new version")
    tap.equal(root.good("decrypt", "orders", data=old), b"x", "the old version")
    cli.wants(root.bad(1, "box", "retire", "orders", "1", "--yes"), path)
    tap.equal(root.read("package/boxes.d/orders.box"), text.encode(), "the package's file")


def editor(root, script):
    path = root.write("editor", "#!/bin/sh\n" + script, 0o755)
    return {"EDITOR": path}


def check_edit(root):
    root.good("box", "create", "orders", "--key", "local/orders")
    before = root.good("box", "show", "orders", "--json")
    path = root.box_file("orders")
    env = editor(root, "sed -i 's/^Version=1$/Version=1\\nDescription=changed/' \"$1\"\n")
    root.good("box", "edit", "orders", env=env)
    tap.equal(root.json("box", "show", "orders")["description"], "changed", "description")
    with open(path, "rb") as file:
        text = file.read()
    for script in ("echo '[Box' >> \"$1\"\n", "sed -i 's/^Version=1$/Version=7/' \"$1\"\n", "sed -i '/KeyId/d' \"$1\"\n",
                   "exit 3\n"):
        done = root.run("--no-ask", "box", "edit", "orders", env=editor(root, script))
        tap.equal(done.returncode, 1, f"{script!r}: {done.stderr.decode()}")
        cli.wants(done.stderr.decode(), "the file was not changed")
        with open(path, "rb") as file:
            tap.equal(file.read(), text, f"the file after {script!r}")
    tap.equal((root.left_over(), before == b""), ([], False), "left over")


def check_edit_mends(root):
    """A box that is broken can be edited: that is what the command is for."""
    root.good("box", "create", "orders", "--key", "local/orders")
    with open(root.box_file("orders"), "a", encoding="utf-8") as file:
        file.write("no key here\n")
    root.bad(1, "encrypt", "orders", data=b"x")
    root.good("box", "edit", "orders", env=editor(root, "sed -i '/no key here/d' \"$1\"\n"))
    root.good("encrypt", "orders", data=b"x")


def check_test(root):
    root.good("box", "create", "orders", "--key", "local/orders")
    tap.equal(root.json("box", "test", "orders")["versions"][0]["result"], "ok", "result")
    root.good("box", "disable", "orders")
    cli.wants(root.run("box", "test", "orders").stderr.decode(), "box \"orders\" is disabled; its keys are tested")
    root.good("box", "enable", "orders")
    root.good("box", "new-version", "orders", "--key", "local/orders-2")
    root.good("key", "disable", "local/orders", "--yes")
    done = root.run("--json", "box", "test", "orders")
    tap.equal(done.returncode, 9, "one of two failed")
    cli.wants(done.stderr.decode(), "partial", "1 of 2")
    root.good("key", "disable", "local/orders-2", "--yes")
    tap.equal(root.run("box", "test", "orders").returncode, 1, "all failed")


def check_list(root):
    root.good("box", "create", "b", "--key", "local/b")
    root.good("box", "create", "a", "--key", "local/a")
    root.write("package/boxes.d/broken.box", "[Box]\nVersion=1\nState=many\n[Version 1]\nKeyId=local/a\n")
    tap.equal(root.good("box", "list", "-q"), b"a\nb\nbroken\n", "names")
    listed = {box["name"]: box for box in root.json("box", "list")["boxes"]}
    tap.equal(listed["broken"]["state"], "config-error", "the broken one")
    cli.wants(listed["broken"]["error"], "many")


cli.main("boxes", globals())
