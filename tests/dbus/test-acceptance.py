# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole story of a shop that may only encrypt, an attack on it, and what its administrator sees."""

import subprocess

import command
import kmsd
import tap
from copied_log import Copy

SHOP, READER = 1, 2
SECRET = b"marker-Hk3Rd8Ws2Pf6"
BUSES = kmsd.ways("system", None)


def start(daemon, more=""):
    kmsd.need_root()
    daemon.add_box("orders", f"EncryptFor=uid:{SHOP}\nDecryptFor=uid:{READER}\n{more}")
    daemon.start()
    return daemon.client(SHOP), daemon.client(READER), command.Command(daemon)


def records(root):
    """What was done with the box, by whom."""
    found = root.json("audit", "query", "--box=orders")["records"]
    return [(one["operation"], one["outcome"], one["caller"]["uid"], one.get("error")) for one in found]


def busctl(daemon, uid, member, *arguments):
    address = daemon.address if daemon.kind else f"unix:path={daemon.socket}"
    return subprocess.run(["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "busctl", f"--address={address}",
                           "call", "org.libkms.Kms1", f"{kmsd.BOXES}/orders", "org.libkms.Kms1.Box", member, *arguments],
                          capture_output=True, text=True, check=False, cwd="/", timeout=2 * kmsd.PATIENCE)


@BUSES
def check_from_python(daemon):
    shop, reader, root = start(daemon)
    stored = shop.encrypt("orders", SECRET, {"id": "5"})
    kmsd.lacks(shop.decrypt("orders", stored, {"id": "5"}, expect="NotAuthorized"), SECRET.decode())
    tap.equal(reader.decrypt("orders", stored, {"id": "5"}), SECRET, "what the reader gets")
    reader.encrypt("orders", SECRET, expect="NotAuthorized")
    tap.equal(records(root), [("encrypt", "done", SHOP, None), ("decrypt", "refused", SHOP, "not-authorized"),
                              ("decrypt", "done", READER, None), ("encrypt", "refused", READER, "not-authorized")],
              "the records")
    tap.equal(root.json("audit", "verify")["whole"], True, "the log is whole")


@BUSES
def check_from_busctl(daemon):
    """It passes no descriptors in, so that what it encrypts is a key that nobody has seen."""
    kmsd.need("busctl")
    _, reader, root = start(daemon)
    made = busctl(daemon, SHOP, "GenerateDataKeyWithoutPlaintext", "a{ss}a{sv}", "0", "0")
    tap.equal(made.returncode, 0, f"encrypting ({made.stderr})")
    words = made.stdout.split()
    tap.equal(words[0], "aya{sv}", "the types of the answer")
    stored = words[1:int(words[1]) + 2]
    decrypt = ("Decrypt", "aya{ss}a{sv}", *stored, "0", "0")
    refused = busctl(daemon, SHOP, *decrypt)
    tap.equal((refused.returncode != 0, refused.stdout), (True, ""), "what the shop gets")
    kmsd.wants(refused.stderr, f"uid {SHOP}")
    tap.equal(len(reader.decrypt("orders", bytes(map(int, stored[1:])))), 32, "bytes of the key")
    busctl(daemon, READER, *decrypt)  # that it may is in the log: versions differ in whether they print descriptors
    found = [one[1:] for one in records(root)]
    tap.equal(found, [("done", SHOP, None), ("refused", SHOP, "not-authorized"), ("done", READER, None),
                      ("done", READER, None)], "the records")


def check_tampering_is_found(daemon):
    shop, reader, root = start(daemon)
    stored = shop.encrypt("orders", SECRET)
    shop.decrypt("orders", stored, expect="NotAuthorized")
    reader.decrypt("orders", stored)
    head = root.json("audit", "verify")["head"]
    daemon.stop()
    log = Copy(daemon)
    lines = log.lines
    tap.equal(log.flaws(root, f"--head={head}", code=0), [], "untouched")
    at = next(number for number, line in enumerate(lines) if b"not-authorized" in line)
    log.write([*lines[:at], lines[at].replace(b'"uid":1', b'"uid":2'), *lines[at + 1:]])
    tap.equal(log.flaws(root)[0], ("changed", at + 1), "somebody else is blamed")
    log.write([*lines[:at], *lines[at + 1:]])
    tap.equal(log.flaws(root)[0], ("missing", at + 1), "the refusal is removed")
    log.write([*lines[:at - 1], lines[at], lines[at - 1], *lines[at + 1:]])
    tap.equal([kind for kind, _ in log.flaws(root)][:2], ["missing", "order"], "two lines are swapped")
    log.write(lines[:at])
    tap.equal(log.flaws(root, f"--head={head}"), [("cut", None)], "the tail is cut")
    with open(log.file, "rb") as file:
        tap.equal(SECRET in b"".join(lines) + file.read(), False, "the secret is in the log")


@BUSES
def check_burst(daemon):
    """The alert stops decryption, also after kill -9, until somebody says why it may go on."""
    shop, reader, root = start(daemon, "ManageFor=uid:0\n[Alert]\nDecrypts=5\nWindow=3600\nAction=encrypt-only")
    stored = shop.encrypt("orders", SECRET)
    reader.send(f"{kmsd.BOXES}/orders", "Decrypt", f"({kmsd.octets(stored)}, @a{{ss}} {{}}, @a{{sv}} {{}})", times=20)
    tap.equal(reader.read()["answers"], {"ok": 5, kmsd.ERROR + "LockedDown": 15}, "the answers")
    shop.encrypt("orders", SECRET)
    tap.equal(root.json("lockdown", "status", "orders")["mode"], "encrypt-only", "the mode")
    head = root.json("audit", "verify")["head"]
    daemon.daemon.kill()
    daemon.daemon.wait()
    daemon.start()
    tap.equal(root.json("lockdown", "status", "orders")["mode"], "encrypt-only", "the mode after kill -9")
    shop, reader = daemon.client(SHOP), daemon.client(READER)
    reader.decrypt("orders", stored, expect="LockedDown")
    shop.encrypt("orders", SECRET)
    root.bad(2, "lockdown", "release", "orders")
    root.good("lockdown", "release", "orders", "--reason=the key was changed")
    tap.equal(reader.decrypt("orders", stored), SECRET, "after the release")
    tap.equal(root.json("audit", "verify", f"--head={head}")["whole"], True, "the log is whole, and goes on behind its head")
    found = root.json("audit", "query")["records"]
    told = [one["operation"] for one in found if one["operation"] in ("alert", "lockdown-engage", "lockdown-release")]
    kmsd.wants(told, "alert", "lockdown-release")
    kmsd.wants([one.get("detail") for one in found if one["operation"] == "lockdown-release"], "normal: the key was changed")


kmsd.main("acceptance", globals())
