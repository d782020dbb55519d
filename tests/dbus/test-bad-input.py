# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Descriptors, frames and arguments that are not what they should be: a clear error in bounded time, and everybody else is
served meanwhile."""

import fcntl
import os
import pty
import select
import socket
import struct

import kmsd
import tap
import wire
from stage import SECRET, staged

EVERY_SEAL, ADD_SEALS, F_SETPIPE_SZ = 0x0f, 1033, 1031
TOO_MANY = 33  # one more than a user may have open at a time


def memory(data, seals=0):
    descriptor = os.memfd_create("secret", os.MFD_ALLOW_SEALING)
    os.write(descriptor, data)
    fcntl.fcntl(descriptor, ADD_SEALS, seals)
    return descriptor


def not_pipes(stage):
    """By name; each would be refused for another reason if it were looked at carelessly."""
    reading, writing = os.pipe()
    os.write(writing, SECRET)
    fifo, file = stage.daemon.path("fifo"), stage.daemon.path("file")
    os.mkfifo(fifo)
    stage.daemon.write("file", SECRET.decode())
    pair, datagram, epoll = socket.socketpair(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM), select.epoll()
    pair[0].sendall(SECRET)
    stage.objects = (pair, datagram, epoll)
    opened = {"a file": (file, os.O_RDONLY), "a file to write": (file, os.O_RDWR), "a directory": ("/", os.O_RDONLY),
              "zeros": ("/dev/zero", os.O_RDONLY), "nothing": ("/dev/null", os.O_RDWR),
              "memory of a process": ("/proc/self/mem", os.O_RDONLY), "a name of a FIFO": (fifo, os.O_PATH),
              "a name of a file": (file, os.O_PATH)}
    found = {name: stage.keep(os.open(*how)) for name, how in opened.items()}
    found.update({"a writing end": writing, "a memfd": memory(SECRET), "a memfd that can grow": memory(SECRET, 0x0a),
                  "a memfd that can be written": memory(SECRET, 0x07), "a terminal": pty.openpty()[0],
                  "a socket": pair[1].fileno(), "a socket of the network": datagram.fileno(), "an epoll": epoll.fileno(),
                  "an eventfd": os.eventfd(1)})
    stage.keep(reading)
    return found


@staged
def check_what_is_no_pipe(stage):
    for name, descriptor in not_pipes(stage).items():
        try:
            for member, signature, values in (("Encrypt", "ha{ss}a{sv}", (0, {}, {})),
                                              ("EncryptBatch", "haa{ss}a{sv}", (0, [], {}))):
                stage.refused("InvalidArgument", ["pipe"], member, signature, values, [descriptor])
        except tap.Failure as failure:
            raise tap.Failure(f"{name}: {failure}") from None


@staged
def check_pipes_that_stay_open(stage):
    """As many as one may have wait at the same time, and one more is refused at once. A FIFO that is open in both
    directions never ends, and waits like the others."""
    fifo = stage.daemon.path("endless")
    os.mkfifo(fifo)
    serials = []
    for number in range(TOO_MANY):
        reading, writing = (os.open(fifo, os.O_RDWR),) * 2 if number == 0 else os.pipe()
        stage.keep(writing)
        os.write(writing, SECRET[:number % 3])
        serials.append(stage.attacker.send("Encrypt", "ha{ss}a{sv}", (0, {}, {}), [reading]))
        if reading != writing:
            os.close(reading)
    wire.fail(stage.attacker.answer(serials[-1]), "Quota", "32 pipes", "wait")
    for serial in serials[:-1]:
        wire.fail(stage.attacker.answer(serial), "TimedOut", "close its writing end")


@staged
def check_others_while_pipes_stay_open(stage):
    """Of another user, since the quota is a user's."""
    other = stage.daemon.client(1)
    for _ in range(TOO_MANY):
        reading, writing = os.pipe()
        stage.keep(writing)
        stage.attacker.send("Encrypt", "ha{ss}a{sv}", (0, {}, {}), [reading])
        os.close(reading)
    tap.equal(other.decrypt("orders", other.encrypt("orders", SECRET)), SECRET, "what another user decrypts")
    for descriptor in stage.descriptors:
        os.close(descriptor)
    stage.descriptors = []


@staged
def check_others_while_locked_memory_is_held(stage):
    """A user's secrets take a quarter of it at most."""
    kmsd.need_root()
    other, whole = stage.daemon.client(1), 1 << 20
    serials = []
    for _ in range(TOO_MANY - 1):
        reading, writing = os.pipe()
        stage.keep(writing)
        tap.equal(fcntl.fcntl(writing, F_SETPIPE_SZ, whole), whole, "the size of the pipe")
        os.write(writing, bytes(whole))
        serials.append(stage.attacker.send("EncryptBatch", "haa{ss}a{sv}", (0, [], {}), [reading]))
        os.close(reading)
    tap.equal(other.decrypt("orders", other.encrypt("orders", SECRET)), SECRET, "what another user decrypts")
    answers = [stage.attacker.answer(serial) for serial in serials]
    refused = [one for one in answers if one.fields["error"].endswith(".Quota")]
    tap.equal(len(refused) in range(16, 20), True, f"about half are refused: {len(refused)}")
    wire.fail(refused[0], "Quota", "bytes of secrets", "16777216")
    for one in answers:
        wire.fail(one, "Quota" if one in refused else "TimedOut")


@staged
def check_pipes_that_hold_too_much(stage):
    reading, writing = os.pipe()
    os.write(writing, bytes(65536))
    stage.encrypt("TooLarge", ["4096"], stage.keep(reading))
    stage.keep(writing)
    reading = wire.pipe_of(bytes(4097))
    stage.encrypt("TooLarge", ["4096"], stage.keep(reading))
    huge = memory(b"")
    os.ftruncate(huge, 1 << 40)
    fcntl.fcntl(huge, ADD_SEALS, EVERY_SEAL)
    stage.encrypt("TooLarge", ["4096"], stage.keep(huge))
    stage.refused("TooLarge", ["bytes"], "EncryptBatch", "haa{ss}a{sv}", (0, [], {}), [huge])


@staged
def check_descriptors_that_are_missing(stage):
    stage.refused("InvalidArgument", ["no descriptor 0", "pipe"], "Encrypt", "ha{ss}a{sv}", (0, {}, {}))
    reading = stage.keep(wire.pipe_of(SECRET))
    for index in (1, 7, 0x7fffffff, 0x80000000, 0xffffffff):
        stage.refused("InvalidArgument", ["descriptor"], "Encrypt", "ha{ss}a{sv}", (index, {}, {}), [reading])


@staged
def check_more_descriptors_than_needed(stage):
    """They would use up what all share."""
    reading = stage.keep(wire.pipe_of(SECRET))
    stage.refused("InvalidArgument", ["more than one descriptor"], "Encrypt", "ha{ss}a{sv}", (0, {}, {}), [reading] * 16)
    stage.refused("InvalidArgument", ["more than one descriptor"], "Decrypt", "aya{ss}a{sv}", (stage.stored, {}, {}), [reading] * 2)


@staged
def check_frames_that_lie(stage):
    one = struct.pack(">I", 3) + b"abc"
    lies = {"nothing": (b"", "no items"), "no whole header": (b"\0\0\0", "cut"), "no bytes": (b"\0\0\0\1", "cut"),
            "4 GiB": (b"\xff\xff\xff\xff" + SECRET, "cut"), "one byte more than there is": (b"\0\0\0\4abc", "cut"),
            "a whole one, then a part": (one + b"\0\0\1\0x", "cut"), "a sign bit": (b"\x80\0\0\0" + bytes(100), "cut"),
            "1,025 empty ones": (bytes(4 * 1025), "1024"), "1,025 and a cut one": (bytes(4 * 1025) + b"\0", "1024")}
    for name, (data, word) in lies.items():
        try:
            error = "TooLarge" if word == "1024" else "InvalidArgument"
            stage.refused(error, [word], "EncryptBatch", "haa{ss}a{sv}", (0, [], {}), [stage.keep(wire.pipe_of(data))])
        except tap.Failure as failure:
            raise tap.Failure(f"{name}: {failure}") from None
    more = (struct.pack(">I", 1024) + bytes(1024)) * 1024 + b"\0\0\0\0"
    stage.refused("TooLarge", ["bytes"], "EncryptBatch", "haa{ss}a{sv}", (0, [], {}),
                  [stage.keep(memory(more, EVERY_SEAL))])


@staged
def check_contexts(stage):
    many = {str(number): "x" for number in range(100000)}
    for context, error, word in ((many, "TooLarge", "65536"), ({"n" * 65536: "x"}, "TooLarge", "65536"),
                                 ({"n": "v" * 65536}, "TooLarge", "65536"),
                                 ([("twice", "1"), ("twice", "2")], "InvalidArgument", "twice")):
        stage.refused(error, [word], "Decrypt", "aya{ss}a{sv}", (stage.stored, context, {}))
        stage.refused(error, [word], "Encrypt", "ha{ss}a{sv}", (0, context, {}), [stage.keep(wire.pipe_of(SECRET))])
        stage.refused(error, [word], "EncryptBatch", "haa{ss}a{sv}", (0, [context], {}),
                      [stage.keep(wire.pipe_of(b"\0\0\0\1x"))])
        stage.refused(error, [word], "DecryptBatch", "aayaa{ss}a{sv}", ([stage.stored], [context], {}))
        stage.refused(error, [word], "Rewrap", "aya{ss}a{sv}",
                      (stage.stored, {}, {"new-context": wire.Variant("a{ss}", context)}))


@staged
def check_options(stage):
    right = {"bare": "b", "version": "u", "timeout": "u", "context-form": "s", "context-bytes": "ay"}
    for name, kind in right.items():
        for wrong, value in (("i", 1), ("as", ["x"]), ("v", wire.Variant("s", "x")), ("(b)", (1,)), ("h", 0)):
            stage.with_option("InvalidArgument", [f'"{name}"', f"as {kind}"], name, wire.Variant(wrong, value))
    for name in ("", "Bare", "bare ", "length", "new-context", "n" * 10000):
        stage.with_option("InvalidArgument", ["unknown option"], name, wire.Variant("b", 1))
    many = {f"x-{number}": wire.Variant("b", 1) for number in range(1000)}
    stage.refused("InvalidArgument", ["options"], "Decrypt", "aya{ss}a{sv}", (stage.stored, {}, many))
    twice = [("bare", wire.Variant("b", 1)), ("bare", wire.Variant("b", 0))]
    stage.refused("InvalidArgument", ["twice"], "Decrypt", "aya{ss}a{sv}", (stage.stored, {}, twice))
    stage.refused("InvalidArgument", ["unknown option"], "GetInfo", "a{sv}", ({"bare": wire.Variant("b", 1)},))


@staged
def check_bytes_that_are_not_the_map(stage):
    context = {"b": "2", "a": "1"}
    for data in (b"", b"{}", b'{"a":"1"}', b'{"a":"1","b":"2"} ', b'{"a":"1","b":"2","c":"3"}', b'{"a":1,"b":"2"}',
                 b'{"a":"1","a":"1","b":"2"}', b"\xff\xfe", b"\0", b"[" * 60000):
        stage.with_option("InvalidArgument", ["context-bytes"], "context-bytes", wire.Variant("ay", data), context)
    stage.with_option("TooLarge", ["65536"], "context-bytes", wire.Variant("ay", bytes(65537)), context)
    stage.with_option("InvalidArgument", ["none, map, raw, legacy"], "context-form", wire.Variant("s", "x" * 100000))


kmsd.main("bad-input", globals())
