# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The manual pages are made without a warning, of the source and of what is made of it."""

import glob
import os
import shutil
import subprocess

import tap

SOURCE = os.environ["SOURCE"]
NEEDED = ("kmsctl.1", "kms-provider-test.1", "kms.conf.5", "kms-provider.5", "kms-audit.5", "kms-box.5", "kms-vault.5")


def make(page):
    converter = shutil.which("rst2man") or shutil.which("rst2man.py")
    if converter is None:
        raise tap.Skip("needs rst2man (python3-docutils)")
    done = subprocess.run([converter, "--strict", page], capture_output=True, text=True, check=False)
    tap.equal((done.returncode, done.stderr), (0, ""), "rst2man")
    return done.stdout


def check(page):
    text = make(page)
    if shutil.which("groff") is None:
        raise tap.Skip("needs groff")
    done = subprocess.run(["groff", "-t", "-man", "-Tutf8", "-P-cbou", "-ww", "-rLL=100n", "-K", "utf8"], input=text, capture_output=True,
                          text=True, check=False)
    tap.equal(done.stderr, "", "groff")
    for section in ("NAME", "SYNOPSIS", "DESCRIPTION"):
        if section not in done.stdout:
            raise tap.Failure(f"no section {section}")


def check_all_there():
    there = {os.path.basename(page)[:-4] for page in PAGES}
    tap.none((page for page in NEEDED if page not in there), "pages that are missing")


PAGES = sorted(glob.glob(os.path.join(SOURCE, "docs/man/*.rst")))
tap.main([("/docs/pages/all", check_all_there)]
         + [(f"/docs/pages/{os.path.basename(page)[:-4]}", lambda page=page: check(page)) for page in PAGES])
