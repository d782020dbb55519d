# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files that change while processes run: what one has written, the next one reads, and one that runs already notices."""

import os
import subprocess
import time

import cli
import tap

SEE = os.environ["SEE"]
PATIENCE = 30  # seconds; nothing waits for all of it


def box(key):
    return f"[Box]\nVersion=1\n[Version 1]\nKeyId={key}\n"


class Follower:
    """A process without a main loop that looks a box up when it is told to."""

    def __init__(self, root):
        self.process = subprocess.Popen([SEE, root.directory, "follow"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=root.environment(), text=True, bufsize=1)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.stdin.close()
        self.process.stdout.close()
        if self.process.wait(PATIENCE) != 0:
            raise tap.Failure(f"the process that looked ended with {self.process.returncode}")

    def ask(self, name="orders"):
        self.process.stdin.write(name + "\n")
        return self.process.stdout.readline().rstrip("\n")

    def wait_for(self, wanted, name="orders"):
        end = time.monotonic() + PATIENCE
        while (answer := self.ask(name)) != wanted:
            if time.monotonic() > end:
                raise tap.Failure(f"{name} is {answer!r}, not {wanted!r}")
            time.sleep(0.02)

    def wait_until_gone(self, name="orders"):
        end = time.monotonic() + PATIENCE
        while not self.ask(name).startswith(f'there is no box "{name}"'):
            if time.monotonic() > end:
                raise tap.Failure(f"{name} is still there")
            time.sleep(0.02)


def in_place(root, text):
    """Same file, same length: nothing but its times can tell, and they move in steps."""
    with open(root.path("admin/boxes.d/orders.box"), "r+", encoding="ascii") as file:
        file.write(text)


def check_twice_before_a_look(root):
    """Back to what it was: other times and the same text are no other box, and the next change is seen again."""
    root.write("admin/boxes.d/orders.box", box("k/1"))
    with Follower(root) as follower:
        follower.wait_for("k/1")
        in_place(root, box("k/2"))
        in_place(root, box("k/1"))
        in_place(root, box("k/3"))
        follower.wait_for("k/3")


def check_comes_and_goes(root):
    with Follower(root) as follower:
        follower.wait_until_gone()
        root.good("box", "create", "orders", "--key", "local/orders")
        follower.wait_for("local/orders")
        os.unlink(root.box_file("orders"))
        follower.wait_until_gone()


def check_directory_is_replaced(root):
    """As tools do that put a whole configuration in place by turning a link round."""
    for number in (1, 2):
        root.write(f"v{number}/boxes.d/orders.box", box(f"k/{number}"))
    os.symlink("v1", root.path("admin"))
    with Follower(root) as follower:
        follower.wait_for("k/1")
        os.symlink("v2", root.path("new"))
        os.rename(root.path("new"), root.path("admin"))
        follower.wait_for("k/2")


def check_new_process_sees_all(root):
    for number in range(12):
        name = f"box-{number}"
        root.good("box", "create", name, "--key", "insecure-test-key")
        stored = root.good("encrypt", name, data=b"x")
        tap.equal(root.good("decrypt", name, data=stored), b"x", name)


cli.main("changes", globals())
