# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A client of kmsd without GLib: on jeepney, which is Python alone (Debian: python3-jeepney; PyPI: jeepney)."""

import pipes
from jeepney import DBusAddress, MessageType, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection, prep_socket

NAME, MANAGER = "org.libkms.Kms1", "/org/libkms/Kms1/Manager"
MAY_ASK = 4  # the flag of a message that lets polkit ask somebody
TIMEOUT = 30  # seconds; longer than kmsd gives a service


class Error(Exception):
    """What kmsd refused, and why. Programs decide by the name, people read the text."""

    def __init__(self, reply):
        self.name = reply.header.fields.get(4, "").removeprefix("org.libkms.Kms1.Error.")
        super().__init__(reply.body[0] if reply.body else "")


def connect(where):
    """"system", "session", or the path of a private socket, which answers as a bus would."""
    if where in ("system", "session"):
        return open_dbus_connection(where.upper(), enable_fds=True)
    return DBusConnection(prep_socket(where, enable_fds=True), enable_fds=True)


class Box:
    def __init__(self, where, name, may_ask=False):
        """may_ask: somebody sits here who can answer polkit, so kmsd may wait for that."""
        self.connection = connect(where)
        self.may_ask = may_ask
        self.path = MANAGER
        # Paths are told, never built.
        self.path, = self.call("LookupBox", "sa{sv}", (name, {}), interface="Manager")

    def call(self, method, signature, body, interface="Box"):
        """What is answered. A descriptor in the body is sent, one in the answer is a FileDescriptor."""
        address = DBusAddress(self.path, NAME, f"{NAME}.{interface}")
        message = new_method_call(address, method, signature, body)
        if self.may_ask:
            message.header.flags |= MAY_ASK
        # Messages that came before the reply, such as signals, are left out.
        reply = self.connection.send_and_get_reply(message, timeout=TIMEOUT)
        if reply.header.message_type == MessageType.error:
            raise Error(reply)
        return reply.body

    def call_with(self, descriptor, method, signature, rest):
        with open(descriptor, "rb", buffering=0) as reading:  # closed here; kmsd has its own
            return self.call(method, signature, (reading, *rest))

    def encrypt(self, secret, context):
        return bytes(self.call_with(pipes.put(secret), "Encrypt", "ha{ss}a{sv}", (context, {}))[0])

    def decrypt(self, stored, context):
        """A bytearray; wipe it when it has served."""
        return pipes.take(self.call("Decrypt", "aya{ss}a{sv}", (stored, context, {}))[0].to_raw_fd())

    def encrypt_batch(self, secrets, contexts):
        """A context for each secret, one for all, or none. The results say which ones failed."""
        framed = pipes.frame(secrets)
        try:
            reading = pipes.put(framed)
        finally:
            pipes.wipe(framed)
        stored, results = self.call_with(reading, "EncryptBatch", "haa{ss}a{sv}", (contexts, {}))
        return [bytes(one) for one in stored], unpack(results)

    def decrypt_batch(self, stored, contexts):
        reading, results = self.call("DecryptBatch", "aayaa{ss}a{sv}", (stored, contexts, {}))
        return pipes.unframe(pipes.take(reading.to_raw_fd())), unpack(results)


def unpack(results):
    """jeepney gives variants as (signature, value)."""
    return [{name: value for name, (_, value) in result.items()} for result in results]
