# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The polkitd of the tests, started on the bus of a daemon."""

import json
import os
import subprocess

import kmsd
import tap


class Polkit:
    def __init__(self, daemon, answer):
        self.process = subprocess.Popen(
            [kmsd.PYTHON, os.path.join(kmsd.SOURCE, "tests/dbus/polkitd.py"), answer], stdout=subprocess.PIPE, text=True,
            env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=daemon.address))
        daemon.processes.append(self.process)
        self.rest = None
        tap.equal(self.read(), ["ready"], "polkitd")

    def read(self):
        return json.loads(self.process.stdout.readline() or "null")

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.rest = self.process.stdout.read()
        self.process.stdout.close()
