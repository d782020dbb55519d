# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples with records are built out of tree against an installation, and each tells the same story."""

import os
import re
import shutil
import sqlite3
import subprocess
import tempfile

import example
import installed
import tap

STEPS = ["created", "read", "changed", "refused", "read", "counted"]


def read(name):
    with open(os.path.join(example.SOURCE, "examples/record-c", name), encoding="utf-8") as file:
        return file.read()


def new_root(tree, name):
    """A configuration and a database as the README makes them."""
    root = os.path.join(tree.directory, "roots", name)
    shutil.copytree(os.path.join(tree.prefix, "share/kms-1"), os.path.join(root, "package"))
    os.makedirs(os.path.join(root, "admin/models.d"))
    shutil.copy(os.path.join(example.SOURCE, "examples/record-c/customer.model"), os.path.join(root, "admin/models.d"))
    done = tree.kmsctl("box", "create", "customers", "--key", "local/customers", KMS_CONFIG_ROOT=root)
    tap.equal(done.returncode, 0, done.stderr.decode())
    with sqlite3.connect(os.path.join(root, "customers.sqlite3")) as connection:
        connection.executescript(read("customers.sql"))
    return root


def run(tree, root, *command, code=0, **more):
    done = subprocess.run([*command, "customer", f"sqlite:{root}/customers.sqlite3"], capture_output=True, text=True,
                          check=False, stdin=subprocess.DEVNULL, timeout=120,
                          env=tree.environment(KMS_CONFIG_ROOT=root, **more))
    tap.equal(done.returncode, code, f"exit code ({done.stderr})")
    return done


def check_program(tree, name, *command, **more):
    """Twice, and then without the model."""
    root = new_root(tree, name)
    for number in (1, 2):
        told = run(tree, root, *command, **more).stdout.splitlines()
        tap.equal([line.split()[0] for line in told], STEPS, "steps")
        tap.equal(told[-1].split(": ")[1], str(number), "customers")
    stored = sqlite3.connect(os.path.join(root, "customers.sqlite3")).execute("SELECT * FROM customers").fetchall()
    example.wants(str(stored), "'v1:", "'Ada'")
    if "ada@example.org" in str(stored):
        raise tap.Failure(f"not encrypted: {stored}")
    shutil.rmtree(os.path.join(root, "admin/models.d"))
    failed = run(tree, root, *command, code=3, **more)
    tap.equal((failed.stdout, failed.stderr.count("\n")), ("", 1), "what is told without the model")


def check_installed(tree):
    tap.equal((tree.done.returncode, tree.done.stderr), (0, ""), "meson install of libkms")


def check_c(tree):
    check_program(tree, "c", os.path.join(example.build(tree, example.copy(tree, "record-c")), "customers"))


def check_python(tree):
    values = example.python_values(tree)
    program = os.path.join(example.copy(tree, "record-python"), "customers.py")
    check_program(tree, "python", program, **values)


def check_vala(tree):
    example.needs_introspection(tree)
    if shutil.which("valac") is None:
        raise tap.Skip("needs valac")
    directory = example.copy(tree, "record-vala")
    with open(os.path.join(directory, "README.md"), encoding="utf-8") as file:
        line = re.search(r"^    (valac .*) && \./customers ", file.read(), re.MULTILINE).group(1)
    flags = "" if example.SANITIZE == "none" else f" -X -fsanitize={example.SANITIZE}"
    data = os.path.join(tree.prefix, "share") + ":" + os.environ.get("XDG_DATA_DIRS", "/usr/local/share:/usr/share")
    tree.run("sh", "-c", line + " --fatal-warnings" + flags, directory=directory, XDG_DATA_DIRS=data)
    check_program(tree, "vala", os.path.join(directory, "customers"))


with tempfile.TemporaryDirectory() as temporary:
    TREE = installed.Tree(temporary)
    CODE = tap.run([
        ("/examples/records/installed", lambda: check_installed(TREE)),
        ("/examples/records/c", lambda: check_c(TREE)),
        ("/examples/records/python", lambda: check_python(TREE)),
        ("/examples/records/vala", lambda: check_vala(TREE)),
    ])
raise SystemExit(CODE)
