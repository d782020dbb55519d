# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Providers as objects: what they are, and the administration of their keys."""

import json

import kmsd
import tap

LOCAL = "/org/libkms/Kms1/providers/local"
PROVIDER = "org.libkms.Kms1.Provider"
STRANGER = 3


def good(client, method, parameters):
    return client.good(LOCAL, method, parameters, interface=PROVIDER)[0][0]


@kmsd.EVERYWHERE
def check_providers(daemon):
    daemon.start()
    client = daemon.client()
    listed = client.manager("ListProviders", "(@a{sv} {},)")[0]
    tap.equal({path: one["name"] for path, one in listed.items()},
              {LOCAL: "local", "/org/libkms/Kms1/providers/test": "test"}, "the providers")
    kmsd.wants(client.introspect("/org/libkms/Kms1/providers"), '<node name="local"/>')
    found = client.good(LOCAL, "GetAll", f"('{PROVIDER}',)", interface="org.freedesktop.DBus.Properties")[0][0]
    tap.equal((found["Name"], found["Kind"], found["Capabilities"]), ("local", "local", []), "before it is used")
    good(client, "ListKeys", "(@a{sv} {},)")
    found = client.good(LOCAL, "GetAll", f"('{PROVIDER}',)", interface="org.freedesktop.DBus.Properties")[0][0]
    tap.equal((found["State"], "keys" in found["Capabilities"]), ("loaded", True), "when it is loaded")
    client.bad("NotFound", "/org/libkms/Kms1/providers/nothing", "ListKeys", "(@a{sv} {},)", interface=PROVIDER)


def check_life_of_a_key(daemon):
    daemon.start()
    client = daemon.client()
    made = good(client, "ManageKey", "('local/new', 'create', {'description': <'of a test'>})")
    tap.equal((made["id"], made["state"], made["description"]), ("local/new", "enabled", "of a test"), "the new key")
    rotated = good(client, "ManageKey", "('local/new', 'rotate', @a{sv} {})")
    tap.equal((rotated["version"], len(rotated["versions"])), ("2", 2), "after the rotation")
    tap.equal(good(client, "ManageKey", "('local/new', 'disable', @a{sv} {})")["state"], "disabled", "disabled")
    tap.equal(json.loads(daemon.kmsctl("--json", "key", "show", "local/new"))["state"], "disabled", "as kmsctl sees it")
    tap.equal(good(client, "GetKey", "('local/new', @a{sv} {})")["state"], "disabled", "as GetKey sees it")
    tap.equal([one["id"] for one in good(client, "ListKeys", "(@a{sv} {},)")], ["local/new"], "all keys")
    for operation, error in (("create", "AlreadyExists"), ("explode", "InvalidArgument")):
        client.bad(error, LOCAL, "ManageKey", f"('local/new', '{operation}', @a{{sv}} {{}})", interface=PROVIDER)
    client.bad("NotFound", LOCAL, "GetKey", "('local/none', @a{sv} {})", interface=PROVIDER)
    with open(daemon.path("root/state/audit/audit-00000000000000000001.jsonl"), encoding="utf-8") as file:
        found = [(one["operation"], one["outcome"]) for one in map(json.loads, file) if one["operation"] == "key-rotate"]
    tap.equal(found, [("key-rotate", "intent"), ("key-rotate", "done")], "the audit records")


def check_strangers(daemon):
    daemon.add_box("orders", f"EncryptFor=*\nManageFor=uid:{STRANGER}")
    daemon.start()
    client = daemon.client(STRANGER)
    for method, parameters in (("ListKeys", "(@a{sv} {},)"), ("GetKey", "('local/orders', @a{sv} {})"),
                               ("ManageKey", "('local/orders', 'delete', {'force': <true>})"), ("Check", "(@a{sv} {},)")):
        client.bad("NotAuthorized", LOCAL, method, parameters, interface=PROVIDER)
    rotated = client.good(f"{kmsd.BOXES}/orders", "RotateKey", "(@a{sv} {},)")[0][0]
    tap.equal(rotated["version"], "2", "the key of a box that the caller manages")
    daemon.client(STRANGER + 1).bad("NotAuthorized", f"{kmsd.BOXES}/orders", "RotateKey", "(@a{sv} {},)")


def check_findings(daemon):
    daemon.add_box("orders", "EncryptFor=*")
    daemon.start()
    found = good(daemon.client(), "Check", "({'key-id': <'local/orders'>},)")
    tap.equal((found["ok"], all("text" in one for one in found["findings"])), (True, True), f"the findings: {found}")


def check_access_is_explained(daemon):
    daemon.add_box("orders", f"EncryptFor=*\nDecryptFor=uid:1\nManageFor=uid:{STRANGER}")
    daemon.start()
    path = f"{kmsd.BOXES}/orders"
    own = daemon.client(2).good(path, "CheckAccess", "(@a{sv} {}, @a{sv} {})")[0][0]
    tap.equal((own["encrypt"], own["decrypt"]), ("yes", "no"), "of oneself")
    daemon.client(2).bad("NotAuthorized", path, "CheckAccess", "({'uid': <uint32 1>}, @a{sv} {})")
    other = daemon.client(STRANGER).good(path, "CheckAccess", "({'uid': <uint32 1>, 'gids': <[uint32 1]>}, @a{sv} {})")[0][0]
    tap.equal(other["decrypt"], "yes", "of another one")
    kmsd.wants(other["decrypt-why"], "uid 1", "DecryptFor", "orders.box")
    daemon.client(STRANGER).bad("InvalidArgument", path, "CheckAccess", "({'user': <'daemon'>}, @a{sv} {})")


def check_inspection(daemon):
    daemon.start()
    client = daemon.client()
    info = client.manager("InspectCiphertext", f"({kmsd.octets(b'v7:AAAA')}, @a{{sv}} {{}})")[0]
    tap.equal(info, {"format": "versioned", "version": 7}, "a stored string")


kmsd.main("keys", globals())
