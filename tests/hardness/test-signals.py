# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""^C and kill at any moment of commands that write: what they change is changed or is not, nothing is half written, and
who is asked again answers. A delay grows from nothing to the whole run, so that every part of it is hit."""

import os
import signal
import subprocess
import time

import cli
import tap

# A sanitizer makes each process several times slower.
STEPS = 6 if "ASAN_OPTIONS" in os.environ else 16
# Before main() has blocked it, a signal kills.
KILLED = (-signal.SIGINT, -signal.SIGKILL)


def duration(root, arguments, data, prepare):
    prepare()
    start = time.monotonic()
    root.good(*arguments, data=data)
    return time.monotonic() - start


def interrupted(root, arguments, number, delay, data):
    child = subprocess.Popen([cli.KMSCTL, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             env=root.environment())
    try:
        child.stdin.write(data)
        child.stdin.close()
    except BrokenPipeError:
        pass
    child.stdin = None
    time.sleep(delay)
    child.send_signal(number)
    out, err = child.communicate(timeout=60)
    if child.returncode not in (0, 130, *KILLED):
        raise tap.Failure(f"{arguments}: exit code {child.returncode}: {err}")
    if child.returncode == 130 and not err.endswith(b"kmsctl: interrupted\n"):
        raise tap.Failure(f"{arguments}: {err}")
    return child.returncode, out


def at_any_moment(root, arguments, prepare, look, data=b"", numbers=(signal.SIGINT, signal.SIGKILL)):
    """`look` is called with whether the command ended well, after each kill; it raises for what is half done."""
    whole = duration(root, arguments, data, prepare)
    codes = set()
    for number in numbers:
        for step in range(STEPS // len(numbers)):
            prepare()
            code, out = interrupted(root, arguments, number, whole * 1.1 * step / (STEPS // len(numbers)), data)
            codes.add(code)
            look(code == 0, out)
            if number != signal.SIGKILL:
                tap.equal(leftovers(root), [], f"left over after {arguments}")
    return codes


def leftovers(root):
    """The keystore's own ".new" is overwritten by the next writer; ^C leaves not even that."""
    return root.left_over() + [name for name in os.listdir(root.path("keys")) if name == ".new"]


def check_key_create(root):
    root.good("key", "create", "local/first")

    def prepare():
        if os.path.exists(root.path("keys/orders.kmskey")):
            os.unlink(root.path("keys/orders.kmskey"))

    def look(done, _):
        found = root.run("key", "show", "local/orders")
        tap.equal(found.returncode in ((0,) if done else (0, 3)), True, f"key show: {found.stderr}")
        if found.returncode == 0:
            root.good("encrypt", "local/orders", data=b"x")
        root.good("encrypt", "local/first", data=b"x")

    at_any_moment(root, ("key", "create", "local/orders"), prepare, look)


def check_first_key(root):
    """With the root and its key: whatever is there afterwards, the next attempt makes a keystore of it."""
    def prepare():
        for name in os.listdir(root.path("keys")) if os.path.isdir(root.path("keys")) else ():
            os.unlink(root.path(f"keys/{name}"))
        os.makedirs(root.path("keys"), mode=0o700, exist_ok=True)

    def look(_done, _out):
        again = root.run("key", "create", "local/orders")
        tap.equal(again.returncode in (0, 1), True, f"again: {again.stderr}")
        tap.equal(again.returncode == 0 or b"is there already" in again.stderr, True, f"again: {again.stderr}")
        stored = root.good("encrypt", "local/orders", data=b"x")
        tap.equal(root.good("decrypt", "local/orders", data=stored), b"x", "decrypted")

    at_any_moment(root, ("key", "create", "local/orders"), prepare, look)


def check_key_rotate(root):
    root.good("key", "create", "local/orders")
    stored = root.good("encrypt", "local/orders", data=b"x")
    version = [1]

    def look(done, _):
        now = int(root.json("key", "show", "local/orders")["version"])
        tap.equal(now - version[0] in ((1,) if done else (0, 1)), True, f"from version {version[0]} to {now}")
        version[0] = now
        tap.equal(root.good("decrypt", "local/orders", data=stored), b"x", "decrypted")

    version[0] = 2
    at_any_moment(root, ("key", "rotate", "local/orders"), lambda: None, look)


def check_change_of_root(root):
    names = [f"local/k{number}" for number in range(6)]
    for name in names:
        root.good("key", "create", name)
    stored = [root.good("encrypt", name, data=b"x") for name in names]

    def look(_done, _out):
        for name, text in zip(names[::3], stored[::3]):
            tap.equal(root.good("decrypt", name, data=text), b"x", "decrypted")

    at_any_moment(root, ("key", "root", "--change", "file", "--yes"), lambda: None, look)
    root.good("key", "root", "--change", "file", "--yes")
    for name, text in zip(names, stored):
        tap.equal(root.good("decrypt", name, data=text), b"x", "in the end")


def check_box_create(root):
    root.good("key", "create", "local/orders")
    path = root.path("user/boxes.d/orders.box")

    def prepare():
        if os.path.exists(path):
            os.unlink(path)

    def look(done, _):
        found = root.run("box", "show", "orders")
        tap.equal(found.returncode in ((0,) if done else (0, 3)), True, f"box show: {found.stderr}")
        root.good("config", "check")

    at_any_moment(root, ("box", "create", "orders", "--key", "local/orders"), prepare, look)


def check_rewrap(root):
    """On stdout it is all or nothing, too."""
    root.good("key", "create", "local/orders")
    stored = root.good("encrypt", "local/orders", data=b"p" * 3000)

    def look(done, out):
        tap.equal(out == b"" or out.endswith(b"\n") and out.count(b"\n") == 1, True, f"half a line ({done}): {out[-20:]}")
        if out != b"":
            tap.equal(root.good("decrypt", "local/orders", data=out), b"p" * 3000, "decrypted")

    at_any_moment(root, ("rewrap", "local/orders"), lambda: None, look, data=stored, numbers=(signal.SIGINT,))


def check_output_file(root):
    root.good("key", "create", "local/orders")
    path = root.write("out", b"precious")

    def look(done, _):
        now = root.read("out")
        if now == b"precious" and not done:
            return
        tap.equal(root.good("decrypt", "local/orders", data=now), b"p" * 6000, "what is in the file")
        root.write("out", b"precious")

    codes = at_any_moment(root, ("encrypt", "local/orders", "--out", path), lambda: None, look, data=b"p" * 6000)
    if 0 not in codes or codes == {0}:
        raise tap.Failure(f"the signals did not come in time: {codes}")


cli.main("signals", globals(), "hardness")
