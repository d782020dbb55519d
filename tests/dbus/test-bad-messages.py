# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Messages that no library sends: forged, malformed, larger than anything needs, or more of them than anybody reads."""

import json
import os
import struct

import kmsd
import tap
import wire
from stage import SECRET, staged

LARGEST = 64 * 1024 * 1024  # of an array, says D-Bus
UNKNOWN = "org.freedesktop.DBus.Error.UnknownMethod"


def cut_off(connection):
    """The other side closes such a connection, whatever it answered before."""
    try:
        while True:
            connection.receive()
    except TimeoutError:
        raise tap.Failure("a connection with something that is no message stays open") from None
    except OSError:
        return


def broken(stage, make):
    """Sends what is no message on a connection of its own, which is then closed."""
    connection = stage.daemon.wire(private=True)
    connection.send_raw(make)
    cut_off(connection)
    connection.close()
    stage.check_witness()


def good(signature="ha{ss}a{sv}", values=(0, {}, {}), **fields):
    whole = {"path": "/org/libkms/Kms1/boxes/orders", "interface": wire.BOX, "member": "Encrypt", **fields}
    return wire.message(whole, signature, values)


@staged
def check_what_is_no_message(stage):
    whole = good()
    broken(stage, b"x" * 100)
    broken(stage, os.urandom(4096))
    broken(stage, whole[:1] + b"\x09" + whole[2:3] + b"\x07" + whole[4:])
    broken(stage, whole[:4] + struct.pack("<I", 0xffffffff) + whole[8:])
    broken(stage, whole[:12] + struct.pack("<I", 0xffffffff) + whole[16:])
    broken(stage, whole[:12] + struct.pack("<I", 1) + whole[16:])


@staged
def check_nonsense_at_once(stage):
    """However early it comes, the connection ends, and so does its place among those of the user."""
    for _ in range(300):
        connection = stage.daemon.wire(private=True, more=b"x" * 100)
        cut_off(connection)
    wire.encrypt(stage.daemon.wire(private=True), b"x")


@staged
def check_strings_that_are_none(stage):
    """Nor do their bytes get into any log: contexts are nobody's business."""
    for name in (b"\xff\xfe", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"):
        broken(stage, good(values=(0, {name: SECRET}, {})))
        broken(stage, good(values=(0, {SECRET: name}, {})))
    broken(stage, good("aya{ss}a{sv}", (SECRET, {b"\xff": SECRET}, {})))
    for path in ("no/slash", "/org/libkms/Kms1/boxes/", "/a//b", "", b"/\xff"):
        broken(stage, good(path=path))
    broken(stage, good("aya{ss}a{sv}", (SECRET * 10000, {b"\xff": SECRET}, {})))
    tap.equal(len(stage.daemon.read_log()) < 20000, True, "the log is short")


@staged
def check_values_that_lie(stage):
    """Arrays that are longer than the message, not whole, or deeper than anybody nests."""
    for data in (struct.pack("<I", 1 << 30), struct.pack("<I", LARGEST + 1), struct.pack("<I", 3) + b"\1\0\0"):
        head = wire.message({"path": "/org/libkms/Kms1/boxes/orders", "interface": wire.BOX, "member": "DecryptBatch",
                             "signature": "aayaa{ss}a{sv}"})
        broken(stage, head[:4] + struct.pack("<I", len(data)) + head[8:] + data)
    deep = wire.Variant("b", 1)
    for _ in range(200):
        deep = wire.Variant("v", deep)
    broken(stage, good(values=(0, {}, {"x-deep": deep})))


@staged
def check_64_mib(stage):
    """Refused by who sees it first: a bus closes the connection, and kmsd has its own limits."""
    large = bytes(LARGEST)
    private = stage.daemon.wire(private=True)
    for member, signature, values in (
            ("Decrypt", "aya{ss}a{sv}", (large, {}, {})),
            ("DecryptBatch", "aayaa{ss}a{sv}", ([large[:-4]], [], {})),
            ("Decrypt", "aya{ss}a{sv}", (stage.stored, {}, {"context-bytes": wire.Variant("ay", large)}))):
        wire.fail(private.call(member, signature, values), "TooLarge", "bytes")
        stage.check_witness()
    wire.fail(private.call("InspectCiphertext", "aya{sv}", (large, {}), path=kmsd.MANAGER,
                           interface="org.libkms.Kms1.Manager"), "TooLarge", "bytes")
    if stage.daemon.kind:
        try:
            wire.fail(stage.attacker.call("Decrypt", "aya{ss}a{sv}", (large, {}, {})), "TooLarge", "bytes")
        except OSError:
            pass


@staged
def check_forged_sender(stage):
    """Who it is says the socket, or the bus daemon, and never the message."""
    kmsd.need_root()
    stage.daemon.add_box("mine", "EncryptFor=uid:1\nDecryptFor=uid:1\nRewrapFor=uid:1\nManageFor=uid:1")
    stage.daemon.client().manager("Reload", "(@a{sv} {},)")
    owner = stage.daemon.client(1)
    owner.encrypt("mine", b"x")
    for sender in (owner.name or ":1.1", wire.NAME, "org.freedesktop.DBus"):
        reading = stage.keep(wire.pipe_of(SECRET))
        serial = stage.attacker.send("Encrypt", "ha{ss}a{sv}", (0, {}, {}), [reading], sender=sender,
                                     path=f"{kmsd.BOXES}/mine")
        wire.fail(stage.attacker.answer(serial), "NotAuthorized", "uid 0")
    stage.attacker.call("Decrypt", "aya{ss}a{sv}", (stage.stored, {}, {}), sender=":1.1")
    with open(stage.daemon.path("root/state/audit/audit-00000000000000000001.jsonl"), encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    tap.equal({one["caller"]["uid"] for one in records if one.get("operation") == "decrypt"}, {0}, "who decrypted")


@staged
def check_answers_that_nobody_asked_for(stage):
    """And signals: neither is heard."""
    for serial in range(1, 50):
        for kind, fields in ((wire.REPLY, {"reply_serial": serial}),
                             (wire.ERROR, {"reply_serial": serial, "error": "org.example.No"}),
                             (4, {"path": "/org/freedesktop/DBus", "interface": "org.freedesktop.DBus",
                                  "member": "NameOwnerChanged"}), (9, {})):
            if stage.daemon.kind:
                fields = dict(fields, destination=wire.NAME)
            stage.attacker.serial += 1
            values = ("sss", (":1.2", ":1.2", "")) if kind == 4 else ("a{sv}", ({"uid": wire.Variant("u", 0)},))
            stage.attacker.send_raw(wire.message(fields, *values, serial=stage.attacker.serial, kind=kind))
    wire.fail(stage.attacker.call("GetInfo", "a{sv}", ({"x": wire.Variant("b", 1)},)), "InvalidArgument")


@staged
def check_what_is_not_there(stage):
    """Methods, interfaces, paths and signatures; a method's interface is not to be left out either."""
    answers = (("Nothing", "", (), {}, UNKNOWN), ("Encrypt", "s", ("x",), {}, "org.freedesktop.DBus.Error.InvalidArgs"),
               ("Encrypt", "", (), {}, "org.freedesktop.DBus.Error.InvalidArgs"),
               ("GetInfo", "a{sv}", ({},), {"path": "/"}, UNKNOWN),
               ("GetInfo", "a{sv}", ({},), {"path": "/org/libkms/Kms1/boxes/orders/more"}, UNKNOWN),
               ("GetInfo", "a{sv}", ({},), {"path": "/org/libkms/Kms1/boxes/" + "x" * 10000}, "NotFound"),
               ("GetInfo", "a{sv}", ({},), {"path": kmsd.MANAGER}, UNKNOWN),
               ("ListKeys", "a{sv}", ({},), {"interface": "org.libkms.Kms1.Provider"}, UNKNOWN),
               ("LookupBox", "sa{sv}", ("ö" * 100000, {}), {"path": kmsd.MANAGER, "interface": "org.libkms.Kms1.Manager"},
                "NotFound"))
    for member, signature, values, fields, error in answers:
        private = stage.daemon.wire(private=True)
        answer = private.call(member, signature, values, **fields)
        try:
            wire.fail(answer, error)
        except tap.Failure as failure:
            raise tap.Failure(f"{member} {str(fields)[:100]}: {failure}") from None
        private.close()


def memory_of(pid):
    """Resident, in MiB."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) // 1024


@staged
def check_who_does_not_read(stage):
    """Answers do not pile up in the daemon: such a connection ends."""
    private = stage.daemon.wire(private=True)
    before = memory_of(stage.daemon.daemon.pid)
    private.socket.settimeout(2)
    call = good("", (), path=kmsd.MANAGER, interface="org.freedesktop.DBus.Introspectable", member="Introspect")
    ended = False
    try:
        for _ in range(400):
            private.send_raw(call * 100)
            stage.check_witness()
    except OSError:
        ended = True
    tap.equal(ended, True, "the connection is no more")
    grown = memory_of(stage.daemon.daemon.pid) - before
    # A sanitizer keeps what was freed.
    tap.equal(grown < 100 or "ASAN_OPTIONS" in os.environ, True, f"the daemon's memory grew by {grown} MiB")


kmsd.main("bad-messages", globals())
