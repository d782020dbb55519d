# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Links to kmsd: on buses, on sockets, and where nobody is."""

import os
import select
import subprocess

import kmsd
import tap

LINK = os.environ["LINK"]
ORDERS = f"{kmsd.BOXES}/orders"


class Link:
    def __init__(self, key_id, **environment):
        env = {name: value for name, value in os.environ.items() if name not in
               ("DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS", "XDG_RUNTIME_DIR")}
        self.process = subprocess.Popen([LINK, key_id], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=dict(env, **environment))

    def read(self):
        if not select.select([self.process.stdout], [], [], kmsd.PATIENCE)[0]:
            raise tap.Failure("the link said nothing")
        return self.process.stdout.readline().strip()

    def ask(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.read()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.stdin.close()
        self.process.wait(kmsd.PATIENCE)
        self.process.stdout.close()


def address_of(daemon):
    return {f"DBUS_{daemon.kind.upper()}_BUS_ADDRESS": daemon.address}


@kmsd.ways("system", "session")
def check_bus(daemon):
    daemon.add_box("orders", "EncryptFor=*")
    daemon.start()
    with Link(f"{daemon.kind}/orders", **address_of(daemon)) as link:
        tap.equal([link.read(), link.ask(), link.ask()], ["bus", f"{ORDERS} {ORDERS}", "known works"], "what was found")
    with Link(f"{daemon.kind}/order", **address_of(daemon)) as link:
        tap.equal([link.read(), link.ask()], ["bus", "not-found not-found"], "no box")


@kmsd.ways("session")
def check_restart(daemon):
    """Another daemon is asked again for what the one before had said."""
    daemon.add_box("orders", "EncryptFor=*")
    daemon.start()
    with Link("session/orders", **address_of(daemon)) as link:
        tap.equal([link.read(), link.ask(), link.ask()], ["bus", f"{ORDERS} {ORDERS}", "known works"], "before")
        daemon.stop()
        tap.equal(link.ask(), "known unavailable", "without a daemon")
        daemon.start()
        tap.equal(link.ask(), "known works", "the new one")
        tap.equal(link.ask(), f"{ORDERS} {ORDERS}", "what the old one said is forgotten")


def check_socket(daemon):
    daemon.add_box("orders", "EncryptFor=*")
    daemon.start()
    with Link(f"socket:{daemon.socket}/orders") as link:
        tap.equal([link.read(), link.ask(), link.ask()], ["socket", f"{ORDERS} {ORDERS}", "known works"], "what was found")
        daemon.stop()
        tap.equal(link.ask(), "known unavailable", "when it has ended")


def check_no_bus_but_a_socket(daemon):
    """The private socket of the session stands in for the bus, unless there is a bus."""
    daemon.add_box("orders", "EncryptFor=*")
    os.mkdir(daemon.path("kmsd"))
    daemon.socket = daemon.path("kmsd/private")
    daemon.start()
    with Link("session/orders", XDG_RUNTIME_DIR=daemon.directory) as link:
        tap.equal([link.read(), link.ask()], ["socket", f"{ORDERS} {ORDERS}"], "what was found")


def check_nobody(daemon):
    for key_id, word in (("session/orders", "session bus"), ("system/orders", "system bus"),
                         (f"socket:{daemon.path('no')}/orders", daemon.path("no"))):
        with Link(key_id, XDG_RUNTIME_DIR=daemon.directory, DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={daemon.path('none')}") \
                as link:
            said = link.read()
            if said == "socket":
                raise tap.Skip("there is a kmsd on this machine")
            kmsd.wants(said, "unavailable:", word, "kmsd")


@kmsd.ways("session")
def check_not_installed(daemon):
    with Link("session/orders", **address_of(daemon)) as link:
        tap.equal([link.read(), link.ask()], ["bus", "unavailable unavailable"], "no daemon")


kmsd.main("link", globals())
