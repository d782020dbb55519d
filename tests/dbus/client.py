# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A caller of kmsd in a process of its own, perhaps as another user: reads a JSON object a line, calls, and writes what
came of it. Uses nothing but GLib."""

import base64
import fcntl
import json
import os
import socket
import sys

import gi
gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

F_ADD_SEALS, ALL_SEALS = 1033, 0x0f
KEPT = []


def connect(address):
    flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
    if not address.endswith(",private"):
        flags |= Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
    return Gio.DBusConnection.new_for_address_sync(address.removesuffix(",private"), flags, None, None)


def pipe_of(data, keep_open=False, writing_end=False):
    reading, writing = os.pipe()
    os.write(writing, data)
    if writing_end:
        return writing
    if keep_open:
        KEPT.append(writing)
    else:
        os.close(writing)
    return reading


def memory_of(data, sealed):
    descriptor = os.memfd_create("secret", os.MFD_ALLOW_SEALING)
    os.write(descriptor, data)
    if sealed:
        fcntl.fcntl(descriptor, F_ADD_SEALS, ALL_SEALS)
    return descriptor


def socket_of(data):
    ours, theirs = socket.socketpair()
    ours.sendall(data)
    KEPT.append(ours)
    return theirs.detach()


MAKERS = {
    "pipe": pipe_of,
    "open-pipe": lambda data: pipe_of(data, keep_open=True),
    "writing-end": lambda data: pipe_of(data, writing_end=True),
    "memory": lambda data: memory_of(data, False),
    "sealed-memory": lambda data: memory_of(data, True),
    "socket": socket_of,
    "path": lambda data: os.open(data, os.O_RDONLY),
}


def read_all(descriptor):
    with os.fdopen(descriptor, "rb") as file:
        return base64.b64encode(file.read()).decode()


def make_descriptors(request):
    descriptors = Gio.UnixFDList.new()
    for kind, data in request.get("descriptors", []):
        made = MAKERS[kind](base64.b64decode(data))
        descriptors.append(made)
        os.close(made)
    return descriptors


def call_often(connection, request):
    """All of them at once; tells how many got which answer, "ok" among them."""
    loop, answers = GLib.MainLoop(), []
    parameters = GLib.Variant.parse(None, request["parameters"], None, None)

    def on_answer(_, result):
        try:
            connection.call_with_unix_fd_list_finish(result)
            answers.append("ok")
        except GLib.Error as error:
            answers.append(Gio.DBusError.get_remote_error(error) or error.message)
        if len(answers) == request["times"]:
            loop.quit()
    for _ in range(request["times"]):
        connection.call_with_unix_fd_list(
            request["to"] if connection.get_unique_name() else None, request["path"], request["interface"],
            request["method"], parameters, None, Gio.DBusCallFlags.NONE, 60000, make_descriptors(request), None, on_answer)
    loop.run()
    return {"answers": {answer: answers.count(answer) for answer in answers}}


def call(connection, request):
    descriptors = make_descriptors(request)
    parameters = GLib.Variant.parse(None, request["parameters"], None, None) if "parameters" in request else None
    flags = Gio.DBusCallFlags.ALLOW_INTERACTIVE_AUTHORIZATION if request["interactive"] else Gio.DBusCallFlags.NONE
    try:
        reply, given = connection.call_with_unix_fd_list_sync(
            request["to"] if connection.get_unique_name() else None, request["path"],
            request["interface"], request["method"], parameters, None, flags, 60000, descriptors, None)
    except GLib.Error as error:
        name = Gio.DBusError.get_remote_error(error)
        Gio.DBusError.strip_remote_error(error)
        return {"error": name or "local", "message": error.message}
    return {"reply": reply.unpack(), "secrets": [read_all(fd) for fd in given.steal_fds()] if given else []}


def main():
    connection = connect(sys.argv[1])
    print(json.dumps({"name": connection.get_unique_name()}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps((call_often if request["times"] else call)(connection, request)), flush=True)


main()
