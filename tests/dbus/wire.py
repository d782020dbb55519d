# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""D-Bus by hand, after its specification, for what no library sends: messages that lie. Needs nothing but Python."""

import os
import socket
import struct

import tap

NAME, BOX = "org.libkms.Kms1", "org.libkms.Kms1.Box"
CALL, REPLY, ERROR = 1, 2, 3
FIELDS = {"path": (1, "o"), "interface": (2, "s"), "member": (3, "s"), "error": (4, "s"), "reply_serial": (5, "u"),
          "destination": (6, "s"), "sender": (7, "s"), "signature": (8, "g"), "descriptors": (9, "u")}
NUMBERS = {"y": "B", "b": "I", "n": "h", "q": "H", "i": "i", "u": "I", "h": "I", "x": "q", "t": "Q", "d": "d"}
ALIGNMENT = {"a": 4, "s": 4, "o": 4, "g": 1, "v": 1, "(": 8, "{": 8}
PATIENCE = int(os.environ.get("PATIENCE", "30"))


def split(signature):
    """The complete types that it is made of."""
    types, depth, start = [], 0, 0
    for at, sign in enumerate(signature):
        depth += (sign in "({") - (sign in ")}")
        if depth == 0 and sign != "a":
            types.append(signature[start:at + 1])
            start = at + 1
    return types


def pad(data, kind):
    width = struct.calcsize(NUMBERS[kind[0]]) if kind[0] in NUMBERS else ALIGNMENT[kind[0]]
    data.extend(bytes(-len(data) % width))


class Variant:
    def __init__(self, kind, value):
        self.kind, self.value = kind, value


def put_string(data, kind, value):
    value = value if isinstance(value, bytes) else value.encode()
    data.extend(struct.pack("<B" if kind == "g" else "<I", len(value)) + value + b"\0")


def put_array(data, kind, value):
    at = len(data)
    data.extend(bytes(4))
    pad(data, kind)
    start = len(data)
    if kind == "y":
        data.extend(value)
    else:
        for item in value.items() if isinstance(value, dict) else value:
            put(data, kind, item)
    data[at:at + 4] = struct.pack("<I", len(data) - start)


def put(data, kind, value):
    """Appends a value; what is in strings and how long arrays are is not looked at."""
    pad(data, kind)
    if kind in NUMBERS:
        data.extend(struct.pack("<" + NUMBERS[kind], value))
    elif kind in "sog":
        put_string(data, kind, value)
    elif kind == "v":
        put_string(data, "g", value.kind)
        put(data, value.kind, value.value)
    elif kind[0] == "a":
        put_array(data, kind[1:], value)
    else:
        for inner, item in zip(split(kind[1:-1]), value):
            put(data, inner, item)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, length):
        self.at += length
        return self.data[self.at - length:self.at]

    def number(self, kind):
        width = struct.calcsize(NUMBERS[kind])
        self.at += -self.at % width
        return struct.unpack("<" + NUMBERS[kind], self.take(width))[0]

    def string(self, kind):
        length = self.take(1)[0] if kind == "g" else self.number("u")
        return self.take(length + 1)[:-1].decode()

    def array(self, kind):
        length = self.number("u")
        self.at += -self.at % (ALIGNMENT.get(kind[0]) or struct.calcsize(NUMBERS[kind[0]]))
        end, items = self.at + length, []
        if kind == "y":
            return self.take(length)
        while self.at < end:
            items.append(self.get(kind))
        return dict(items) if kind[0] == "{" else items

    def get(self, kind):
        if kind in NUMBERS:
            return self.number(kind)
        if kind in "sog":
            return self.string(kind)
        if kind == "v":
            return self.get(self.string("g"))
        if kind[0] == "a":
            return self.array(kind[1:])
        self.at += -self.at % 8
        return tuple(self.get(inner) for inner in split(kind[1:-1]))


class Answer:
    def __init__(self, kind, fields, values, descriptors):
        self.kind, self.fields, self.values, self.descriptors = kind, fields, values, descriptors

    def secret(self):
        with os.fdopen(self.descriptors[0], "rb") as file:
            return file.read()


def message(fields, signature="", values=(), serial=1, kind=CALL, flags=0):
    """A whole message; fields by name, as they are to stand there."""
    body, head = bytearray(), bytearray()
    for inner, value in zip(split(signature), values):
        put(body, inner, value)
    if signature:
        fields = dict(fields, signature=signature)
    listed = [(FIELDS[name][0], Variant(FIELDS[name][1], value)) for name, value in fields.items()]
    head.extend(struct.pack("<cBBBII", b"l", kind, flags, 1, len(body), serial))
    put(head, "a(yv)", listed)
    head.extend(bytes(-len(head) % 8))
    return bytes(head + body)


class Connection:
    """To a bus, where it says Hello, or to a private socket."""

    def __init__(self, path, bus=False, connected=None):
        self.socket = connected or socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        if connected is None:
            self.socket.connect(path)
        self.serial, self.bus, self.name = 0, bus, None
        self.data, self.descriptors, self.answers = b"", [], {}

    def agree(self, more=b""):
        """Authenticates; more is sent in the same breath."""
        self.socket.sendall(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\n")
        self.line(b"OK ")
        self.socket.sendall(b"NEGOTIATE_UNIX_FD\r\n")
        self.line(b"AGREE_UNIX_FD")
        self.socket.sendall(b"BEGIN\r\n" + more)
        if self.bus:
            self.name = self.call("Hello", path="/org/freedesktop/DBus", interface="org.freedesktop.DBus",
                                  destination="org.freedesktop.DBus").values[0]
        return self

    def line(self, start):
        line = b""
        while not line.endswith(b"\n"):
            sign = self.socket.recv(1)
            if not sign:
                raise ConnectionError("closed while authenticating")
            line += sign
        if not line.startswith(start):
            raise ConnectionError(f"instead of {start!r}: {line!r}")

    def send_raw(self, data, descriptors=()):
        descriptors = list(descriptors)
        sent = socket.send_fds(self.socket, [data], descriptors) if descriptors else 0
        self.socket.sendall(data[sent:])

    def send(self, member, signature="", values=(), descriptors=(), flags=0, **fields):
        """Sends a call and returns its serial; a field that is None is left out."""
        self.serial += 1
        whole = {"path": "/org/libkms/Kms1/boxes/orders", "interface": BOX, "member": member}
        if self.bus:
            whole["destination"] = NAME
        if descriptors:
            whole["descriptors"] = len(descriptors)
        whole.update(fields)
        whole = {name: value for name, value in whole.items() if value is not None}
        self.send_raw(message(whole, signature, values, self.serial, flags=flags), descriptors)
        return self.serial

    def fill(self, length):
        while len(self.data) < length:
            data, descriptors, _, _ = socket.recv_fds(self.socket, 65536, 64)
            if not data:
                raise ConnectionError("the other side closed the connection")
            self.data += data
            self.descriptors += descriptors

    def receive(self):
        """The next message, whatever it is."""
        self.fill(16)
        kind, _, _, body, _, fields = struct.unpack("<xBBBIII", self.data[:16])
        start = 16 + fields + -fields % 8
        self.fill(start + body)
        reader = Reader(self.data[:start])
        reader.at = 12
        names = {number: name for name, (number, _) in FIELDS.items()}
        found = {names[number]: value for number, value in reader.get("a(yv)")}
        reader = Reader(self.data[start:start + body])
        values = [reader.get(inner) for inner in split(found.get("signature", ""))]
        self.data = self.data[start + body:]
        count = found.get("descriptors", 0)
        given, self.descriptors = self.descriptors[:count], self.descriptors[count:]
        return Answer(kind, found, values, given)

    def answer(self, serial):
        """What came back for that call; other answers are kept."""
        while serial not in self.answers:
            got = self.receive()
            if got.kind in (REPLY, ERROR):
                self.answers[got.fields["reply_serial"]] = got
        return self.answers.pop(serial)

    def call(self, *arguments, **more):
        return self.answer(self.send(*arguments, **more))

    def close(self):
        self.socket.close()


def pipe_of(data):
    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    return reading


def encrypt(connection, secret, **more):
    reading = pipe_of(secret)
    try:
        return succeed(connection.call("Encrypt", "ha{ss}a{sv}", (0, {}, {}), [reading], **more)).values[0]
    finally:
        os.close(reading)


def decrypt(connection, ciphertext, **more):
    return succeed(connection.call("Decrypt", "aya{ss}a{sv}", (ciphertext, {}, {}), **more)).secret()


def succeed(answer):
    if answer.kind == ERROR:
        raise tap.Failure(f"{answer.fields['error']}: {answer.values[0]}")
    return answer


def fail(answer, error, *words):
    """Wants that error, with these words in its text."""
    found = answer.fields.get("error", "no error")
    tap.equal(found, error if "." in error else f"{NAME}.Error.{error}", f"the error ({answer.values})")
    for word in words:
        if word not in answer.values[0]:
            raise tap.Failure(f"{word!r} is not in {answer.values[0]!r}")
    if len(answer.values[0]) < 10:
        raise tap.Failure(f"{answer.values[0]!r} says nothing")
