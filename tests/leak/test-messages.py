# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is secret is in no message, log or command line, with every debug message switched on and whatever goes wrong; and
while kmsctl runs, it is in no memory that a core file would have."""

import base64
import fcntl
import os
import subprocess

import cli
import tap
from memory import Memory

PLAINTEXT = b"plaintext-Zw8RkVq2mT5uXo9LbN4d"
PASSPHRASE = b"passphrase-Hs7Jf3GyWc6PzQ1KtE0a"
DEBUG = {"KMS_DEBUG": "all", "G_MESSAGES_DEBUG": "all"}
KEY = ("--key", "insecure-test-key")


def forms(secret):
    """As it is, and as it could be written by who means well: base64 at each offset, hexadecimal, URL encoding."""
    found = {secret, secret[:16], secret[-16:], secret.hex().encode(), secret.hex().upper().encode(), secret[::-1]}
    for offset in range(3):
        found.add(base64.b64encode(b"x" * offset + secret)[4 if offset else 0:-4])
    return found


def is_free_of(secrets, text, what):
    for secret in secrets:
        for form in forms(secret):
            if form in text:
                raise tap.Failure(f"{what}: {form!r} in {text!r}")


def run(root, *arguments, data=PLAINTEXT, code=None, mocks=False, passphrase=None, out_is_secret=False, **env):
    """Runs with all messages on; no secret may be on stderr, nor on stdout but where it belongs there."""
    if mocks:
        env["KMS_MODULE_PATH"] = cli.module_path("tests/modules")
    more, reader = {}, None
    if passphrase is not None:
        reader, writer = os.pipe()
        os.write(writer, passphrase + b"\n")
        os.close(writer)
        arguments = (f"--passphrase-fd={reader}", *arguments)
        more["pass_fds"] = (reader,)
    done = root.run(*arguments, data=data, env={**DEBUG, **env}, **more)
    if reader is not None:
        os.close(reader)
    if code is not None:
        tap.equal(done.returncode, code, f"{arguments}: {done.stderr}")
    is_free_of((PLAINTEXT, PASSPHRASE), done.stderr, f"stderr of {arguments}")
    if not out_is_secret:
        is_free_of((PLAINTEXT, PASSPHRASE), done.stdout, f"stdout of {arguments}")
    return done


def prepared(root):
    root.good("key", "create", "local/orders")
    root.good("box", "create", "orders", "--key", "local/orders")
    return root.good("encrypt", "orders", data=PLAINTEXT)


def check_what_works(root):
    stored = prepared(root)
    for arguments in (("encrypt", "orders"), ("-v", "encrypt", "orders"), ("--json", "encrypt", "orders", "-c", "a=b"),
                      ("encrypt", "orders", "--out", root.path("out"))):
        run(root, *arguments, code=0)
    for arguments in (("inspect",), ("inspect", "orders"), ("--json", "inspect", "orders"), ("rewrap", "orders"), ("box", "test", "orders"),
                      ("decrypt", "orders", "--out", root.path("out")), ("datakey", "unwrap", "orders", "--plaintext-file", root.path("key"))):
        run(root, *arguments, data=stored, code=0)
    done = run(root, "decrypt", "orders", data=stored, code=0, out_is_secret=True)
    tap.equal(done.stdout, PLAINTEXT, "decrypted")
    # The measure of this test: it finds what is there.
    try:
        is_free_of((PLAINTEXT,), done.stdout, "stdout")
    except tap.Failure:
        return
    raise tap.Failure("a secret was not found where it is")


def check_what_fails(root):
    stored = prepared(root)
    for arguments in (("encrypt", "nothing"), ("encrypt", "local/nothing"), ("encrypt", "orders", "-c", "=x"), ("encrypt", "--box", "none"),
                      ("encrypt", "orders", "--out", root.path("no/where")), ("encrypt", "orders", "--in", root.path("none")),
                      ("encrypt", *KEY, "--out", "/dev/full"), ("decrypt", "orders"), ("decrypt", *KEY), ("inspect", "nothing"),
                      ("rewrap", "orders"), ("datakey", "unwrap", "orders", "--plaintext-file", root.path("key")),
                      ("encrypt", *KEY, "--as-version", "x"), ("key", "import", "local/x", "--in", "/dev/stdin")):
        for option in ((), ("--json",), ("-v",)):
            done = run(root, *option, *arguments, mocks=True)
            if done.returncode == 0:
                raise tap.Failure(f"{arguments} worked")
    run(root, "decrypt", "orders", "-c", "a=b", data=stored, code=6)
    run(root, "decrypt", "orders", "--out", "/dev/full", data=stored, code=1)
    run(root, "encrypt", *KEY, "--out", root.path("out"), data=PLAINTEXT * 100000, code=1)


def check_mocks(root):
    if not os.path.exists(os.path.join(cli.BUILD, "tests/modules/kms-good.so")):
        raise tap.Skip("needs the mock modules")
    for name in ("no-gerror", "forgets-items", "completes-twice", "completes-late", "prints", "hangs", "init-fails", "open-fails",
                 "wrong-type", "abi2"):
        root.write(f"package/providers.d/{name}.provider", f"[Provider]\nModule=kms-{name}.so\nAbi=1\nPrefixes={name}/\n")
        # These mocks give back what they got: that would be on stdout.
        run(root, "--timeout=0.5", "encrypt", f"{name}/k", mocks=True, out_is_secret=True)
        run(root, "--timeout=0.5", "decrypt", f"{name}/k", data=b"v1:" + base64.b64encode(PLAINTEXT), mocks=True, out_is_secret=True)


def check_passphrases(root):
    prepared(root)
    exported = run(root, "key", "export", "local/orders", passphrase=PASSPHRASE, code=0).stdout
    run(root, "key", "import", "local/copy", data=exported, passphrase=PASSPHRASE, code=0)
    run(root, "key", "import", "local/copy2", data=exported, passphrase=PASSPHRASE + b"x")
    run(root, "key", "import", "local/copy3", data=exported[:100], passphrase=PASSPHRASE)
    run(root, "key", "root", "--change", "passphrase", "--yes", passphrase=PASSPHRASE, code=0)
    run(root, "encrypt", "local/orders", passphrase=PASSPHRASE, code=0)
    run(root, "encrypt", "local/orders", passphrase=PASSPHRASE + b"x")
    run(root, "--no-ask", "encrypt", "local/orders")
    run(root, "doctor", "local/orders", passphrase=PASSPHRASE)
    run(root, "config", "show")


def check_keys_in_files(root):
    """What the root file holds is as secret as a passphrase."""
    prepared(root)
    secret = root.read("keys/root.key")[16:48]
    for arguments in (("status",), ("doctor", "orders"), ("key", "show", "local/orders"), ("--json", "key", "root"), ("config", "show"),
                      ("key", "rotate", "local/orders"), ("key", "root", "--change", "file", "--yes")):
        done = root.run(*arguments, env=DEBUG)
        tap.equal(done.returncode, 0, f"{arguments}: {done.stderr}")
        is_free_of((secret,), done.stdout + done.stderr, f"{arguments}")


def check_configuration(root):
    """A secret where none belongs is named, not shown."""
    root.write("admin/providers.d/vault.provider",
               f"[Provider]\nModule=kms-test.so\nAbi=1\nPrefixes=vault/\n[Settings]\nToken={PASSPHRASE.decode()}\n")
    root.write("admin/providers.d/broken.provider", f"[Provider]\nModule=kms-test.so\nAbi=1\n{PASSPHRASE.decode()}\n")
    root.write("admin/boxes.d/broken.box", b"[Box]\nVersion=1\nToken=" + PASSPHRASE + b"\\q\n")
    for arguments in (("config", "check"), ("config", "show"), ("config", "show", "vault"), ("doctor",), ("status",), ("provider", "list"),
                      ("provider", "show", "vault"), ("provider", "show", "broken"), ("box", "show", "broken"), ("encrypt", "vault/x")):
        for option in ((), ("--json",), ("-v",)):
            run(root, *option, *arguments)


def watch(child, secrets):
    """Looks again and again, until the process has ended; how often it looked."""
    looks = 0
    while child.poll() is None:
        try:
            if Memory(child.pid).has_exposed(secrets):
                child.kill()
                raise tap.Failure(f"{child.args}: {secrets} in memory that a core file has")
            looks += 1
        except (FileNotFoundError, ProcessLookupError):
            pass
        except PermissionError as error:
            child.kill()
            raise tap.Skip("needs the right to read the memory of its own children") from error
    return looks


def check_memory_of_a_command_that_waits(root):
    """A provider that does not answer keeps the plaintext where it is for half a second."""
    if not os.path.exists(os.path.join(cli.BUILD, "tests/modules/kms-hangs.so")):
        raise tap.Skip("needs the mock modules")
    root.write("package/providers.d/hangs.provider", "[Provider]\nModule=kms-hangs.so\nAbi=1\nPrefixes=hangs/\n")
    child = subprocess.Popen([cli.KMSCTL, "--timeout=0.5", "encrypt", "hangs/k"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL,
                             env=root.environment(KMS_MODULE_PATH=cli.module_path("tests/modules")))
    child.stdin.write(PLAINTEXT)
    child.stdin.close()
    tap.equal(Memory(os.getpid()).has_exposed([PLAINTEXT[8:]]), True, "what is in our own memory is found")
    tap.equal(watch(child, (PLAINTEXT[8:],)) > 1, True, "looked while it ran")
    tap.equal(child.returncode, 7, "exit code")


def check_memory_while_printing(root):
    """Decrypted, with a reader that does not read: the plaintext waits."""
    root.good("key", "create", "local/orders")
    plaintext = PLAINTEXT * 2000
    stored = root.write("stored", root.good("encrypt", "local/orders", data=plaintext))
    for options in ((), ("--json",)):
        reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        child = subprocess.Popen([cli.KMSCTL, *options, "decrypt", "local/orders", "--in", stored], stdin=subprocess.DEVNULL,
                                 stdout=writer, env=root.environment())
        os.close(writer)
        # Once the first byte is there, the rest waits in the process.
        first = os.read(reader, 1)
        memory = Memory(child.pid)
        exposed = [memory.has_exposed([PLAINTEXT[8:]]) for _ in range(5)]
        with open(reader, "rb") as file:
            out = first + file.read()
        tap.equal(child.wait(60), 0, "exit code")
        tap.equal(len(out) >= len(plaintext), True, "printed")
        tap.equal(any(exposed), False, f"{options}: the plaintext is in memory that a core file has")


def check_memory_with_a_passphrase(root):
    """Hundreds of thousands of rounds take a while."""
    root.good("key", "create", "local/orders")
    reader, writer = os.pipe()
    os.write(writer, PASSPHRASE + b"\n")
    os.close(writer)
    child = subprocess.Popen([cli.KMSCTL, f"--passphrase-fd={reader}", "key", "export", "local/orders"], stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, env=root.environment(), pass_fds=(reader,))
    os.close(reader)
    tap.equal(watch(child, (PASSPHRASE[8:],)) > 1, True, "looked while it ran")
    tap.equal(child.returncode, 0, "exit code")


cli.main("messages", globals(), "leak")
