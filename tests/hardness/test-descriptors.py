# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Standard descriptors that are full, closed, or have nobody at their other end: an error, and no file that was opened
under one of their numbers gets what was meant for it."""

import os
import subprocess

import cli
import tap

KEY = ("--key", "insecure-test-key")
PRINTING = (("--help",), ("help", "encrypt"), ("--version",), ("--json", "--version"), ("status",), ("--json", "status"),
            ("doctor",), ("provider", "list"), ("-q", "provider", "list"), ("key", "show", "local/orders"), ("key", "list"),
            ("box", "list"), ("box", "show", "orders"), ("config", "show"), ("config", "check"), ("completion", "bash"),
            ("inspect",), ("inspect", "orders"), ("encrypt", *KEY), ("decrypt", "orders"), ("rewrap", "orders"),
            ("--json", "decrypt", "orders"), ("datakey", "generate", "--plaintext-file=DIR/key", "orders"))


def prepared(root):
    root.good("box", "create", "orders", "--key", "local/orders")
    return root.good("encrypt", "orders", data=b"x")


def run(root, arguments, closed=(), **more):
    def close():
        for fd in closed:
            os.close(fd)
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    for fd, name in enumerate(("stdin", "stdout", "stderr")):
        if fd in closed:
            streams[name] = None
    data = more.pop("data", b"x") if 0 not in closed else None
    streams.update(more)
    arguments = [argument.replace("DIR", root.directory) for argument in arguments]
    child = subprocess.Popen([cli.KMSCTL, *arguments], env=root.environment(), preexec_fn=close, **streams)
    out, err = child.communicate(data, timeout=60)
    return child.returncode, out or b"", (err or b"").decode()


def each_command(root, words, **more):
    stored = prepared(root)
    problems = []
    for arguments in PRINTING:
        code, _, err = run(root, arguments, data=stored, **more)
        if code != 1 or "stdout" not in err or words not in err or err.count("\n") != 1:
            problems.append(f"{' '.join(arguments)}: {code}: {err}")
    tap.none(problems, "commands that did not say it")


def check_stdout_is_full(root):
    with open("/dev/full", "wb") as full:
        each_command(root, "No space left on device", stdout=full)


def check_change_without_answer(root):
    """Exit code 1, since the answer is lost; and that the change was made is said, for who would repeat the command."""
    root.good("key", "create", "local/orders")
    root.good("box", "create", "orders", "--key", "local/orders")
    said = {}
    with open("/dev/full", "wb") as full:
        for arguments in (("key", "rotate", "local/orders"), ("key", "disable", "local/orders", "--yes"),
                          ("key", "create", "local/more"), ("box", "disable", "orders"), ("key", "show", "local/orders")):
            code, _, err = run(root, arguments, stdout=full)
            tap.equal(code, 1, " ".join(arguments))
            said[" ".join(arguments[:2])] = "is done" in err
    tap.equal(said, {"key rotate": True, "key disable": True, "key create": True, "box disable": True, "key show": False}, "said")
    tap.equal(root.json("key", "show", "local/orders")["version"], "2", "the rotation")


def check_stdout_is_closed(root):
    each_command(root, "Bad file descriptor", closed=(1,))


def check_stdout_has_no_reader(root):
    reader, writer = os.pipe()
    os.close(reader)
    each_command(root, "Broken pipe", stdout=writer)
    os.close(writer)


def check_stdin_is_closed(root):
    prepared(root)
    for arguments in (("encrypt", *KEY), ("decrypt", *KEY), ("inspect",), ("rewrap", "orders")):
        code, out, err = run(root, arguments, closed=(0,))
        tap.equal((code, out), (1, b""), f"{arguments}: {err}")
        cli.wants(err, "stdin", "Bad file descriptor")
    tap.equal(run(root, ("key", "rotate", "local/orders"), closed=(0,))[0], 0, "a command that reads nothing")


def check_stdin_is_a_directory(root):
    for arguments in (("encrypt", *KEY), ("inspect",)):
        with open_directory(root.directory) as directory:
            code, out, err = run(root, arguments, stdin=directory, data=None)
        tap.equal((code, out), (1, b""), f"{arguments}: {err}")
        cli.wants(err, "stdin", "Is a directory")
    code, out, err = run(root, ("encrypt", *KEY, "--in", root.directory))
    tap.equal((code, out), (1, b""), err)
    cli.wants(err, root.directory, "Is a directory")


class open_directory:  # pylint: disable=invalid-name
    def __init__(self, path):
        self.fd = os.open(path, os.O_RDONLY)

    def __enter__(self):
        return self.fd

    def __exit__(self, *unused):
        os.close(self.fd)


def check_stderr_is_closed(root):
    prepared(root)
    tap.equal(run(root, ("encrypt", "nothing"), closed=(2,))[:2], (3, b""), "an error that nobody hears")
    code, out, _ = run(root, ("encrypt", *KEY), closed=(2,))
    tap.equal((code, out[:3]), (0, b"v1:"), "no error")


def check_nothing_lands_in_files(root):
    """All three are closed: the keystore's own files get their numbers."""
    stored = prepared(root)
    with open(root.path("stored"), "wb") as file:
        file.write(stored)
    for arguments in (("key", "rotate", "local/orders"), ("key", "create", "local/other"), ("encrypt", "nothing"), ("status",),
                      ("decrypt", "orders", "--in", root.path("stored")), ("box", "create", "more", "--key", "local/more")):
        run(root, arguments, closed=(0, 1, 2))
    names = [line.split()[0] for line in root.good("key", "list").decode().splitlines()[1:]]
    tap.equal(names, ["local/more", "local/orders", "local/other"], "keys")
    root.good("doctor")
    tap.equal(root.json("key", "show", "local/orders")["version"], "2", "the version of the rotated key")
    tap.equal(root.good("decrypt", "orders", data=stored), b"x", "decrypted")


cli.main("descriptors", globals(), "hardness")
