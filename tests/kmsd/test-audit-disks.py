# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The audit log on disks that are really full or really read-only: small file systems in a mount namespace of our own. An
error that says what to do, and a log that goes on where it was."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile

import tap

TOOL = sys.argv[1]


def enter_namespace():
    """Starts the test again where it may mount; as root at once, as anybody else in a user namespace."""
    if os.environ.get("KMS_TEST_NAMESPACE"):
        return os.environ["KMS_TEST_NAMESPACE"] == "1"
    for unshare in (("unshare", "-m"), ("unshare", "-rm")):
        with contextlib.suppress(FileNotFoundError):
            mounts = subprocess.run([*unshare, "sh", "-c", "mount -t tmpfs tmpfs /mnt"], capture_output=True, check=False)
            if mounts.returncode == 0:
                os.environ["KMS_TEST_NAMESPACE"] = "1"
                os.execvp("unshare", [*unshare, sys.executable, *sys.argv])
    os.environ["KMS_TEST_NAMESPACE"] = "0"
    return False


MAY_MOUNT = enter_namespace()


@contextlib.contextmanager
def disk():
    """A file system of 64 pages."""
    if not MAY_MOUNT:
        raise tap.Skip("needs the right to mount a tmpfs, as root or in a user namespace (unshare -rm)")
    with tempfile.TemporaryDirectory() as path:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=262144,mode=0700", "tmpfs", path], check=True)
        try:
            yield path
        finally:
            subprocess.run(["umount", path], check=True)


def fill(path):
    with open(os.path.join(path, "filler"), "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 1024)


def append(path, count=5):
    return subprocess.run([TOOL, os.path.join(path, "audit"), str(count), "plain"], capture_output=True, text=True, check=False)


def assert_refused(path, words):
    result = append(path, 200)
    tap.equal(result.returncode, 1, result.stderr)
    if words not in result.stderr:
        raise tap.Failure(f"nothing of {words!r} in {result.stderr!r}")


def sequences(path):
    """Every line is whole, and follows the one before."""
    found = []
    directory = os.path.join(path, "audit")
    for name in sorted(name for name in os.listdir(directory) if name.endswith(".jsonl")):
        with open(os.path.join(directory, name), encoding="utf-8") as file:
            found += [json.loads(line)["sequence"] for line in file]
    tap.equal(found, list(range(1, len(found) + 1)), "sequences")
    return found


def full():
    with disk() as path:
        tap.equal(append(path).returncode, 0, "the first records")
        fill(path)
        assert_refused(path, "make room there")
        written = sequences(path)
        os.unlink(os.path.join(path, "filler"))
        tap.equal(append(path).returncode, 0, "records after room was made")
        if len(sequences(path)) < len(written) + 5:
            raise tap.Failure("records are missing")


def full_from_the_beginning():
    with disk() as path:
        fill(path)
        assert_refused(path, "No space left")
        os.unlink(os.path.join(path, "filler"))
        tap.equal(append(path).returncode, 0, "records after room was made")
        sequences(path)


def read_only():
    with disk() as path:
        tap.equal(append(path).returncode, 0, "the first records")
        subprocess.run(["mount", "-o", "remount,ro", path], check=True)
        assert_refused(path, "Read-only file system")
        subprocess.run(["mount", "-o", "remount,rw", path], check=True)
        tap.equal(append(path).returncode, 0, "records after that")
        sequences(path)


tap.main([
    ("a disk that gets full", full),
    ("a disk that is full from the beginning", full_from_the_beginning),
    ("a disk that is read-only", read_only),
])
