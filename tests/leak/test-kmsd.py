# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A secret on every way through kmsd, whatever becomes of the call: while it is needed it stands in memory that no core file
has, and afterwards nowhere: not in kmsd, not in the bus, not in the client."""

import fcntl
import os
import shutil
import signal
import struct
import subprocess
import time

import client
import command
import kmsd
import tap
import wire
from memory import Memory, make_marker, parts

ALL = "EncryptFor=*\nDecryptFor=*\nRewrapFor=*\nManageFor=*"
CONTEXT, OTHER = {"id": "5"}, {"id": "6"}
NOBODY = 61009
KEY = 4096  # bytes of a data key
SECRETS = 64  # times 64 bytes: the largest secret that there is
FULL = 256  # of these: more than any pipe holds


def need_to_look():
    kmsd.need_root()
    if not os.access("/proc/1/mem", os.R_OK):
        raise tap.Skip("needs the right to read the memory of other processes")


def look(process, patterns):
    """What is found in a process, which has nothing any more when it has ended."""
    try:
        return Memory(process.pid).find(patterns)
    except (FileNotFoundError, ProcessLookupError):
        return []


def frames(secrets):
    return b"".join(struct.pack(">I", len(secret)) + secret for secret in secrets)


def parts_of_key(key):
    """Some of it, since all of it would take long."""
    return [*parts(key[:64]), *parts(key[-64:])]


class Scene:
    """kmsd, the bus if there is one, and who else is looked into."""

    def __init__(self, daemon):
        need_to_look()
        daemon.add_box("orders", ALL)
        daemon.add_box("closed", f"EncryptFor=*\nDecryptFor=uid:{NOBODY}")
        daemon.start()
        self.daemon, marker = daemon, make_marker()
        self.secret = marker * SECRETS  # so large that not all of its memory is soon in use again
        self.patterns = parts(marker)
        self.watched = {"kmsd": daemon.daemon}
        if daemon.kind:
            self.watched[kmsd.BUS] = daemon.bus

    def look_everywhere(self, patterns):
        return [(name, pattern, mapping) for name, process in self.watched.items()
                for pattern, mapping in look(process, patterns)]

    def until_gone(self, what, patterns=None):
        """An answer may come before the memory that it stood in was given back."""
        end = time.monotonic() + kmsd.PATIENCE / 3
        while (found := self.look_everywhere(patterns or self.patterns)) and time.monotonic() < end:
            time.sleep(0.05)
        tap.none((f"{name}: {pattern} in {mapping.name.decode()}" for name, pattern, mapping in found), f"after {what}")

    def until_held(self, name, what, patterns=None):
        """The measure of the others: what is there is found, and only where no core file has it."""
        end = time.monotonic() + kmsd.PATIENCE
        while not (found := look(self.watched[name], patterns or self.patterns)) and time.monotonic() < end:
            time.sleep(0.01)
        tap.equal(bool(found), True, f"it is found in {name} {what}")
        tap.none((f"{pattern} in {mapping.name.decode()}" for pattern, mapping in found if not mapping.is_protected()),
                 f"{name} {what}: a core file has")


class Calls:
    """What is called by hand: everything that a client can do, and what it should not."""

    def __init__(self, scene):
        self.scene, self.daemon, self.secret = scene, scene.daemon, scene.secret
        self.connection = self.daemon.wire()
        self.stored, self.batch = None, None

    def pipe_call(self, method, kind, data, *more, **fields):
        reading = wire.pipe_of(data)
        try:
            return self.connection.call(method, kind, (0, *more), [reading], **fields)
        finally:
            os.close(reading)

    def call(self, method, kind, *values, **fields):
        return self.connection.call(method, kind, values, **fields)

    def encrypt(self):
        self.stored = wire.succeed(self.pipe_call("Encrypt", "ha{ss}a{sv}", self.secret, CONTEXT, {})).values[0]

    def decrypt(self):
        answer = wire.succeed(self.call("Decrypt", "aya{ss}a{sv}", self.stored, CONTEXT, {}))
        tap.equal(answer.secret(), self.secret, "what was decrypted")

    def decrypt_in_another_context(self):
        wire.fail(self.call("Decrypt", "aya{ss}a{sv}", self.stored, OTHER, {}), "InvalidCiphertext")

    def decrypt_what_was_changed(self):
        changed = self.stored[:-6] + (b"A" if self.stored[-6:-5] != b"A" else b"B") + self.stored[-5:]
        wire.fail(self.call("Decrypt", "aya{ss}a{sv}", changed, CONTEXT, {}), "InvalidCiphertext")

    def decrypt_without_the_right(self):
        closed = f"{kmsd.BOXES}/closed"
        stored = wire.succeed(self.pipe_call("Encrypt", "ha{ss}a{sv}", self.secret, CONTEXT, {}, path=closed)).values[0]
        wire.fail(self.call("Decrypt", "aya{ss}a{sv}", stored, CONTEXT, {}, path=closed), "NotAuthorized")

    def rewrap(self):
        wire.succeed(self.call("Rewrap", "aya{ss}a{sv}", self.stored, CONTEXT, {}))

    def rewrap_in_another_context(self):
        wire.fail(self.call("Rewrap", "aya{ss}a{sv}", self.stored, OTHER, {}), "InvalidCiphertext")

    def generate_data_key(self):
        answer = wire.succeed(self.call("GenerateDataKey", "a{ss}a{sv}", CONTEXT, {"length": wire.Variant("u", KEY)}))
        self.scene.until_gone("GenerateDataKey: the key", parts_of_key(answer.secret()))

    def encrypt_too_much(self):
        wire.fail(self.pipe_call("Encrypt", "ha{ss}a{sv}", self.secret + b"x", CONTEXT, {}), "TooLarge")

    def encrypt_with_an_unknown_option(self):
        option = {"nothing": wire.Variant("s", "x")}
        wire.fail(self.pipe_call("Encrypt", "ha{ss}a{sv}", self.secret, CONTEXT, option), "InvalidArgument")

    def encrypt_batch(self):
        secrets = [self.secret[:1000 * (number % 5)] for number in range(20)]
        answer = wire.succeed(self.pipe_call("EncryptBatch", "haa{ss}a{sv}", frames(secrets), [CONTEXT], {}))
        self.batch = answer.values[0]

    def encrypt_batch_from_memory(self):
        memory = os.memfd_create("secrets", os.MFD_ALLOW_SEALING)
        os.write(memory, frames([self.secret] * 20))
        fcntl.fcntl(memory, 1033, 0x0f)  # F_ADD_SEALS, all
        wire.succeed(self.connection.call("EncryptBatch", "haa{ss}a{sv}", (0, [CONTEXT], {}), [memory]))
        os.close(memory)

    def encrypt_batch_of_frames_that_lie(self):
        data = frames([self.secret] * 3)[:-1]
        wire.fail(self.pipe_call("EncryptBatch", "haa{ss}a{sv}", data, [CONTEXT], {}), "InvalidArgument")

    def decrypt_batch(self):
        contexts = [CONTEXT if number % 3 else OTHER for number in range(len(self.batch))]
        answer = wire.succeed(self.call("DecryptBatch", "aayaa{ss}a{sv}", self.batch, contexts, {}))
        tap.equal(self.secret[:4000] in answer.secret(), True, "it was decrypted")

    def rewrap_batch(self):
        contexts = [CONTEXT if number % 3 else OTHER for number in range(len(self.batch))]
        wire.succeed(self.call("RewrapBatch", "aayaa{ss}a{sv}", self.batch, contexts, {}))

    def encrypt_through_kmsctl(self):
        user = client.User(self.daemon)
        user.add_box("orders")
        stored = user.run("encrypt", "orders", data=self.secret)
        tap.equal(user.run("decrypt", "orders", data=stored), self.secret, "what kmsctl decrypted")
        user.fail(6, "decrypt", "orders", "-c", "id=6", data=stored)


STEPS = ("encrypt", "decrypt", "decrypt_in_another_context", "decrypt_what_was_changed", "decrypt_without_the_right", "rewrap",
         "rewrap_in_another_context", "generate_data_key", "encrypt_too_much", "encrypt_with_an_unknown_option", "encrypt_batch",
         "encrypt_batch_from_memory", "encrypt_batch_of_frames_that_lie", "decrypt_batch", "rewrap_batch", "encrypt_through_kmsctl")


@kmsd.EVERYWHERE
def check_calls(daemon):
    scene = Scene(daemon)
    calls = Calls(scene)
    for name, process in scene.watched.items():
        known = daemon.socket.encode() if name == "kmsd" else b"org.libkms.Kms1"
        tap.equal(bool(look(process, [known])), True, f"what is in ordinary memory of {name} is found")
    for name in STEPS:
        getattr(calls, name)()
        scene.until_gone(name)
    kmsd.lacks(daemon.read_log(), *(pattern.decode() for pattern in scene.patterns))


@kmsd.EVERYWHERE
def check_callers_that_leave(daemon):
    """In the middle of what they send, and of what they are sent."""
    scene = Scene(daemon)
    leaving = daemon.wire()
    reading, writing = os.pipe()
    os.write(writing, scene.secret)
    leaving.send("Encrypt", "ha{ss}a{sv}", (0, CONTEXT, {}), [reading])
    os.close(reading)
    scene.until_held("kmsd", "while the pipe is open")
    leaving.close()
    os.close(writing)
    scene.until_gone("leaving while it sends")
    for how in ("closes the pipe", "leaves"):
        calls = Calls(scene)
        contents = frames([scene.secret] * FULL)
        memory = os.memfd_create("secrets", os.MFD_ALLOW_SEALING)
        os.write(memory, contents)
        fcntl.fcntl(memory, 1033, 0x0f)
        stored = wire.succeed(calls.connection.call("EncryptBatch", "haa{ss}a{sv}", (0, [CONTEXT], {}), [memory])).values[0]
        os.close(memory)
        scene.until_gone("a full batch")
        answer = wire.succeed(calls.call("DecryptBatch", "aayaa{ss}a{sv}", stored, [CONTEXT], {}))
        scene.until_held("kmsd", "while the pipe is full")
        if how == "leaves":
            calls.connection.close()
        os.close(answer.descriptors[0])
        scene.until_gone(f"a reader that {how}")


@kmsd.EVERYWHERE
def check_callers_that_leave_while_the_disk_hangs(daemon):
    """The plaintext is there, and may not go out before the log has its line."""
    hanging = daemon.path("hanging")
    daemon.environment = {"LD_PRELOAD": os.environ["HANG_SYNC"], "HANG_WHILE": hanging,
                          "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
    scene = Scene(daemon)
    calls = Calls(scene)
    calls.encrypt()
    for what in ("leaves", "waits"):
        scene.until_gone("encrypting")
        connection = daemon.wire()
        daemon.write("hanging", "")
        serial = connection.send("Decrypt", "aya{ss}a{sv}", (calls.stored, CONTEXT, {}))
        scene.until_held("kmsd", "while the disk hangs")
        if what == "leaves":
            connection.close()
        else:
            wire.fail(connection.answer(serial), "Audit")
        os.unlink(hanging)
        scene.until_gone(f"a caller that {what}")


class Holder:
    """hold.c, through the module for kmsd."""

    def __init__(self, scene):
        user = client.User(scene.daemon)
        user.add_box("orders")
        self.path = scene.daemon.path("secrets")
        os.mkfifo(self.path)
        self.process = subprocess.Popen([os.environ["HOLD"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
                                        env=user.environment() | {"MALLOC_PERTURB_": "0"})
        scene.daemon.processes.append(self.process)
        scene.watched["the client"] = self.process

    def send(self, command):
        self.process.stdin.write(f"{command} {self.path}\n".encode())

    def read(self):
        return self.process.stdout.readline().decode().strip()

    def good(self, command, secret=None):
        self.send(command)
        if secret is not None:
            with open(self.path, "wb", buffering=0) as pipe:
                pipe.write(secret)
        tap.equal(self.read(), "done", command)

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        tap.equal(self.process.wait(kmsd.PATIENCE), 0, "the client's exit code")


@kmsd.EVERYWHERE
def check_client(daemon):
    scene = Scene(daemon)
    holder = Holder(scene)
    for command in ("encrypt", "rewrap", "cancel", "encrypt-batch", "rewrap-batch"):
        holder.good(command, scene.secret if "encrypt" in command else None)
        scene.until_gone(command)
    for command in ("decrypt", "decrypt-batch"):
        holder.good(command)
        scene.until_held("the client", f"after {command}")
        holder.good("drop")
        scene.until_gone(f"{command} and drop")
    holder.send("decrypt-with-another-context")
    kmsd.wants(holder.read(), "decrypt")
    scene.until_gone("decrypting in another context")
    holder.send("generate-data-key")
    with open(holder.path, "rb") as pipe:
        key = pipe.read()
    tap.equal((holder.read(), len(key)), ("done", KEY), "a data key")
    scene.until_held("the client", "with a data key", parts_of_key(key))
    holder.good("drop")
    scene.until_gone("a data key", parts_of_key(key))
    holder.end()


@kmsd.EVERYWHERE
def check_kmsctl(daemon):
    """While kmsd does not answer, and while nobody reads what it prints."""
    scene = Scene(daemon)
    user = client.User(daemon)
    user.add_box("orders")
    stored = user.run("encrypt", "orders", data=scene.secret)
    daemon.daemon.send_signal(signal.SIGSTOP)
    try:
        process = subprocess.Popen([kmsd.KMSCTL, "encrypt", "orders"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   env=user.environment())
        daemon.processes.append(process)
        process.stdin.write(scene.secret)
        process.stdin.close()
        scene.watched["kmsctl"] = process
        scene.until_held("kmsctl", "while kmsd does not answer")
    finally:
        daemon.daemon.send_signal(signal.SIGCONT)
    kmsd.wants(process.stdout.read().decode(), "v1:")
    process.stdout.close()
    tap.equal(process.wait(kmsd.PATIENCE), 0, "the exit code")
    scene.until_gone("encrypting")
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    while True:
        try:
            os.write(writing, bytes(4096))
        except BlockingIOError:
            break
    os.set_blocking(writing, True)
    process = subprocess.Popen([kmsd.KMSCTL, "decrypt", "orders"], stdin=subprocess.PIPE, stdout=writing, env=user.environment())
    daemon.processes.append(process)
    os.close(writing)
    process.stdin.write(stored)
    process.stdin.close()
    scene.watched["kmsctl"] = process
    scene.until_held("kmsctl", "while nobody reads")
    with open(reading, "rb") as pipe:
        tap.equal(pipe.read().lstrip(b"\0"), scene.secret, "what it printed")
    tap.equal(process.wait(kmsd.PATIENCE), 0, "the exit code")
    scene.until_gone("decrypting")


def check_no_core_files(daemon):
    """Whoever may not trace it does not get at its memory by other ways: /proc is root's, and there is no core file."""
    need_to_look()
    daemon.start()
    with open(f"/proc/{daemon.daemon.pid}/limits", encoding="ascii") as file:
        limit, = (line.split()[4:6] for line in file if line.startswith("Max core file size"))
    tap.equal(limit, ["0", "0"], "the limit of core files")
    command.Command(daemon)  # others' copies of the programs
    for pattern in ("kmsd/kmsd", "plugins/local/kms-local.so"):
        shutil.copy(os.path.join(kmsd.BUILD, pattern), daemon.path("programs"))
    state = daemon.path("of-nobody")
    os.mkdir(state)
    os.chown(state, NOBODY, NOBODY)
    with open(daemon.path("nobody's-log"), "wb") as log:
        process = subprocess.Popen(
            ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", daemon.path("programs/kmsd"),
             f"--private-socket={state}/socket", f"--config-root={state}"], stderr=log,
            env=os.environ | {"LD_LIBRARY_PATH": daemon.path("programs")})
        daemon.processes.append(process)
    end = time.monotonic() + kmsd.PATIENCE
    while not os.path.exists(f"{state}/socket") and process.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    with open(daemon.path("nobody's-log"), encoding="utf-8") as log:
        tap.equal(os.path.exists(f"{state}/socket"), True, f"it started ({log.read()})")
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        uids, = (line.split()[1:] for line in file if line.startswith("Uid:"))
    tap.equal(uids, [str(NOBODY)] * 4, "whose process it is")
    # proc(5): they are root's where PR_GET_DUMPABLE is not 1.
    tap.equal(os.stat(f"/proc/{process.pid}/environ").st_uid, 0, "whose its files in /proc are")
    tap.equal(os.stat(f"/proc/{process.pid}/mem").st_uid, 0, "whose its memory is")


kmsd.main("leak", globals())
