# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An installation as a packager makes it, in a directory of its own: programs in it, and what others build against it."""

import glob
import os
import re
import shutil
import subprocess

import tap

BUILD, PREFIX, LIBDIR = (os.environ[name] for name in ("BUILD", "PREFIX", "LIBDIR"))


class Tree:
    """What "meson install --destdir" made, and a configuration root beside it."""

    def __init__(self, directory):
        self.directory = directory
        self.root = os.path.join(directory, "dest")
        self.prefix = self.root + PREFIX
        self.libdir = os.path.join(self.prefix, LIBDIR)
        self.modules = os.path.join(self.libdir, "kms-1")
        self.config = os.path.join(directory, "config")
        self.kmsctl_path = os.path.join(self.prefix, "bin/kmsctl")
        self.done = subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", self.root],
                                   capture_output=True, text=True, check=False)

    def relocate(self):
        """The package layer of the tree becomes that of a configuration root."""
        shutil.copytree(os.path.join(self.prefix, "share/kms-1"), os.path.join(self.config, "package"), dirs_exist_ok=True)

    def environment(self, **more):
        """That of a program which uses the tree; another name in it is set, or removed with None."""
        values = {key: value for key, value in os.environ.items() if not key.startswith("KMS_")}
        values.update(LD_LIBRARY_PATH=self.libdir, KMS_CONFIG_ROOT=self.config, KMS_MODULE_PATH=self.modules,
                      PATH=os.path.join(self.prefix, "bin") + ":" + os.environ["PATH"])
        values.update(more)
        return {key: value for key, value in values.items() if value is not None}

    def kmsctl(self, *arguments, data=b"", **more):
        return subprocess.run([self.kmsctl_path, *arguments], input=data, capture_output=True, check=False, timeout=120,
                              env=self.environment(**more))

    def moved_packages(self):
        """A directory with the .pc files of the tree as they are where nothing was moved: their prefix is where it is.

        PKG_CONFIG_SYSROOT_DIR would move the paths of GLib and GnuTLS, too, which are not in this tree."""
        target = os.path.join(self.directory, "packages")
        os.makedirs(target, exist_ok=True)
        for path in glob.glob(os.path.join(self.libdir, "pkgconfig/*.pc")):
            with open(path, encoding="utf-8") as file:
                text = re.sub("^prefix=.*", "prefix=" + self.prefix, file.read(), flags=re.M)
            with open(os.path.join(target, os.path.basename(path)), "w", encoding="utf-8") as file:
                file.write(text)
        return target

    def run(self, *command, directory=None, **more):
        """Runs a program that builds against the tree or uses it, wants exit code 0, and returns what it printed."""
        more.setdefault("PKG_CONFIG_PATH", self.moved_packages())
        done = subprocess.run(command, cwd=directory or self.directory, capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=300, env=self.environment(**more))
        if done.returncode != 0:
            raise tap.Failure(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout
