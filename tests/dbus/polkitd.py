# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A polkitd that answers as its command line says, and writes down what it was asked. Uses nothing but GLib."""

import json
import sys

import gi
gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

# As polkit documents it: CheckAuthorization (subject, action, details, flags, cancellation id) → (authorized, challenge, details)
XML = """<node><interface name="org.freedesktop.PolicyKit1.Authority">
<method name="CheckAuthorization"><arg type="(sa{sv})" direction="in"/><arg type="s" direction="in"/>
<arg type="a{ss}" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
<arg type="(bba{ss})" direction="out"/></method>
<method name="CancelCheckAuthorization"><arg type="s" direction="in"/></method></interface></node>"""

ANSWERS = {"allow": (True, False, {}), "deny": (False, False, {}), "challenge": (False, True, {}),
           "late": (True, False, {}), "dismiss": (False, True, {"polkit.dismissed": "true"})}


def answer(invocation):
    invocation.return_value(GLib.Variant("((bba{ss}))", (ANSWERS[sys.argv[1]],)))


def answer_late(invocation):
    print(json.dumps(["answered"]), flush=True)
    answer(invocation)
    return GLib.SOURCE_REMOVE


def on_call(connection, sender, path, interface, method, parameters, invocation):
    print(json.dumps([method, *parameters.unpack()]), flush=True)
    if method != "CheckAuthorization":
        invocation.return_value(None)
    elif sys.argv[1] == "late":
        GLib.timeout_add(1000, answer_late, invocation)
    elif sys.argv[1] != "hang":
        answer(invocation)


bus = Gio.bus_get_sync(Gio.BusType.SYSTEM, None)
bus.register_object("/org/freedesktop/PolicyKit1/Authority", Gio.DBusNodeInfo.new_for_xml(XML).interfaces[0], on_call)
Gio.bus_own_name_on_connection(bus, "org.freedesktop.PolicyKit1", Gio.BusNameOwnerFlags.NONE,
                               lambda *_: print(json.dumps(["ready"]), flush=True), None)
GLib.MainLoop().run()
