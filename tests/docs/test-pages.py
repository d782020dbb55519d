# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The manual pages are made without a warning, of the source and of what is made of it."""

import glob
import math
import os
import re
import shutil
import subprocess
import tempfile

import tap

SOURCE = os.environ["SOURCE"]
NEEDED = ("kmsctl.1", "kms-provider-test.1", "kms.conf.5", "kms-provider.5", "kms-audit.5", "kms-box.5", "kms-model.5", "kms-vault.5", "kms-aws.5", "kmsd.8")


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


def check_interfaces():
    """The page that is made of the interfaces' comments, in a directory of its own."""
    done = subprocess.run([os.path.join(SOURCE, "build-aux/dbus-page"), os.path.join(SOURCE, "docs/man/org.libkms.Kms1.5.rst.in"),
                           os.path.join(SOURCE, "data/dbus-1/org.libkms.Kms1.xml"), os.path.join(SOURCE, "libkms/kms-error.c")],
                          capture_output=True, text=True, check=False)
    tap.equal((done.returncode, done.stderr), (0, ""), "dbus-page")
    tap.none((word for word in ("**EncryptBatch**", "``NotAuthorized.CanObtain``", "reading end") if word not in done.stdout), "missing")
    with tempfile.TemporaryDirectory() as directory:
        page = os.path.join(directory, "org.libkms.Kms1.5.rst")
        with open(page, "w", encoding="utf-8") as file:
            file.write(done.stdout)
        check(page)


def check_limits():
    """The pages name the limits that the daemon has."""
    with open(os.path.join(SOURCE, "kmsd/quota.h"), encoding="utf-8") as file:
        limits = re.findall(r"^#define ((?:QUOTA|MAX)_\w+) ([\d *()]+?)\s*(?:/\*|$)", file.read(), re.MULTILINE)
    tap.equal(len(limits) > 7, True, "limits are found")
    with open(os.path.join(SOURCE, "docs/man/org.libkms.Kms1.5.rst.in"), encoding="utf-8") as file:
        text = file.read()
    section = text[text.index("\nLIMITS\n"):text.index("\nEXAMPLE\n")]
    numbers = set(re.findall(r"\d+", section))
    tap.none((name for name, value in limits if str(math.prod(map(int, re.findall(r"\d+", value)))) not in numbers),
             "not in LIMITS of org.libkms.Kms1(5)")


def check_all_there():
    there = {os.path.basename(page)[:-4] for page in PAGES}
    tap.none((page for page in NEEDED if page not in there), "pages that are missing")


PAGES = sorted(glob.glob(os.path.join(SOURCE, "docs/man/*.rst")))
tap.main([("/docs/pages/all", check_all_there), ("/docs/pages/org.libkms.Kms1.5", check_interfaces),
          ("/docs/pages/limits", check_limits)]
         + [(f"/docs/pages/{os.path.basename(page)[:-4]}", lambda page=page: check(page)) for page in PAGES])
