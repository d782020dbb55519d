# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What stands in the audit log after calls through kmsd, and who may read it."""

import glob
import json
import os
import time

import kmsd
import tap

AUDIT = "org.libkms.Kms1.Audit"
SHOP, READER, STRANGER = 1, 2, 3


def log_files(daemon):
    return sorted(glob.glob(daemon.path("root/state/audit/audit-*.jsonl")))


def records(daemon):
    found = []
    for name in log_files(daemon):
        with open(name, encoding="utf-8") as file:
            found += [json.loads(line) for line in file if line.startswith("{")]
    return found


def of_box(daemon, box="orders"):
    return [(one["operation"], one["outcome"], one.get("caller", {}).get("uid", one.get("uid")), one.get("error"))
            for one in records(daemon) if one.get("box") == box]


def start(daemon):
    daemon.add_box("orders", f"EncryptFor=uid:{SHOP}\nDecryptFor=uid:{READER}")
    daemon.start()
    return daemon.client(SHOP), daemon.client(READER)


@kmsd.EVERYWHERE
def check_attempts_on_boxes_that_are_not_seen(daemon):
    """The caller is told that there is no such box; the log knows better. Looking at it is no attempt."""
    shop, reader = start(daemon)
    stranger = daemon.client(STRANGER)
    stranger.encrypt("orders", b"x", expect="NotFound")
    stranger.decrypt("orders", b"v1:AAAA", expect="NotFound")
    stranger.bad("NotFound", f"{kmsd.BOXES}/orders", "GetInfo", "(@a{sv} {},)")
    stranger.encrypt("nothing", b"x", expect="NotFound")
    shop.encrypt("orders", b"x")
    attempts = [("encrypt", "refused", STRANGER, "not-authorized"), ("decrypt", "refused", STRANGER, "not-authorized")]
    kmsd.until(lambda: of_box(daemon) == [*attempts, ("encrypt", "done", SHOP, None)], "the attempts in the log")
    tap.equal(of_box(daemon, "nothing"), [], "what the log has of a box that is not there")


@kmsd.EVERYWHERE
def check_who_did_what(daemon):
    shop, reader = start(daemon)
    stored = shop.encrypt("orders", b"plain as day", {"id": "5"})
    shop.decrypt("orders", stored, {"id": "5"}, expect="NotAuthorized")
    reader.decrypt("orders", stored, {"id": "5"})
    reader.decrypt("orders", stored, {"id": "6"}, expect="InvalidCiphertext")
    tap.equal(of_box(daemon), [
        ("encrypt", "done", SHOP, None),
        ("decrypt", "refused", SHOP, "not-authorized"),
        ("decrypt", "done", READER, None),
        ("decrypt", "failed", READER, "invalid-ciphertext")], "the records")
    one = records(daemon)[-1]
    tap.equal((one["version"], one["provider"], one["key_id"], "intent" in one), ("1", "local", "local/orders", False),
              "of the last one")
    for name in log_files(daemon):
        with open(name, "rb") as file:
            tap.equal(b"plain as day" in file.read(), False, "a plaintext in the log")


def check_batch(daemon):
    """A record an item, or one with their number for all that nothing tells apart."""
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=*")
    daemon.start()
    client = daemon.client()
    stored, other = (kmsd.octets(client.encrypt("orders", b"secret", context))[4:] for context in ({"id": "5"}, {"id": "6"}))
    before = len(records(daemon))

    def decrypt(ciphertexts, contexts):
        client.good(f"{kmsd.BOXES}/orders", "DecryptBatch",
                    f"(@aay [{', '.join(ciphertexts)}], [{', '.join(contexts)}], @a{{sv}} {{}})")
    five, six = "{'id': '5'}", "{'id': '6'}"
    decrypt([stored, stored, stored], [five])
    decrypt([stored, other], [five, six])
    decrypt([stored, other], [five])
    found = [(one["outcome"], one.get("items"), one["context"]["id"]) for one in records(daemon)[before:]]
    tap.equal(found, [("done", 3, "5"), ("done", None, "5"), ("done", None, "6"), ("done", None, "5"), ("failed", None, "5")],
              "the records")


def check_no_log_no_plaintext(daemon):
    """Where nothing can be written, nothing is decrypted."""
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=*")
    daemon.start()
    client = daemon.client()
    stored = client.encrypt("orders", b"secret")
    kmsd.need("prlimit")
    # A limit of the size of files is what a full disk looks like, to root, too.
    kmsd.subprocess.run(["prlimit", f"--pid={daemon.daemon.pid}", f"--fsize={os.path.getsize(log_files(daemon)[-1])}:"],
                        check=True)
    kmsd.wants(client.decrypt("orders", stored, expect="Audit"), "audit")
    client.encrypt("orders", b"secret", expect="Audit")
    kmsd.subprocess.run(["prlimit", f"--pid={daemon.daemon.pid}", "--fsize=unlimited:"], check=True)
    tap.equal(client.decrypt("orders", stored), b"secret", "when there is room again")


def check_query_and_verify(daemon):
    shop, reader = start(daemon)
    root = daemon.client()
    stored = shop.encrypt("orders", b"secret")
    reader.decrypt("orders", stored)
    arguments = ("{'operation': <'decrypt'>, 'outcome': <'done'>},",)
    _, pipes = root.good(kmsd.MANAGER, "Query", f"({arguments[0]})", interface=AUDIT)
    *lines, last = [json.loads(line) for line in pipes[0].splitlines()]
    tap.equal(last, {"end": True, "skipped": 0}, "the last line")
    tap.equal([(one["operation"], one["outcome"]) for one in lines], [("decrypt", "done")], "what was found")
    verdict = root.good(kmsd.MANAGER, "Verify", "(@a{sv} {},)", interface=AUDIT)[0][0]
    tap.equal((verdict["whole"], verdict["lines"], verdict["flaws"]), (True, len(records(daemon)), []), "the verdict")
    head = verdict["head"]
    name = log_files(daemon)[-1]
    with open(name, "rb") as file:
        data = file.read()
    with open(name, "wb") as file:
        file.write(data.replace(b'"uid":2', b'"uid":3', 1))
    tap.equal(b'"uid":2' in data, True, "what is changed is there")
    verdict = root.good(kmsd.MANAGER, "Verify", f"({{'head': <{kmsd.text(head)}>}},)", interface=AUDIT)[0][0]
    tap.equal((verdict["whole"], verdict["flaws"] != []), (False, True), "after a change")
    root.bad("InvalidArgument", kmsd.MANAGER, "Query", "({'boxes': <'x'>},)", interface=AUDIT)
    for method, parameters in (("Query", "(@a{sv} {},)"), ("Verify", "(@a{sv} {},)"), ("Subscribe", "(@a{sv} {},)")):
        shop.bad("NotAuthorized", kmsd.MANAGER, method, parameters, interface=AUDIT)


def check_lockdown_is_recorded(daemon):
    shop, _ = start(daemon)
    root = daemon.client()
    root.good(kmsd.MANAGER, "Engage", "('sealed', 'an attack', @a{sv} {})", interface="org.libkms.Kms1.Lockdown")
    shop.encrypt("orders", b"x", expect="LockedDown")
    root.good(kmsd.MANAGER, "Release", "('it is over', @a{sv} {})", interface="org.libkms.Kms1.Lockdown")
    tap.equal([(one["operation"], one["outcome"], one.get("detail")) for one in records(daemon)
               if one["operation"].startswith("lockdown")],
              [("lockdown-engage", "done", "sealed: an attack"), ("lockdown-release", "intent", "normal: it is over"),
               ("lockdown-release", "done", "normal: it is over")], "the records")
    tap.equal(of_box(daemon), [("encrypt", "refused", SHOP, "locked-down")], "of the box")


def check_settings_at_reload(daemon):
    """Another directory, size and form of contexts count from the reload on; what can't be used leaves the old log."""
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=*")
    daemon.start()
    client = daemon.client()
    first, second = daemon.path("root/state/audit"), daemon.path("elsewhere")

    def reload(settings, expect=None):
        daemon.write("root/admin/kms.conf", f"[Audit]\n{settings}\n")
        call = (kmsd.MANAGER, "Reload", "(@a{sv} {},)")
        manager = {"interface": "org.libkms.Kms1.Manager"}
        return client.bad(expect, *call, **manager) if expect else client.good(*call, **manager)

    def read(directory):
        found = []
        for name in sorted(glob.glob(f"{directory}/audit-*.jsonl")):
            with open(name, encoding="utf-8") as file:
                found += [json.loads(line) for line in file]
        return found
    client.encrypt("orders", b"x", {"id": "5"})
    reload("Context=names")
    client.encrypt("orders", b"x", {"id": "6"})
    contexts = [(one.get("context"), one.get("context_names")) for one in read(first) if one["operation"] == "encrypt"]
    tap.equal(contexts, [({"id": "5"}, None), (None, ["id"])], "the contexts")
    reload(f"Directory={second}")
    client.encrypt("orders", b"x", {"id": "7"})
    tap.equal([one["operation"] for one in read(second)][-1], "encrypt", "the last record of the second log")
    switches = [one["detail"] for one in read(first) + read(second) if one["operation"] == "audit-switch"]
    tap.equal([first in switches[1], second in switches[0], len(switches)], [True, True, 2], f"what tells so: {switches}")
    n_first = len(read(first))
    daemon.write("a-file", "x\n")
    kmsd.wants(reload(f"Directory={daemon.path('a-file')}", expect="Audit"), "a-file")
    client.encrypt("orders", b"x", {"id": "8"})
    reloads = [(one["outcome"], one.get("error")) for one in read(second) if one["operation"] == "reload"]
    tap.equal(reloads[-1], ("failed", "audit"), "the record of the reload")
    tap.equal((read(second)[-1]["context"], len(read(first))), ({"id": "8"}, n_first), "it goes on where it was")
    reload(f"Directory={second}\nMaxSize=100000")
    many = ", ".join(["b'v1:YQ=='"] * 200)
    for _ in range(3):
        client.good(f"{kmsd.BOXES}/orders", "DecryptBatch", f"(@aay [{many}], @aa{{ss}} [], @a{{sv}} {{}})")
    tap.equal(len(glob.glob(f"{second}/audit-*.jsonl")) > 1, True, "files that are not larger than they may be")
    for directory in (second, first):
        reload(f"Directory={directory}")
        tap.equal(client.good(kmsd.MANAGER, "Verify", "(@a{sv} {},)", interface=AUDIT)[0][0]["flaws"], [], f"of {directory}")


def count_refusals(daemon, uid):
    refused = [one for one in records(daemon) if one["outcome"] == "refused" and one["caller"]["uid"] == uid]
    return len(refused), sum(one.get("items", 1) for one in refused)


@kmsd.EVERYWHERE
def check_refusals_do_not_fill_the_disk(daemon):
    """Of very many, most are only counted, none is lost, alerts see them all, and others have their records."""
    daemon.add_box("orders", f"EncryptFor=uid:{SHOP};uid:{READER}\nDecryptFor=uid:{READER}\n[Alert]\nDecrypts=400\nAction=signal")
    daemon.start()
    shop, reader = daemon.client(SHOP), daemon.client(READER)
    stored = shop.encrypt("orders", b"x")
    decrypt = (f"{kmsd.BOXES}/orders", "Decrypt", f"({kmsd.octets(stored)}, @a{{ss}} {{}}, @a{{sv}} {{}})")
    for _ in range(5):
        shop.send(*decrypt, times=100)
        tap.equal(shop.read()["answers"], {kmsd.ERROR + "NotAuthorized": 100}, "the answers")
    reader.decrypt("orders", stored)
    tap.equal(daemon.stop(), 0, "the exit code")
    n_records, n_refused = count_refusals(daemon, SHOP)
    tap.equal((n_refused, n_records < 300), (500, True), f"refused calls, in {n_records} records")
    tap.equal(of_box(daemon).count(("decrypt", "done", READER, None)), 1, "what was done")
    tap.equal("alert" in [one["operation"] for one in records(daemon)], True, "the alert")


def check_refusals_are_summed_up_in_time(daemon):
    daemon.add_box("orders", f"EncryptFor=uid:{SHOP}")
    daemon.start()
    shop = daemon.client(SHOP)
    shop.send(f"{kmsd.BOXES}/orders", "Decrypt", "(b'v1:YQ==', @a{ss} {}, @a{sv} {})", times=60)
    shop.read()
    for _ in range(kmsd.PATIENCE * 20):
        if count_refusals(daemon, SHOP)[1] == 60:
            break
        time.sleep(0.05)
    tap.equal(count_refusals(daemon, SHOP)[1], 60, "what the records say")
    tap.equal([one["operation"] for one in records(daemon)][-1], "refusals", "the last record")


kmsd.main("audit", globals())
