# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What one user may have open at a time, and that the others don't notice. Calls are in test-slow.py."""

import socket
import time

import kmsd
import tap

SHOP, OTHER = 1, 2
QUOTA_PIPES, QUOTA_CONNECTIONS, MAX_BOXES = 32, 256, 1024


@kmsd.EVERYWHERE
def check_pipes(daemon):
    """Pipes that nobody closes keep their places until their time is over."""
    daemon.add_box("orders", "EncryptFor=*")
    daemon.start()
    client, other = daemon.client(SHOP), daemon.client(OTHER)
    client.send(f"{kmsd.BOXES}/orders", "Encrypt", "(handle 0, @a{ss} {}, @a{sv} {})", descriptors=[("open-pipe", b"x")],
                times=QUOTA_PIPES + 8)
    other.encrypt("orders", b"x")
    tap.equal(client.read()["answers"], {kmsd.ERROR + "Quota": 8, kmsd.ERROR + "TimedOut": QUOTA_PIPES}, "the answers")
    client.encrypt("orders", b"x")


def authenticate(path):
    """A connection that has said who it is; None if it was turned away."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(kmsd.PATIENCE)
    connection.connect(path)
    try:
        connection.sendall(b"\0AUTH EXTERNAL 30\r\n")
        if connection.recv(100).startswith(b"OK "):
            connection.sendall(b"BEGIN\r\n")
            return connection
    except OSError:
        pass
    connection.close()
    return None


def authenticate_in_time(path):
    """Those that kmsd has not greeted yet are bounded, too: there is room when it comes to that."""
    end = time.monotonic() + kmsd.PATIENCE
    connection = authenticate(path)
    while connection is None and time.monotonic() < end:
        connection = authenticate(path)
    return connection


def check_connections(daemon):
    kmsd.need_root()
    daemon.add_box("orders", "EncryptFor=*")
    daemon.start()
    daemon.client(SHOP)
    connections = [authenticate_in_time(daemon.socket) for _ in range(QUOTA_CONNECTIONS)]
    tap.equal(connections.count(None), 0, "connections that were turned away")
    tap.equal(authenticate(daemon.socket), None, "one more")
    daemon.client(OTHER).encrypt("orders", b"x")
    connections.pop().close()
    end = time.monotonic() + kmsd.PATIENCE
    again = authenticate(daemon.socket)
    while again is None:
        tap.equal(time.monotonic() < end, True, "a place that was given back")
        again = authenticate(daemon.socket)
    for connection in [again, *connections]:
        connection.close()


def check_boxes(daemon):
    for number in range(MAX_BOXES + 2):
        daemon.add_box(f"box{number:04}", "EncryptFor=*", key_id="local/orders")
    daemon.start()
    found = daemon.client().manager("ListBoxes", "(@a{sv} {},)")[0]
    tap.equal(len(found), MAX_BOXES, "the boxes")
    kmsd.wants(daemon.read_log(), 'box "box1024" is left out', 'box "box1025" is left out', f"{MAX_BOXES} boxes at most")


kmsd.main("quotas", globals())
