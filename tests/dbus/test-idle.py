# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The session's kmsd ends when nobody needs it, each reason to stay holds it, and systemd's socket starts it again."""

import os
import socket
import subprocess
import time

import kmsd
import tap

AUDIT = "org.libkms.Kms1.Audit"


def until(condition, what):
    for _ in range(kmsd.PATIENCE * 20):
        if condition():
            return
        time.sleep(0.05)
    raise tap.Failure(f"not within {kmsd.PATIENCE} s: {what}")


def start(daemon):
    daemon.add_box("orders", "EncryptFor=*")
    daemon.write("root/admin/kms.conf", "[Daemon]\nIdleTimeout=1\n")
    daemon.environment["G_MESSAGES_DEBUG"] = "kmsd"
    daemon.start()


def holds(daemon, reason):
    until(lambda: f"idle but for {reason}" in daemon.read_log(), f"a word about {reason}")
    tap.equal(daemon.daemon.poll(), None, "it stays")


def ends(daemon):
    tap.equal(daemon.daemon.wait(kmsd.PATIENCE), 0, "the exit code")


@kmsd.ways("session")
def check_nobody(daemon):
    """Who is on the bus and calls nothing is no reason to stay."""
    start(daemon)
    daemon.client().encrypt("orders", b"x")
    ends(daemon)


@kmsd.ways("session")
def check_other_timeout(daemon):
    """A timeout that is set while it runs counts from then on; without a file it is five minutes."""
    daemon.add_box("orders", "EncryptFor=*")
    daemon.start()
    client = daemon.client()
    daemon.write("root/admin/kms.conf", "[Daemon]\nIdleTimeout=1\n")
    client.manager("Reload", "(@a{sv} {},)")
    ends(daemon)


@kmsd.ways("session")
def check_private_connection(daemon):
    start(daemon)
    private = daemon.client(private=True)
    holds(daemon, "a private connection")
    private.encrypt("orders", b"x")
    private.leave()
    ends(daemon)


@kmsd.ways("session")
def check_call_that_is_not_answered(daemon):
    module, gate = os.path.join(kmsd.BUILD, "tests/modules/kms-waits.so"), daemon.path("gate")
    daemon.write("root/admin/providers.d/waits.provider",
                 f"[Provider]\nModule={module}\nAbi=1\nPrefixes=waits/\n[Settings]\nGate={gate}\n")
    daemon.add_box("late", "EncryptFor=*", key_id="waits/key")
    start(daemon)
    client = daemon.client()
    client.send(f"{kmsd.BOXES}/late", "Encrypt", "(handle 0, @a{ss} {}, @a{sv} {})", descriptors=[("pipe", b"x")])
    holds(daemon, "a call that is not answered")
    daemon.write("gate", "")
    tap.equal("reply" in client.read(), True, "the call is answered")
    ends(daemon)


@kmsd.ways("session")
def check_subscriber(daemon):
    start(daemon)
    client = daemon.client()
    client.good(kmsd.MANAGER, "Subscribe", "(@a{sv} {},)", interface=AUDIT)
    holds(daemon, "a subscriber to the audit log")
    client.good(kmsd.MANAGER, "Unsubscribe", "(@a{sv} {},)", interface=AUDIT)
    ends(daemon)


@kmsd.ways("session")
def check_record_that_is_not_on_the_disk(daemon):
    """The caller was told of the disk that hangs; the record may still get there."""
    hanging = daemon.path("hanging")
    daemon.environment |= {"LD_PRELOAD": os.environ["HANG_SYNC"], "HANG_WHILE": hanging,
                           "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
    start(daemon)
    client = daemon.client()
    client.encrypt("orders", b"x")
    daemon.write("hanging", "")
    client.encrypt("orders", b"x", expect="Audit")
    holds(daemon, "records that are not on the disk")
    os.unlink(hanging)
    ends(daemon)


def start_with_socket(daemon, listening):
    """As systemd does it: the socket is descriptor 3, and LISTEN_PID is kmsd's own."""
    command = 'exec 3<&"$1"; shift; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'
    env = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "XDG_RUNTIME_DIR")}
    return subprocess.Popen(
        ["sh", "-c", command, "sh", str(listening.fileno()), kmsd.KMSD, "--session", f"--config-root={daemon.path('root')}"],
        env=env | {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={daemon.path('no-bus')}"}, pass_fds=[listening.fileno()],
        stdout=daemon.log, stderr=daemon.log)


def check_socket_without_a_bus(daemon):
    """A machine with no bus: a connection starts it, it ends, and the next connection is not lost."""
    daemon.add_box("orders", "EncryptFor=*")
    daemon.write("root/admin/kms.conf", "[Daemon]\nIdleTimeout=1\n")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(daemon.socket)
        listening.listen()
        for _ in range(2):
            with socket.socket(socket.AF_UNIX) as early:
                early.settimeout(kmsd.PATIENCE)
                early.connect(daemon.socket)
                daemon.daemon = start_with_socket(daemon, listening)
                early.sendall(b"\0AUTH\r\n")
                tap.equal(early.recv(100), b"REJECTED EXTERNAL\r\n", "who connected before it ran")
            client = daemon.client()
            client.encrypt("orders", b"x")
            client.leave()
            ends(daemon)
            tap.equal(os.path.exists(daemon.socket), True, "the socket, which is systemd's, stays")


kmsd.main("idle", globals())
