# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tour in the README works as printed."""

import os
import shlex
import tempfile

import console
import tap

SOURCE, BUILD = os.environ["SOURCE"], os.environ["BUILD"]


def run_tour(directory, commands):
    values = {key: value for key, value in os.environ.items() if not key.startswith("KMS_")}
    values.update(KMS_CONFIG_ROOT=os.path.join(directory, "scratch"), LANG="C.UTF-8", NO_COLOR="1")
    # In the README the tour reads the file of its own build.
    return console.run([command.replace(". build/env", f". {shlex.quote(BUILD)}/env") for command in commands], values,
                       f"cd {shlex.quote(directory)}")


STEPS = list(console.steps(os.path.join(SOURCE, "README.md")))
with tempfile.TemporaryDirectory() as scratch:
    OUTPUTS = run_tour(scratch, [command for command, _ in STEPS])


def check_some():
    if len(STEPS) < 8:
        raise tap.Failure(f"only {len(STEPS)} commands were found in the README")


tap.main([("/docs/tour/found", check_some)]
         + [(f"/docs/tour/{number + 1}", lambda n=number, c=command, p=printed: console.compare(n, c, p, OUTPUTS))
            for number, (command, printed) in enumerate(STEPS)])
