# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What kmsctl(1) shows of kmsd does what it says, word for word."""

import os
import re
import subprocess

import command
import kmsd
import tap

TITLES = ("What kmsd does, as its administrator sees it", "Decryption stopped, and let go on when it is clear what happened")


def examples():
    with open(os.path.join(kmsd.SOURCE, "docs/man/kmsctl.1.rst"), encoding="utf-8") as file:
        text = file.read()
    for title in TITLES:
        block = re.search(re.escape(title) + r"::\n\n((?:    .*\n)+)", text)
        if block is None:
            raise tap.Failure(f"kmsctl(1) has no example \"{title}\"")
        yield re.sub(r"^    ", "", block.group(1), flags=re.MULTILINE)


@kmsd.ways("system")
def check_examples(daemon):
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=*")
    daemon.start()
    daemon.client().encrypt("orders", b"secret")
    root = command.Command(daemon)
    env = root.environment(PATH=f"{root.programs}:{os.environ['PATH']}")
    found = ""
    for lines in examples():
        done = subprocess.run(["sh", "-ex"], input=lines.encode(), capture_output=True, check=False, env=env,
                              timeout=4 * kmsd.PATIENCE)
        tap.equal(done.returncode, 0, f"{lines}{done.stderr.decode()}")
        found += done.stdout.decode()
    kmsd.wants(found, "running", "orders", "encrypt-only", "a token leaked", "normal", "lockdown-release",
               "the token is replaced")


kmsd.main("kmsctl-manual", globals())
