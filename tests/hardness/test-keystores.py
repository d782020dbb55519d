# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keystores that are cut, open to everybody, somewhere else, or written by many at once: what an administrator sees."""

import os
import shutil
import subprocess

import cli
import tap


def prepared(root):
    root.good("key", "create", "local/orders")
    root.good("key", "rotate", "local/orders")
    return root.good("encrypt", "local/orders", data=b"x")


def check_cut_at_every_length(root):
    """Never a crash, never a wrong answer: one line that names the file and the way out."""
    stored = prepared(root)
    for name in ("orders.kmskey", "root", "root.key"):
        whole = root.read(f"keys/{name}")
        # All lengths are tried where no process is needed for each (/keystore/damaged); here some, and all near the end.
        step = 40 if "ASAN_OPTIONS" in os.environ else 11
        for length in sorted({*range(0, len(whole), step), *range(len(whole) - 4, len(whole))}):
            root.write(f"keys/{name}", whole[:length], 0o600)
            text = root.bad(6, "decrypt", "local/orders", data=stored)
            cli.wants(text, f"keys/{name}", "from a backup")
        root.write(f"keys/{name}", whole, 0o600)
    tap.equal(root.good("decrypt", "local/orders", data=stored), b"x", "whole again")


def check_one_cut_key_leaves_the_others(root):
    stored = prepared(root)
    root.good("key", "create", "local/broken")
    path = root.path("keys/broken.kmskey")
    os.truncate(path, 100)
    tap.equal(root.good("decrypt", "local/orders", data=stored), b"x", "another key")
    root.good("key", "rotate", "local/orders")
    root.good("key", "create", "local/new")
    listed = {key["id"]: key for key in root.json("key", "list")["keys"]}
    tap.equal((listed["local/orders"]["state"], listed["local/broken"]["state"]), ("enabled", "unavailable"), "key list")
    cli.wants(listed["local/broken"]["problem"], "broken.kmskey", "a backup")
    found = root.run("doctor")
    tap.equal(found.returncode, 1, "doctor")
    cli.wants(found.stdout.decode(), "broken.kmskey", "a backup")
    # The old root's key stays as long as the broken one could come back.
    cli.wants(root.bad(6, "key", "root", "--change", "file", "--yes"), "broken.kmskey", "repeat")
    tap.equal(root.good("decrypt", "local/orders", data=stored), b"x", "under the new root")
    tap.equal(len([line for line in root.read("keys/root").splitlines() if line.startswith(b"master: ")]), 2, "masters")


def check_nothing_to_list_is_an_error(root):
    prepared(root)
    os.chmod(root.path("keys"), 0o777)
    done = root.run("--json", "key", "list")
    tap.equal((done.returncode, done.stdout), (1, b'{"keys":[]}\n'), "key list")
    cli.wants(done.stderr.decode(), "chmod go-w")


def check_permissions(root):
    stored = prepared(root)
    for name, mode, advice in (("", 0o777, "chmod go-w"), ("", 0o722, "chmod go-w"), ("root.key", 0o644, "chmod go-rwx"),
                               ("root.key", 0o660, "chmod go-rwx"), ("orders.kmskey", 0o622, "chmod go-w"), ("root", 0o666, "chmod go-w")):
        path = os.path.join(root.path("keys"), name).rstrip("/")
        kept = os.stat(path).st_mode & 0o777
        os.chmod(path, mode)
        for arguments in (("decrypt", "local/orders"), ("key", "rotate", "local/orders")):
            done = root.run(*arguments, data=stored)
            tap.equal((done.returncode in (1, 4), done.stdout), (True, b""), f"{name} {mode:o}: {done.stderr}")
            cli.wants(done.stderr.decode(), path, f"mode {mode:04o}", f"{advice} {path}")
        os.chmod(path, kept)
    tap.equal(root.good("decrypt", "local/orders", data=stored), b"x", "as before")


def check_places(root):
    """No directory, a file, a link to another place, a link to nowhere, a FIFO in place of a key."""
    stored = prepared(root)
    keys, away = root.path("keys"), root.path("away")
    os.rename(keys, away)
    cli.wants(root.bad(3, "decrypt", "local/orders", data=stored), keys, "kmsctl key create")
    cli.wants(root.good("doctor").decode(), "no keystore")
    root.write("keys", b"not a directory")
    cli.wants(root.bad(1, "decrypt", "local/orders", data=stored), keys, "not a directory", "Directory=")
    cli.wants(root.bad(1, "key", "create", "local/new"), keys, "not a directory")
    os.unlink(keys)
    os.symlink("nowhere", keys)
    cli.wants(root.bad(3, "decrypt", "local/orders", data=stored), keys)
    cli.wants(root.bad(1, "key", "create", "local/new"), keys, "symbolic link", "nowhere")
    os.unlink(keys)
    # A whole keystore may live elsewhere; its files may not.
    os.symlink("away", keys)
    tap.equal(root.good("decrypt", "local/orders", data=stored), b"x", "through a link")
    os.unlink(keys)
    os.rename(away, keys)
    key = os.path.join(keys, "orders.kmskey")
    os.rename(key, root.path("elsewhere"))
    os.symlink(root.path("elsewhere"), key)
    cli.wants(root.bad(1, "decrypt", "local/orders", data=stored), key, "symbolic link")
    os.unlink(key)
    os.mkfifo(key, 0o600)
    cli.wants(root.bad(1, "decrypt", "local/orders", data=stored), key, "not a regular file")
    os.unlink(key)
    os.mkdir(key, 0o700)
    cli.wants(root.bad(1, "decrypt", "local/orders", data=stored), key, "not a regular file")
    os.rmdir(key)
    os.rename(root.path("elsewhere"), key)
    tap.equal(root.good("decrypt", "local/orders", data=stored), b"x", "as before")


def check_missing_parts(root):
    stored = prepared(root)
    for name, code in (("root", 1), ("root.key", 4)):
        kept = root.read(f"keys/{name}")
        os.unlink(root.path(f"keys/{name}"))
        for arguments in (("decrypt", "local/orders"), ("key", "create", "local/new"), ("key", "list")):
            done = root.run(*arguments, data=stored)
            if done.returncode == 0 and arguments[1] != "list":
                raise tap.Failure(f"{arguments} without {name}: exit code 0")
            cli.wants(done.stderr.decode() if done.returncode else name, name)
        root.write(f"keys/{name}", kept, 0o600)
        tap.equal(root.good("decrypt", "local/orders", data=stored), b"x", f"{name} is back ({code})")


def check_other_keystore(root):
    """A key file of another keystore, and another keystore's root."""
    stored = prepared(root)
    shutil.copytree(root.path("keys"), root.path("first"))
    shutil.rmtree(root.path("keys"))
    prepared(root)
    shutil.copy(root.path("first/orders.kmskey"), root.path("keys/orders.kmskey"))
    cli.wants(root.bad(4, "decrypt", "local/orders", data=stored), "orders.kmskey", "another root", "restore")
    shutil.copy(root.path("first/root.key"), root.path("keys/root.key"))
    done = root.run("decrypt", "local/orders", data=stored)
    tap.equal(done.returncode in (1, 4), True, f"{done.returncode}")
    cli.wants(done.stderr.decode(), "root.key", "another keystore")


def check_many_writers(root):
    """Eight processes rotate one key five times each: versions add up, and whatever was encrypted meanwhile decrypts."""
    root.good("key", "create", "local/orders")
    script = f"for i in 1 2 3 4 5; do {cli.KMSCTL} -q key rotate local/orders || exit 1; printf x | {cli.KMSCTL} encrypt local/orders || exit 1; done"
    children = [subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=root.environment())
                for _ in range(8)]
    stored = []
    for child in children:
        out, err = child.communicate(timeout=100)
        tap.equal((child.returncode, err), (0, b""), "a writer")
        stored += [line for line in out.splitlines() if line.startswith(b"v1:")]
    tap.equal(root.json("key", "show", "local/orders")["version"], "41", "versions")
    tap.equal(len(stored), 40, "encrypted meanwhile")
    for text in stored:
        tap.equal(root.good("decrypt", "local/orders", data=text), b"x", "decrypted")
    tap.equal([name for name in os.listdir(root.path("keys")) if "new" in name], [], "temporary files")


def check_many_creators(root):
    """Eight processes create the first key of a keystore: one does, the others are told that it exists."""
    children = [subprocess.Popen([cli.KMSCTL, "key", "create", "local/orders"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                 env=root.environment()) for _ in range(8)]
    ends = []
    for child in children:
        _, err = child.communicate(timeout=60)
        ends.append((child.returncode, b"already" in err or b"exists" in err))
    tap.equal(sorted(ends), [(0, False)] + [(1, True)] * 7, "exit codes")
    root.good("encrypt", "local/orders", data=b"x")


cli.main("keystores", globals(), "hardness")
