# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tours in the README and in the book work as printed."""

import os
import shlex
import shutil
import tempfile

import console
import tap

SOURCE, BUILD = os.environ["SOURCE"], os.environ["BUILD"]


def run_tour(directory, commands):
    values = {key: value for key, value in os.environ.items() if not key.startswith("KMS_")}
    values.update(KMS_CONFIG_ROOT=os.path.join(directory, "scratch"), LANG="C.UTF-8", NO_COLOR="1")
    # A tour reads the file of its own build.
    return console.run([command.replace(". build/env", f". {shlex.quote(BUILD)}/env") for command in commands], values,
                       f"cd {shlex.quote(directory)}")


# With the program of others that each needs.
PAGES = {"tour": ("README.md", "sh"), "records": ("docs/book/records.md", "sqlite3"),
         "rotation": ("docs/book/rotation.md", "jq")}


def skip(program):
    raise tap.Skip(f"needs {program}")


def cases(name, page, program):
    if shutil.which(program) is None:
        yield f"/docs/{name}", lambda: skip(program)
        return
    steps = list(console.steps(os.path.join(SOURCE, page)))
    with tempfile.TemporaryDirectory() as scratch:
        outputs = run_tour(scratch, [command for command, _ in steps])

    def check_some():
        if len(steps) < 8:
            raise tap.Failure(f"only {len(steps)} commands were found in {page}")

    yield f"/docs/{name}/found", check_some
    for number, (command, printed) in enumerate(steps):
        yield f"/docs/{name}/{number + 1}", lambda n=number, c=command, p=printed: console.compare(n, c, p, outputs)


tap.main([case for name, (page, program) in PAGES.items() for case in cases(name, page, program)])
