# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""With a terminal: questions without echo, confirmation, ^C, colours, and binary output that is refused."""

import os
import pty
import select
import termios
import time

import cli
import tap

KEY = ("--key", "insecure-test-key")


class Terminal:
    """kmsctl on a terminal of its own."""

    def __init__(self, root, *arguments, **env):
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(cli.KMSCTL, [cli.KMSCTL, *arguments], root.environment(**env))

    def read(self, until=None):
        """Reads until a text comes, or to the end."""
        end = time.monotonic() + 60
        while until is None or until not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise tap.Failure(f"still waiting after {self.seen!r}")
            try:
                data = os.read(self.fd, 4096)
            except OSError:
                data = b""
            if data == b"":
                break
            self.seen += data
        if until is not None and until not in self.seen:
            raise tap.Failure(f"no {until!r} in {self.seen!r}")
        text, self.seen = self.seen, b""
        return text

    def write(self, data):
        os.write(self.fd, data)

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def end(self):
        text = self.read()
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status), text


def check_plaintext_is_asked_without_echo(root):
    terminal = Terminal(root, "encrypt", *KEY)
    terminal.read(b"Plaintext (not shown): ")
    tap.equal(terminal.echoes(), False, "echo while asking")
    terminal.write(b"open sesame\n")
    code, text = terminal.end()
    tap.equal(code, 0, "exit code")
    if b"sesame" in text:
        raise tap.Failure("the plaintext was shown")
    stored = [line for line in text.splitlines() if line.startswith(b"v1:")][0]
    tap.equal(root.good("decrypt", *KEY, data=stored), b"open sesame", "what was encrypted")


def check_interrupt_restores_the_echo(root):
    terminal = Terminal(root, "encrypt", *KEY)
    terminal.read(b"Plaintext (not shown): ")
    terminal.write(b"half a sec\x03")
    text = terminal.read(b"interrupted")
    tap.equal(terminal.echoes(), True, "echo afterwards")
    code, rest = terminal.end()
    tap.equal((code, b"half" in text + rest), (130, False), "exit code")


def check_nobody_is_asked(root):
    for option in ("--no-ask", "--json"):
        terminal = Terminal(root, option, "encrypt", *KEY)
        code, text = terminal.end()
        tap.equal(code, 2, option)
        cli.wants(text.decode(), "stdin is a terminal")


def check_binary_is_refused(root):
    text = root.good("encrypt", *KEY, "--out", root.path("text"), data="Grüße".encode())
    binary = root.good("encrypt", *KEY, "--out", root.path("binary"), data=b"\x00\x1b[31m")
    tap.equal((text, binary), (b"", b""), "stdout")
    code, shown = Terminal(root, "decrypt", *KEY, "--in", root.path("text")).end()
    tap.equal((code, shown), (0, "Grüße\r\n".encode()), "a text, with a newline")
    code, shown = Terminal(root, "decrypt", *KEY, "--in", root.path("text"), "--newline=no").end()
    tap.equal((code, shown), (0, "Grüße".encode()), "a text, without")
    code, shown = Terminal(root, "decrypt", *KEY, "--in", root.path("binary")).end()
    tap.equal((code, b"\x00" in shown), (2, False), "binary")
    cli.wants(shown.decode(), "binary", "--out=FILE")


def check_confirmation(root):
    root.good("key", "create", "local/orders")
    for answer, expected in ((b"n\n", 1), (b"\n", 1), (b"y\n", 0)):
        terminal = Terminal(root, "key", "delete", "local/orders", "--force")
        cli.wants(terminal.read(b"[y/N] ").decode(), "local/orders", "lost for ever")
        terminal.write(answer)
        code, text = terminal.end()
        tap.equal(code, expected, f"{answer}: {text}")
    root.bad(3, "key", "show", "local/orders")


def check_passphrase_twice(root):
    root.good("key", "create", "local/orders")
    path = root.path("exported")
    for again, expected in ((b"other\n", 2), (b"my words\n", 0)):
        terminal = Terminal(root, "key", "export", "local/orders", "--out", path)
        terminal.read(b"Passphrase for the exported key local/orders: ")
        terminal.write(b"my words\n")
        terminal.read(b"The same again: ")
        terminal.write(again)
        code, text = terminal.end()
        tap.equal((code, b"words" in text, os.path.exists(path)), (expected, False, expected == 0), f"{text}")


def check_provider_asks(root):
    root.good("key", "create", "local/orders")
    stored = root.good("encrypt", "local/orders", data=b"x", )
    terminal = Terminal(root, "key", "root", "--change", "passphrase", "--yes")
    terminal.read(b": ")
    terminal.write(b"my words\n")
    terminal.read(b"The same again: ")
    terminal.write(b"my words\n")
    code, text = terminal.end()
    tap.equal(code, 0, text.decode())
    root.write("stored", stored)
    terminal = Terminal(root, "decrypt", "local/orders", "--in", root.path("stored"))
    terminal.read(b": ")
    terminal.write(b"my words\n")
    code, text = terminal.end()
    tap.equal((code, text.endswith(b"x\r\n")), (0, True), text.decode())


def check_colors(root):
    for arguments, env, colored in (((), {}, True), (("--no-color",), {}, False), ((), {"NO_COLOR": "1"}, False),
                                    ((), {"NO_COLOR": ""}, True)):
        code, text = Terminal(root, "provider", "list", *arguments, **env).end()
        tap.equal((code, b"\x1b[" in text), (0, colored), f"{arguments} {env}")
    if b"\x1b[" in root.good("provider", "list"):
        raise tap.Failure("colours in a pipe")


def check_edit_again(root):
    root.good("box", "create", "orders", "--key", "local/orders")
    script = "#!/bin/sh\nif [ -e \"$0.once\" ]; then sed -i '/no key/d' \"$1\"; echo '# ours' >> \"$1\"; else touch \"$0.once\"; echo 'no key' >> \"$1\"; fi\n"
    terminal = Terminal(root, "box", "edit", "orders", EDITOR=root.write("editor", script, 0o755))
    terminal.read(b"Edit again? [y/N] ")
    terminal.write(b"y\n")
    code, text = terminal.end()
    tap.equal(code, 0, text.decode())
    with open(root.box_file("orders"), encoding="utf-8") as file:
        cli.wants(file.read(), "# ours")


cli.main("terminal", globals())
