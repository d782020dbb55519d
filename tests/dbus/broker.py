# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""dbus-broker without its launcher, which needs systemd's journal and manager: a controller that gives it one socket to
listen at, and lets everybody do everything there. It ends with the controller's connection."""

import os
import socket
import subprocess

import tap
import wire

CONTROLLER = "org.bus1.DBus.Broker"
# What the launcher gives it on a system bus.
LIMITS = ("--max-bytes=536870912", "--max-fds=128", "--max-matches=16384", "--max-objects=16384")
MACHINE = "0123456789abcdef0123456789abcdef"

# A verdict and a priority: for connecting, for names (any prefix), for messages that are sent and received.
RULES = "bta(btbs)a(btssssuutt)a(btssssuutt)"
# Rules by uid and by group, SELinux's names, whether AppArmor counts, and the type of the bus.
POLICY = f"(a(u({RULES}))a(buu({RULES}))a(ss)bs)"
ANYBODY, ANY_NUMBER = 2 ** 32 - 1, 2 ** 64 - 1


def allow_all(kind):
    messages = [(True, 1, "", "", "", "", 0, 0, 0, ANY_NUMBER)]
    rules = (True, 1, [(True, 1, True, "")], messages, messages)
    return wire.Variant(POLICY, ([(ANYBODY, rules)], [], [], False, kind))


def listen(path):
    """It accepts until there is nobody more, so accepting must not block."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    os.chmod(path, 0o666)
    listening.listen()
    listening.setblocking(False)
    return listening


def start(path, kind, log):
    """The process, whose bus is at that path when this returns."""
    if os.path.exists(path):
        os.unlink(path)
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with listen(path) as listening, theirs:
        process = subprocess.Popen(["dbus-broker", f"--controller={theirs.fileno()}", f"--machine-id={MACHINE}", *LIMITS],
                                   pass_fds=[theirs.fileno()], stdout=log, stderr=log)
        process.controller = wire.Connection(None, connected=ours)
        process.controller.agree()
        answer = process.controller.call("AddListener", "ohv", ("/org/bus1/DBus/Listener/0", 0, allow_all(kind)),
                                         [listening.fileno()], path="/org/bus1/DBus/Broker", interface=CONTROLLER)
    if answer.kind == wire.ERROR:
        process.kill()
        process.wait()
        raise tap.Skip(f"this dbus-broker has other policies: {answer.fields['error']}")
    return process
