# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Services and modules that take their time: who needs them waits, the others don't, and lockdown holds for who waits."""

import json
import os
import time

import kmsd
import tap

LOCKDOWN = "org.libkms.Kms1.Lockdown"
DECRYPT = "({}, @a{{ss}} {{}}, @a{{sv}} {{}})"


def add_waiting(daemon, settings, more=""):
    """A box whose provider opens or answers when a file is there: see mock-waits.c."""
    module = os.path.join(kmsd.BUILD, "tests/modules/kms-waits.so")
    daemon.write("root/admin/providers.d/waits.provider",
                 f"[Provider]\nModule={module}\nAbi=1\nPrefixes=waits/\n{more}\n[Settings]\n{settings}\n")
    daemon.add_box("late", "EncryptFor=*\nDecryptFor=*\nManageFor=*", key_id="waits/key")
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=*")


def until_there(path):
    end = time.monotonic() + kmsd.PATIENCE
    while not os.path.exists(path):
        if time.monotonic() > end:
            raise tap.Failure(f"{path} did not appear")
        time.sleep(0.01)


def outcomes(daemon, box):
    name = os.listdir(daemon.path("root/state/audit"))
    found = []
    for file in sorted(one for one in name if one.endswith(".jsonl")):
        with open(daemon.path(f"root/state/audit/{file}"), encoding="utf-8") as lines:
            found += [json.loads(line) for line in lines]
    return [(one["operation"], one["outcome"], one.get("error")) for one in found if one.get("box") == box]


def encrypt_late(client):
    client.send(f"{kmsd.BOXES}/late", "Encrypt", "(handle 0, @a{ss} {}, @a{sv} {})", descriptors=[("pipe", b"secret")])


@kmsd.ways("session", None)
def check_module_that_opens_slowly(daemon):
    gate = daemon.path("gate")
    add_waiting(daemon, f"OpenGate={gate}")
    daemon.start()
    first, second, other = daemon.client(), daemon.client(), daemon.client()
    encrypt_late(first)
    until_there(f"{gate}.waiting")
    encrypt_late(second)
    other.encrypt("orders", b"x")
    # Keys are asked for through the same provider.
    third = daemon.client()
    third.send("/org/libkms/Kms1/providers/waits", "ListKeys", "(@a{sv} {},)", interface="org.libkms.Kms1.Provider")
    other.encrypt("orders", b"x")
    daemon.write("gate", "")
    for client in (first, second):
        tap.equal("error" in client.read(), False, "who waited for the module")
    tap.equal(third.read()["error"], kmsd.ERROR + "NotSupported", "a provider without keys, when it is open")


@kmsd.ways("session", None)
def check_administration_that_hangs(daemon):
    """Takes no more than a few of the threads that everybody needs, and the others are refused at once."""
    gate = daemon.path("gate")
    add_waiting(daemon, f"OpenGate={gate}")
    daemon.start()
    client, second = daemon.client(), daemon.client()
    provider = ("/org/libkms/Kms1/providers/waits", "Check", "(@a{sv} {},)")
    client.send(*provider, interface="org.libkms.Kms1.Provider", times=20)
    until_there(f"{gate}.waiting")
    kmsd.wants(second.bad("Quota", *provider, interface="org.libkms.Kms1.Provider"), "4 calls of administration")
    second.encrypt("orders", b"x")
    daemon.write("gate", "")
    tap.equal(client.read()["answers"], {"ok": 4, kmsd.ERROR + "Quota": 16}, "the answers")
    second.good(*provider, interface="org.libkms.Kms1.Provider")


def check_module_that_can_not_be_opened(daemon):
    """Each call gets the reason, and of a batch each item."""
    add_waiting(daemon, "Gate=/nowhere", more="CallTimeout=never")
    daemon.start()
    client = daemon.client()
    kmsd.wants(client.encrypt("late", b"x", expect="Config"), "CallTimeout")
    answer = client.good(f"{kmsd.BOXES}/late", "RewrapBatch", "(@aay [b'v1:YQ==', b'v1:Yg=='], @aa{ss} [], @a{sv} {})")[0]
    tap.equal([one["error"] for one in answer[1]], [kmsd.ERROR + "Config"] * 2, "of the items")
    client.encrypt("orders", b"x")


@kmsd.ways("session", None)
def check_lockdown_while_the_service_is_asked(daemon):
    gate = daemon.path("gate")
    add_waiting(daemon, f"Gate={gate}")
    daemon.write("gate", "")
    daemon.start()
    client, root = daemon.client(), daemon.client()
    stored = client.encrypt("late", b"secret")
    tap.equal(client.decrypt("late", stored), b"secret", "before")
    os.unlink(gate)
    os.unlink(f"{gate}.waiting")
    client.send(f"{kmsd.BOXES}/late", "Decrypt", DECRYPT.format(kmsd.octets(stored)))
    until_there(f"{gate}.waiting")
    root.good(kmsd.MANAGER, "Engage", "('encrypt-only', 'an attack', @a{sv} {})", interface=LOCKDOWN)
    daemon.write("gate", "")
    answer = client.read()
    tap.equal((answer.get("error"), answer.get("secrets")), (kmsd.ERROR + "LockedDown", None), "what comes back")
    kmsd.wants(answer["message"], "an attack")
    tap.equal(outcomes(daemon, "late")[-2:], [("decrypt", "intent", None), ("decrypt", "refused", "locked-down")],
              "the records")


def check_lockdown_while_the_module_opens(daemon):
    """Then the service is not even asked."""
    open_gate, gate = daemon.path("open-gate"), daemon.path("gate")
    add_waiting(daemon, f"OpenGate={open_gate}\nGate={gate}")
    daemon.start()
    client, root = daemon.client(), daemon.client()
    client.send(f"{kmsd.BOXES}/late", "Decrypt", DECRYPT.format(kmsd.octets(b"v1:c2VjcmV0")))
    until_there(f"{open_gate}.waiting")
    root.good(kmsd.MANAGER, "Engage", "('sealed', 'an attack', @a{sv} {})", interface=LOCKDOWN)
    daemon.write("open-gate", "")
    tap.equal(client.read().get("error"), kmsd.ERROR + "LockedDown", "what comes back")
    tap.equal(os.path.exists(f"{gate}.waiting"), False, "the service was asked")


@kmsd.ways("session", None)
def check_a_thousand_calls(daemon):
    """More than are worked at wait for their turn, and are answered; another connection does not notice."""
    gate = daemon.path("gate")
    add_waiting(daemon, f"Gate={gate}", more="MaxInFlight=128")
    daemon.write("gate", "")
    daemon.start()
    clients, other = [daemon.client() for _ in range(8)], daemon.client()
    stored = other.encrypt("late", b"secret")
    os.unlink(gate)
    for client in clients:
        client.send(f"{kmsd.BOXES}/late", "Decrypt", DECRYPT.format(kmsd.octets(stored)), times=125)
    until_there(f"{gate}.waiting")
    other.encrypt("orders", b"x")
    daemon.write("gate", "")
    tap.equal([client.read()["answers"] for client in clients], [{"ok": 125}] * 8, "the answers")


@kmsd.ways("session", None)
def check_64_of_a_connection_are_worked_at(daemon):
    """The others stand nowhere yet, and another connection of the same user is served."""
    gate = daemon.path("gate")
    add_waiting(daemon, f"Gate={gate}", more="MaxInFlight=1000")
    daemon.start()
    client, other = daemon.client(), daemon.client()
    client.send(f"{kmsd.BOXES}/late", "Decrypt", DECRYPT.format(kmsd.octets(b"v1:c2VjcmV0")), times=120)
    end = time.monotonic() + kmsd.PATIENCE
    while len(outcomes(daemon, "late")) < 64:
        tap.equal(time.monotonic() < end, True, "64 are worked at")
        time.sleep(0.01)
    other.encrypt("orders", b"x")
    tap.equal(outcomes(daemon, "late"), [("decrypt", "intent", None)] * 64, "the records")
    daemon.write("gate", "")
    tap.equal(client.read()["answers"], {"ok": 120}, "the answers")


def check_more_than_a_user_may_have(daemon):
    """The last ones of very many are refused at once, and another user is not."""
    gate = daemon.path("gate")
    add_waiting(daemon, f"Gate={gate}")
    daemon.start()
    client = daemon.client(1)
    client.send(f"{kmsd.BOXES}/late", "Encrypt", "(handle 0, @a{ss} {}, @a{sv} {})", descriptors=[("pipe", b"x")], times=2148)
    until_there(f"{gate}.waiting")
    second = daemon.client(1)
    end = time.monotonic() + kmsd.PATIENCE
    while "error" not in second.call(kmsd.MANAGER, "ListBoxes", "(@a{sv} {},)", interface="org.libkms.Kms1.Manager"):
        tap.equal(time.monotonic() < end, True, "the user's quota is used up")
    daemon.client(2).encrypt("orders", b"x")
    daemon.write("gate", "")
    tap.equal(client.read()["answers"], {"ok": 2048, kmsd.ERROR + "Quota": 100}, "the answers")
    second.encrypt("orders", b"x")


def until_recorded(daemon, box):
    end = time.monotonic() + kmsd.PATIENCE
    while not outcomes(daemon, box):
        if time.monotonic() > end:
            raise tap.Failure(f"no call of {box} has a record")
        time.sleep(0.01)


def check_caller_that_leaves_with_calls_waiting(daemon):
    """They are not worked at, and others come at their turn."""
    gate = daemon.path("gate")
    add_waiting(daemon, f"Gate={gate}")
    daemon.start()
    client = daemon.client(1)
    client.send(f"{kmsd.BOXES}/late", "Encrypt", "(handle 0, @a{ss} {}, @a{sv} {})", descriptors=[("pipe", b"x")], times=500)
    until_there(f"{gate}.waiting")
    client.leave()
    until_recorded(daemon, "late")  # kmsd noticed, and gave up those that it worked at
    daemon.write("gate", "")
    daemon.client(1).encrypt("late", b"x")
    tap.equal(len(outcomes(daemon, "late")) <= 65, True, "those that waited are not done")


def check_services_have_intents(daemon):
    """What a service decrypts is in the log before it is asked; each outcome names its intent."""
    gate = daemon.path("gate")
    daemon.write("gate", "")
    add_waiting(daemon, f"Gate={gate}")
    daemon.start()
    client = daemon.client()
    stored = kmsd.octets(client.encrypt("late", b"secret"))[4:]
    for contexts in ("{}, {}", ""):
        client.good(f"{kmsd.BOXES}/late", "DecryptBatch", f"(@aay [{stored}, {stored}], @aa{{ss}} [{contexts}], @a{{sv}} {{}})")
    with open(daemon.path("root/state/audit/audit-00000000000000000001.jsonl"), encoding="utf-8") as lines:
        found = [one for one in map(json.loads, lines) if one["operation"] == "decrypt"]
    tap.equal([(one["outcome"], one.get("items")) for one in found],
              [("intent", None)] * 2 + [("done", None)] * 2 + [("intent", 2), ("done", 2)], "the records")
    tap.equal([found[index]["intent"] for index in (2, 3, 5)], [found[index]["sequence"] for index in (0, 1, 4)],
              "what the outcomes name")


kmsd.main("slow", globals())
