# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kmsd that dies at a step on the way to the disk, and what must be true of what it left: see die-at-step.c. A caller
writes down what it was told until then."""

import concurrent.futures
import glob
import json
import os
import shutil
import signal
import subprocess
import tempfile

import journal
import kmsd
import tap
import wire

AUDIT, LOCKDOWN, PROPERTIES = "org.libkms.Kms1.Audit", "org.libkms.Kms1.Lockdown", "org.freedesktop.DBus.Properties"
AT_A_TIME = 2


def path_of(box):
    return f"{kmsd.BOXES}/{box}" if box else kmsd.MANAGER


class Caller:
    """Calls, and keeps what it was promised by the answers."""

    def __init__(self, daemon):
        self.daemon, self.connection = daemon, None
        self.records = []  # (operation, outcome, what else stands in the line)
        self.stored = []  # (box, ciphertext, context, secret)
        self.modes = {}  # box, or None for all → the modes that may be found later
        self.released = {}  # box → what stands in the line of who wanted the release

    def call(self, *arguments, box=None, **more):
        return self.connection.call(*arguments, path=path_of(box), **more)

    def encrypt(self, label, box="orders"):
        context, secret = {"call": label}, f"secret of {label}".encode()
        reading = wire.pipe_of(secret)
        answer = wire.succeed(self.call("Encrypt", "ha{ss}a{sv}", (0, context, {}), [reading], box=box))
        os.close(reading)
        self.records.append(("encrypt", "done", f'"call":"{label}"'))
        self.stored.append((box, answer.values[0], context, secret))

    def decrypt(self, label, error=None):
        """What was encrypted with that label, or an error."""
        box, ciphertext, context, secret = next(one for one in self.stored if one[2]["call"] == label)
        answer = self.call("Decrypt", "aya{ss}a{sv}", (ciphertext, context, {}), box=box)
        if error is not None:
            wire.fail(answer, error)
        else:
            tap.equal(wire.succeed(answer).secret(), secret, f"plaintext of {label}")
        self.records.append(("decrypt", "refused" if error else "done", f'"call":"{label}"'))

    def decrypt_batch(self, labels):
        items = [one for one in self.stored if one[2]["call"] in labels]
        wire.succeed(self.call("DecryptBatch", "aayaa{ss}a{sv}", ([one[1] for one in items], [one[2] for one in items], {}),
                               box=items[0][0]))
        self.records += [("decrypt", "done", f'"call":"{label}"') for label in labels]

    def change_mode(self, mode, reason, box=None):
        """Until it is answered, either may be found."""
        self.modes[box] = self.modes.get(box, {"normal"}) | {mode}
        if mode == "normal":
            self.released[box] = reason
            answer = self.call("Release", "sa{sv}", (reason, {}), interface=LOCKDOWN, box=box)
        else:
            answer = self.call("Engage", "ssa{sv}", (mode, reason, {}), interface=LOCKDOWN, box=box)
        wire.succeed(answer)
        self.modes[box] = {mode}
        self.records.append(("lockdown-release" if mode == "normal" else "lockdown-engage", "done", reason))

    def get_mode(self, box=None):
        return self.call("Get", "ss", (LOCKDOWN, "Mode"), interface=PROPERTIES, box=box).values[0]


def log_directories(daemon):
    """Those that exist; kmsd goes on in the last one."""
    found = [daemon.path("root/state/audit"), daemon.path("root/elsewhere")]
    return [path for path in found if os.path.exists(os.path.join(path, "audit.key"))]


def read_lines(daemon):
    found = []
    for directory in log_directories(daemon):
        for name in sorted(glob.glob(f"{directory}/audit-*.jsonl")):
            with open(name, encoding="utf-8") as file:
                found += [line for line in file if line.endswith("\n")]
    return found


def is_torn(daemon):
    names = [name for path in log_directories(daemon)[-1:] for name in sorted(glob.glob(f"{path}/audit-*.jsonl"))]
    if not names:
        return False
    with open(names[-1], "rb") as file:
        return not (b"\n" + file.read()).endswith(b"\n")


def verify(daemon):
    """As kmsctl audit verify sees it, of kmsd's files."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("KMS_")}
    for directory in log_directories(daemon):
        done = subprocess.run([kmsd.KMSCTL, "--json", "audit", "verify", f"--directory={directory}"], check=False,
                              env=env | {"KMS_CONFIG_ROOT": daemon.path("root")}, capture_output=True, timeout=kmsd.PATIENCE)
        tap.equal((done.returncode, json.loads(done.stdout or b"{}").get("flaws")), (0, []),
                  f"kmsctl audit verify ({done.stderr.decode()})")


def check_records(caller, lines):
    parsed = [(json.loads(line), line) for line in lines]
    for operation, outcome, words in caller.records:
        if not any((one["operation"], one["outcome"]) == (operation, outcome) and words in line for one, line in parsed):
            raise tap.Failure(f"{operation} was answered ({words}), and is not in the log: {''.join(lines)}")


def check_heads(entries, lines):
    """What the journal was told is in the log."""
    heads = {f"{one['sequence']}:{one['mac']}" for one in map(json.loads, lines)}
    lost = {entry[journal.HEAD] for entry in entries if journal.HEAD in entry} - heads
    tap.equal(lost, set(), "heads that the journal was told, and that are not in the log")


def check_modes(caller, lines):
    """Not less strict than what was answered; and who began a release stands in the log before anything is released."""
    for box, modes in caller.modes.items():
        found = caller.get_mode(box)
        if found not in modes:
            raise tap.Failure(f"{box or 'kmsd'} is {found} after the crash, not one of {modes}")
        if found == "normal" and box in caller.released:
            wanted = [one["operation"] for one in map(json.loads, lines) if caller.released[box] in one.get("detail", "")]
            tap.equal("lockdown-release" in wanted, True, f"the log says who wanted the release of {box or 'all'}")


def check_boxes(caller):
    """Everything that was encrypted can be decrypted, and it goes on."""
    for box in (None, *{one[0] for one in caller.stored}):
        if caller.get_mode(box) != "normal":
            caller.change_mode("normal", "after the crash", box)
    caller.encrypt("after-the-crash")
    for one in list(caller.stored):
        if one[0] != "closed":
            caller.decrypt(one[2]["call"])


def count_recoveries(lines):
    return sum('"operation":"log-recovered"' in line for line in lines)


def check_after(daemon, caller, entries):
    verify(daemon)
    recoveries = count_recoveries(read_lines(daemon)) + is_torn(daemon)
    daemon.environment = {}
    daemon.start()
    caller.connection = daemon.wire()
    check_modes(caller, read_lines(daemon))
    check_boxes(caller)
    lines = read_lines(daemon)
    tap.equal(count_recoveries(lines), recoveries, "records that tell of half a line")
    check_heads(entries, lines)
    verdict = wire.succeed(caller.call("Verify", "a{sv}", ({},), interface=AUDIT)).values[0]
    tap.equal((verdict["whole"], verdict["flaws"]), (True, []), "what kmsd says of its log")
    tap.equal(daemon.stop(), 0, "the exit code of the second kmsd")
    check_records(caller, read_lines(daemon))
    kmsd.lacks(daemon.read_log(), "CRITICAL", "assertion")


class Scenario:
    """What is done until kmsd dies."""

    from_start = False  # steps count from the start of kmsd on, and not only in play()

    def prepare(self, daemon):
        """Files, before kmsd starts."""

    def begin(self, caller):
        """What kmsd has done before steps count."""

    def play(self, caller):
        """What it may die of."""


def read_steps(daemon):
    if not os.path.exists(daemon.path("steps")):
        return []
    with open(daemon.path("steps"), encoding="utf-8") as file:
        return file.read().splitlines()


def play(daemon, scenario, caller, arguments):
    if scenario.from_start:
        daemon.write("armed", "")
    daemon.start(*arguments)
    caller.connection = daemon.wire()
    scenario.begin(caller)
    daemon.write("armed", "")
    scenario.play(caller)
    os.unlink(daemon.path("armed"))
    daemon.daemon.send_signal(signal.SIGTERM)


def crash(place, template, scenario, die_at):
    """The steps that were begun, and whether it died of that one."""
    with kmsd.Daemon(place=place) as daemon:
        shutil.copytree(template, daemon.path("root"), dirs_exist_ok=True)
        scenario.prepare(daemon)
        daemon.environment = {"LD_PRELOAD": os.environ["DIE_AT_STEP"], "DIE_AT": die_at, "DIE_BELOW": daemon.path("root"),
                              "DIE_WHILE": daemon.path("armed"), "DIE_LOG": daemon.path("steps")}
        caller, listener = Caller(daemon), journal.Journal(daemon)
        try:
            play(daemon, scenario, caller, [f"--journal-socket={listener.path}"])
        except (ConnectionError, kmsd.Ended):
            pass
        code = daemon.daemon.wait(kmsd.PATIENCE)
        listener.end()
        steps = read_steps(daemon)
        try:
            tap.equal(code in (0, -signal.SIGKILL), True, f"how kmsd ended ({code})")
            check_after(daemon, caller, listener.entries)
        except (tap.Failure, ConnectionError) as failure:
            last = steps[-1] if steps else "none"
            raise tap.Failure(f"died {die_at}, the last step being {last}: {failure}\nkmsd said: {daemon.read_log()}") from None
        return steps, code != 0


def points(steps, first):
    """Before and after each, and within what is written."""
    for step in steps[first:]:
        number, what, _ = step.split(" ", 2)
        for when in ("before", "after", *(["within"] if what == "write" else [])):
            yield f"{when} {number}"


def crash_everywhere(place, template, scenario):
    """At each step of a run to the end; a run that happens to have more adds them."""
    steps, died = crash(place, template, scenario, "before 0")
    tap.equal((died, len(steps) > 0), (False, True), "a run in which nothing happens, and its steps")
    done, n_died = 0, 0
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        while done < len(steps):
            todo, done = list(points(steps, done)), len(steps)
            for seen, died in pool.map(lambda point: crash(place, template, scenario, point), todo):
                steps = max(steps, seen, key=len)
                n_died += died
    print(f"# {len(steps)} steps, died {n_died} times", flush=True)
    return steps


def find_place(kind):
    """A directory in memory, where kmsd writes its log itself, or on a disk, where a thread does."""
    for path in ("/dev/shm",) if kind == "memory" else (tempfile.gettempdir(), "/var/tmp", kmsd.BUILD):
        found = subprocess.run(["stat", "-f", "-c", "%T", path], capture_output=True, text=True, check=False).stdout.strip()
        if os.access(path, os.W_OK) and found and (found in ("tmpfs", "ramfs")) == (kind == "memory"):
            return os.path.realpath(path)
    raise tap.Skip(f"there is no directory in {kind} that may be written" if kind == "memory"
                   else "there is no directory on a disk that may be written")
