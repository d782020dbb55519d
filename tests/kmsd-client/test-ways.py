# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whichever way a value takes, through kmsd or not, it is the same value; and the ways that there are when one is missing."""

import base64
import json
import os
import sqlite3

import client
import kmsd
import tap

ALL = "EncryptFor=*\nDecryptFor=*\nRewrapFor=*\nManageFor=*"
DATABASE = os.path.join(kmsd.SOURCE, "tests/fixtures/rails-app.sqlite3")
NO_BUS = "unix:path=/nonexistent/bus"


def start(daemon):
    """With a box "one" and a box "two", which encrypt nothing and show what was authenticated, as version 1 and 2."""
    daemon.write("root/admin/kms.conf", "[Daemon]\nAllowInsecure=true\n")
    for name, version in (("one", 1), ("two", 2)):
        daemon.write(f"root/admin/boxes.d/{name}.box",
                     f"[Box]\nVersion={version}\n{ALL}\n[Version {version}]\nKeyId=insecure-test-key\n")
    daemon.start()
    return client.User(daemon)


def row_keys():
    """Some of each kind that a Rails application wrote: (stored string, version, context for kmsctl)."""
    database = sqlite3.connect(f"file:{DATABASE}?mode=ro", uri=True)
    database.row_factory = sqlite3.Row
    for row in database.execute("select * from users where encrypted_kms_key is not null order by id limit 5 offset 28"):
        owner = [f"model_name={row['type'] or 'User'}", f"model_id={row['id']}"]
        yield row["encrypted_kms_key"], 1, owner
        yield row["encrypted_kms_key_phone"], 1, owner
        if row["encrypted_kms_key_street"].startswith("v1:"):
            yield row["encrypted_kms_key_street"], 1, [":version:=1", f'"Name"={row["name"]}']
        else:
            yield row["encrypted_kms_key_street"], 2, ["version:=2", f"model_id={row['id']}"]


@kmsd.ways("session")
def check_rows_of_rails(daemon):
    """A row's key is the one that is found without kmsd, and what is encrypted through it is what the gem wrote."""
    user = start(daemon)
    rows, versions = list(row_keys()), set()
    for stored, version, context in rows:
        options = [word for pair in context for word in ("-c", pair)]
        box = ["one", "two"][version - 1]
        through = user.run("--user", "decrypt", box, *options, data=stored.encode())
        directly = daemon.kmsctl("--direct", "decrypt", "--key", "insecure-test-key", *options, data=stored.encode())
        tap.equal((through, len(through)), (directly, 32), f"the key of {stored}")
        written = user.run("--user", "encrypt", box, *options, data=through)
        tap.equal(written.decode().strip(), stored.strip(), "encrypted through kmsd")
        tap.equal(daemon.kmsctl("--direct", "decrypt", "--key", "insecure-test-key", *options, data=written), through,
                  "read without it")
        versions.add((version, len(context)))
    tap.equal((len(rows), versions), (15, {(1, 2), (2, 2)}), "what was tried")


@kmsd.ways("session", None)
def check_names_of_ruby(daemon):
    """Strings come before symbols: the order of the bytes tells kmsd which they were."""
    user = start(daemon)
    daemon.write("root/admin/boxes.d/direct.box", "[Box]\nVersion=1\n[Version 1]\nKeyId=insecure-test-key\n")
    user.add_box("one")
    for names in (['"b"=1', ":a=2"], ['"b"=1', '"d"=5', ":a=2", ":c=3"], [":b=1", ":a=2"], ['"x y"=1', ":a=2"],
                  ['"a"=1', '"c"=2', ":a=3", ":b=4"]):
        options = [word for pair in names for word in ("-c", pair)]
        written = user.run("encrypt", "one", *options, data=b"x")
        tap.equal(written, daemon.kmsctl("encrypt", "direct", *options, data=b"x"), f"{names}")
        tap.equal(user.run("decrypt", "one", *options, data=written), b"x", f"{names}, read again")


def stored_with(text, secret=b"x"):
    """As the gem writes it in tests."""
    parts = [base64.b64decode("insecure+data+A="), base64.b64encode(secret), base64.encodebytes(text)]
    return b"v1:" + base64.b64encode(b":".join(parts))


@kmsd.ways("session")
def check_forms(daemon):
    """No context, one without names, and what stood in contexts before stored strings had versions."""
    user = start(daemon)
    daemon.write("nested", '{"a":{"b":[1,null]}}')
    daemon.write("empty", "{}")
    nested, empty = f"--context-file={daemon.path('nested')}", f"--context-file={daemon.path('empty')}"
    tap.equal(user.run("--user", "decrypt", "one", nested, data=stored_with(b'{"a":{"b":[1,null]}}')), b"x", "nested")
    without, with_none = user.run("--user", "encrypt", "one", data=b"x"), user.run("--user", "encrypt", "one", empty, data=b"x")
    tap.equal(with_none.strip(), stored_with(b"{}"), "a context without names")
    tap.equal(without != with_none, True, "none is another one")
    for options, stored in (([], without), ([empty], with_none)):
        tap.equal(user.run("--user", "decrypt", "one", *options, data=stored), b"x", f"{options}")
        tap.equal(daemon.kmsctl("decrypt", "--key", "insecure-test-key", *options, data=stored), b"x", f"{options}, directly")
    user.fail(6, "--user", "decrypt", "one", empty, data=without)
    user.fail(6, "--user", "decrypt", "one", nested, data=with_none)


@kmsd.EVERYWHERE
def check_from_box_to_box(daemon):
    """A box whose next version is another box of kmsd: rewrapping decrypts with the one, and encrypts with the other."""
    for name in ("old", "new"):
        daemon.kmsctl("key", "create", f"local/{name}")
    daemon.write("root/admin/boxes.d/old.box", f"[Box]\nVersion=1\n{ALL}\n[Version 1]\nKeyId=local/old\n")
    daemon.write("root/admin/boxes.d/new.box", f"[Box]\nVersion=2\n{ALL}\n[Version 2]\nKeyId=local/new\n")
    daemon.start()
    user = client.User(daemon)
    user.add_box("mine", box="old")
    stored = user.run("encrypt", "mine", "-c", "id=1", data=b"secret")
    daemon.write("client/admin/boxes.d/mine.box", f"[Box]\nVersion=2\n[Version 1]\nKeyId={user.place}old\n"
                 f"[Version 2]\nKeyId={user.place}new\n")
    moved = user.run("rewrap", "mine", "-c", "id=1", "--new-context", "id=2", data=stored)
    tap.equal(moved[:3], b"v2:", "the version")
    tap.equal(daemon.kmsctl("decrypt", "new", "-c", "id=2", data=moved), b"secret", "the other box")


@kmsd.ways("session")
def check_no_bus(daemon):
    """The private socket stands in for the bus where there is none, and only there."""
    user = start(daemon)
    os.makedirs(daemon.path("runtime/kmsd"))
    os.symlink(daemon.socket, daemon.path("runtime/kmsd/private"))
    env = {"XDG_RUNTIME_DIR": daemon.path("runtime")}
    user.more = {**env, "DBUS_SESSION_BUS_ADDRESS": NO_BUS}
    stored = user.run("--user", "encrypt", "one", data=b"secret")
    tap.equal(user.run("--user", "decrypt", "one", data=stored), b"secret", "without a bus")
    kmsd.wants(user.run("doctor", "--key", "session/one").decode(), "private socket, for want of a bus")
    user.more = env
    daemon.stop()
    kmsd.wants(user.fail(7, "--user", "encrypt", "one", data=b"x"), "session bus")
    user.more = {**env, "DBUS_SESSION_BUS_ADDRESS": NO_BUS}
    kmsd.wants(user.fail(7, "--user", "encrypt", "one", data=b"x"), "session bus", "is there a session bus")


@kmsd.EVERYWHERE
def check_doctor(daemon):
    """What is there, and what this user may do with it; and what is not."""
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=uid:61009")
    daemon.start()
    user = client.User(daemon)

    def findings(key_id, code=0):
        done = user.try_run("--json", "doctor", "--key", key_id)
        tap.equal(done.returncode, code, f"doctor {key_id} ({done.stderr.decode()})")
        return json.dumps(json.loads(done.stdout))

    key_id = f"{user.place}orders"
    kmsd.wants(findings(key_id), "kmsd at", "answers", "this user: 1", f"{key_id} encrypt: yes: uid", f"{key_id} decrypt: no", "DecryptFor")
    kmsd.wants(findings(f"{user.place}nothing", 1), "no box", "nothing")
    daemon.client().good(f"{kmsd.BOXES}/orders", "Engage", "('sealed', 'why not', @a{sv} {})",
                         interface="org.libkms.Kms1.Lockdown")
    kmsd.wants(findings(key_id), "is in lockdown: sealed")
    daemon.stop()
    kmsd.wants(findings(key_id, 1), "kmsd" if daemon.kind else daemon.socket)


kmsd.main("ways", globals())
