# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What stands in front of GDBus at a private socket: who authenticates, which messages pass, and how many of them."""

import contextlib
import os
import socket
import struct
import threading

import kmsd
import tap
import wire
from stage import SECRET, Stage

MAX_MESSAGE, MAX_FIELDS, MAX_UNANSWERED, LARGE = 9 << 20, 64 << 10, 4096, 16 << 10
GET_INFO = ("GetInfo", "a{sv}", ({},))
MANY = 300


def gated(function):
    def case(daemon):
        stage = Stage(daemon)
        function(stage)
        stage.end()
    case.ways = (None,)
    return case


def closed(connection):
    try:
        while connection.socket.recv(65536):
            pass
    except ConnectionError:
        pass


def talk(stage, *lines):
    """What is answered to these lines, each after the answer to the one before; "closed" if there is none."""
    plain = socket.socket(socket.AF_UNIX)
    stage.daemon.wires.append(plain)
    plain.settimeout(kmsd.PATIENCE)
    plain.connect(stage.daemon.socket)
    answers = []
    for line in lines:
        try:
            plain.sendall(line)
            answers.append(plain.recv(1000).decode().partition(" ")[0].strip() or "closed")
        except ConnectionError:
            answers.append("closed")
    return answers


@gated
def check_greetings(stage):
    own, other = (str(uid).encode().hex().encode() for uid in (os.geteuid(), os.geteuid() + 1))
    tap.equal(talk(stage, b"\0AUTH\r\n", b"AUTH ANONYMOUS\r\n", b"AUTH EXTERNAL " + other + b"\r\n", b"NEGOTIATE_UNIX_FD\r\n",
                   b"AUTH EXTERNAL\r\n", b"DATA " + other + b"\r\n", b"AUTH EXTERNAL " + own + b"\r\n", b"CANCEL\r\n",
                   b"AUTH EXTERNAL\r\n", b"DATA\r\n", b"NONSENSE\r\n", b"NEGOTIATE_UNIX_FD\r\n"),
              ["REJECTED", "REJECTED", "REJECTED", "ERROR", "DATA", "REJECTED", "OK", "REJECTED", "DATA", "OK", "ERROR",
               "AGREE_UNIX_FD"], "the answers")
    for nonsense in (b"AUTH\r\n", b"\0BEGIN\r\n", b"\0AUTH\n", b"\0AU\0TH\r\n", b"\0" + b"x" * 600):
        tap.equal(talk(stage, nonsense), ["closed"], f"the answer to {nonsense[:20]}")
    tap.equal(talk(stage, *[b"\0AUTH\r\n"], *[b"AUTH\r\n"] * 16), ["REJECTED"] * 16 + ["closed"], "the answers to many lines")


@gated
def check_calls_of_who_leaves_at_once(stage):
    """Whatever GDBus has read of it by then."""
    call = wire.message({"path": f"{kmsd.BOXES}/orders", "interface": wire.BOX, "member": "GetInfo"}, "a{sv}", ({},))
    for number in range(MANY):
        stage.daemon.wire(more=call * (number % 3 + 1) + b"x" * (number % 2)).close()
    stage.check_witness()


@gated
def check_what_is_no_message_is_not_handed_on(stage):
    """GDBus would print it as a whole, in the thread that serves everybody."""
    fields = {"path": f"{kmsd.BOXES}/orders", "interface": wire.BOX, "member": "Decrypt"}
    whole = wire.message(fields, "aya{ss}a{sv}", (bytes(8 << 20), {b"\xff": "x"}, {}))
    cut = wire.message(dict(fields, signature="aay")) + b""
    cut = cut[:4] + struct.pack("<I", 8) + cut[8:] + struct.pack("<II", 4, 5)
    for data in (whole, cut):
        connection = stage.daemon.wire()
        connection.send_raw(data)
        closed(connection)
        stage.check_witness()
    kmsd.lacks(stage.daemon.read_log(), "Error decoding")


@gated
def check_sizes(stage):
    """Refused before they are read, and the connection goes on."""
    connection = stage.daemon.wire()
    for words, values, more in (("arguments", (bytes(MAX_MESSAGE + MAX_FIELDS), {}, {}), {}),
                                ("in front", (b"", {}, {}), {"interface": "x" * MAX_FIELDS})):
        wire.fail(connection.call("Decrypt", "aya{ss}a{sv}", values, **more), "TooLarge", words)
        tap.equal(wire.decrypt(connection, stage.stored), SECRET, "what is decrypted next")
    many = wire.Variant("as", [""] * 70000)
    wire.fail(connection.call("Decrypt", "aya{ss}a{sv}", (b"", {}, {"x-many": many})), "TooLarge", "65536 values")
    tap.equal(wire.decrypt(connection, stage.stored), SECRET, "what is decrypted at last")


@gated
def check_descriptors_stay_with_their_messages(stage):
    """However many messages stand in the socket, each of its own length."""
    secrets = [b"%d" % number * (number % 50 + 1) for number in range(MANY)]
    connection = stage.daemon.wire()
    serials = []
    for secret in secrets:
        connection.send(*GET_INFO)
        reading = wire.pipe_of(secret)
        serials.append(connection.send("Encrypt", "ha{ss}a{sv}", (0, {}, {"x-long": wire.Variant("ay", secret * 100)}), [reading]))
        os.close(reading)
    stored = [wire.succeed(connection.answer(serial)).values[0] for serial in serials]
    serials = [connection.send("Decrypt", "aya{ss}a{sv}", (one, {}, {})) for one in stored]
    tap.equal([wire.succeed(connection.answer(serial)).secret() for serial in serials], secrets, "the secrets")


@gated
def check_who_sends_more_than_is_answered_waits(stage):
    """All of it is answered in the end, and another connection of the same user is served meanwhile."""
    connection, total = stage.daemon.wire(), 2 * MAX_UNANSWERED
    call = [wire.message({"path": f"{kmsd.BOXES}/orders", "interface": wire.BOX, "member": "GetInfo"}, "a{sv}", ({},), serial, flags=1)
            for serial in range(1, total + 1)]
    sender = threading.Thread(target=lambda: connection.send_raw(b"".join(call)))
    sender.start()
    stage.check_witness()
    answered = {connection.receive().fields["reply_serial"] for _ in range(total)}
    sender.join()
    tap.equal(len(answered), total, "the calls that were answered")


@gated
def check_a_serial_that_is_in_use(stage):
    """Nobody could tell the answers apart, nor count them."""
    connection = stage.daemon.wire()
    reading, writing = os.pipe()
    stage.keep(writing)
    connection.send("Encrypt", "ha{ss}a{sv}", (0, {}, {}), [stage.keep(reading)])
    connection.serial = 0
    connection.send(*GET_INFO)
    closed(connection)


def resident(daemon):
    with open(f"/proc/{daemon.daemon.pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) // 1024


@gated
def check_large_messages_come_one_by_one(stage):
    """Of a user: what many connections send at the same time does not fill the memory, small messages pass, and who does not
    go on loses its place to the next one."""
    before, connections = resident(stage.daemon), [stage.daemon.wire() for _ in range(40)]
    whole = wire.message({"path": f"{kmsd.BOXES}/orders", "interface": wire.BOX, "member": "Decrypt"}, "aya{ss}a{sv}",
                         (bytes(8 << 20), {}, {}), 7)
    left = {connection: memoryview(whole)[:7 << 20] for connection in connections[:-1]}
    for connection in left:
        connection.socket.setblocking(False)
    for _ in range(100):  # three times as often as it takes where all is read
        for connection, data in left.items():
            with contextlib.suppress(OSError):
                left[connection] = data[connection.socket.send(data):]
        stage.check_witness()
    wire.encrypt(connections[-1], b"x")
    grown = resident(stage.daemon) - before
    tap.equal(grown < 100 or "ASAN_OPTIONS" in os.environ, True, f"the daemon's memory grew by {grown} MiB")
    for connection in connections[:-1]:
        connection.close()
    wire.fail(connections[-1].call("Decrypt", "aya{ss}a{sv}", (bytes(8 << 20), {}, {})), "TooLarge", "4194304")


@gated
def check_a_large_message_that_does_not_go_on(stage):
    slow, next_one = stage.daemon.wire(), stage.daemon.wire()
    slow.send_raw(wire.message({"path": f"{kmsd.BOXES}/orders", "interface": wire.BOX, "member": "Decrypt"}, "aya{ss}a{sv}",
                               (bytes(2 * LARGE), {}, {}))[:LARGE])
    wire.fail(next_one.call("DecryptBatch", "aayaa{ss}a{sv}", ([bytes(20)] * 2000, [], {})), "TooLarge", "1024 items")
    closed(slow)


kmsd.main("gate", globals())
