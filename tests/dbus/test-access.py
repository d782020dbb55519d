# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may do what through kmsd, and what the others learn: nothing."""

import kmsd
import tap

# Users that every Debian has (daemon, bin, sys): a bus daemon turns away those that have no name.
SHOP, READER, STRANGER, READERS = 1, 2, 3, 62000


def add_boxes(daemon):
    daemon.add_box("orders", f"EncryptFor=uid:{SHOP}\nDecryptFor=gid:{READERS}")
    daemon.add_box("secret-plans", "EncryptFor=uid:0")


@kmsd.EVERYWHERE
def check_encrypt_only_and_decrypt_only(daemon):
    add_boxes(daemon)
    daemon.start()
    shop, reader = daemon.client(SHOP), daemon.client(READER, [READERS])
    stored = shop.encrypt("orders", b"for readers", {"id": "5"})
    kmsd.wants(shop.decrypt("orders", stored, {"id": "5"}, expect="NotAuthorized"), f"uid {SHOP}", "DecryptFor", '"orders"')
    tap.equal(reader.decrypt("orders", stored, {"id": "5"}), b"for readers", "the secret")
    kmsd.wants(reader.encrypt("orders", b"x", expect="NotAuthorized"), "EncryptFor")


@kmsd.EVERYWHERE
def check_features(daemon):
    daemon.start()
    reply, _ = daemon.client().good(kmsd.MANAGER, "Get", "('org.libkms.Kms1.Manager', 'Features')",
                                    interface="org.freedesktop.DBus.Properties")
    tap.equal(reply, [["sealed-memory"] + (["polkit"] if daemon.kind == "system" else [])], "the features")


@kmsd.EVERYWHERE
def check_strangers_learn_nothing(daemon):
    """A box that is not for the caller and one that does not exist are the same in every answer."""
    add_boxes(daemon)
    daemon.start()
    client = daemon.client(STRANGER)
    tap.equal(client.manager("ListBoxes", "(@a{sv} {},)"), [{}], "the boxes of a stranger")
    kmsd.lacks(client.introspect(kmsd.BOXES), "orders", "plans")
    calls = [("Encrypt", "(handle 0, @a{ss} {}, @a{sv} {})", "org.libkms.Kms1.Box"),
             ("Decrypt", "(@ay [1], @a{ss} {}, @a{sv} {})", "org.libkms.Kms1.Box"),
             ("Decrypt", "(@ay [1], @a{ss} {}, {'unknown': <1>})", "org.libkms.Kms1.Box"),
             ("GetInfo", "(@a{sv} {},)", "org.libkms.Kms1.Box"),
             ("GetAll", "('org.libkms.Kms1.Box',)", "org.freedesktop.DBus.Properties"),
             ("Get", "('org.libkms.Kms1.Box', 'Name')", "org.freedesktop.DBus.Properties"),
             ("Introspect", None, "org.freedesktop.DBus.Introspectable"),
             ("NoSuchMethod", "(1,)", "org.libkms.Kms1.Box"),
             ("Anything", None, "org.example.NoInterface")]
    for method, parameters, interface in calls:
        answers = []
        for name in ("orders", "nothing"):
            answer = client.call(f"{kmsd.BOXES}/{name}", method, parameters, [("pipe", b"x")], interface=interface)
            answers.append({key: str(value).replace(name, "NAME") for key, value in answer.items()})
        tap.equal(answers[0], answers[1], f"{interface}.{method} at a box that is there and one that is not")
        # What a box can do is no secret, and stands at any name.
        tap.equal("error" in answers[0], method != "Introspect", f"{method} is refused")
    for name in ("orders", "nothing"):
        client.bad("NotFound", kmsd.MANAGER, "LookupBox", f"('{name}', @a{{sv}} {{}})", interface="org.libkms.Kms1.Manager")


@kmsd.EVERYWHERE
def check_own_boxes_are_seen(daemon):
    add_boxes(daemon)
    daemon.start()
    client = daemon.client(READER, [READERS])
    path = f"{kmsd.BOXES}/orders"
    boxes = client.manager("ListBoxes", "(@a{sv} {},)")[0]
    tap.equal(list(boxes), [path], "the boxes of a reader")
    tap.equal({key: boxes[path][key] for key in ("name", "state", "version", "encrypt", "decrypt", "rewrap", "manage")},
              {"name": "orders", "state": "enabled", "version": 1, "encrypt": "no", "decrypt": "yes", "rewrap": "no",
               "manage": "no"}, "what is told of it")
    tap.equal(client.manager("LookupBox", "('orders', @a{sv} {})"), [path], "the path")
    seen = client.introspect(kmsd.BOXES)
    kmsd.wants(seen, '<node name="orders"/>')
    kmsd.lacks(seen, "plans")
    kmsd.wants(client.introspect(path), 'interface name="org.libkms.Kms1.Box"', 'method name="Decrypt"')
    properties, _ = client.good(path, "GetAll", "('org.libkms.Kms1.Box',)", interface="org.freedesktop.DBus.Properties")
    tap.equal(properties[0], {"Name": "orders", "State": "enabled", "PrimaryVersion": 1, "RequiredContext": []},
              "the properties")


@kmsd.ways("system", "session")
def check_lists_that_are_not_there(daemon):
    """Nobody on the system bus, root included, who sees the box all the same; the owner on the session bus."""
    daemon.add_box("plain")
    daemon.start()
    may = None if daemon.kind == "session" else "NotAuthorized"
    daemon.client().encrypt("plain", b"x", expect=may)
    daemon.client(STRANGER).encrypt("plain", b"x", expect="NotFound")


@kmsd.EVERYWHERE
def check_primary_group(daemon):
    """It counts like the others."""
    daemon.add_box("orders", f"EncryptFor=gid:{SHOP}")
    daemon.start()
    daemon.client(SHOP).encrypt("orders", b"x")
    daemon.client(READER).encrypt("orders", b"x", expect="NotFound")


@kmsd.ways("system")
def check_ask_off_the_bus_is_no(daemon):
    daemon.add_box("orders", f"EncryptFor=uid:{SHOP}\nDecryptFor=ask")
    daemon.start()
    at_socket = daemon.client(SHOP, private=True)
    stored = at_socket.encrypt("orders", b"x")
    at_socket.decrypt("orders", stored, expect="NotAuthorized")


def check_escaped_path(daemon):
    daemon.add_box("a-9", "EncryptFor=*")
    daemon.add_box("9a", "EncryptFor=*")
    daemon.start()
    client = daemon.client()
    tap.equal(sorted(client.manager("ListBoxes", "(@a{sv} {},)")[0]), [f"{kmsd.BOXES}/_39a", f"{kmsd.BOXES}/a_2d9"], "paths")
    client.encrypt("a_2d9", b"x")


def check_required_context(daemon):
    daemon.add_box("orders", "EncryptFor=*\nRequireContext=id")
    daemon.start()
    client = daemon.client()
    client.encrypt("orders", b"x", {"id": "5"})
    client.encrypt("orders", b"x", expect="ContextRequired")
    info, _ = client.good(f"{kmsd.BOXES}/orders", "GetInfo", "(@a{sv} {},)")
    tap.equal((info[0]["require-context"], info[0]["versions"], info[0]["lockdown"]), (["id"], [1], "normal"), "GetInfo")


kmsd.main("access", globals())
