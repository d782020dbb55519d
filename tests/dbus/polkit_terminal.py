# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""polkitd's double on the daemon's bus, and a program on a terminal of its own."""

import os
import pty
import select
import subprocess

import kmsd
import tap


def start_polkitd(daemon, answer):
    process = subprocess.Popen([kmsd.PYTHON, os.path.join(kmsd.SOURCE, "tests/dbus/polkitd.py"), answer],
                               stdout=subprocess.PIPE, stderr=daemon.log, text=True,
                               env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=daemon.address))
    daemon.processes.append(process)
    tap.equal(process.stdout.readline(), '["ready"]\n', "polkitd's double")


def run(line, env):
    """Its exit code."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(line[0], line, env)
    try:
        while select.select([terminal], [], [], 2 * kmsd.PATIENCE)[0]:
            if not os.read(terminal, 4096):
                break
    except OSError:  # the terminal of who ended
        pass
    finally:
        os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
