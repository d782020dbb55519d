# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A client of kmsd on GLib's D-Bus (Debian: python3-gi)."""

import os

import pipes
from gi.repository import Gio, GLib

NAME, MANAGER = "org.libkms.Kms1", "/org/libkms/Kms1/Manager"
TIMEOUT = 30000  # milliseconds; longer than kmsd gives a service


class Error(Exception):
    """What kmsd refused, and why. Programs decide by the name, people read the text."""

    def __init__(self, error):
        self.name = (Gio.DBusError.get_remote_error(error) or "").removeprefix("org.libkms.Kms1.Error.")
        Gio.DBusError.strip_remote_error(error)
        super().__init__(error.message)


def connect(where):
    """"system", "session", or the path of a private socket, which answers as a bus would."""
    if where in ("system", "session"):
        return Gio.bus_get_sync(Gio.BusType.SYSTEM if where == "system" else Gio.BusType.SESSION)
    flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
    return Gio.DBusConnection.new_for_address_sync("unix:path=" + Gio.dbus_address_escape_value(where), flags)


class Box:
    def __init__(self, where, name, may_ask=False):
        """may_ask: somebody sits here who can answer polkit, so kmsd may wait for that."""
        self.connection = connect(where)
        self.flags = Gio.DBusCallFlags.ALLOW_INTERACTIVE_AUTHORIZATION if may_ask else Gio.DBusCallFlags.NONE
        self.path = MANAGER
        # Paths are told, never built.
        self.path, = self.call("LookupBox", GLib.Variant("(sa{sv})", (name, {})), interface="Manager")[0]

    def call(self, method, parameters, descriptor=None, interface="Box"):
        """What is answered, and the descriptor that came with it."""
        descriptors = Gio.UnixFDList.new()
        if descriptor is not None:
            descriptors.append(descriptor)  # it is duplicated
            os.close(descriptor)
        try:
            reply, given = self.connection.call_with_unix_fd_list_sync(
                NAME, self.path, f"{NAME}.{interface}", method, parameters,
                None, self.flags, TIMEOUT, descriptors, None)
        except GLib.Error as error:
            raise Error(error) from None
        return reply.unpack(), given.steal_fds()[0] if given is not None and given.get_length() > 0 else None

    def encrypt(self, secret, context):
        # Index 0 of the message's descriptors.
        reply, _ = self.call("Encrypt", GLib.Variant("(ha{ss}a{sv})", (0, context, {})), pipes.put(secret))
        return bytes(reply[0])

    def decrypt(self, stored, context):
        """A bytearray; wipe it when it has served."""
        return pipes.take(self.call("Decrypt", GLib.Variant("(aya{ss}a{sv})", (stored, context, {})))[1])

    def encrypt_batch(self, secrets, contexts):
        """A context for each secret, one for all, or none. The results say which ones failed."""
        framed = pipes.frame(secrets)
        try:
            reading = pipes.put(framed)
        finally:
            pipes.wipe(framed)
        (stored, results), _ = self.call("EncryptBatch", GLib.Variant("(haa{ss}a{sv})", (0, contexts, {})), reading)
        return [bytes(one) for one in stored], results

    def decrypt_batch(self, stored, contexts):
        reply, reading = self.call("DecryptBatch", GLib.Variant("(aayaa{ss}a{sv})", (stored, contexts, {})))
        return pipes.unframe(pipes.take(reading)), reply[1]
