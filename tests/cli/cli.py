# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A configuration root of its own for each case, and kmsctl in it."""

import glob
import json
import os
import re
import shutil
import subprocess
import tempfile

import tap

BUILD = os.environ["BUILD"]
SOURCE = os.environ["SOURCE"]
KMSCTL = os.environ["KMSCTL"]

PROVIDERS = {
    "local": "[Provider]\nModule=kms-local.so\nAbi=1\nPrefixes=local/\n",
    "test": "[Provider]\nModule=kms-test.so\nAbi=1\nExact=insecure-test-key;insecure-test-key/encrypt\n",
}


def module_path(*folders):
    return ":".join(os.path.join(BUILD, folder) for folder in ("plugins/local", "plugins/test", *folders))


class Root:
    """A root with the two providers of the first release; with "with", gone at the end."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="kmsctl-test-")
        self.home = os.path.join(self.directory, "home")
        os.mkdir(self.home)
        for name, text in PROVIDERS.items():
            self.write(f"package/providers.d/{name}.provider", text)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        shutil.rmtree(self.directory, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, data, mode=0o644):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb" if isinstance(data, bytes) else "w") as file:
            file.write(data)
        os.chmod(path, mode)
        return path

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def box_file(self, name):
        found = glob.glob(self.path(f"*/boxes.d/{name}.box"))
        tap.equal(len(found), 1, f"files of box {name}")
        return found[0]

    def environment(self, **more):
        values = {key: value for key, value in os.environ.items()
                  if not key.startswith("KMS_") and key not in ("NO_COLOR", "VISUAL", "EDITOR", "LANGUAGE", "LC_MESSAGES")}
        values.update(KMS_CONFIG_ROOT=self.directory, KMS_MODULE_PATH=module_path(), LC_ALL="C.UTF-8", HOME=self.home,
                      TMPDIR=self.home)
        values.update(more)
        return {key: value for key, value in values.items() if value is not None}

    def open_to_others(self):
        """Lets other users in, and copies what they run: the build's own may stand where only its owner gets. Returns what
        env must hold, and how run() finds the program."""
        programs = self.path("programs")
        os.mkdir(programs)
        os.chmod(self.directory, 0o755)
        for pattern in ("kmsctl/kmsctl", "libkms/libkms-1.so.0*", "plugins/local/kms-local.so", "plugins/test/kms-test.so"):
            for source in filter(os.path.isfile, glob.glob(os.path.join(BUILD, pattern))):
                shutil.copy(source, programs)
        return {"LD_LIBRARY_PATH": programs, "KMS_MODULE_PATH": programs}, os.path.join(programs, "kmsctl")

    def run(self, *arguments, data=b"", env=None, **more):
        return subprocess.run([KMSCTL, *arguments], input=data, capture_output=True, check=False, timeout=120,
                              env=self.environment(**(env or {})), **more)

    def good(self, *arguments, data=b"", **more):
        """Runs, wants exit code 0, and returns stdout."""
        done = self.run(*arguments, data=data, **more)
        if done.returncode != 0:
            raise tap.Failure(f"kmsctl {' '.join(arguments)}: exit code {done.returncode}: {done.stderr.decode()}")
        return done.stdout

    def json(self, *arguments, data=b"", **more):
        return json.loads(self.good("--json", *arguments, data=data, **more))

    def bad(self, code, *arguments, data=b"", **more):
        """Runs, wants this exit code and nothing on stdout, and returns the one line of stderr."""
        done = self.run(*arguments, data=data, **more)
        tap.equal((done.returncode, done.stdout), (code, b""), f"kmsctl {' '.join(arguments)} ({done.stderr.decode()})")
        text = done.stderr.decode()
        if text.count("\n") != 1 or not text.startswith("kmsctl: "):
            raise tap.Failure(f"kmsctl {' '.join(arguments)}: not one line of an error: {text!r}")
        return text

    def left_over(self):
        """Temporary files of ours, anywhere in the root."""
        return [name for _, _, files in os.walk(self.directory) for name in files
                if re.match(r"\..*\.\w{6}$|kmsctl-", name)]


def wants(text, *words):
    for word in words:
        if word not in text:
            raise tap.Failure(f"{word!r} is not in {text!r}")


def cases(prefix, module, suite):
    """Every function that is called check_… is a case; one that takes an argument gets a root."""
    for name, function in list(module.items()):
        if not name.startswith("check_"):
            continue
        path = f"/{suite}/{prefix}/{name[6:].replace('_', '-')}"
        if function.__code__.co_argcount == 0:
            yield path, function
        else:
            yield path, lambda function=function: in_root(function)


def in_root(function):
    with Root() as root:
        function(root)


def main(prefix, module, suite="cli"):
    tap.main(cases(prefix, module, suite))
