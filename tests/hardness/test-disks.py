# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Disks that are really full or really read-only: small file systems in a mount namespace of our own. Whatever fails,
what was there before is there afterwards, and nothing else is."""

import os
import subprocess
import sys

import cli
import tap

KEY = ("--key", "insecure-test-key")
PLAIN = b"p" * 6000
PAGE = 4096


def enter_namespace():
    """Starts the test again where it may mount; as root at once, as anybody else in a user namespace."""
    if os.environ.get("KMS_TEST_NAMESPACE"):
        return os.environ["KMS_TEST_NAMESPACE"] == "1"
    for unshare in (("unshare", "-m"), ("unshare", "-rm")):
        try:
            mounts = subprocess.run([*unshare, "sh", "-c", "mount -t tmpfs tmpfs /mnt"], capture_output=True, check=False)
        except FileNotFoundError:
            break
        if mounts.returncode == 0:
            os.environ["KMS_TEST_NAMESPACE"] = "1"
            os.execvp("unshare", [*unshare, sys.executable, *sys.argv])
    os.environ["KMS_TEST_NAMESPACE"] = "0"
    return False


MAY_MOUNT = enter_namespace()


class Disk:
    """A file system of a few pages under a name in the root."""

    def __init__(self, root, name, pages=64):
        if not MAY_MOUNT:
            raise tap.Skip("needs the right to mount a tmpfs, as root or in a user namespace (unshare -rm)")
        self.path = root.path(name)
        os.makedirs(self.path, exist_ok=True)
        self.mount("-t", "tmpfs", "-o", f"size={pages * PAGE},mode=0700", "tmpfs")

    def mount(self, *arguments):
        subprocess.run(["mount", *arguments, self.path], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        subprocess.run(["umount", self.path], check=True)

    def fill(self, keep=0):
        """Leaves room for some pages."""
        fd = os.open(os.path.join(self.path, "filler"), os.O_WRONLY | os.O_CREAT, 0o600)
        size = 0
        try:
            while True:
                size += os.write(fd, b"x" * PAGE)
        except OSError:
            os.ftruncate(fd, max(0, size - keep * PAGE))
        os.close(fd)

    def empty(self):
        os.unlink(os.path.join(self.path, "filler"))

    def read_only(self, on=True):
        self.mount("-o", "remount," + ("ro" if on else "rw"))

    def state(self):
        """Names and contents, but for what fills the disk."""
        found = {}
        for directory, _, files in os.walk(self.path):
            for name in files:
                path = os.path.join(directory, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, self.path)] = "" if name == "filler" else file.read()
        return found


def fails(root, disk, code, words, *arguments, data=b"", **more):
    """Fails with this code and these words, and leaves everything as it was."""
    before = disk.state()
    text = root.bad(code, *arguments, data=data, **more)
    cli.wants(text, *words)
    tap.equal(disk.state(), before, f"after {' '.join(arguments)}")


FULL = ("No space left on device", "nothing was changed")
KEY_COMMANDS = (("key", "rotate", "local/orders"), ("key", "create", "local/other"), ("key", "disable", "local/orders"),
                ("key", "delete", "local/orders", "--days", "7", "--yes"), ("key", "root", "--change", "file", "--yes"))


def check_full_output(root):
    stored = root.good("encrypt", *KEY, data=PLAIN)
    root.good("key", "create", "local/orders")
    with Disk(root, "small") as disk:
        out = os.path.join(disk.path, "out")
        root.write("small/out", b"precious")
        disk.fill(1)
        fails(root, disk, 1, FULL, "encrypt", *KEY, "--out", out, data=PLAIN)
        fails(root, disk, 1, FULL, "decrypt", *KEY, "--out", out, data=stored)
        fails(root, disk, 1, FULL, "rewrap", *KEY, "--out", out, data=stored)
        disk.empty()
        disk.fill()
        fails(root, disk, 1, FULL, "datakey", "generate", *KEY, "--plaintext-file", out)
        fails(root, disk, 1, FULL, "datakey", "unwrap", *KEY, "--plaintext-file", os.path.join(disk.path, "new"), data=stored)
        with open(root.path("passphrase"), "wb") as file:
            file.write(b"my words\n")
        with open(root.path("passphrase"), "rb") as file:
            fails(root, disk, 1, FULL, "--passphrase-fd=9", "key", "export", "local/orders", "--out", out,
                  pass_fds=(9,), preexec_fn=lambda: os.dup2(file.fileno(), 9))


def check_full_box(root):
    root.good("key", "create", "local/orders")
    with Disk(root, "user/boxes.d") as disk:
        root.good("box", "create", "orders", "--key", "local/orders")
        disk.fill()
        for arguments in (("box", "create", "more", "--key", "local/orders"), ("box", "disable", "orders"),
                          ("box", "new-version", "orders", "--key", "insecure-test-key")):
            fails(root, disk, 1, FULL, *arguments)
        root.good("box", "test", "orders")


def check_read_only_box(root):
    root.good("key", "create", "local/orders")
    with Disk(root, "user/boxes.d") as disk:
        root.good("box", "create", "orders", "--key", "local/orders")
        disk.read_only()
        for arguments in (("box", "create", "more", "--key", "local/orders"), ("box", "disable", "orders")):
            fails(root, disk, 1, ("Read-only file system",), *arguments)
        root.good("box", "test", "orders")


def check_full_keystore(root):
    with Disk(root, "keys") as disk:
        root.good("key", "create", "local/orders")
        stored = root.good("encrypt", "local/orders", data=b"x")
        disk.fill()
        for arguments in KEY_COMMANDS:
            fails(root, disk, 1, ("disk is full", "nothing was changed"), *arguments)
            tap.equal(root.good("decrypt", "local/orders", data=stored), b"x", "decrypted")
        disk.empty()
        root.good("key", "rotate", "local/orders")
        tap.equal(root.good("decrypt", "local/orders", data=stored), b"x", "decrypted, with room again")


def check_full_first_key(root):
    """Nothing is left that a later attempt would stumble over, however little room there was."""
    for pages in range(0, 5):
        with Disk(root, "keys") as disk:
            disk.fill(pages)
            done = root.run("key", "create", "local/orders")
            if done.returncode not in (0, 1) or (done.returncode == 1) != (b"disk is full" in done.stderr):
                raise tap.Failure(f"{pages} pages: {done.returncode}: {done.stderr}")
            tap.equal([name for name in disk.state() if "new" in name], [], "temporary files")
            disk.empty()
            if done.returncode == 1:
                root.good("key", "create", "local/orders")
            stored = root.good("encrypt", "local/orders", data=b"x")
            tap.equal(root.good("decrypt", "local/orders", data=stored), b"x", "decrypted")


def check_change_of_root_with_little_room(root):
    """Every file may be the one for which there is no room: the keystore opens, with the old root or the new one."""
    for pages in range(0, 4):
        with Disk(root, "keys") as disk:
            stored = []
            for name in ("a", "b", "c"):
                root.good("key", "create", f"local/{name}")
                stored.append(root.good("encrypt", f"local/{name}", data=b"x"))
            disk.fill(pages)
            done = root.run("key", "root", "--change", "file", "--yes")
            if done.returncode not in (0, 1):
                raise tap.Failure(f"{pages} pages: {done.returncode}: {done.stderr}")
            for name, text in zip(("a", "b", "c"), stored):
                tap.equal(root.good("decrypt", f"local/{name}", data=text), b"x", f"{pages} pages: {done.stderr}")
            disk.empty()
            root.good("key", "root", "--change", "file", "--yes")
            tap.equal(root.good("decrypt", "local/c", data=stored[2]), b"x", "afterwards")


def check_read_only_keystore(root):
    with Disk(root, "keys") as disk:
        root.good("key", "create", "local/orders")
        stored = root.good("encrypt", "local/orders", data=b"x")
        disk.read_only()
        for arguments in KEY_COMMANDS:
            fails(root, disk, 4, ("read-only", "keys can be used, but not changed"), *arguments)
        tap.equal(root.good("decrypt", "local/orders", data=stored), b"x", "decrypt")
        root.good("encrypt", "local/orders", data=b"x")
        root.good("rewrap", "local/orders", data=stored)
        root.good("doctor", "local/orders")
        cli.wants(root.good("key", "list").decode(), "local/orders")
        disk.read_only(False)
        root.good("key", "rotate", "local/orders")


def check_full_disk_under_stdout(root):
    """A redirection: what is there of the file is not ours, but the code says that it is not all."""
    with Disk(root, "small") as disk:
        disk.fill(1)
        with open(os.path.join(disk.path, "out"), "wb") as out:
            done = subprocess.run([cli.KMSCTL, "encrypt", *KEY], input=PLAIN, stdout=out, stderr=subprocess.PIPE, check=False,
                                  env=root.environment())
        tap.equal(done.returncode, 1, "exit code")
        cli.wants(done.stderr.decode(), "can't write to stdout: No space left on device")


cli.main("disks", globals(), "hardness")
