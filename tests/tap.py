# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Test points of a test that is a Python program: each case runs, whatever became of the one before."""

import sys
import traceback


class Skip(Exception):
    """Raised by a case that can't run here; its text is the reason."""


class Failure(Exception):
    """Raised by a case that fails; its text says what was expected and what was there."""


def equal(found, expected, what):
    if found != expected:
        raise Failure(f"{what}: expected {expected!r}, found {found!r}")


def none(problems, what):
    """Fails with the list of problems, if there are any."""
    problems = list(problems)
    if problems:
        raise Failure(f"{what}:\n" + "\n".join(problems))


def run(cases):
    """Runs (name, function) pairs, prints TAP, and returns the exit code."""
    cases = list(cases)
    print(f"1..{len(cases)}", flush=True)
    for number, (name, case) in enumerate(cases, 1):
        try:
            case()
            print(f"ok {number} {name}", flush=True)
        except Skip as reason:
            print(f"ok {number} {name} # SKIP {reason}", flush=True)
        except Exception as problem:  # pylint: disable=broad-except
            text = str(problem) if isinstance(problem, Failure) else traceback.format_exc()
            print(f"not ok {number} {name}", flush=True)
            for line in text.splitlines():
                print(f"# {line}", flush=True)
    # The harness counts the points: a code of its own would say no more.
    return 0


def main(cases):
    sys.exit(run(cases))
