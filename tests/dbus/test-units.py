# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The systemd unit of callers in the audit log: as systemd tells it, and left out where it does not."""

import json
import os
import subprocess

import kmsd
import tap

AUDIT = "org.libkms.Kms1.Audit"


class Systemd:
    def __init__(self, daemon, answer):
        self.process = subprocess.Popen([kmsd.PYTHON, os.path.join(kmsd.SOURCE, "tests/dbus/systemd.py"), daemon.address,
                                         str(answer)], stdout=subprocess.PIPE, text=True)
        daemon.processes.append(self.process)
        tap.equal(self.read(), ["ready"], "systemd")

    def read(self):
        return json.loads(self.process.stdout.readline() or "null")


def callers(root, **filters):
    """The caller of each encryption, as the log has it."""
    words = {"operation": "<'encrypt'>", **filters}
    text = ", ".join(f"'{name}': {value}" for name, value in words.items())
    _, pipes = root.good(kmsd.MANAGER, "Query", f"({{{text}}},)", interface=AUDIT)
    return [json.loads(line)["caller"] for line in pipes[0].splitlines()[:-1]]


def start(daemon, systemd):
    daemon.add_box("orders", "EncryptFor=*")
    process = Systemd(daemon, systemd)
    daemon.start()
    return process


@kmsd.ways("system", "session")
def check_unit(daemon):
    """Of callers on the bus, and at the private socket; each is asked about once."""
    systemd = start(daemon, "each")
    for private in (False, True):
        client = daemon.client(private=private)
        for _ in range(2):
            client.encrypt("orders", b"x")
        tap.equal(systemd.read(), ["asked", client.process.pid], "the question")
        unit = f"shop@{client.process.pid}.service"
        found = callers(daemon.client(), unit=f"<'{unit}'>")
        tap.equal([(one["unit"], one["pid"]) for one in found], [(unit, client.process.pid)] * 2, "records of the unit")
        tap.equal(systemd.read()[0], "asked", "about who read the log")
    tap.equal(len(callers(daemon.client())), 4, "records of all")


@kmsd.ways("system")
def check_no_unit(daemon):
    start(daemon, "none")
    client = daemon.client()
    client.encrypt("orders", b"x")
    found = callers(client)
    tap.equal([(one["pid"], "unit" in one) for one in found], [(client.process.pid, False)], "the caller")


@kmsd.ways("system")
def check_systemd_that_hangs(daemon):
    """It is asked once, and then left alone for a while; everybody is served."""
    systemd = start(daemon, "hang")
    for private in (False, True, False):
        client = daemon.client(private=private)
        client.encrypt("orders", b"x")
    tap.equal(["unit" in one for one in callers(client)], [False] * 3, "the callers")
    systemd.process.terminate()
    tap.equal([systemd.read()[0], systemd.read()], ["asked", None], "how often it was asked")


kmsd.main("units", globals())
