# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A thousand connections, and callers that leave in the middle: others are served, and nothing is kept."""

import contextlib
import json
import os
import resource
import socket
import time

import kmsd
import tap
import wire
from polkit import Polkit

CROWD, SHOP, OTHER = 1000, 1, 2
QUOTA_CONNECTIONS, QUOTA_PIPES, QUOTA_CALLS = 256, 32, 2048
DECRYPT = "({}, @a{{ss}} {{}}, @a{{sv}} {{}})"
SECRET = b"marker-Bv5Nc1Xz7Lk4"


def until(condition, what):
    end = time.monotonic() + kmsd.PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise tap.Failure(f"not within {kmsd.PATIENCE} s: {what}")
        time.sleep(0.01)


def count_descriptors(daemon):
    return len(os.listdir(f"/proc/{daemon.daemon.pid}/fd"))


def is_served(client):
    return "error" not in client.call(kmsd.MANAGER, "ListBoxes", "(@a{sv} {},)", interface="org.libkms.Kms1.Manager")


def outcomes(daemon, operation):
    with open(daemon.path("root/state/audit/audit-00000000000000000001.jsonl"), encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines if line.endswith("\n")]
    return [one["outcome"] for one in found if one["operation"] == operation]


def start(daemon):
    kmsd.need_root()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 4096), most))
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=*")
    daemon.start()
    other = daemon.client(OTHER)
    return other, other.encrypt("orders", SECRET)


def crowd(daemon, place):
    """Half of them call, half of them only connect; the daemon or the bus may turn them away."""
    found, path = [], daemon.path("bus") if daemon.kind else daemon.socket
    for number in range(CROWD):
        one = None
        with contextlib.suppress(OSError):
            if number < CROWD // 2:
                one = wire.Connection(path, bus=daemon.kind is not None)
                found.append(one.agree())
                one.call("ListBoxes", "a{sv}", ({},), path=kmsd.MANAGER, interface="org.libkms.Kms1.Manager")
                continue
            one = socket.socket(socket.AF_UNIX)
            place.callback(one.close)
            one.connect(path)
    for one in found:
        place.callback(one.close)
    return len(found)


@kmsd.ways("system", None)
def check_thousand_connections(daemon):
    other, stored = start(daemon)
    until(lambda: is_served(other), "service before")
    before = count_descriptors(daemon)
    with contextlib.ExitStack() as place:
        admitted = crowd(daemon, place)
        tap.equal(admitted >= QUOTA_CONNECTIONS // 2, True, f"a crowd ({admitted} were admitted)")
        tap.equal(other.decrypt("orders", stored), SECRET, "what another user decrypts meanwhile")
        # Behind each connection to a private socket are two more: those of the gate and of GDBus.
        tap.equal(count_descriptors(daemon) <= before + 3 * QUOTA_CONNECTIONS + 16, True, "the descriptors of the crowd")
    until(lambda: count_descriptors(daemon) <= before, f"descriptors are {before} again")
    tap.equal(wire.decrypt(daemon.wire(), stored), SECRET, "what the crowd's user decrypts afterwards")
    tap.equal(daemon.stop(), 0, "the exit code")


@kmsd.ways("system")
def check_caller_that_leaves_while_polkit_is_asked(daemon):
    other, _ = start(daemon)
    daemon.add_box("asks", "EncryptFor=*\nDecryptFor=ask")
    daemon.client().manager("Reload", "(@a{sv} {},)")
    polkit, client = Polkit(daemon, "hang"), daemon.client(SHOP)
    stored = client.encrypt("asks", SECRET)
    before = count_descriptors(daemon)
    client.send(f"{kmsd.BOXES}/asks", "Decrypt", DECRYPT.format(kmsd.octets(stored)))
    question = polkit.read()
    client.leave()
    tap.equal(polkit.read(), ["CancelCheckAuthorization", question[5]], "the question is withdrawn")
    other.encrypt("orders", b"x")
    until(lambda: count_descriptors(daemon) <= before, f"descriptors are {before} again")
    tap.equal(daemon.stop(), 0, "the exit code")
    tap.equal("done" in outcomes(daemon, "decrypt"), False, "something was decrypted")


@kmsd.EVERYWHERE
def check_caller_that_leaves_while_its_pipe_is_read(daemon):
    other, _ = start(daemon)
    fifo = daemon.path("fifo")
    os.mkfifo(fifo)
    os.chmod(fifo, 0o666)
    holder = os.open(fifo, os.O_RDWR)
    done = len(outcomes(daemon, "encrypt"))
    client, second = daemon.client(SHOP), daemon.client(SHOP)
    before = count_descriptors(daemon)
    encrypt = (f"{kmsd.BOXES}/orders", "Encrypt", "(handle 0, @a{ss} {}, @a{sv} {})")
    client.send(*encrypt, descriptors=[("path", fifo.encode())], times=QUOTA_PIPES + 8)
    answers = []

    def is_answered(error):
        answers.append(second.call(*encrypt, descriptors=[("pipe", b"x")]).get("error"))
        return answers[-1] == error
    until(lambda: is_answered(kmsd.ERROR + "Quota"), "the quota is used up")
    client.leave()
    until(lambda: is_answered(None), "the quota is given back")
    os.close(holder)
    other.encrypt("orders", b"x")
    until(lambda: count_descriptors(daemon) <= before, f"descriptors are {before} again")
    tap.equal(daemon.stop(), 0, "the exit code")
    tap.equal(outcomes(daemon, "encrypt")[done:].count("done"), answers.count(None) + 1, "only what others encrypted was done")


@kmsd.EVERYWHERE
def check_caller_that_leaves_while_the_service_is_asked(daemon):
    module, gate = os.path.join(kmsd.BUILD, "tests/modules/kms-waits.so"), daemon.path("gate")
    daemon.write("root/admin/providers.d/waits.provider",
                 f"[Provider]\nModule={module}\nAbi=1\nPrefixes=waits/\n[Settings]\nGate={gate}\n")
    daemon.add_box("late", "EncryptFor=*\nDecryptFor=*", key_id="waits/key")
    other, _ = start(daemon)
    client, second = daemon.client(SHOP), daemon.client(SHOP)
    # A bus lets fewer calls of one connection wait than kmsd does.
    times = 100 if daemon.kind else QUOTA_CALLS
    client.send(f"{kmsd.BOXES}/late", "Decrypt", DECRYPT.format(kmsd.octets(b"v1:c2VjcmV0")), times=times)
    until(lambda: os.path.exists(f"{gate}.waiting"), "the service is asked")
    if daemon.kind is None:
        until(lambda: not is_served(second), "the quota is used up")
    other.encrypt("orders", b"x")
    client.leave()
    until(lambda: is_served(second), "the quota is given back")
    until(lambda: "failed" in outcomes(daemon, "decrypt"), "kmsd knows that the caller left")
    daemon.write("gate", "")
    second.decrypt("late", second.encrypt("late", SECRET))
    other.encrypt("orders", b"x")
    tap.equal(daemon.stop(), 0, "the exit code")
    tap.equal(outcomes(daemon, "decrypt").count("done"), 1, "only what the second caller decrypted was done")


kmsd.main("crowd", globals())
