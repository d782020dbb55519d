# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kmsctl lockdown and access check."""

import glob
import json
import os
import subprocess

import command
import kmsd
import tap

STRANGER = 3


def start(daemon, lines="EncryptFor=*\nDecryptFor=*"):
    daemon.add_box("orders", lines)
    daemon.add_box("other", "EncryptFor=uid:0")
    daemon.start()
    return command.Command(daemon)


@kmsd.EVERYWHERE
def check_engage_and_release(daemon):
    root = start(daemon)
    tap.equal(root.json("lockdown", "status")["mode"], "normal", "at first")
    made = root.json("lockdown", "engage", "--reason=an attack")
    tap.equal((made["mode"], made["reason"], made["by"]), ("encrypt-only", "an attack", "uid:0"), "the default mode")
    tap.equal(root.json("lockdown", "engage", "--mode=sealed", "--reason=worse")["mode"], "sealed", "another mode")
    kmsd.wants(root.good("lockdown", "status").decode(), "sealed", "worse", "uid:0", "orders")
    made = root.json("lockdown", "release", "--reason=it is over")
    tap.equal((made["mode"], made["reason"]), ("normal", "it is over"), "released")


def check_of_a_box(daemon):
    root = start(daemon)
    made = root.json("lockdown", "engage", "orders", "--reason=one leak")
    tap.equal((made["box"], made["mode"]), ("orders", "encrypt-only"), "of the box")
    found = root.json("lockdown", "status")
    modes = {box["name"]: box["mode"] for box in found["boxes"]}
    tap.equal((found["mode"], modes), ("normal", {"orders": "encrypt-only", "other": "normal"}), "modes")
    tap.equal(root.json("lockdown", "status", "orders")["reason"], "one leak", "the reason")
    root.good("lockdown", "release", "orders", "--reason=mended")
    kmsd.wants(root.bad(3, "lockdown", "engage", "nothing", "--reason=x"), "no box \"nothing\"")


@kmsd.ways("system", None)
def check_of_a_box_of_others(daemon):
    """An administrator sees and ends what befell a box that is not root's to use, and uses it no more than before."""
    daemon.add_box("theirs", "EncryptFor=uid:12345\nDecryptFor=uid:12345")
    root = start(daemon)
    stranger = command.Command(daemon, uid=STRANGER)
    tap.equal(root.json("lockdown", "engage", "theirs", "--reason=a leak")["mode"], "encrypt-only", "engaged")
    modes = {box["name"]: box["mode"] for box in root.json("lockdown", "status")["boxes"]}
    tap.equal(modes["theirs"], "encrypt-only", "among all boxes")
    tap.equal(root.json("lockdown", "status", "theirs")["reason"], "a leak", "the reason")
    tap.equal(root.json("lockdown", "release", "theirs", "--reason=mended")["mode"], "normal", "released")
    tap.equal(root.json("box", "show", "theirs")["encrypt"], "no", "what root may do")
    client = daemon.client()
    client.encrypt("theirs", b"x", expect="NotAuthorized")
    client.decrypt("theirs", b"v1:AAAA", expect="NotAuthorized")
    for arguments in (["status"], ["engage", "--reason=x"], ["release", "--reason=x", "--yes"]):
        name = arguments[0]
        kmsd.wants(stranger.bad(3, "lockdown", name, "theirs", *arguments[1:]), "no box")
    kmsd.lacks(stranger.good("lockdown", "status").decode() + stranger.good("box", "list").decode(), "theirs")
    other = daemon.client(STRANGER)
    kmsd.lacks(other.introspect(kmsd.BOXES), "theirs")
    other.bad("NotFound", f"{kmsd.BOXES}/theirs", "GetInfo", "(@a{sv} {},)", interface="org.libkms.Kms1.Lockdown")


def check_wrong_input(daemon):
    root = start(daemon)
    kmsd.wants(root.bad(2, "lockdown", "engage"), "--reason=TEXT")
    kmsd.wants(root.bad(2, "lockdown", "release"), "--reason=TEXT")
    kmsd.wants(root.bad(2, "lockdown", "engage", "--mode=normal", "--reason=x"), "encrypt-only|sealed")
    root.bad(2, "lockdown", "engage", "--reason=two\nlines")
    kmsd.wants(root.bad(2, "--direct", "lockdown", "status", plain=True), "--direct", "kmsd")
    kmsd.wants(root.bad(2, "--system", "lockdown", "status"), "exclude each other")


def check_who_may(daemon):
    start(daemon)
    stranger = command.Command(daemon, uid=STRANGER)
    kmsd.wants(stranger.bad(4, "lockdown", "engage", "--reason=x"), f"uid {STRANGER}")
    done = stranger.run("--json", "lockdown", "release", "--reason=x")
    tap.equal((done.returncode, json.loads(done.stderr)["error"]), (4, "not-authorized"), "as JSON")
    tap.equal(stranger.json("lockdown", "status")["mode"], "normal", "everybody may look")


def check_reasons_are_not_for_everybody(daemon):
    root = start(daemon, "EncryptFor=uid:0")
    root.good("lockdown", "engage", "--reason=a secret reason")
    text = command.Command(daemon, uid=STRANGER).good("lockdown", "status").decode()
    kmsd.wants(text, "encrypt-only")
    kmsd.lacks(text, "a secret reason", "orders")


def check_no_log_no_release(daemon):
    """Where nothing can be written, decryption stays stopped, and the exit code says why."""
    root = start(daemon)
    root.good("lockdown", "engage", "--reason=x")
    log, = glob.glob(daemon.path("root/state/audit/*.jsonl"))
    kmsd.need("prlimit")
    # A limit of the size of files is what a full disk looks like, to root, too.
    subprocess.run(["prlimit", f"--pid={daemon.daemon.pid}", f"--fsize={os.path.getsize(log)}:"], check=True)
    kmsd.wants(root.bad(8, "lockdown", "release", "--reason=y"), "audit")
    tap.equal(root.json("lockdown", "status")["mode"], "encrypt-only", "the mode")


def decisions(found):
    return {each["operation"]: each["decision"] for each in found["decisions"]}


@kmsd.EVERYWHERE
def check_access_of_oneself(daemon):
    start(daemon, f"EncryptFor=uid:{STRANGER}\nDecryptFor=uid:0")
    found = command.Command(daemon, uid=STRANGER).json("access", "check", "orders")
    tap.equal(decisions(found), {"encrypt": "yes", "decrypt": "no", "rewrap": "no", "manage": "no"}, "the stranger")
    tap.equal((found["uid"], found["state"], found["lockdown"]), (STRANGER, "enabled", "normal"), "besides")


def check_access_of_others(daemon):
    root = start(daemon, f"EncryptFor=user:sys\nDecryptFor=gid:{STRANGER}")
    tap.equal(decisions(root.json("access", "check", "orders", "--as-user=sys"))["decrypt"], "yes", "by a login's group")
    found = root.json("access", "check", "orders", "--uid=12345")
    tap.equal(set(decisions(found).values()), {"no"}, "a number that nobody has")
    kmsd.wants(root.good("access", "check", "orders", "--as-user=sys").decode(), "yes: uid 3 is in EncryptFor (user:sys)")
    stranger = command.Command(daemon, uid=STRANGER)
    kmsd.wants(stranger.bad(4, "access", "check", "orders", "--uid=0"), "ManageFor")
    kmsd.wants(root.bad(3, "access", "check", "orders", "--as-user=nobody-at-all"), "nobody-at-all")
    kmsd.wants(root.bad(2, "access", "check", "orders", "--as-user=sys", "--uid=3"), "not both")
    kmsd.wants(root.bad(2, "access", "check", "orders", "--uid=4294967295"), "0 to 4294967294")
    kmsd.wants(root.bad(3, "access", "check", "nothing"), "no box \"nothing\"")


def check_access_by_the_file(daemon):
    """No kmsd runs: --direct reads the file."""
    daemon.add_box("orders", "EncryptFor=uid:3;ask\nDecryptFor=user:nobody-at-all")
    root = command.Command(daemon)
    env = {"KMS_CONFIG_ROOT": daemon.path("root")}
    found = root.json("--direct", "access", "check", "orders", "--uid=3", plain=True, env=env)
    tap.equal(decisions(found), {"encrypt": "yes", "decrypt": "no", "rewrap": "no", "manage": "no"}, "uid 3")
    kmsd.wants(found["warnings"][0], "nobody-at-all")
    found = root.json("--direct", "access", "check", "orders", "--uid=4", plain=True, env=env)
    tap.equal(decisions(found)["encrypt"], "ask", "uid 4 through the system's kmsd")


def check_nobody_is_there(daemon):
    root = command.Command(daemon)
    for line in (["lockdown", "status"], ["audit", "query"], ["audit", "tail"], ["access", "check", "orders"]):
        kmsd.wants(root.bad(7, *line), daemon.socket)
    done = root.run("--json", "lockdown", "status")
    tap.equal((done.returncode, json.loads(done.stderr)["error"]), (7, "unavailable"), "as JSON")


kmsd.main("kmsctl-lockdown", globals())
