# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Boxes that ask: what polkit is told, what its answers become, and that no answer is no."""

import json
import time

import kmsd
import tap
from polkit import Polkit

SHOP = 1
ORDERS = f"{kmsd.BOXES}/orders"


def start(daemon, answer=None):
    kmsd.need_root()
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=ask")
    polkit = Polkit(daemon, answer) if answer else None
    daemon.start()
    client = daemon.client(SHOP)
    return client, polkit, client.encrypt("orders", b"secret")


@kmsd.ways("system")
def check_allowed(daemon):
    client, polkit, stored = start(daemon, "allow")
    tap.equal(client.decrypt("orders", stored), b"secret", "the secret")
    method, subject, action, details, flags, _ = polkit.read()
    tap.equal((method, subject[0], subject[1]["name"], action, flags),
              ("CheckAuthorization", "system-bus-name", client.name, "org.libkms.kms1.decrypt", 0), "the question")
    tap.equal(details, {"box": "orders", "operation": "decrypt", "key-version": "1", "provider": "local"}, "the details")
    polkit.end()


def refused(daemon, answer, error):
    client, polkit, stored = start(daemon, answer)
    kmsd.wants(client.decrypt("orders", stored, expect=error), "org.libkms.kms1.decrypt")
    polkit.end()


@kmsd.ways("system")
def check_denied(daemon):
    refused(daemon, "deny", "NotAuthorized")


@kmsd.ways("system")
def check_could_be_obtained(daemon):
    refused(daemon, "challenge", kmsd.ERROR + "NotAuthorized.CanObtain")


@kmsd.ways("system")
def check_dismissed(daemon):
    refused(daemon, "dismiss", kmsd.ERROR + "NotAuthorized.Dismissed")


@kmsd.ways("system")
def check_interactive(daemon):
    """The flag of the message is passed on, and nothing else makes polkit ask people."""
    client, polkit, stored = start(daemon, "allow")
    client.decrypt("orders", stored)
    tap.equal(polkit.read()[4], 0, "the flags without it")
    client.good(ORDERS, "Decrypt", f"({kmsd.octets(stored)}, @a{{ss}} {{}}, @a{{sv}} {{}})", interactive=True)
    tap.equal(polkit.read()[4], 1, "the flags with it")
    polkit.end()


@kmsd.ways("system")
def check_gone(daemon):
    client, _, stored = start(daemon)
    kmsd.wants(client.decrypt("orders", stored, expect="NotAuthorized"), "polkit can't be asked")


@kmsd.ways("system")
def check_hanging(daemon):
    """It is no in bounded time, and others are served meanwhile."""
    client, polkit, stored = start(daemon, "hang")
    other = daemon.client()
    other.encrypt("orders", b"x")
    started = time.monotonic()
    client.send(ORDERS, "Decrypt", f"({kmsd.octets(stored)}, @a{{ss}} {{}}, @a{{sv}} {{}})")
    other.encrypt("orders", b"x")
    tap.equal(time.monotonic() - started < 8, True, "another caller is not held up")
    tap.equal(client.read()["error"], kmsd.ERROR + "NotAuthorized", "the answer")
    question, withdrawal = polkit.read(), polkit.read()
    tap.equal(withdrawal, ["CancelCheckAuthorization", question[5]], "the question is withdrawn")
    polkit.end()


@kmsd.ways("system")
def check_lockdown_comes_first(daemon):
    """Also for the call that polkit is asked about already."""
    client, polkit, stored = start(daemon, "late")
    root = daemon.client()
    client.send(ORDERS, "Decrypt", f"({kmsd.octets(stored)}, @a{{ss}} {{}}, @a{{sv}} {{}})")
    tap.equal(polkit.read()[2], "org.libkms.kms1.decrypt", "the question")
    root.good(kmsd.MANAGER, "Engage", "('encrypt-only', 'an attack', @a{sv} {})", interface="org.libkms.Kms1.Lockdown")
    tap.equal(polkit.read(), ["answered"], "polkit's yes")
    tap.equal(client.read()["error"], kmsd.ERROR + "LockedDown", "the answer")
    client.decrypt("orders", stored, expect="LockedDown")
    with open(daemon.path("root/state/audit/audit-00000000000000000001.jsonl"), encoding="utf-8") as file:
        found = [one["outcome"] for one in map(json.loads, file) if one["operation"] == "decrypt"]
    tap.equal(found, ["refused", "refused"], "nothing was about to be done")
    polkit.end()
    tap.equal(polkit.rest, "", "nothing more was asked")


@kmsd.ways("system")
def check_lists_that_change_meanwhile(daemon):
    """What polkit allows to somebody whom the box does not even ask about any more is not done."""
    client, polkit, stored = start(daemon, "late")
    root = daemon.client()
    client.send(ORDERS, "Decrypt", f"({kmsd.octets(stored)}, @a{{ss}} {{}}, @a{{sv}} {{}})")
    tap.equal(polkit.read()[2], "org.libkms.kms1.decrypt", "the question")
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=")
    root.manager("Reload", "(@a{sv} {},)")
    tap.equal(polkit.read(), ["answered"], "polkit's yes")
    tap.equal(client.read().get("error"), kmsd.ERROR + "NotAuthorized", "the answer")


@kmsd.ways("system")
def check_rights_of_the_daemon(daemon):
    client, polkit, _ = start(daemon, "allow")
    client.good(kmsd.MANAGER, "Engage", "('sealed', 'an attack', @a{sv} {})", interface="org.libkms.Kms1.Lockdown")
    tap.equal(polkit.read()[2], "org.libkms.kms1.lockdown-engage", "the action")
    client.good(kmsd.MANAGER, "Verify", "(@a{sv} {},)", interface="org.libkms.Kms1.Audit")
    tap.equal(polkit.read()[2], "org.libkms.kms1.audit-read", "the action")
    polkit.end()


def refused_without_a_bus(daemon, answer):
    """Polkit knows callers by their names on the bus; at a private socket "ask" is no, and polkit is not even asked."""
    client, polkit, stored = start(daemon, answer)
    alone = daemon.client(SHOP, private=True)
    tap.equal(alone.encrypt("orders", b"secret")[:3], b"v1:", "what is not asked about")
    alone.decrypt("orders", stored, expect="NotAuthorized")
    arguments = (ORDERS, "Decrypt", f"({kmsd.octets(stored)}, @a{{ss}} {{}}, @a{{sv}} {{}})")
    alone.bad("NotAuthorized", *arguments, interactive=True)
    client.encrypt("orders", b"secret")
    polkit.end()
    tap.equal(polkit.rest, "", "what polkit was asked")


@kmsd.ways("system")
def check_private_socket_while_polkit_allows(daemon):
    refused_without_a_bus(daemon, "allow")


@kmsd.ways("system")
def check_private_socket_while_polkit_denies(daemon):
    refused_without_a_bus(daemon, "deny")


@kmsd.ways("system")
def check_private_socket_while_polkit_hangs(daemon):
    refused_without_a_bus(daemon, "hang")


kmsd.main("polkit", globals())
