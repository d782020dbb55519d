# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Input of the wrong size and kind: refused early, with little memory, and with a sentence."""

import os
import resource
import subprocess

import cli
import tap

KEY = ("--key", "insecure-test-key")
GIGABYTE = 1 << 30
# What a refusal may cost, in KiB: far less than the input. A sanitizer alone takes more.
MEMORY = 64 * 1024


def sparse(root):
    path = root.path("sparse")
    with open(path, "wb") as file:
        file.truncate(GIGABYTE)
    return path


def run_measured(root, *arguments, stdin=None):
    """Exit code, stderr, and the most memory that the process had, in KiB."""
    child = subprocess.Popen([cli.KMSCTL, *arguments], stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                             env=root.environment())
    err = child.stderr.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    child.stderr.close()
    return child.returncode, err, usage.ru_maxrss


def memory_limit(root):
    """A sanitizer's own memory is in every figure: what the smallest command takes comes on top."""
    return run_measured(root, "--version", stdin=subprocess.DEVNULL)[2] + MEMORY


def check_gigabyte(root):
    path, limit = sparse(root), memory_limit(root)
    commands = (("encrypt", *KEY), ("decrypt", *KEY), ("inspect",), ("rewrap", *KEY), ("datakey", "unwrap", "--plaintext-file=/dev/null", *KEY))
    for command in commands:
        with open(path, "rb") as file:
            code, err, memory = run_measured(root, *command, stdin=file)
            position = os.lseek(file.fileno(), 0, os.SEEK_CUR)
        tap.equal(code, 1, f"{command}: {err}")
        cli.wants(err, "stdin", "limit of", "bytes")
        if memory > limit or position > 32 << 20:
            raise tap.Failure(f"{command}: {memory} KiB (at most {limit}), {position} bytes read")
        code, err, memory = run_measured(root, *command, "--in", path)
        tap.equal(code, 1, f"{command} --in: {err}")
        if memory > limit:
            raise tap.Failure(f"{command} --in: {memory} KiB")


def check_gigabyte_of_other_files(root):
    """Files that commands read besides: a context, an exported key, a passphrase."""
    path, limit = sparse(root), memory_limit(root)
    root.good("key", "create", "local/orders")
    for command in (("encrypt", *KEY, "--context-file", path), ("key", "import", "local/new", "--in", path, "--passphrase-fd", "0")):
        with open("/dev/zero", "rb") as zeros:
            code, err, memory = run_measured(root, *command, stdin=zeros)
        if code not in (1, 2) or not any(word in err for word in ("limit", "at most", "larger than")):
            raise tap.Failure(f"{command}: {code}: {err}")
        if memory > limit:
            raise tap.Failure(f"{command}: {memory} KiB (at most {limit})")


def check_endless_passphrase(root):
    root.good("key", "create", "local/orders")
    with open("/dev/zero", "rb") as zeros:
        code, err, _ = run_measured(root, "--passphrase-fd=0", "key", "export", "local/orders", stdin=zeros)
    tap.equal(code in (1, 2), True, f"{code}: {err}")
    cli.wants(err, "assphrase")


def check_gigabyte_in_the_keystore(root):
    root.good("key", "create", "local/orders")
    limit = memory_limit(root)
    for name in ("orders.kmskey", "root", "root.key"):
        kept = root.read(f"keys/{name}")
        os.truncate(root.path(f"keys/{name}"), GIGABYTE)
        code, err, memory = run_measured(root, "encrypt", "local/orders", stdin=subprocess.DEVNULL)
        tap.equal(code in (1, 4), True, f"{name}: {code}: {err}")
        cli.wants(err, name, "at most")
        if memory > limit:
            raise tap.Failure(f"{name}: {memory} KiB")
        root.write(f"keys/{name}", kept, 0o600)
    root.good("encrypt", "local/orders", data=b"x")


def check_gigabyte_of_configuration(root):
    os.truncate(root.write("admin/providers.d/big.provider", ""), GIGABYTE)
    os.truncate(root.write("admin/boxes.d/big.box", ""), GIGABYTE)
    limit = memory_limit(root)
    code, err, memory = run_measured(root, "encrypt", "big", stdin=subprocess.DEVNULL)
    tap.equal(code, 1, err)
    cli.wants(err, "big.box", "limit of")
    if memory > limit:
        raise tap.Failure(f"{memory} KiB")
    tap.equal(root.good("encrypt", *KEY, data=b"x")[:3], b"v1:", "the others")


def check_little_memory(root):
    """What does not get the memory that it wants ends with an error, not with a file half written."""
    out = root.write("out", b"precious")
    limit = lambda: resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
    root.good("encrypt", *KEY, "--out", out, data=b"x" * 5000, preexec_fn=limit)
    tap.equal(root.good("decrypt", *KEY, "--in", out), b"x" * 5000, "without locked memory")


def check_binary_arguments(root):
    """Bytes that are no UTF-8 in every place where an argument stands."""
    odd = b"caf\xe9\x1b[31m".decode("utf-8", "surrogateescape")
    for arguments in (("encrypt", odd), ("encrypt", "--key", odd), ("box", "show", odd), ("key", "create", f"local/{odd}"), (odd,),
                      ("encrypt", *KEY, "-c", f"a={odd}"), ("encrypt", *KEY, "-c", odd), ("encrypt", *KEY, "--in", odd),
                      ("decrypt", *KEY, "--as-version", odd), ("box", "create", odd, "--key", "local/a"), ("module", "new", odd),
                      ("status", "--config-root", odd), ("key", "create", "local/a", "--description", odd)):
        for json in ((), ("--json",)):
            done = root.run(*json, *arguments, data=b"x")
            if done.returncode not in (1, 2, 3):
                raise tap.Failure(f"{arguments}: {done.returncode}: {done.stderr}")
            text = done.stderr.decode()  # fails where it is no UTF-8
            if "\x1b" in text or text.count("\n") != 1:
                raise tap.Failure(f"{arguments}: {text!r}")


def check_long_arguments(root):
    long = "x" * 100000
    for arguments in ((long,), ("encrypt", long), ("encrypt", "--key", long), ("box", "show", long), ("key", "create", "local/" + long),
                      ("encrypt", *KEY, "--in", long), ("encrypt", *KEY, "-c", long), ("status", "--" + long)):
        done = root.run(*arguments, data=b"x")
        tap.equal(done.returncode in (1, 2, 3), True, f"{arguments[0][:20]}…: {done.returncode}")
    root.good("encrypt", *KEY, "-c", "a=" + long, data=b"x")
    big = "x" * 120000
    many = [word for number in range(12) for word in ("-c", f"a{number}={big}")]
    text = root.bad(2, "encrypt", *KEY, *many, data=b"x")
    cli.wants(text, "limit")


cli.main("input", globals(), "hardness")
