# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The example of a provider is built out of tree against an installation, installed into it, and used by its kmsctl."""

import json
import os
import re
import shutil
import subprocess
import tempfile

import example
import installed
import tap


class Acme:
    """The installation, and kmsctl in it."""

    def __init__(self, directory):
        self.tree = installed.Tree(directory)
        self.source = example.copy(self.tree, "provider-acme")
        self.module = os.path.join(self.tree.modules, "kms-acme.so")

    def run(self, *arguments, data=b"", code=0):
        """Runs kmsctl, wants an exit code, and returns (stdout, stderr)."""
        example.needs(self.module)
        done = self.tree.kmsctl(*arguments, data=data)
        tap.equal(done.returncode, code, f"kmsctl {' '.join(arguments)} ({done.stderr.decode()})")
        return done.stdout, done.stderr.decode()

    def json(self, *arguments, data=b"", code=0):
        return json.loads(self.run("--json", *arguments, data=data, code=code)[0])

    def configure(self, text):
        """The administrator's file, above the package's."""
        directory = os.path.join(self.tree.config, "admin/providers.d")
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, "acme.provider"), "w", encoding="utf-8") as file:
            file.write(text)

    def key_file(self, name):
        return os.path.join(self.tree.config, "acme-keys", name)


def check_builds(acme):
    tap.equal((acme.tree.done.returncode, acme.tree.done.stderr), (0, ""), "meson install of libkms")
    example.build(acme.tree, acme.source)
    # No DESTDIR: the variables of the .pc file say where this tree is.
    acme.tree.run("meson", "install", "-C", "build", directory=acme.source)
    acme.tree.relocate()
    for path in (acme.module, os.path.join(acme.tree.prefix, "share/kms-1/providers.d/acme.provider")):
        if not os.path.exists(path):
            raise tap.Failure(f"{path} was not installed")


def check_exports_one_symbol(acme):
    example.needs(acme.module)
    text = subprocess.run(["nm", "--dynamic", "--defined-only", acme.module], capture_output=True, text=True, check=True).stdout
    names = {line.split()[-1] for line in text.splitlines()}
    # The sanitizers' run-time adds names of its own.
    tap.equal({name for name in names if not name.startswith("__")}, {"kms_module_v1"}, "what the module exports")


def check_own_tests(acme, name, at_least):
    """Those that its author wrote: every point of them passes, and there are as many as there should be."""
    example.needs(acme.module)
    listed = acme.tree.run("meson", "test", "-C", "build", "--list", directory=acme.source).split()
    if name not in listed:
        raise tap.Skip("needs kms-provider-test")
    text = acme.tree.run("meson", "test", "-C", "build", "--no-rebuild", "--verbose", name, directory=acme.source)
    points = re.findall(r"▶ 1/1 (\S+) OK", text)
    if len(points) < at_least:
        raise tap.Failure(f"only {len(points)} points passed, not {at_least}:\n{text}")


def check_provider_show(acme):
    shown = acme.json("provider", "show", "acme")
    tap.equal((shown["state"], shown["module"]), ("loaded", acme.module), "state and module")
    tap.equal(sorted(shown["capabilities"]), ["decrypt", "encrypt", "one-key"], "what it can do")
    example.wants(acme.run("provider", "list")[0].decode(), "acme", "Keys in a directory")


def check_keys(acme):
    made = acme.json("key", "create", "acme/orders")
    tap.equal((made["id"], made["version"], made["binding"]), ("acme/orders", "1", "verified"), "the new key")
    acme.run("key", "create", "acme/invoices")
    listed = acme.json("key", "list", "acme")["keys"]
    tap.equal([key["id"] for key in listed], ["acme/invoices", "acme/orders"], "key list")
    example.wants(acme.run("key", "create", "acme/orders", code=1)[1], "orders", "kmsctl key rotate")
    example.wants(acme.run("key", "create", "acme/x", "--description", "y", code=1)[1], "no descriptions")
    example.wants(acme.run("key", "disable", "acme/orders", "--yes", code=1)[1], "cannot disable a key")
    # A key is never made by the way.
    example.wants(acme.run("encrypt", "--key", "acme/typo", data=b"x", code=3)[1], "typo", "kmsctl key create")
    if os.path.exists(acme.key_file("typo")):
        raise tap.Failure("encrypting made a key")


def check_values(acme):
    context = ("-c", "model_name=Order", "-c", "model_id=42")
    stored = acme.run("encrypt", "--key", "acme/orders", *context, data=b"the blue door")[0]
    example.wants(stored.decode(), "v1:")
    tap.equal(acme.run("decrypt", "--key", "acme/orders", *context, data=stored)[0], b"the blue door", "decrypt")
    for wrong in (("-c", "model_name=Order", "-c", "model_id=43"), ("-c", "model_id=42"), ()):
        out, text = acme.run("decrypt", "--key", "acme/orders", *wrong, data=stored, code=6)
        tap.equal(out, b"", "stdout")
        example.wants(text, "acme: ", "does not decrypt with this key and this context")
    acme.run("decrypt", "--key", "acme/invoices", *context, data=stored, code=6)


def check_rotation(acme):
    acme.run("box", "create", "orders", "--key", "acme/orders")
    old = acme.run("encrypt", "orders", "-c", "id=1", data=b"old")[0]
    tap.equal(acme.json("key", "rotate", "orders")["version"], "2", "the version of the rotated key")
    new = acme.run("rewrap", "orders", "-c", "id=1", data=old)[0]
    versions = [acme.json("inspect", "orders", data=stored)["details"] for stored in (old, new)]
    tap.equal(versions, [{"format": "acme-1", "key-version": "1"}, {"format": "acme-1", "key-version": "2"}], "inspect")
    acme.run("box", "new-version", "orders", "--key", "acme/invoices")
    newest = acme.run("rewrap", "orders", "-c", "id=1", data=old)[0]
    tap.equal((old[:3], newest[:3]), (b"v1:", b"v2:"), "versions of the box")
    for stored in (old, new, newest):
        tap.equal(acme.run("decrypt", "orders", "-c", "id=1", data=stored)[0], b"old", "decrypt")


def check_doctor(acme):
    text = acme.run("doctor", "acme/orders")[0].decode()
    example.wants(text, "the keys are plain files", 'the key "orders" encrypts with version 2', "contexts are authenticated")
    os.chmod(acme.key_file("orders/2.key"), 0o644)
    try:
        text = acme.run("doctor", "acme/orders", code=1)[0].decode()
        example.wants(text, "orders/2.key has mode 0644", "chmod go-rwx " + acme.key_file("orders/2.key"))
        example.wants(acme.run("encrypt", "--key", "acme/orders", data=b"x", code=4)[1], "chmod go-rwx")
    finally:
        os.chmod(acme.key_file("orders/2.key"), 0o600)
    long_ago = 1000000000
    os.utime(acme.key_file("orders/2.key"), (long_ago, long_ago))
    example.wants(acme.run("doctor", "acme/orders")[0].decode(), "days ago", "kmsctl key rotate")


def check_settings(acme):
    acme.configure("[Settings]\nReadOnly=true\n")
    example.wants(acme.run("key", "rotate", "acme/orders", code=4)[1], "ReadOnly=true")
    acme.configure("[Settings]\nMaxKeyAge=often\n")
    example.wants(acme.run("encrypt", "--key", "acme/orders", data=b"x", code=1)[1], "MaxKeyAge", "often")
    elsewhere = os.path.join(acme.tree.directory, "elsewhere")
    acme.configure(f"[Settings]\nKeyDirectory={elsewhere}\n")
    acme.run("key", "create", "acme/moved")
    tap.equal(os.listdir(elsewhere), ["moved"], "KeyDirectory")
    acme.configure("")
    acme.run("key", "list", "acme", code=3)
    acme.configure("[Provider]\n")


def check_other_abi(acme):
    """A module for ABI 2 is refused before anything of it is called, with the way out; the others go on."""
    example.needs(acme.module)
    shutil.copy(os.path.join(installed.BUILD, "tests/modules/kms-abi2.so"), acme.tree.modules)
    with open(os.path.join(acme.tree.config, "package/providers.d/abi2.provider"), "w", encoding="utf-8") as file:
        file.write("[Provider]\nModule=kms-abi2.so\nAbi=1\nPrefixes=abi2/\n")
    out, text = acme.run("encrypt", "--key", "abi2/x", data=b"x", code=1)
    tap.equal(out, b"", "stdout")
    example.wants(text, "kms-abi2.so", "ABI 2", "this libkms speaks ABI 1", "install a newer libkms")
    tap.equal(acme.json("provider", "show", "abi2")["state"], "abi-mismatch", "its state")
    acme.run("encrypt", "--key", "acme/orders", data=b"x")


with tempfile.TemporaryDirectory() as scratch:
    ACME = Acme(scratch)
    CODE = tap.run([
        ("/examples/acme/builds", lambda: check_builds(ACME)),
        ("/examples/acme/exports-one-symbol", lambda: check_exports_one_symbol(ACME)),
        ("/examples/acme/test-sealer", lambda: check_own_tests(ACME, "sealer", 5)),
        ("/examples/acme/test-provider", lambda: check_own_tests(ACME, "provider", 7)),
        ("/examples/acme/test-contract", lambda: check_own_tests(ACME, "contract", 40)),
        ("/examples/acme/provider-show", lambda: check_provider_show(ACME)),
        ("/examples/acme/keys", lambda: check_keys(ACME)),
        ("/examples/acme/values", lambda: check_values(ACME)),
        ("/examples/acme/rotation", lambda: check_rotation(ACME)),
        ("/examples/acme/doctor", lambda: check_doctor(ACME)),
        ("/examples/acme/settings", lambda: check_settings(ACME)),
        ("/examples/acme/other-abi", lambda: check_other_abi(ACME)),
    ])
raise SystemExit(CODE)
