# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""encrypt, decrypt, inspect, rewrap and data keys."""

import base64
import os
import subprocess

import cli
import tap

KEY = ("--key", "insecure-test-key")
ALL_BYTES = bytes(range(256))

# The test provider's format is open: "insecure+data+A" decoded, ":", base64 of the plaintext, ":", base64 of the context.
PREFIX = base64.b64decode("insecure+data+A=")


def seal(plaintext, context=None, version="1"):
    """What the Ruby gem writes, made here by hand."""
    inner = PREFIX + b":" + base64.b64encode(plaintext)
    if context is not None:
        lines = base64.b64encode(context)
        inner += b":" + b"".join(lines[i:i + 60] + b"\n" for i in range(0, len(lines), 60))
    return b"v" + version.encode() + b":" + base64.b64encode(inner)


def check_bytes_of_the_gem(root):
    tap.equal(root.good("encrypt", *KEY, data=ALL_BYTES), seal(ALL_BYTES) + b"\n", "without a context")
    tap.equal(root.good("encrypt", *KEY, "-c", "b=2", "-c", "a:=1", data=b"x"), seal(b"x", b'{"a":"1","b":"2"}') + b"\n",
              "with a context")


def check_round_trips(root):
    root.good("box", "create", "orders", "--key", "local/orders")
    for data in (b"x", b"x\n", b"\n", ALL_BYTES, b"y" * 60000):
        for target in (KEY, ("orders",)):
            stored = root.good("encrypt", *target, "-c", "id=1", data=data)
            tap.equal(root.good("decrypt", *target, "-c", "id=1", data=stored), data, f"{target}, {len(data)} bytes")


def check_wrong_context(root):
    root.good("box", "create", "orders", "--key", "local/orders")
    for target in (KEY, ("orders",)):
        stored = root.good("encrypt", *target, "-c", "id=1", data=b"secret-of-mine")
        for context in ((), ("-c", "id=2"), ("-c", "id=1", "-c", "a=b"), ("-c", "ID=1")):
            text = root.bad(6, "decrypt", *target, *context, data=stored)
            if "secret-of-mine" in text:
                raise tap.Failure("the plaintext is in the message")


def check_tampered(root):
    root.good("box", "create", "orders", "--key", "local/orders")
    stored = bytearray(root.good("encrypt", "orders", data=b"x"))
    for at in (5, 20, len(stored) - 8):
        changed = bytearray(stored)
        changed[at] = ord("A") if changed[at] != ord("A") else ord("B")
        root.bad(6, "decrypt", "orders", data=bytes(changed))
    root.bad(6, "decrypt", "orders", data=bytes(stored[:20]))


def check_any_version_of_a_key(root):
    for version in ("0", "1", "7", "99999999999999999999"):
        tap.equal(root.good("decrypt", *KEY, data=seal(b"x", version=version)), b"x", version)
        stored = root.good("encrypt", *KEY, "--as-version", version, data=b"x")
        tap.equal(stored, seal(b"x", version=version) + b"\n", f"--as-version={version}")


def check_version_of_a_box(root):
    root.good("box", "create", "orders", "--key", "insecure-test-key")
    cli.wants(root.bad(3, "decrypt", "orders", data=seal(b"x", version="9")), "version not active: 9")
    cli.wants(root.bad(2, "encrypt", "orders", "--as-version=2", data=b"x"), "--as-version")


def check_context_file(root):
    path = root.write("context.json", '{"model_name": "User", "model_id": 123}')
    stored = root.good("encrypt", *KEY, "--context-file", path, data=b"x")
    tap.equal(stored, seal(b"x", b'{"model_id":"123","model_name":"User"}') + b"\n", "stored")
    tap.equal(root.good("decrypt", *KEY, "-c", "model_id=123", "-c", "model_name=User", data=stored), b"x", "decrypt")
    cli.wants(root.bad(2, "encrypt", *KEY, "--context-file", path, "-c", "a=b", data=b"x"), "not by both")
    cli.wants(root.bad(3, "encrypt", *KEY, "--context-file", root.path("none"), data=b"x"), "none")
    root.write("bad.json", '{"a": tru')
    root.bad(2, "encrypt", *KEY, "--context-file", root.path("bad.json"), data=b"x")


def check_context_text(root):
    cli.wants(root.bad(2, "encrypt", *KEY, "-c", "name", data=b"x"), "NAME=VALUE")
    cli.wants(root.bad(2, "encrypt", *KEY, "-c", "id:=x", data=b"x"), "integer")
    # Sorted as Ruby does: a string sorts before every symbol; unmarked and ambiguous is refused.
    stored = root.good("encrypt", *KEY, "-c", ":a=1", "-c", '"b"=2', data=b"x")
    tap.equal(stored, seal(b"x", b'{"b":"2","a":"1"}') + b"\n", "marked names")
    root.bad(2, "encrypt", *KEY, "-c", "app=1", "-c", "app-name=2", data=b"x")


def check_newline(root):
    stored = root.good("encrypt", *KEY, data=b"text")
    ended = root.good("encrypt", *KEY, data=b"text\n")
    for newline, expected in (("auto", b"text"), ("yes", b"text\n"), ("no", b"text")):
        tap.equal(root.good("decrypt", *KEY, "--newline", newline, data=stored), expected, newline)
    tap.equal(root.good("decrypt", *KEY, "--newline=yes", data=ended), b"text\n", "one newline is enough")


def check_json(root):
    sealed = root.json("encrypt", *KEY, data=ALL_BYTES)
    tap.equal(sealed["stored"].encode(), seal(ALL_BYTES), "stored")
    tap.equal(sealed["version"], "1", "version")
    opened = root.json("decrypt", *KEY, data=sealed["stored"].encode())
    tap.equal((opened["encoding"], base64.b64decode(opened["plaintext"])), ("base64", ALL_BYTES), "decrypted")


def check_inspect(root):
    found = root.json("inspect", data=b"v12:AAAA\n")
    tap.equal((found["format"], found["version"]), ("versioned", "12"), "versioned")
    tap.equal(root.json("inspect", data=b"vault:v1:AAAA")["format"], "legacy-vault", "vault")
    tap.equal(root.json("inspect", data=b"AAAA\n")["format"], "legacy", "legacy")
    root.good("box", "create", "orders", "--key", "local/orders")
    first = root.good("encrypt", "orders", data=b"x")
    found = root.json("inspect", "orders", data=first)
    tap.equal((found["version"], found["key_id"], found["provider"], found["current"]), ("1", "local/orders", "local", True),
              "in a box")
    root.good("box", "new-version", "orders", "--key", "insecure-test-key")
    found = root.json("inspect", "orders", data=first)
    tap.equal((found["active"], found["current"]), (True, False), "an older version")


def check_rewrap(root):
    root.good("box", "create", "orders", "--key", "local/orders")
    first = root.good("encrypt", "orders", "-c", "id=1", data=b"x")
    root.good("key", "rotate", "orders")
    second = root.good("rewrap", "orders", "-c", "id=1", data=first)
    if first == second or second[:3] != b"v1:":
        raise tap.Failure(f"rewrapped: {second!r}")
    root.good("box", "new-version", "orders", "--key", "local/other")
    third = root.good("rewrap", "orders", "-c", "id=1", data=second)
    tap.equal(third[:3], b"v2:", "the newest version")
    for stored in (first, second, third):
        tap.equal(root.good("decrypt", "orders", "-c", "id=1", data=stored), b"x", "decrypt")
    other = root.good("rewrap", "orders", "-c", "id=1", "--new-context", "id=2", data=third)
    tap.equal(root.good("decrypt", "orders", "-c", "id=2", data=other), b"x", "decrypt with the new context")
    root.bad(6, "decrypt", "orders", "-c", "id=1", data=other)
    root.bad(6, "rewrap", "orders", "-c", "id=9", data=first)
    bare = root.good("rewrap", "orders", "-c", "id=1", "--no-new-context", data=third)
    tap.equal(root.good("decrypt", "orders", data=bare), b"x", "decrypt without a context")
    root.bad(6, "decrypt", "orders", "-c", "id=1", data=bare)
    root.bad(2, "rewrap", "orders", "-c", "id=1", "--no-new-context", "--new-context", "id=2", data=third)
    told = root.run("rewrap", "-v", "orders", "-c", "id=1", data=first).stderr.decode()
    cli.wants(told, "version 1", "version 2")


def check_data_keys(root):
    path = root.path("key")
    wrapped = root.good("datakey", "generate", *KEY, "-c", "id=1", "--plaintext-file", path)
    key = root.read("key")
    tap.equal((len(key), os.stat(path).st_mode & 0o777), (32, 0o600), "the key's file")
    tap.equal(root.good("decrypt", *KEY, "-c", "id=1", data=wrapped), key, "decrypt")
    tap.equal(root.good("datakey", "unwrap", *KEY, "-c", "id=1", "--plaintext-fd", "1", data=wrapped), key, "unwrap")
    root.bad(6, "datakey", "unwrap", *KEY, "-c", "id=2", "--plaintext-fd", "1", data=wrapped)
    reader, writer = os.pipe()
    root.good("datakey", "generate", *KEY, "--length=16", "--plaintext-fd", str(writer), pass_fds=(writer,))
    os.close(writer)
    tap.equal(len(os.read(reader, 100)), 16, "length")
    os.close(reader)


def check_data_key_needs_a_place(root):
    cli.wants(root.bad(2, "datakey", "generate", *KEY), "--plaintext-fd=FD")
    cli.wants(root.bad(2, "datakey", "generate", *KEY, "--plaintext-fd=77"), "77>FILE")
    cli.wants(root.bad(2, "datakey", "generate", *KEY, "--plaintext-fd=1", "--length=0"), "1 to 4096")
    cli.wants(root.bad(2, "datakey", "generate", *KEY, "--plaintext-fd=2", "--plaintext-file=x"), "not both")
    cli.wants(root.bad(2, "datakey", "generate", *KEY, "--plaintext-fd=1"), "stdout is for the wrapped key")


def check_no_data_key_without_its_wrapped_form(root):
    """A plaintext key alone is of no use but to lose data."""
    path = root.path("key")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([cli.KMSCTL, "datakey", "generate", *KEY, "--plaintext-file", path], stdout=full,
                              stderr=subprocess.PIPE, env=root.environment(), check=False, timeout=60)
    tap.equal((done.returncode, os.path.exists(path)), (1, False), done.stderr.decode())
    tap.equal(root.left_over(), [], "temporary files")
    root.bad(1, "datakey", "generate", *KEY, "--plaintext-file", root.path("none/key"))
    with open("/dev/full", "wb") as full:
        done = root.run("datakey", "generate", *KEY, "--plaintext-fd", str(full.fileno()), pass_fds=(full.fileno(),))
    tap.equal(done.returncode, 1, "exit code")
    root.good("datakey", "unwrap", *KEY, "--plaintext-file", path, data=done.stdout)
    tap.equal(len(root.read("key")), 32, "unwrapped")


cli.main("values", globals())
