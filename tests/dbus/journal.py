# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A journal for kmsd to tell things to."""

import socket
import threading
import time

import kmsd
import tap

HEAD = "KMS_AUDIT_HEAD"


def parse(datagram):
    """https://systemd.io/JOURNAL_NATIVE_PROTOCOL/, with a length before each value."""
    fields = {}
    while datagram:
        name, datagram = datagram.split(b"\n", 1)
        size = int.from_bytes(datagram[:8], "little")
        fields[name.decode()] = datagram[8:8 + size].decode()
        datagram = datagram[9 + size:]
    return fields


class Journal:
    """Reads at once what comes: the kernel keeps only a few datagrams, and kmsd waits for nobody."""

    def __init__(self, daemon):
        self.path, self.entries = daemon.path("journal"), []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        while True:
            datagram = self.socket.recv(1 << 20)
            if not datagram:
                return
            self.entries.append(parse(datagram))

    def end(self):
        """All that was sent so far is read when this returns."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.path)
        self.thread.join()
        self.socket.close()

    def until(self, condition, what):
        for _ in range(kmsd.PATIENCE * 20):
            if any(condition(one) for one in list(self.entries)):
                return
            time.sleep(0.05)
        raise tap.Failure(f"the journal was not told {what}: {self.entries[-3:]}")
