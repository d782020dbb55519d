# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A shell that has read build/env finds all that was built: programs, providers, stores, and a kmsd of the checkout."""

import os
import shlex
import shutil
import subprocess
import tempfile

import tap

BUILD = os.environ["BUILD"]
PATIENCE = 60  # seconds: a busy machine, not a speed
FROM_ELSEWHERE = ("KMS_", "DBUS_", "GI_TYPELIB_PATH", "LD_LIBRARY_PATH")

THROUGH_KMSD = """
kmsctl --quiet key create local/orders
kmsctl --quiet box create orders --key local/orders
dbus-run-session -- sh -ec '
kmsd --session --config-root="$KMS_CONFIG_ROOT" &
trap "kill $!; wait" EXIT
n=0
until kmsctl --user box list > list 2> said || [ $n -gt 100 ]; do sleep 0.1; n=$((n + 1)); done
printf secret | kmsctl --user encrypt orders > stored
kmsctl --user decrypt orders < stored
kmsctl --direct decrypt orders < stored'
"""

STORE = """
import sqlite3
import gi
gi.require_version("Kms", "1")
from gi.repository import Kms
sqlite3.connect("rows.sqlite3").execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
print(Kms.Store.open(Kms.Registry.new_default(), "sqlite:rows.sqlite3", None).get_uri())
"""


def run(script):
    """What the shell prints that has read the file, in a directory and with a configuration of its own."""
    with tempfile.TemporaryDirectory() as directory:
        values = {name: value for name, value in os.environ.items() if not name.startswith(FROM_ELSEWHERE)}
        values.update(KMS_CONFIG_ROOT=os.path.join(directory, "scratch"), XDG_RUNTIME_DIR=directory, LC_ALL="C.UTF-8")
        done = subprocess.run(["sh", "-ec", f". {shlex.quote(BUILD)}/env\n{script}"], capture_output=True, text=True, check=False,
                              cwd=directory, env=values, timeout=2 * PATIENCE, stdin=subprocess.DEVNULL)
    tap.equal(done.returncode, 0, f"the exit code ({done.stderr})")
    return done.stdout


def check_programs():
    found = run("for name in kmsctl kmsd kms-provider-test; do command -v $name || true; done").splitlines()
    places = ("kmsctl/kmsctl", "kmsd/kmsd", "provider-test/kms-provider-test")
    tap.equal(found, [os.path.join(BUILD, place) for place in places if os.path.exists(os.path.join(BUILD, place))],
              "programs on PATH")


def check_providers():
    listed = [line.split()[:2] for line in run("kmsctl provider list").splitlines()[1:]]
    built = [name for name in ("aws", "kmsd", "local", "test", "vault")
             if os.path.exists(os.path.join(BUILD, f"plugins/{name}/kms-{name}.so"))]
    tap.equal(listed, [[name, "available"] for name in built], "providers")


def check_kmsd():
    if not os.path.exists(os.path.join(BUILD, "plugins/kmsd/kms-kmsd.so")):
        raise tap.Skip("kmsd was not built")
    if shutil.which("dbus-run-session") is None:
        raise tap.Skip("dbus-run-session is not installed")
    tap.equal(run(THROUGH_KMSD), "secret" * 2, "decrypted by kmsd and without it")


def check_store():
    if not os.path.exists(os.path.join(BUILD, "plugins/store-sqlite/kms-store-sqlite.so")):
        raise tap.Skip("the store sqlite was not built")
    if not os.path.exists(os.path.join(BUILD, "libkms/Kms-1.typelib")):
        raise tap.Skip("introspection was not built")
    if subprocess.run(["/usr/bin/python3", "-c", "import gi"], capture_output=True, check=False).returncode != 0:
        raise tap.Skip("python3-gi is not installed")
    tap.equal(run(f"/usr/bin/python3 -c {shlex.quote(STORE)}"), "sqlite:rows.sqlite3\n", "the store that was opened")


tap.main([("/docs/env/programs", check_programs), ("/docs/env/providers", check_providers), ("/docs/env/kmsd", check_kmsd),
          ("/docs/env/store", check_store)])
