# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs kms-provider-test and reads its report."""

import os
import re
import subprocess
import tempfile

import tap

CHECKER = os.environ["CHECKER"]
POINT = re.compile(r"^(not )?ok (\d+) (\S+)(?: # (\S+) (.*))?$")


class Point:
    """One case of a report."""

    def __init__(self, match):
        self.passed = match.group(1) is None
        self.number = int(match.group(2))
        self.name = match.group(3)
        self.directive = match.group(4)
        self.reason = match.group(5)
        self.details = []

    @property
    def failed(self):
        return not self.passed and self.directive is None


class Report:
    """What a run printed, as TAP has it: the plan first, then every number once."""

    def __init__(self, done):
        self.code = done.returncode
        self.text = done.stdout.decode()
        self.points = []
        lines = self.text.rstrip("\n").split("\n")
        tap.equal(lines[:1], ["TAP version 13"], f"the first line ({done.stderr.decode()})")
        for line in lines[2:]:
            match = POINT.match(line)
            if match:
                self.points.append(Point(match))
            elif line.startswith("#"):
                if self.points:
                    self.points[-1].details.append(line[2:])
            else:
                raise tap.Failure(f"no line of TAP: {line!r}")
        tap.equal(lines[1], f"1..{len(self.points)}", "the plan")
        tap.equal([point.number for point in self.points], list(range(1, len(self.points) + 1)), "the numbers")
        tap.equal(done.stderr, b"", "stderr")

    def failed(self):
        return {point.name for point in self.points if point.failed}

    def point(self, name):
        return next(point for point in self.points if point.name == name)


def module(name, folder="FLAWED"):
    return os.path.join(os.environ[folder], f"kms-{name}.so")


def start(*arguments, scratch, **more):
    environment = dict(os.environ, TMPDIR=scratch)
    return subprocess.Popen([CHECKER, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, **more)


def run_bare(*arguments):
    """Runs it, and wants that it leaves nothing behind."""
    with tempfile.TemporaryDirectory() as scratch:
        process = start(*arguments, scratch=scratch)
        out, err = process.communicate(timeout=100)
        tap.equal(os.listdir(scratch), [], "left in the temporary directory")
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def run(*arguments):
    return Report(run_bare(*arguments))
