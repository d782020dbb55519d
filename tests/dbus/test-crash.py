# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill -9 before, after and within each step on the way to the disk: kmsd starts again, its log is whole and has all that
was answered, lockdown is not less strict than what was answered, and boxes go on."""

import contextlib
import glob
import os

import crash
import kmsd
import tap
import wire

NOBODY = 61009


def template():
    """Boxes that all runs begin with."""
    daemon = kmsd.Daemon()
    everybody = "EncryptFor=*\nDecryptFor=*\n"
    daemon.add_box("orders", f"{everybody}ManageFor=*")
    daemon.add_box("closed", f"EncryptFor=*\nDecryptFor=uid:{NOBODY}")
    daemon.add_box("watched", f"{everybody}[Alert]\nDecrypts=2\nWindow=3600\nAction=encrypt-only")
    return daemon


class FirstStart(crash.Scenario):
    """Nothing is there yet, not even the directories."""
    from_start = True

    def play(self, caller):
        caller.encrypt("first")


class Start(FirstStart):
    """After an end that was none."""

    def prepare(self, daemon):
        daemon.start()
        wire.encrypt(daemon.wire(), b"before")
        daemon.daemon.kill()
        daemon.daemon.wait()


class StartAfterHalfALine(Start):
    """Dying while it mends what an earlier death left."""

    def prepare(self, daemon):
        super().prepare(daemon)
        name, = glob.glob(daemon.path("root/state/audit/audit-*.jsonl"))
        with open(name, "a", encoding="utf-8") as file:
            file.write('{"sequence":')


class StartAfterHalfAFile(Start):

    def prepare(self, daemon):
        super().prepare(daemon)
        name = daemon.path(f"root/state/audit/audit-{len(crash.read_lines(daemon)) + 1:020}.jsonl")
        with open(name, "w", encoding="utf-8") as file:
            file.write('{"sequence":')
        os.chmod(name, 0o600)


class Values(crash.Scenario):

    def begin(self, caller):
        caller.encrypt("old")
        caller.encrypt("not-yours", "closed")

    def play(self, caller):
        caller.encrypt("new")
        caller.decrypt("old")
        caller.decrypt_batch(["old", "new"])
        caller.decrypt("not-yours", error="NotAuthorized")


class Lockdown(crash.Scenario):

    def begin(self, caller):
        caller.encrypt("old")

    def play(self, caller):
        caller.change_mode("encrypt-only", "an attack", "orders")
        caller.decrypt("old", error="LockedDown")
        caller.change_mode("sealed", "a larger one")
        caller.change_mode("normal", "it is over")
        caller.change_mode("normal", "there, too", "orders")
        caller.decrypt("old")


class Alert(crash.Scenario):
    """Whoever is refused for it may rely on it."""

    def begin(self, caller):
        caller.encrypt("old", "watched")
        for _ in range(2):
            caller.decrypt("old")

    def play(self, caller):
        caller.modes["watched"] = {"normal", "encrypt-only"}
        caller.decrypt("old", error="LockedDown")
        caller.modes["watched"] = {"encrypt-only"}
        caller.encrypt("new", "watched")


class Rotation(crash.Scenario):
    """The log goes on in another file."""

    def prepare(self, daemon):
        daemon.write("root/admin/kms.conf", "[Audit]\nMaxSize=65536\n")

    def begin(self, caller):
        caller.encrypt("old")
        caller.decrypt_batch(["old"] * 150)

    def play(self, caller):
        caller.decrypt_batch(["old"] * 50)
        caller.encrypt("new")


class Reload(crash.Scenario):
    """The log goes on in another directory."""

    def begin(self, caller):
        caller.encrypt("old")

    def play(self, caller):
        caller.daemon.write("root/admin/kms.conf", f"[Audit]\nDirectory={caller.daemon.path('root/elsewhere')}\n")
        wire.succeed(caller.call("Reload", "a{sv}", ({},), interface="org.libkms.Kms1.Manager"))
        caller.encrypt("new")


class RotateKey(crash.Scenario):

    def begin(self, caller):
        caller.encrypt("old")

    def play(self, caller):
        answer = wire.succeed(caller.call("RotateKey", "a{sv}", ({},), box="orders"))
        tap.equal(answer.values[0]["version"], "2", "the key's version")
        caller.records.append(("rotate-key", "done", '"key_id":"local/orders"'))
        caller.encrypt("new")


class Stop(crash.Scenario):

    def begin(self, caller):
        caller.encrypt("old")  # what the start had to write is written

    def play(self, caller):
        caller.daemon.daemon.terminate()
        caller.daemon.daemon.wait(kmsd.PATIENCE)


SCENARIOS = {"first-start": FirstStart, "start": Start, "start-after-half-a-line": StartAfterHalfALine,
             "start-after-half-a-file": StartAfterHalfAFile, "values": Values, "lockdown": Lockdown, "alert": Alert,
             "rotation": Rotation, "reload": Reload, "rotate-key": RotateKey, "stop": Stop}


def check(roots, kind, scenario):
    if os.environ["SANITIZE"] != "none":
        raise tap.Skip("a sanitized kmsd takes too long to be killed hundreds of times")
    place = crash.find_place(kind)
    if not roots:
        roots.append(template())
    crash.crash_everywhere(place, roots[0].path("root"), scenario())


def main():
    roots = []
    cases = [(f"/dbus/crash/{name}/{kind}", lambda kind=kind, scenario=scenario: check(roots, kind, scenario))
             for kind in ("memory", "disk") for name, scenario in SCENARIOS.items()]
    with contextlib.ExitStack() as stack:
        stack.callback(lambda: [root.__exit__() for root in roots])
        tap.main(cases)


main()
