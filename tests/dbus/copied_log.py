# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A copy of an audit log, and what kmsctl finds in it when somebody has tampered with it."""

import glob
import json
import os
import shutil

import tap


class Copy:
    """The log's files, to be tampered with."""

    def __init__(self, daemon):
        self.directory = daemon.path("copy")
        shutil.copytree(daemon.path("root/state/audit"), self.directory)
        os.chmod(self.directory, 0o700)
        self.file, = glob.glob(os.path.join(self.directory, "*.jsonl"))
        self.lines = open(self.file, "rb").read().splitlines(keepends=True)

    def write(self, lines):
        with open(self.file, "wb") as file:
            file.writelines(lines)

    def flaws(self, root, *arguments, code=1):
        done = root.run("--json", "audit", "verify", f"--directory={self.directory}", *arguments, plain=True)
        tap.equal(done.returncode, code, f"exit code ({done.stderr.decode()})")
        found = json.loads(done.stdout)
        tap.equal(found["whole"], code == 0, "whole")
        return [(flaw["flaw"], flaw.get("line")) for flaw in found["flaws"]]
