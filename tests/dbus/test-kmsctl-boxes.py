# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kmsctl on kmsd's boxes: what there is, how a target is made of one, and how kmsd is found, or not, in bounded time."""

import glob
import json
import os
import shutil
import socket
import sqlite3
import time

import command
import kmsd
import polkit as polkit_double
import tap

STRANGER = 3

# Stands in for the provider that speaks to kmsd: a target's strings show which version and context they were made with.
STAND_IN = "[Provider]\nModule=kms-local.so\nAbi=1\nPrefixes=system/;session/;socket:\n"


def start(daemon, lines="EncryptFor=*\nDecryptFor=*\nDescription=What is ordered"):
    daemon.add_box("orders", lines)
    daemon.add_box("hidden", "EncryptFor=uid:12345")
    daemon.start()
    return command.Command(daemon)


def use_stand_in(daemon):
    shutil.copy(os.path.join(kmsd.BUILD, "plugins/local/kms-local.so"), daemon.path("programs"))
    daemon.write("client/package/providers.d/kmsd.provider", STAND_IN)


@kmsd.EVERYWHERE
def check_list_and_show(daemon):
    root = start(daemon, "EncryptFor=*\nDecryptFor=uid:0\nRequireContext=id;table")
    stranger = command.Command(daemon, uid=STRANGER)
    found = stranger.json("box", "list")["boxes"]
    tap.equal([(box["name"], box["state"], box["version"], box["encrypt"], box["decrypt"]) for box in found],
              [("orders", "enabled", "1", "yes", "no")], "boxes of a stranger")
    tap.equal(stranger.good("--quiet", "box", "list"), b"orders\n", "names for completions")
    shown = stranger.json("box", "show", "orders")
    tap.equal((shown["require_context"], shown["lockdown"], shown["versions"]),
              (["id", "table"], "normal", [{"version": "1", "current": True}]), "a box")
    kmsd.wants(stranger.bad(3, "box", "show", "hidden"), "hidden")
    kmsd.wants(root.good("box", "show", "orders").decode(), "Requires context", "id, table")


def check_keys(daemon):
    root = start(daemon)
    tap.equal(sorted(key["id"] for key in root.json("key", "list")["keys"]), ["local/hidden", "local/orders"], "keys")
    tap.equal(len(root.json("key", "list", "local")["keys"]), 2, "keys of a provider")
    kmsd.wants(root.bad(3, "key", "list", "nothing"), "no provider \"nothing\"")
    command.Command(daemon, uid=STRANGER).bad(4, "key", "list", "local")


def check_no_provider(daemon):
    """Nothing speaks to kmsd here: that is said before anything is read."""
    root = start(daemon)
    os.unlink(daemon.path("client/package/providers.d/kmsd.provider"))
    kmsd.wants(root.bad(3, "encrypt", "orders", data=b"secret"), "no provider speaks to kmsd", "install", "provider list")


def check_targets(daemon):
    root = start(daemon)
    kmsd.wants(root.bad(2, "encrypt", "--key=local/x"), "--key", "boxes only")
    kmsd.wants(root.bad(2, "encrypt", env={"KMS_KEY_ID": "local/x"}), "needs a box of kmsd")
    use_stand_in(daemon)
    stranger = command.Command(daemon, uid=STRANGER)
    kmsd.wants(stranger.bad(3, "encrypt", "hidden", data=b"x"), "no box \"hidden\"")
    kmsd.wants(root.bad(2, "encrypt", "orders", "--as-version=2", data=b"x"), "--as-version")


@kmsd.ways("system", "session")
def check_a_target_is_made_of_what_kmsd_tells(daemon):
    """No box file is read, and the string has the version that kmsd's box writes."""
    daemon.kmsctl("key", "create", "local/old")
    daemon.kmsctl("key", "create", "local/new")
    daemon.write("root/admin/boxes.d/orders.box", "[Box]\nVersion=7\nEncryptFor=*\nDecryptFor=*\nRequireContext=id\n"
                 "[Version 7]\nKeyId=local/new\n[Version 3]\nKeyId=local/old\n")
    daemon.start()
    root = command.Command(daemon)
    use_stand_in(daemon)
    root.good("key", "create", {"system": "system/", "session": "session/"}[daemon.kind] + "orders", plain=True)
    stored = root.good("encrypt", "orders", "-c", "id=1", data=b"secret")
    tap.equal(stored[:3], b"v7:", "the version")
    tap.equal(root.good("decrypt", "orders", "-c", "id=1", data=stored), b"secret", "decrypted")
    root.bad(6, "encrypt", "orders", data=b"secret")
    inspected = root.json("inspect", "orders", data=b"v3:" + stored[3:])
    tap.equal((inspected["version"], inspected["active"], inspected["current"]), ("3", True, False), "an old version")


@kmsd.EVERYWHERE
def check_status(daemon):
    root = start(daemon)
    name = {"system": "system", "session": "session"}.get(daemon.kind, daemon.socket)
    found, = root.json("status")["daemons"]
    tap.equal((found["name"], found["state"], found["lockdown"]), (name, "running", "normal"), "the one that is named")
    root.good("lockdown", "engage", "--reason=x")
    findings = {finding["topic"]: finding for finding in json.loads(root.run("--json", "doctor").stdout)["findings"]}
    kmsd.wants(findings[f"kmsd ({name})"]["finding"], "encrypt-only")
    tap.equal(findings[f"kmsd ({name})"]["severity"], "warning", "doctor")


def check_status_without_any(daemon):
    root = command.Command(daemon)
    states = {each["name"]: each["state"] for each in root.json("status", plain=True)["daemons"]}
    tap.equal(states, {"system": "no-bus", "session": "no-bus"}, "no bus at all")


@kmsd.ways("system", "session")
def check_status_starts_nobody(daemon):
    root = command.Command(daemon)

    def state():
        return {each["name"]: each["state"] for each in root.json("status", plain=True)["daemons"]}[daemon.kind]

    tap.equal(state(), "not-installed", "nobody, and nobody to start")
    witness = daemon.path("started")
    daemon.write("services/org.libkms.Kms1.service",
                 f"[D-BUS Service]\nName=org.libkms.Kms1\nExec=/usr/bin/touch {witness}\nUser=root\n")
    os.kill(daemon.processes[0].pid, 1)  # dbus-daemon reads its files again
    end = time.monotonic() + kmsd.PATIENCE
    while state() == "not-installed" and time.monotonic() < end:
        time.sleep(0.05)
    tap.equal((state(), os.path.exists(witness)), ("activatable", False), "somebody who could be started")


def check_status_of_a_bus_that_hangs(daemon):
    """Nobody answers behind these sockets; both are looked at together."""
    root = command.Command(daemon)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(daemon.path("silent"))
        silent.listen(8)
        address = f"unix:path={daemon.path('silent')}"
        env = {"DBUS_SYSTEM_BUS_ADDRESS": address, "DBUS_SESSION_BUS_ADDRESS": address}
        found = root.json("status", plain=True, env=env)["daemons"]
    tap.equal([each["state"] for each in found], ["no-answer", "no-answer"], "states")


def check_no_bus_but_a_socket(daemon):
    """--user without a bus: the private socket in the user's runtime directory."""
    os.makedirs(daemon.path("run/kmsd"))
    daemon.socket = daemon.path("run/kmsd/private")
    start(daemon)
    root = command.Command(daemon)
    env = {"XDG_RUNTIME_DIR": daemon.path("run"), "DBUS_SESSION_BUS_ADDRESS": None}
    kmsd.wants([box["name"] for box in root.json("--user", "box", "list", plain=True, env=env)["boxes"]], "orders")
    states = {each["name"]: each["state"] for each in root.json("status", plain=True, env=env)["daemons"]}
    tap.equal(states["session"], "running", "status")


def check_what_is_direct_calls_no_bus(daemon):
    """Buses that would be seen: whoever connects is counted."""
    root = command.Command(daemon)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(daemon.path("bus-of-nobody"))
        listener.listen(8)
        listener.setblocking(False)
        address = f"unix:path={daemon.path('bus-of-nobody')}"
        env = {"DBUS_SYSTEM_BUS_ADDRESS": address, "DBUS_SESSION_BUS_ADDRESS": address,
               "KMS_CONFIG_ROOT": daemon.path("root")}
        daemon.kmsctl("key", "create", "local/x")
        root.good("--version", plain=True, env=env)
        root.good("encrypt", "local/x", data=b"secret", plain=True, env=env)
        root.good("box", "list", plain=True, env=env)
        try:
            listener.accept()
        except BlockingIOError:
            return
    raise tap.Failure("somebody connected")


def check_an_attack(daemon):
    """A burst of decrypts engages the lockdown, which outlives kmsd, and ends with a reason."""
    daemon.write("root/admin/kms.conf", "[Alert]\nDecrypts=5\nWindow=60\nAction=encrypt-only\n")
    root = start(daemon)
    client = daemon.client()
    stored = client.encrypt("orders", b"secret")
    for _ in range(5):
        client.decrypt("orders", stored)
    client.decrypt("orders", stored, expect="LockedDown")
    found = root.json("lockdown", "status")
    tap.equal((found["mode"], found["by"]), ("encrypt-only", "alert"), "after the burst")
    kmsd.until(lambda: glob.glob(daemon.path("root/state/lockdown*")), "the lockdown on the disk")
    daemon.daemon.kill()
    daemon.daemon.wait()
    daemon.start()
    tap.equal(root.json("lockdown", "status")["mode"], "encrypt-only", "after kill -9")
    kmsd.wants(root.good("audit", "query", "--operation=alert").decode(), "alert", "encrypt-only")
    root.good("lockdown", "release", "--reason=a test of ours")
    tap.equal(daemon.client().decrypt("orders", stored), b"secret", "released")
    kmsd.wants(root.good("audit", "query", "--operation=lockdown-release").decode(), "a test of ours")


AGENT = """#!/bin/sh
echo "$@" >> {seen}
exec sleep 600 3>&-
"""


@kmsd.ways("system")
def check_the_text_agent(daemon):
    """It is started on a terminal, when polkit wants to know who is there; never otherwise, and it is gone afterwards."""
    import polkit_terminal  # pylint: disable=import-outside-toplevel
    start(daemon)
    seen = daemon.path("seen")
    stranger = command.Command(daemon, uid=STRANGER)
    open(seen, "w", encoding="utf-8").close()
    os.chmod(seen, 0o666)
    daemon.write("programs/pkttyagent", AGENT.format(seen=seen), 0o755)
    polkit_terminal.start_polkitd(daemon, "challenge")
    path = f"{stranger.programs}:{os.environ['PATH']}"
    for options in (["--json"], ["--no-ask"], []):
        stranger.bad(4, *options, "lockdown", "engage", "--reason=x", env={"PATH": path})
    tap.equal(open(seen, encoding="utf-8").read(), "", "without a terminal")
    stranger_line = stranger.line("--system", "--no-ask", "lockdown", "engage", "--reason=x")
    tap.equal(polkit_terminal.run(stranger_line, stranger.environment(PATH=path)), 4, "--no-ask on a terminal")
    tap.equal(open(seen, encoding="utf-8").read(), "", "--no-ask")
    stranger_line.remove("--no-ask")
    tap.equal(polkit_terminal.run(stranger_line, stranger.environment(PATH=path)), 4, "nobody answered")
    words = open(seen, encoding="utf-8").read()
    kmsd.wants(words, "--process=", "--notify-fd 3", "--fallback")
    tap.equal(words.count("\n"), 1, "agents")
    process = int(words.split("--process=")[1].split()[0])
    tap.equal(os.path.exists(f"/proc/{process}"), False, "kmsctl ended")


MODEL = """[Model]
Table=users
LockVersion=lock_version
Database=sqlite:{database}
[Key kms_key]
Box=orders
Complete=true
[Attribute email]
Key=kms_key
Format=lockbox
"""


def add_table(daemon):
    """A model of everybody's, and its table, which everybody may write to."""
    store = os.path.join(kmsd.BUILD, "plugins/store-sqlite/kms-store-sqlite.so")
    if not os.path.exists(store):
        raise tap.Skip("the store for SQLite is not built")
    shutil.copy(store, daemon.path("programs"))
    os.makedirs(daemon.path("table"))
    database = daemon.path("table/users.sqlite3")
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, encrypted_kms_key TEXT, email_ciphertext TEXT, "
                           "lock_version INTEGER NOT NULL DEFAULT 0)")
    os.chmod(daemon.path("table"), 0o777)
    os.chmod(database, 0o666)
    daemon.write("client/admin/models.d/user.model", MODEL.format(database=database))


@kmsd.ways("system")
def check_the_text_agent_of_records(daemon):
    """It is there for whatever a command asks of the box: an attribute is set under a key that has to be decrypted."""
    import polkit_terminal  # pylint: disable=import-outside-toplevel
    start(daemon, "EncryptFor=*\nDecryptFor=ask\nRewrapFor=ask")
    stranger = command.Command(daemon, uid=STRANGER)
    add_table(daemon)
    seen = daemon.path("seen")
    daemon.write("programs/pkttyagent", AGENT.format(seen=seen), 0o755)
    polkit_terminal.start_polkitd(daemon, "challenge")
    daemon.write("table/value", "ada@example.org")
    value = f"email=@{daemon.path('table/value')}"
    path = f"{stranger.programs}:{os.environ['PATH']}"
    for code, n_agents, arguments in (
            (0, 0, ["create", "user", value]), (4, 1, ["set", "user", "1", value]),
            (0, 0, ["set", "user", "1", value, "--new-key"]), (4, 1, ["get", "user", "1"]), (4, 1, ["rewrap", "user", "--all"]),
            (0, 0, ["rewrap", "user", "--dry-run"]), (4, 1, ["rekey", "user", "--all"]), (4, 1, ["verify", "user"]),
            (0, 0, ["status", "user"])):
        open(seen, "w", encoding="utf-8").close()
        os.chmod(seen, 0o666)
        line = stranger.line("--system", "record", *arguments)
        tap.equal(polkit_terminal.run(line, stranger.environment(PATH=path)), code, f"exit code of {arguments}")
        tap.equal(open(seen, encoding="utf-8").read().count("\n"), n_agents, f"agents of {arguments}")


def polkit_flags(polkit, action):
    """With which polkit was asked for that action: 1 where it may ask the user."""
    while True:
        asked = polkit.read()
        if asked is None:
            raise tap.Failure(f"polkit was not asked for {action}")
        if asked[0] == "CheckAuthorization" and asked[2] == f"org.libkms.kms1.{action}":
            return asked[4]


@kmsd.ways("system")
def check_nobody_is_asked(daemon):
    """--no-ask and --json reach polkit through the provider, too, in encrypting as in administration."""
    start(daemon, "EncryptFor=*\nDecryptFor=ask\nManageFor=ask")
    stranger = command.Command(daemon, uid=STRANGER)
    stored = stranger.good("encrypt", "orders", data=b"secret")
    with_polkit = polkit_double.Polkit(daemon, "allow")
    daemon.write("client/user/boxes.d/mine.box", "[Box]\nVersion=1\n[Version 1]\nKeyId=system/orders\n")
    for options, flag in (([], 1), (["--no-ask"], 0), (["--json"], 0)):
        stranger.good(*options, "decrypt", "orders", data=stored)
        tap.equal(polkit_flags(with_polkit, "decrypt"), flag, f"decrypt {options}")
        stranger.good("--direct", *options, "decrypt", "mine", data=stored, plain=True)
        tap.equal(polkit_flags(with_polkit, "decrypt"), flag, f"decrypt with a box of one's own {options}")
        stranger.good("--direct", *options, "key", "rotate", "system/orders", plain=True)
        tap.equal(polkit_flags(with_polkit, "rotate"), flag, f"rotate {options}")
    with_polkit.end()


kmsd.main("kmsctl-boxes", globals())
