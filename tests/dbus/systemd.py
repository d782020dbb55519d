# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A systemd in which every process is a unit of its own, or none is, or which never answers. Uses nothing but GLib."""

import json
import sys

import gi
gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

# org.freedesktop.systemd1(5): GetUnitByPID (pid) → unit, and NoUnitForPID for what has none
XML = """<node><interface name="org.freedesktop.systemd1.Manager">
<method name="GetUnitByPID"><arg type="u" direction="in"/><arg type="o" direction="out"/></method></interface></node>"""


def on_call(connection, sender, path, interface, method, parameters, invocation):
    pid, = parameters.unpack()
    print(json.dumps(["asked", pid]), flush=True)
    if sys.argv[2] == "hang":
        return
    if sys.argv[2] == "none":
        invocation.return_dbus_error("org.freedesktop.systemd1.NoUnitForPID", "none")
        return
    invocation.return_value(GLib.Variant("(o)", (f"/org/freedesktop/systemd1/unit/shop_40{pid}_2eservice",)))


flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
bus = Gio.DBusConnection.new_for_address_sync(sys.argv[1], flags, None, None)
bus.register_object("/org/freedesktop/systemd1", Gio.DBusNodeInfo.new_for_xml(XML).interfaces[0], on_call)
Gio.bus_own_name_on_connection(bus, "org.freedesktop.systemd1", Gio.BusNameOwnerFlags.NONE,
                               lambda *_: print(json.dumps(["ready"]), flush=True), None)
GLib.MainLoop().run()
