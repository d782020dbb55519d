# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples in org.libkms.Kms1(5) and kmsd(8) work as printed."""

import os
import re
import shlex
import subprocess
import textwrap

import kmsd
import tap


def block(page, begins):
    """The literal block of a page that begins so."""
    with open(os.path.join(kmsd.SOURCE, "docs/man", page), encoding="utf-8") as file:
        blocks = re.findall(r"::\n\n((?: {4}.*\n|\n)+)", file.read())
    found = [textwrap.dedent(text) for text in blocks if textwrap.dedent(text).startswith(begins)]
    tap.equal(len(found), 1, f"blocks of {page} that begin with {begins}")
    return found[0]


def run(daemon, *command):
    env = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=daemon.address)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=kmsd.PATIENCE, env=env)
    tap.equal((done.returncode, done.stderr), (0, ""), command[0])
    return done.stdout


def start(daemon):
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=*")
    daemon.start()


@kmsd.ways("system")
def check_python(daemon):
    start(daemon)
    printed = run(daemon, kmsd.PYTHON, "-c", block("org.libkms.Kms1.5.rst.in", "import os"))
    if not re.fullmatch(r"v1:\S+ the blue door\n", printed):
        raise tap.Failure(f"it printed {printed!r}")


@kmsd.ways("system")
def check_busctl(daemon):
    kmsd.need("busctl")
    start(daemon)
    for page in ("org.libkms.Kms1.5.rst.in", "kmsd.8.rst"):
        command = block(page, "busctl call").replace("\\\n", " ")
        kmsd.wants(run(daemon, *shlex.split(command)), '"/org/libkms/Kms1/boxes/orders"', '"name" s "orders"')


kmsd.main("page", globals())
