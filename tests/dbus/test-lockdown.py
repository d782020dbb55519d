# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lockdown and alerts: decryption stops for everybody, stays stopped, and begins again when somebody says why."""

import os

import kmsd
import tap

LOCKDOWN = "org.libkms.Kms1.Lockdown"
ORDERS = f"{kmsd.BOXES}/orders"
STRANGER = 3


def engage(client, mode, path=kmsd.MANAGER, reason="'an attack'", expect=None):
    arguments = (path, "Engage", f"('{mode}', {reason}, @a{{sv}} {{}})")
    if expect:
        return client.bad(expect, *arguments, interface=LOCKDOWN)
    return client.good(*arguments, interface=LOCKDOWN)


def release(client, path=kmsd.MANAGER, reason="'it is over'", expect=None):
    arguments = (path, "Release", f"({reason}, @a{{sv}} {{}})")
    if expect:
        return client.bad(expect, *arguments, interface=LOCKDOWN)
    return client.good(*arguments, interface=LOCKDOWN)


def mode(client, path=kmsd.MANAGER):
    return client.good(path, "Get", f"('{LOCKDOWN}', 'Mode')", interface="org.freedesktop.DBus.Properties")[0][0]


def start(daemon, lines=""):
    daemon.add_box("orders", f"EncryptFor=*\nDecryptFor=*\n{lines}")
    daemon.add_box("other", "EncryptFor=*\nDecryptFor=*")
    daemon.start()
    return daemon.client()


@kmsd.EVERYWHERE
def check_modes(daemon):
    client = start(daemon)
    stored = client.encrypt("orders", b"secret")
    engage(client, "encrypt-only")
    tap.equal(mode(client), "encrypt-only", "the mode")
    kmsd.wants(client.decrypt("orders", stored, expect="LockedDown"), "encrypt-only", "an attack")
    client.encrypt("orders", b"more")
    engage(client, "sealed")
    client.encrypt("orders", b"more", expect="LockedDown")
    release(client)
    tap.equal((mode(client), client.decrypt("orders", stored)), ("normal", b"secret"), "after the release")


def check_of_a_box(daemon):
    client = start(daemon)
    stored, other = client.encrypt("orders", b"secret"), client.encrypt("other", b"secret")
    engage(client, "encrypt-only", ORDERS)
    client.decrypt("orders", stored, expect="LockedDown")
    client.decrypt("other", other)
    tap.equal((mode(client, ORDERS), mode(client)), ("encrypt-only", "normal"), "the modes")
    release(client, ORDERS)
    client.decrypt("orders", stored)


def check_survives_a_kill(daemon):
    client = start(daemon)
    stored = client.encrypt("orders", b"secret")
    engage(client, "encrypt-only")
    daemon.daemon.kill()
    daemon.daemon.wait()
    daemon.start()
    client = daemon.client()
    tap.equal(mode(client), "encrypt-only", "the mode after kill -9")
    client.decrypt("orders", stored, expect="LockedDown")


def check_reasons_and_rights(daemon):
    client = start(daemon, f"ManageFor=uid:{STRANGER}")
    engage(client, "sealed", reason="''", expect="InvalidArgument")
    engage(client, "normal", expect="InvalidArgument")
    engage(client, "locked", expect="InvalidArgument")
    release(client, reason="''", expect="InvalidArgument")
    stranger = daemon.client(STRANGER)
    engage(stranger, "sealed", expect="NotAuthorized")
    engage(stranger, "sealed", f"{kmsd.BOXES}/other", expect="NotAuthorized")
    engage(stranger, "sealed", ORDERS)
    release(stranger, ORDERS, expect="NotAuthorized")
    release(client, ORDERS)


def check_takes_effect_on_waiting_calls(daemon):
    """A call that waits for its pipe is stopped, too."""
    client = start(daemon)
    waiting = daemon.client()
    waiting.encrypt("orders", b"x")
    reading, writing = kmsd.os.pipe()
    fifo = daemon.path("fifo")
    kmsd.os.mkfifo(fifo)
    holder = kmsd.os.open(fifo, kmsd.os.O_RDWR)
    waiting.send(ORDERS, "Encrypt", "(handle 0, @a{ss} {}, @a{sv} {})", descriptors=[("path", fifo.encode())])
    client.encrypt("other", b"x")
    engage(client, "sealed")
    kmsd.os.write(holder, b"secret")
    kmsd.os.close(holder)
    tap.equal(waiting.read().get("error"), kmsd.ERROR + "LockedDown", "the call that was waiting")
    kmsd.os.close(reading)
    kmsd.os.close(writing)


def check_alert(daemon):
    """Items of batches count; the call that crosses the limit is stopped."""
    client = start(daemon, "[Alert]\nDecrypts=5\nWindow=3600\nAction=encrypt-only")
    stored = client.encrypt("orders", b"secret")
    for _ in range(5):
        client.decrypt("orders", stored)
    kmsd.wants(client.decrypt("orders", stored, expect="LockedDown"), "decrypt 6 times within 3600 seconds", "alert")
    client.encrypt("orders", b"more")
    client.decrypt("other", client.encrypt("other", b"secret"))
    daemon.daemon.kill()
    daemon.daemon.wait()
    daemon.start()
    client = daemon.client()
    client.decrypt("orders", stored, expect="LockedDown")
    release(client, ORDERS)
    client.decrypt("orders", stored)


def check_alert_of_who_may_not(daemon):
    """Who may only encrypt is noticed, and stops nobody."""
    start(daemon)
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=uid:0\n[Alert]\nDecrypts=5\nWindow=3600\nAction=sealed")
    client = daemon.client()
    client.manager("Reload", "(@a{sv} {},)")
    stored, stranger = client.encrypt("orders", b"secret"), daemon.client(1)
    for _ in range(8):
        stranger.decrypt("orders", stored, expect="NotAuthorized")
    tap.equal(client.decrypt("orders", stored), b"secret", "who may")
    kmsd.wants(daemon.read_log(), "decrypt 6 times within 3600 seconds, by who may not; action: signal")


def check_alert_while_the_disk_hangs(daemon):
    """It is in force all the same, and who is refused is told so, if a little later."""
    hanging = daemon.path("hanging")
    daemon.environment = {"LD_PRELOAD": os.environ["HANG_SYNC"], "HANG_FSYNC_WHILE": hanging,
                          "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
    client = start(daemon, "[Alert]\nDecrypts=1\nWindow=3600\nAction=encrypt-only")
    stored = client.encrypt("orders", b"secret")
    client.decrypt("orders", stored)
    daemon.write("hanging", "")
    client.decrypt("orders", stored, expect="LockedDown")
    kmsd.wants(daemon.read_log(), "1 refused calls are answered")
    tap.equal(mode(client, ORDERS), "encrypt-only", "the mode")
    os.unlink(hanging)
    tap.equal(daemon.stop(), 0, "the exit code")
    daemon.start()
    tap.equal(mode(daemon.client(), ORDERS), "encrypt-only", "the mode after a restart")


kmsd.main("lockdown", globals())
