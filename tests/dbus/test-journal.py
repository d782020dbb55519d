# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the journal is told: every record, and how far the audit log has come."""

import glob
import json

import kmsd
import tap
from journal import HEAD, Journal

SHOP = 1
LOCKDOWN = "org.libkms.Kms1.Lockdown"


def records(daemon):
    found = []
    for name in sorted(glob.glob(daemon.path("root/state/audit/audit-*.jsonl"))):
        with open(name, encoding="utf-8") as file:
            found += [json.loads(line) for line in file]
    return found


def start(daemon):
    journal = Journal(daemon)
    daemon.add_box("orders", f"EncryptFor=*\nDecryptFor=uid:{SHOP}\n[Alert]\nDecrypts=2\nAction=signal")
    daemon.start(f"--journal-socket={journal.path}")
    return journal


def check_every_record(daemon):
    """From start to stop: calls, refusals, reload, lockdown, alerts."""
    journal = start(daemon)
    root, shop = daemon.client(), daemon.client(SHOP)
    stored = root.encrypt("orders", b"not for the journal", {"id": "not this either"})
    root.decrypt("orders", stored, {"id": "not this either"}, expect="NotAuthorized")
    for _ in range(3):
        shop.decrypt("orders", stored, {"id": "not this either"})
    root.manager("Reload", "(@a{sv} {},)")
    root.good(kmsd.MANAGER, "Engage", "('sealed', 'an attack', @a{sv} {})", interface=LOCKDOWN)
    root.good(kmsd.MANAGER, "Release", "('it is over', @a{sv} {})", interface=LOCKDOWN)
    tap.equal(daemon.stop(), 0, "the exit code")
    journal.end()
    told = [one for one in journal.entries if "KMS_OPERATION" in one]
    wanted = [one for one in records(daemon) if not one["operation"].startswith("log-")]
    tap.equal([(one["KMS_OPERATION"], one["KMS_OUTCOME"], int(one["KMS_SEQUENCE"]), one.get("KMS_DETAIL")) for one in told],
              [(one["operation"], one["outcome"], one["sequence"], one.get("detail")) for one in wanted], "what was told")
    operations = [one["operation"] for one in wanted]
    for name in ("start", "encrypt", "decrypt", "alert", "reload", "lockdown-engage", "lockdown-release", "stop"):
        tap.equal(name in operations, True, f"{name} among {operations}")
    refused = next(one for one in told if one["KMS_OUTCOME"] == "refused")
    tap.equal((refused["KMS_BOX"], refused["KMS_ERROR"], refused["KMS_CALLER_UID"], refused["KMS_CALLER_BUS"],
               refused["SYSLOG_IDENTIFIER"]), ("orders", "not-authorized", "0", "private", "kmsd"), "fields of a refusal")
    kmsd.lacks(str(journal.entries), "not for the journal", "not this either")


def check_heads(daemon):
    """At start, a while after what came last, after many records, and at the end of all, with the MAC of that line."""
    journal = start(daemon)
    journal.until(lambda one: HEAD in one, "the head at the start")
    n_before = len(records(daemon))
    root = daemon.client()
    stored = root.encrypt("orders", b"x")
    journal.until(lambda one: int(one.get(HEAD, "0:").split(":")[0]) > n_before, "the head when a while has passed")
    shop, n_before = daemon.client(SHOP), len(records(daemon))
    many, contexts = ", ".join([kmsd.octets(stored)[4:]] * 300), ", ".join(["{}"] * 300)
    shop.good(f"{kmsd.BOXES}/orders", "DecryptBatch", f"(@aay [{many}], @aa{{ss}} [{contexts}], @a{{sv}} {{}})")
    journal.until(lambda one: int(one.get(HEAD, "0:").split(":")[0]) >= n_before + 256, "the head after many records")
    tap.equal(daemon.stop(), 0, "the exit code")
    journal.end()
    last = records(daemon)[-1]
    heads = [one[HEAD] for one in journal.entries if HEAD in one]
    tap.equal((last["operation"], heads[-1]), ("stop", f"{last['sequence']}:{last['mac']}"), "the head at the end")


kmsd.main("journal", globals())
