# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a library exports is what its list of symbols says, and what its headers declare."""

import glob
import os
import re
import subprocess

import tap

SOURCE, BUILD, LIBRARY = os.environ["SOURCE"], os.environ["BUILD"], os.environ["LIBRARY"]
FOLDER, LIST = os.environ["FOLDER"], os.environ["LIST"]


def exported():
    out = subprocess.run(["nm", "--dynamic", "--defined-only", LIBRARY], capture_output=True, text=True, check=True).stdout
    names = {line.split()[-1].split("@")[0] for line in out.splitlines()}
    # The sanitizers' run-time and the linker add names of their own.
    return {name for name in names if not name.startswith(("__asan", "__odr_asan", "__ubsan", "__sanitizer"))}


def listed():
    with open(os.path.join(SOURCE, FOLDER, LIST), encoding="utf-8") as file:
        return {line.strip() for line in file if line.strip() and not line.startswith("#")}


def type_functions(text):
    """G_DECLARE_… declares a function without naming it."""
    return {f"{name}_get_type" for name in re.findall(r"G_DECLARE_\w+ \(\w+, (\w+),", text)}


def declared():
    found = set()
    headers = glob.glob(os.path.join(SOURCE, FOLDER, "*.h")) + glob.glob(os.path.join(BUILD, FOLDER, "*.h"))
    for path in headers:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if "KMS_AVAILABLE_IN" not in text:
            continue
        found |= type_functions(text)
        for declaration in re.findall(r"KMS_AVAILABLE_IN_\d+_\d+\s+([^;{]*?)\(", text):
            match = re.search(r"\b(kms_\w+) ?$", declaration)
            if match:
                found.add(match.group(1))
    return found


def check(found, expected, advice):
    problems = [f"missing: {name}" for name in sorted(expected - found)]
    problems += [f"not expected: {name}" for name in sorted(found - expected)]
    tap.none(problems, advice)


tap.main([
    ("/api/symbols/list", lambda: check(exported(), listed(), f"compare {LIST} with the library")),
    ("/api/symbols/headers", lambda: check(exported(), declared(), "compare the headers with the library")),
])
