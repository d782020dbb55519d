# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tour in the README works as printed: each command runs in one shell, and what it prints is what the README shows.

In a block of language "console", a line that starts with "$ " is a command and those up to the next are its output. "…" in the
output stands for anything on that line; a line "…" for any number of lines. Commands that need a checkout or a long time are in blocks of language
"sh", which are not run here."""

import os
import re
import shlex
import subprocess
import tempfile

import tap

SOURCE, BUILD = os.environ["SOURCE"], os.environ["BUILD"]


def steps():
    """(command, printed lines) of all console blocks."""
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
        blocks = re.findall(r"```console\n(.*?)```", file.read(), re.DOTALL)
    for block in blocks:
        command, printed = None, []
        for line in block.splitlines():
            if line.startswith("$ "):
                if command:
                    yield command, printed
                command, printed = line[2:], []
            else:
                printed.append(line)
        if command:
            yield command, printed


def pattern(printed):
    lines = []
    for line in printed:
        if line.strip() == "…":
            lines.append(r"(?:.*\n)*")
        else:
            lines.append("[^\n]*".join(re.escape(part.rstrip()) for part in line.split("…")) + r"[ ]*\n")
    return re.compile("".join(lines))


def run_tour(directory, commands):
    """All commands in one shell, as one would type them; their outputs."""
    mark = "==end-of-step=="
    script = [f"cd {shlex.quote(directory)}", "exec 2>&1"]
    for command in commands:
        # In the README the tour reads the file of its own build.
        command = command.replace(". build/env", f". {shlex.quote(BUILD)}/env")
        script += [command, f"printf '{mark}\\n'"]
    values = {key: value for key, value in os.environ.items() if not key.startswith("KMS_")}
    values.update(KMS_CONFIG_ROOT=os.path.join(directory, "scratch"), LANG="C.UTF-8", NO_COLOR="1")
    done = subprocess.run(["sh", "-c", "\n".join(script)], capture_output=True, text=True, check=False, env=values,
                          stdin=subprocess.DEVNULL)
    return done.stdout.split(mark + "\n")


def compare(number, command, printed, outputs):
    if number >= len(outputs) - 1:
        raise tap.Failure(f"{command}: the shell did not get so far")
    output = outputs[number]
    if output and not output.endswith("\n"):
        output += "\n"
    if not pattern(printed).fullmatch(output):
        raise tap.Failure("$ " + command + "\nthe README shows:\n" + "\n".join(printed) + "\nit printed:\n" + output)


STEPS = list(steps())
with tempfile.TemporaryDirectory() as scratch:
    OUTPUTS = run_tour(scratch, [command for command, _ in STEPS])


def check_some():
    if len(STEPS) < 8:
        raise tap.Failure(f"only {len(STEPS)} commands were found in the README")


tap.main([("/docs/tour/found", check_some)]
         + [(f"/docs/tour/{number + 1}", lambda n=number, c=command, p=printed: compare(n, c, p, OUTPUTS))
            for number, (command, printed) in enumerate(STEPS)])
