# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A tree that "meson install --destdir" made works from where it is, and has what packagers expect where they expect it."""

import fnmatch
import glob
import os
import re
import stat
import subprocess
import tempfile

import installed
import tap

SYSCONFDIR = os.environ["SYSCONFDIR"]


def pkg_config(tree, *arguments):
    """Asks the files as they were installed, with another prefix."""
    values = tree.environment(PKG_CONFIG_PATH=os.path.join(tree.libdir, "pkgconfig"))
    return subprocess.run(["pkg-config", f"--define-variable=prefix={tree.prefix}", *arguments], capture_output=True, text=True,
                          check=False, env=values)


def check_installed(tree):
    tap.equal((tree.done.returncode, tree.done.stderr), (0, ""), "meson install")
    tree.relocate()


def check_files(tree):
    needed = ["bin/kmsctl", "bin/kms-provider-test", f"{installed.LIBDIR}/libkms-1.so.0", f"{installed.LIBDIR}/libkms-1.so",
              f"{installed.LIBDIR}/kms-1/kms-local.so", f"{installed.LIBDIR}/kms-1/kms-test.so",
              f"{installed.LIBDIR}/pkgconfig/libkms-1.pc",
              f"{installed.LIBDIR}/pkgconfig/libkms-provider-1.pc", "include/libkms-1/libkms/kms.h",
              "include/libkms-1/libkms/kms-version.h", "include/libkms-1/libkms/kms-enums.h",
              "share/kms-1/providers.d/local.provider", "share/kms-1/providers.d/test.provider",
              "share/bash-completion/completions/kmsctl", "share/zsh/site-functions/_kmsctl",
              "share/fish/vendor_completions.d/kmsctl.fish", "sbin/kmsd", "share/dbus-1/interfaces/org.libkms.Kms1.xml",
              "share/dbus-1/system.d/org.libkms.Kms1.conf", "share/dbus-1/system-services/org.libkms.Kms1.service",
              "share/dbus-1/services/org.libkms.Kms1.service", "share/polkit-1/actions/org.libkms.kms1.policy",
              "lib/systemd/system/kmsd.service", "lib/systemd/system/kmsd.socket", "lib/systemd/user/kmsd.service", "lib/systemd/user/kmsd.socket",
              "lib/systemd/user/kmsd.socket",
              "lib/sysusers.d/kmsd.conf"]
    if os.path.exists(os.path.join(installed.BUILD, "libkms/Kms-1.typelib")):
        needed += [f"{installed.LIBDIR}/girepository-1.0/Kms-1.typelib", "share/gir-1.0/Kms-1.gir",
                   "share/vala/vapi/libkms-1.vapi", "share/vala/vapi/libkms-1.deps"]
    tap.none((name for name in needed if not os.path.exists(os.path.join(tree.prefix, name))), "not installed")


def package_patterns():
    """Package by package, the patterns of files in the table for packagers."""
    with open(os.path.join(os.environ["SOURCE"], "docs/packaging.md"), encoding="utf-8") as file:
        rows = re.findall(r"^\| ([\w.-]+) \| (`.*) \|$", file.read(), re.MULTILINE)
    return {package: [pattern.replace("LIBDIR", installed.LIBDIR) for pattern in re.findall(r"`([^`]+)`", files)]
            for package, files in rows}


def check_packages(tree):
    """Each installed file is in one package of the table, and each package has files, as far as this build makes them."""
    packages = package_patterns()
    tap.equal({"libkms-1-0", "kmsd", "kmsctl"} <= set(packages), True, "packages are found")
    problems = []
    for directory, _, names in os.walk(tree.prefix):
        for name in names:
            path = os.path.relpath(os.path.join(directory, name), tree.prefix)
            owners = [package for package, patterns in packages.items()
                      if any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)]
            if len(owners) != 1:
                problems.append(f"{path}: {' and '.join(owners) or 'no package'}")
    tap.none(problems, "docs/packaging.md")


def check_nothing_private(tree):
    private = glob.glob(os.path.join(tree.prefix, "include/**/*-private*"), recursive=True)
    private += glob.glob(os.path.join(tree.prefix, "**/*.a"), recursive=True)
    private += glob.glob(os.path.join(tree.prefix, "**/kms-directories.h"), recursive=True)
    tap.none(private, "installed, but private")
    if glob.glob(os.path.join(tree.root + SYSCONFDIR, "*")):
        raise tap.Failure("a file was installed into " + SYSCONFDIR)


def dynamic_sections(tree):
    """(path, lines) of programs and shared objects."""
    paths = glob.glob(os.path.join(tree.prefix, "*bin/*")) + glob.glob(os.path.join(tree.libdir, "**/*.so*"), recursive=True)
    for path in paths:
        lines = subprocess.run(["readelf", "-d", path], capture_output=True, text=True, check=False).stdout.splitlines()
        if lines:
            yield path, lines


def check_no_run_path(tree):
    tap.none([f"{path}: {line.strip()}" for path, lines in dynamic_sections(tree) for line in lines
              if "RUNPATH" in line or "RPATH" in line], "run paths")


def check_bound_at_start(tree):
    """A function that is bound at its first call leaves registers on the stack."""
    found = list(dynamic_sections(tree))
    tap.equal(len(found) > 5, True, "programs and shared objects")
    tap.none([path for path, lines in found if not any("BIND_NOW" in line for line in lines)], "bound lazily")


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
    found = pkg_config(tree, "--variable=moduledir", "libkms-provider-1")
    tap.equal(found.stdout.strip(), os.path.join(tree.libdir, "kms-1"), "moduledir " + found.stderr)
    for variable, expected in (("providersdir", "share/kms-1/providers.d"), ("boxesdir", "share/kms-1/boxes.d"),
                               ("modelsdir", "share/kms-1/models.d")):
        for package in ("libkms-1", "libkms-provider-1"):
            found = pkg_config(tree, f"--variable={variable}", package)
            tap.equal(found.stdout.strip(), os.path.join(tree.prefix, expected), variable)
    tap.equal(pkg_config(tree, "--variable=abi", "libkms-provider-1").stdout.strip(), "1", "abi")
    flags = pkg_config(tree, "--cflags", "libkms-provider-1").stdout.split()
    if f"-I{tree.prefix}/include/libkms-1" not in flags:
        raise tap.Failure(f"no path of our headers in {flags}")


with tempfile.TemporaryDirectory() as scratch:
    TREE = installed.Tree(scratch)
    CODE = tap.run([
        ("/install/destdir", lambda: check_installed(TREE)),
        ("/install/files", lambda: check_files(TREE)),
        ("/install/packages", lambda: check_packages(TREE)),
        ("/install/nothing-private", lambda: check_nothing_private(TREE)),
        ("/install/no-run-path", lambda: check_no_run_path(TREE)),
        ("/install/bound-at-start", lambda: check_bound_at_start(TREE)),
        ("/install/round-trip", lambda: check_round_trip(TREE)),
        ("/install/pkg-config", lambda: check_pkg_config(TREE)),
    ])
raise SystemExit(CODE)
