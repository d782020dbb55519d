# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pages whose commands work as printed: each runs in one shell, and what it prints is what the page shows.

In a block of language "console", a line that starts with "$ " is a command, lines that start with ">" go on with it, and those up to
the next command are its output. "…" in the output stands for anything on that line; a line "…" for any number of lines. Commands that
need a checkout, an installation or a long time are in blocks of language "sh", which are not run."""

import re
import subprocess

import tap

MARK = "==end-of-step=="


def steps(path):
    """(command, printed lines) of all console blocks of a page."""
    with open(path, encoding="utf-8") as file:
        blocks = re.findall(r"```console\n(.*?)```", file.read(), re.DOTALL)
    for block in blocks:
        command, printed = None, []
        for line in block.splitlines():
            if line.startswith("$ "):
                if command:
                    yield command, printed
                command, printed = line[2:], []
            elif command and not printed and re.match(r">( |$)", line):
                command += "\n" + line[2:]
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


def run(commands, environment, first=""):
    """All commands in one shell, as one would type them; their outputs, and one more if it came to the end."""
    script = [first, "exec 2>&1"]
    for command in commands:
        script += [command, f"printf '{MARK}\\n'"]
    done = subprocess.run(["sh", "-c", "\n".join(script)], capture_output=True, text=True, check=False, env=environment,
                          stdin=subprocess.DEVNULL, timeout=100)
    return done.stdout.split(MARK + "\n")


def compare(number, command, printed, outputs):
    if number >= len(outputs) - 1:
        raise tap.Failure(f"{command}: the shell did not get so far")
    output = outputs[number]
    if output and not output.endswith("\n"):
        output += "\n"
    if not pattern(printed).fullmatch(output):
        raise tap.Failure("$ " + command + "\nthe page shows:\n" + "\n".join(printed) + "\nit printed:\n" + output)
