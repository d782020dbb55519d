# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Boxes whose keys are boxes of kmsd: the strings are those that there would be without it."""

import json
import os
import signal
import subprocess
import time

import client
import kmsd
import tap
import wire

LOAD = os.environ["LOAD"]
ALL = "EncryptFor=*\nDecryptFor=*\nRewrapFor=*\nManageFor=*"


def start(daemon, lines=ALL):
    daemon.add_box("orders", lines)
    daemon.start()
    user = client.User(daemon)
    user.add_box("orders")
    return user


def direct(daemon, *arguments, data=b""):
    """With the daemon's own configuration, and without the daemon."""
    return daemon.kmsctl(*arguments, data=data)


@kmsd.EVERYWHERE
def check_round_trip(daemon):
    user = start(daemon)
    stored = user.run("encrypt", "orders", "-c", "id=5", data=b"secret")
    tap.equal(stored[:3], b"v1:", "the version")
    tap.equal(direct(daemon, "decrypt", "orders", "-c", "id=5", data=stored), b"secret", "read without the daemon")
    written = direct(daemon, "encrypt", "orders", "-c", "id=6", data=b"other")
    tap.equal(user.run("decrypt", "orders", "-c", "id=6", data=written), b"other", "read through the daemon")
    again = user.run("rewrap", "orders", "-c", "id=6", "--new-context", "id=7", data=written)
    tap.equal(direct(daemon, "decrypt", "orders", "-c", "id=7", data=again), b"other", "rewrapped by the daemon")
    kmsd.wants(user.fail(6, "decrypt", "orders", "-c", "id=7", data=written), "decrypt")
    tap.equal(user.run("decrypt", "orders", data=user.run("encrypt", "orders", data=b"")), b"", "nothing at all")


def check_second_version(daemon):
    """The version of the caller's box is the one of the daemon's."""
    daemon.kmsctl("key", "create", "local/one")
    daemon.kmsctl("key", "create", "local/two")
    daemon.write("root/admin/boxes.d/orders.box",
                 f"[Box]\nVersion=2\n{ALL}\n[Version 1]\nKeyId=local/one\n[Version 2]\nKeyId=local/two\n")
    daemon.start()
    user = client.User(daemon)
    user.add_box("orders", 2)
    stored = user.run("encrypt", "orders", data=b"secret")
    tap.equal(stored[:3], b"v2:", "the version")
    tap.equal(direct(daemon, "decrypt", "orders", data=stored), b"secret", "read without the daemon")
    user.add_box("orders", 1)
    kmsd.wants(user.fail(3, "encrypt", "orders", data=b"secret"), "version 2")
    daemon.write("client/admin/boxes.d/orders.box", f"[Box]\nVersion=2\n[Version 1]\nKeyId={user.place}orders\n"
                 f"[Version 2]\nKeyId={user.place}orders\n")
    old = b"v1:" + direct(daemon, "encrypt", "--as-version", "1", "--key", "local/one", data=b"old")[3:]
    new = user.run("rewrap", "orders", data=old)
    tap.equal((new[:3], direct(daemon, "decrypt", "orders", data=new)), (b"v2:", b"old"), "from one to the other")


def check_contexts(daemon):
    """The test key shows the bytes that were authenticated: they do not depend on the way."""
    daemon.add_box("orders", ALL, key_id="insecure-test-key")
    daemon.write("root/admin/kms.conf", "[Daemon]\nAllowInsecure=true\n")
    contexts = [["-c", "name=<a&b>"], ["-c", "b=1", "-c", "a=2"], ["-c", "n:=12"], [], ["-c", "u=\u2028"]]
    daemon.start()
    user = client.User(daemon)
    for dialect in ("rails", "plain", "rails81"):
        user.add_box("orders", lines=f"JsonDialect={dialect}")
        for arguments in contexts:
            through = user.run("encrypt", "orders", *arguments, data=b"x")
            daemon.write("root/admin/boxes.d/other.box",
                         f"[Box]\nVersion=1\nJsonDialect={dialect}\n[Version 1]\nKeyId=insecure-test-key\n")
            tap.equal(through, direct(daemon, "encrypt", "other", *arguments, data=b"x"), f"{dialect} {arguments}")
            tap.equal(user.run("decrypt", "orders", *arguments, data=through), b"x", f"{dialect} {arguments}, read again")


@kmsd.EVERYWHERE
def check_batch(daemon):
    """3000 values of different contexts in one go: encrypted, rewrapped, decrypted."""
    user = start(daemon)
    tap.equal(user.run("batch", "3000", program=LOAD), b"3000 done\n", "values")


@kmsd.EVERYWHERE
def check_many_calls(daemon):
    """A thousand at once, which no bus would let wait: they are joined."""
    user = start(daemon)
    tap.equal(user.run("calls", "1000", program=LOAD), b"1000 done\n", "calls")


def check_cancel(daemon):
    user = start(daemon)
    daemon.daemon.send_signal(signal.SIGSTOP)
    tap.equal(user.run("cancel", program=LOAD), b"cancelled\n", "who gave up")
    daemon.daemon.send_signal(signal.SIGCONT)


def start_load(user, *arguments):
    return subprocess.Popen([LOAD, *arguments], env=user.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, cwd="/")


@kmsd.ways("session", None)
def check_who_left_together(daemon):
    """Calls that were joined are given up when the last of their callers is gone, so that others find room."""
    module = os.path.join(kmsd.BUILD, "tests/modules/kms-waits.so")
    daemon.write("root/admin/providers.d/waits.provider",
                 f"[Provider]\nModule={module}\nAbi=1\nPrefixes=waits/\nCallTimeout=3600\n[Settings]\n"
                 f"Gate={daemon.path('gate')}\n")
    start(daemon)
    user = client.User(daemon, "CallTimeout=3600")
    for number in range(20):
        daemon.add_box(f"late{number}", ALL, key_id="waits/key")
        user.add_box(f"late{number}")
    daemon.stop()
    daemon.start()
    process = start_load(user, "gone", "20")
    kmsd.until(lambda: os.path.exists(daemon.path("gate.waiting")), "the service is asked")
    try:
        said, complaint = process.communicate(b"\n", timeout=4 * kmsd.PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise tap.Failure("another box found no room") from None
    tap.equal((process.returncode, said), (0, b"done\n"), f"another box meanwhile ({complaint.decode()})")


def check_ending(daemon):
    """A daemon that ends still has a call to answer, and takes no others: its successor gets them."""
    user = start(daemon)
    process = start_load(user, "twice")
    tap.equal(process.stdout.readline(), b"done\n", "the first")
    blocker = daemon.wire()
    reading, writing = os.pipe()  # never written, never closed: the daemon waits for it
    blocker.send("Encrypt", "ha{ss}a{sv}", (0, {}, {}), [reading])
    wire.succeed(blocker.call("GetInfo", "a{sv}", ({},)))  # answered behind it
    first = daemon.daemon
    first.send_signal(signal.SIGTERM)
    kmsd.until(lambda: not os.path.exists(daemon.socket), "the socket is gone")
    daemon.processes.append(first)
    daemon.start(f"--state-directory={daemon.path('other-state')}")
    said, complaint = process.communicate(b"\n", timeout=4 * kmsd.PATIENCE)
    tap.equal((process.returncode, said), (0, b"done\n"), f"the second ({complaint.decode()})")
    os.close(reading)
    os.close(writing)


@kmsd.ways("session", None)
def check_killed(daemon):
    """A daemon that is killed in the middle, and started again: what was lost is sent once more."""
    user = start(daemon)
    process = subprocess.Popen([LOAD, "calls", "3000"], env=user.environment(), stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, cwd="/")
    time.sleep(0.15)  # anywhere in the middle will do
    daemon.daemon.kill()
    daemon.daemon.wait()
    try:
        daemon.start()
    finally:
        said, _ = process.communicate(timeout=4 * kmsd.PATIENCE)
    kmsd.wants(said.decode(), "done")
    tap.equal(process.returncode, 0, "exit code")
    tap.equal(user.run("calls", "10", program=LOAD), b"10 done\n", "with the new one")


def check_encrypt_only(daemon):
    user = start(daemon, "EncryptFor=*\nDecryptFor=uid:61009")
    stored = user.run("encrypt", "orders", data=b"secret")
    kmsd.wants(user.fail(4, "decrypt", "orders", data=stored), "orders")


@kmsd.ways("session")
def check_restart(daemon):
    user = start(daemon)
    stored = user.run("encrypt", "orders", data=b"secret")
    daemon.stop()
    kmsd.wants(user.fail(7, "decrypt", "orders", data=stored), "kmsd", "session bus")
    daemon.start()
    tap.equal(user.run("decrypt", "orders", data=stored), b"secret", "after a restart")


def check_errors(daemon):
    user = start(daemon)
    user.add_box("none")
    kmsd.wants(user.fail(3, "encrypt", "none", data=b"x"), "none")
    user.fail(1, "encrypt", "orders", data=bytes(4097))
    user.run("encrypt", "orders", data=bytes(4096))
    daemon.stop()
    kmsd.wants(user.fail(7, "encrypt", "orders", data=b"x"), daemon.socket)


@kmsd.ways("session", None)
def check_keys(daemon):
    user = start(daemon)
    key_id = f"{user.place}orders"
    shown = json.loads(user.run("--json", "key", "show", key_id))
    kmsd.wants(json.dumps(shown), key_id, "encrypt", "lockdown")
    if daemon.kind:
        kmsd.wants(user.run("key", "list", "kmsd").decode(), "session/orders")
    before = user.run("encrypt", "orders", data=b"x")
    user.run("key", "rotate", key_id)
    tap.equal(user.run("decrypt", "orders", data=before), b"x", "written before a rotation")


kmsd.main("provider", globals())
