# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A tree that "meson install --destdir" made works from where it is, and has what packagers expect where they expect it."""

import glob
import os
import shutil
import stat
import subprocess
import tempfile

import tap

BUILD, PREFIX, LIBDIR, SYSCONFDIR = (os.environ[name] for name in ("BUILD", "PREFIX", "LIBDIR", "SYSCONFDIR"))


class Tree:
    """An installation under a directory of its own."""

    def __init__(self, directory):
        self.root = os.path.join(directory, "dest")
        self.prefix = self.root + PREFIX
        self.libdir = os.path.join(self.prefix, LIBDIR)
        self.config = os.path.join(directory, "config")
        self.done = subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", self.root],
                                   capture_output=True, text=True, check=False)

    def relocate(self):
        """The package layer of the tree becomes that of a configuration root."""
        shutil.copytree(os.path.join(self.prefix, "share/kms-1"), os.path.join(self.config, "package"))

    def kmsctl(self, *arguments, data=b""):
        values = {key: value for key, value in os.environ.items() if not key.startswith("KMS_")}
        values.update(LD_LIBRARY_PATH=self.libdir, KMS_CONFIG_ROOT=self.config,
                      KMS_MODULE_PATH=os.path.join(self.libdir, "kms-1"))
        return subprocess.run([os.path.join(self.prefix, "bin/kmsctl"), *arguments], input=data, capture_output=True,
                              check=False, env=values)

    def pkg_config(self, *arguments):
        values = dict(os.environ, PKG_CONFIG_PATH=os.path.join(self.libdir, "pkgconfig"))
        return subprocess.run(["pkg-config", f"--define-variable=prefix={self.prefix}", *arguments], capture_output=True, text=True, check=False,
                              env=values)


def check_installed(tree):
    tap.equal((tree.done.returncode, tree.done.stderr), (0, ""), "meson install")
    tree.relocate()


def check_files(tree):
    needed = ["bin/kmsctl", f"{LIBDIR}/libkms-1.so.0", f"{LIBDIR}/libkms-1.so",
              f"{LIBDIR}/kms-1/kms-local.so", f"{LIBDIR}/kms-1/kms-test.so", f"{LIBDIR}/pkgconfig/libkms-1.pc",
              f"{LIBDIR}/pkgconfig/libkms-provider-1.pc", "include/libkms-1/libkms/kms.h",
              "include/libkms-1/libkms/kms-version.h", "include/libkms-1/libkms/kms-enums.h",
              "share/kms-1/providers.d/local.provider", "share/kms-1/providers.d/test.provider",
              "share/bash-completion/completions/kmsctl", "share/zsh/site-functions/_kmsctl",
              "share/fish/vendor_completions.d/kmsctl.fish"]
    tap.none((name for name in needed if not os.path.exists(os.path.join(tree.prefix, name))), "not installed")


def check_nothing_private(tree):
    private = glob.glob(os.path.join(tree.prefix, "include/**/*-private*"), recursive=True)
    private += glob.glob(os.path.join(tree.prefix, "**/*.a"), recursive=True)
    private += glob.glob(os.path.join(tree.prefix, "**/kms-directories.h"), recursive=True)
    tap.none(private, "installed, but private")
    if glob.glob(os.path.join(tree.root + SYSCONFDIR, "*")):
        raise tap.Failure("a file was installed into " + SYSCONFDIR)


def check_no_run_path(tree):
    problems = []
    for path in glob.glob(os.path.join(tree.prefix, "bin/*")) + glob.glob(os.path.join(tree.libdir, "**/*.so*"), recursive=True):
        text = subprocess.run(["readelf", "-d", path], capture_output=True, text=True, check=False).stdout
        problems += [f"{path}: {line.strip()}" for line in text.splitlines() if "RUNPATH" in line or "RPATH" in line]
    tap.none(problems, "run paths")


def check_round_trip(tree):
    made = tree.kmsctl("box", "create", "demo", "--key", "local/demo")
    tap.equal(made.returncode, 0, "box create: " + made.stderr.decode())
    sealed = tree.kmsctl("encrypt", "demo", "-c", "id=1", data=b"installed")
    tap.equal((sealed.returncode, sealed.stderr), (0, b""), "encrypt")
    opened = tree.kmsctl("decrypt", "demo", "-c", "id=1", data=sealed.stdout)
    tap.equal((opened.returncode, opened.stdout), (0, b"installed"), "decrypt")
    keys = os.path.join(tree.config, "keys")
    if not os.path.isdir(keys) or stat.S_IMODE(os.stat(keys).st_mode) & 0o077:
        raise tap.Failure(f"{keys} is not there, or not private")


def check_pkg_config(tree):
    found = tree.pkg_config("--variable=moduledir", "libkms-provider-1")
    tap.equal(found.stdout.strip(), os.path.join(tree.libdir, "kms-1"), "moduledir " + found.stderr)
    for variable, expected in (("providersdir", "share/kms-1/providers.d"), ("boxesdir", "share/kms-1/boxes.d"),
                               ("modelsdir", "share/kms-1/models.d")):
        for package in ("libkms-1", "libkms-provider-1"):
            found = tree.pkg_config(f"--variable={variable}", package)
            tap.equal(found.stdout.strip(), os.path.join(tree.prefix, expected), variable)
    tap.equal(tree.pkg_config("--variable=abi", "libkms-provider-1").stdout.strip(), "1", "abi")
    flags = tree.pkg_config("--cflags", "libkms-provider-1").stdout.split()
    if f"-I{tree.prefix}/include/libkms-1" not in flags:
        raise tap.Failure(f"no path of our headers in {flags}")


with tempfile.TemporaryDirectory() as scratch:
    TREE = Tree(scratch)
    CODE = tap.run([
        ("/install/destdir", lambda: check_installed(TREE)),
        ("/install/files", lambda: check_files(TREE)),
        ("/install/nothing-private", lambda: check_nothing_private(TREE)),
        ("/install/no-run-path", lambda: check_no_run_path(TREE)),
        ("/install/round-trip", lambda: check_round_trip(TREE)),
        ("/install/pkg-config", lambda: check_pkg_config(TREE)),
    ])
raise SystemExit(CODE)
