# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What "module new" writes is built as its README says, against the uninstalled library, and used by kmsctl."""

import os
import shutil
import subprocess

import cli
import installed
import tap


def install(root):
    """The library as a packager installs it, under the root."""
    tree = installed.Tree(root.directory)
    tap.equal((tree.done.returncode, tree.done.stderr), (0, ""), "meson install")
    root.packages = tree.moved_packages()


def run(root, directory, *command):
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False,
                          env=root.environment(PKG_CONFIG_PATH=root.packages))
    if done.returncode != 0:
        raise tap.Failure(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
    return done.stdout


def check_builds_and_works(root):
    if shutil.which("meson") is None:
        raise tap.Skip("needs meson")
    install(root)
    for name in ("acme", "my-2nd-service"):
        root.good("module", "new", name, cwd=root.directory)
        directory = root.path(f"kms-{name}")
        run(root, directory, "meson", "setup", "build", "-Dwerror=true")
        run(root, directory, "ninja", "-C", "build")
        shutil.copy(os.path.join(directory, f"{name}.provider"), root.path("package/providers.d"))
        env = {"KMS_MODULE_PATH": os.path.join(directory, "build")}
        stored = root.good("encrypt", f"{name}/key", "-c", "a=b", data=b"hello", env=env)
        tap.equal(root.good("decrypt", f"{name}/key", "-c", "a=b", data=stored, env=env), b"hello", "decrypt")
        root.bad(6, "decrypt", f"{name}/key", "-c", "a=c", data=stored, env=env)
        root.bad(6, "decrypt", f"{name}/other", "-c", "a=b", data=stored, env=env)
        empty = root.good("encrypt", f"{name}/key", data=b"", env=env)
        tap.equal(root.good("decrypt", f"{name}/key", data=empty, env=env), b"", "nothing at all")
        told = root.good("provider", "check", name, env=env).decode()
        cli.wants(told, "its keys are no secret")


def check_passes_the_checks(root):
    checker = os.path.join(cli.BUILD, "provider-test/kms-provider-test")
    if not os.path.exists(checker) or shutil.which("meson") is None:
        raise tap.Skip("needs kms-provider-test and meson")
    install(root)
    root.good("module", "new", "acme", cwd=root.directory)
    directory = root.path("kms-acme")
    run(root, directory, "meson", "setup", "build")
    run(root, directory, "ninja", "-C", "build")
    text = run(root, directory, checker, "--provider", "acme.provider", "build/kms-acme.so")
    tap.none((line for line in text.splitlines() if line.startswith("not ok")), "kms-provider-test")
    cli.wants(text, "ok 10 load/provider-file\n")


def check_refuses(root):
    for name in ("", "Acme", "1st", "a/b", "..", "a-", "x" * 41):
        cli.wants(root.bad(2, "module", "new", name, cwd=root.directory), "can't name a provider")
    os.mkdir(root.path("kms-acme"))
    cli.wants(root.bad(1, "module", "new", "acme", cwd=root.directory), "kms-acme", "--directory=DIR")
    tap.equal(os.listdir(root.path("kms-acme")), [], "what was there")


cli.main("module-new", globals())
