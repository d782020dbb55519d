# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A copy of an example outside of this tree, built and run against an installation."""

import os
import shutil
import subprocess

import tap

SOURCE, SANITIZE = os.environ["SOURCE"], os.environ["SANITIZE"]


def copy(tree, name):
    """The example's files, where nothing else of ours is."""
    target = os.path.join(tree.directory, name)
    shutil.copytree(os.path.join(SOURCE, "examples", name), target, dirs_exist_ok=True)
    return target


def build(tree, directory, *options):
    """"meson setup" and "ninja", as the example's README says; warnings are errors here."""
    for program in ("meson", "ninja", "pkg-config"):
        if shutil.which(program) is None:
            raise tap.Skip(f"needs {program}")
    sanitizers = [] if SANITIZE == "none" else [f"-Db_sanitize={SANITIZE}", "-Db_lundef=false"]
    tree.run("meson", "setup", "build", "-Dwerror=true", *sanitizers, *options, directory=directory)
    tree.run("ninja", "-C", "build", directory=directory)
    return os.path.join(directory, "build")


def needs_introspection(tree):
    if not os.path.exists(os.path.join(tree.libdir, "girepository-1.0/Kms-1.typelib")):
        raise tap.Skip("needs a build with introspection")


def python_values(tree):
    """The environment of a program in Python, where there can be one."""
    needs_introspection(tree)
    if SANITIZE != "none":
        raise tap.Skip("a sanitized library can't be loaded into Python")
    if subprocess.run(["/usr/bin/python3", "-c", "import gi"], capture_output=True, check=False).returncode != 0:
        raise tap.Skip("needs PyGObject (python3-gi)")
    return {"GI_TYPELIB_PATH": os.path.join(tree.libdir, "girepository-1.0"), "PYTHONPATH": None}


def wants(text, *words):
    for word in words:
        if word not in text:
            raise tap.Failure(f"{word!r} is not in {text!r}")


def needs(path):
    """A case that stands on what another one makes says so, instead of failing in a way that misleads."""
    if not os.path.exists(path):
        raise tap.Skip(f"{os.path.basename(path)} was not made: see the case that builds it")
