# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kmsd with a configuration of its own, on a bus of its own or without any, and callers who are other users."""

import base64
import functools
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import broker
import tap
import wire

BUILD = os.environ["BUILD"]
SOURCE = os.environ["SOURCE"]
KMSD = os.environ["KMSD"]
KMSCTL = os.environ["KMSCTL"]
BUS = os.environ.get("BUS", "dbus-daemon")
PYTHON = "/usr/bin/python3"
PATIENCE = int(os.environ.get("PATIENCE", "30"))  # seconds: a busy machine, not a speed

MANAGER = "/org/libkms/Kms1/Manager"
BOXES = "/org/libkms/Kms1/boxes"
ERROR = "org.libkms.Kms1.Error."

BUS_CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>{type}</type>
  <listen>unix:path={path}</listen>
  <servicedir>{services}</servicedir>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
  {include}
</busconfig>
"""


def need(program):
    if shutil.which(program) is None:
        raise tap.Skip(f"{program} is not installed")


def need_dbus_daemon(why):
    if BUS != "dbus-daemon":
        raise tap.Skip(f"{why}, and {BUS} is the bus")


@functools.cache
def need_gio():
    probe = subprocess.run([PYTHON, "-c", "import gi"], capture_output=True, check=False)
    if probe.returncode != 0:
        raise tap.Skip("python3-gi is not installed")


def need_root():
    if os.geteuid() != 0:
        raise tap.Skip("only root can become other users")
    need("setpriv")


def text(value):
    """A string in GVariant's text format."""
    return json.dumps(value)


def context(**pairs):
    return "@a{ss} {" + ", ".join(f"{text(name)}: {text(value)}" for name, value in pairs.items()) + "}"


def options(**values):
    """Values are GVariant text; "_" in names stands for "-"."""
    return "@a{sv} {" + ", ".join(f"{text(name.replace('_', '-'))}: <{value}>" for name, value in values.items()) + "}"


def octets(data):
    return "@ay [" + ", ".join(str(byte) for byte in data) + "]"


class Client:
    """A process that calls kmsd, as root or as somebody else."""

    def __init__(self, address, uid=None, gids=()):
        command = [PYTHON, "-c", open(os.path.join(SOURCE, "tests/dbus/client.py"), encoding="utf-8").read(), address]
        if uid is not None:
            groups = [f"--groups={','.join(map(str, gids))}"] if gids else ["--clear-groups"]
            command = ["setpriv", f"--reuid={uid}", f"--regid={uid}", *groups, *command]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/")
        self.name = self.read()["name"]

    def read(self):
        ready, _, _ = select.select([self.process.stdout], [], [], 2 * PATIENCE)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            raise tap.Failure("the caller's process said nothing" if not ready else "the caller's process ended")
        return json.loads(line)

    def send(self, path, method, parameters=None, descriptors=(), interface="org.libkms.Kms1.Box", interactive=False,
             to="org.libkms.Kms1", times=0):
        request = {"path": path, "interface": interface, "method": method, "interactive": interactive, "to": to, "times": times,
                   "descriptors": [(kind, base64.b64encode(data).decode()) for kind, data in descriptors]}
        if parameters is not None:
            request["parameters"] = parameters
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()

    def call(self, *arguments, **more):
        self.send(*arguments, **more)
        return self.read()

    def good(self, path, method, *arguments, **more):
        """What was answered, and the secrets that came through pipes."""
        answer = self.call(path, method, *arguments, **more)
        if "error" in answer:
            raise tap.Failure(f"{method}: {answer['error']}: {answer['message']}")
        return answer["reply"], [base64.b64decode(secret) for secret in answer["secrets"]]

    def bad(self, error, path, method, *arguments, **more):
        """Wants that error, and returns its text."""
        answer = self.call(path, method, *arguments, **more)
        tap.equal(answer.get("error", "none"), ERROR + error if "." not in error else error,
                  f"error of {method} ({answer.get('message', answer)})")
        return answer["message"]

    def encrypt(self, box, secret, pairs=None, kind="pipe", how="", expect=None):
        arguments = (f"{BOXES}/{box}", "Encrypt", f"(handle 0, {context(**(pairs or {}))}, {how or options()})")
        if expect is not None:
            return self.bad(expect, *arguments, descriptors=[(kind, secret)])
        reply, _ = self.good(*arguments, descriptors=[(kind, secret)])
        return bytes(reply[0])

    def decrypt(self, box, ciphertext, pairs=None, how="", expect=None):
        arguments = (f"{BOXES}/{box}", "Decrypt",
                     f"({octets(ciphertext)}, {context(**(pairs or {}))}, {how or options()})")
        if expect is not None:
            return self.bad(expect, *arguments)
        _, secrets = self.good(*arguments)
        return secrets[0]

    def manager(self, method, parameters):
        return self.good(MANAGER, method, parameters, interface="org.libkms.Kms1.Manager")[0]

    def introspect(self, path):
        return self.good(path, "Introspect", interface="org.freedesktop.DBus.Introspectable")[0][0]

    def leave(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.terminate()
        self.process.wait()


class Ended(tap.Failure):
    """kmsd ended before it was ready."""


class Daemon:
    """kmsd at a private socket, and on a bus if one is asked for; with "with", gone at the end."""

    def __init__(self, bus=None, place=None):
        need_gio()
        self.directory = tempfile.mkdtemp(prefix="kmsd-test-", dir=place)
        os.chmod(self.directory, 0o755)
        self.kind = bus
        self.processes, self.clients, self.wires = [], [], []
        self.socket = self.path("socket")
        self.log = open(self.path("log"), "w+", encoding="utf-8")
        self.daemon = None
        self.environment = {}
        for name, prefix in (("local", "Prefixes=local/"), ("test", "Exact=insecure-test-key")):
            module = os.path.join(BUILD, "plugins", name, f"kms-{name}.so")
            self.write(f"root/admin/providers.d/{name}.provider", f"[Provider]\nModule={module}\nAbi=1\n{prefix}\n")
        if bus is not None:
            self.start_bus(bus)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for client in self.clients:
            client.end()
        for connection in self.wires:
            connection.close()
        for process in [self.daemon, *self.processes]:
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait(PATIENCE)
        self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, data, mode=0o644):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(data)
        os.chmod(path + ".new", mode)
        os.rename(path + ".new", path)

    def kmsctl(self, *arguments, data=b""):
        env = dict(os.environ, KMS_CONFIG_ROOT=self.path("root"), LC_ALL="C.UTF-8")
        done = subprocess.run([KMSCTL, *arguments], input=data, capture_output=True, check=False, env=env, timeout=PATIENCE)
        if done.returncode != 0:
            raise tap.Failure(f"kmsctl {' '.join(arguments)}: {done.stderr.decode()}")
        return done.stdout

    def add_box(self, name, lines="", key_id=None):
        """A box with a key of its own, unless another one is named."""
        if key_id is None:
            key_id = f"local/{name}"
            if not os.path.exists(self.path(f"key-of-{name}")):
                self.kmsctl("key", "create", key_id)
                self.write(f"key-of-{name}", "made\n")
        self.write(f"root/admin/boxes.d/{name}.box", f"[Box]\nVersion=1\n{lines}\n[Version 1]\nKeyId={key_id}\n")

    def start_bus(self, kind):
        need(BUS)
        policy = os.path.join(SOURCE, "data/dbus-1/org.libkms.Kms1.conf")
        include = f"<include>{policy}</include>" if kind == "system" else ""
        os.mkdir(self.path("services"))
        self.write("bus.conf", BUS_CONFIGURATION.format(type=kind, path=self.path("bus"), include=include,
                                                        services=self.path("services")))
        self.run_bus()

    def run_bus(self):
        """Again, if it ran before."""
        if BUS == "dbus-broker":
            self.address = f"unix:path={self.path('bus')}"
            self.bus = broker.start(self.path("bus"), self.kind, self.log)
            self.processes.append(self.bus)
            return
        process = subprocess.Popen(["dbus-daemon", f"--config-file={self.path('bus.conf')}", "--nofork", "--nopidfile",
                                    "--print-address=1"], stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.processes.append(process)
        self.address = process.stdout.readline().strip()
        process.stdout.close()
        self.bus = process

    def start(self, *arguments):
        """Starts kmsd and returns when it says that it is ready."""
        env = {key: value for key, value in os.environ.items() if not key.startswith("KMS_")} | self.environment
        if self.kind is not None:
            env[f"DBUS_{self.kind.upper()}_BUS_ADDRESS"] = self.address
        notify = self.path("notify")
        if os.path.exists(notify):
            os.unlink(notify)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(notify)
            env["NOTIFY_SOCKET"] = notify
            self.daemon = subprocess.Popen(
                [KMSD, *([f"--{self.kind}"] if self.kind else []), f"--private-socket={self.socket}",
                 f"--config-root={self.path('root')}", *arguments], env=env, stdout=self.log, stderr=self.log)
            self.wait_until_ready(ready)

    def wait_until_ready(self, ready):
        ending = os.pidfd_open(self.daemon.pid)
        try:
            seen, _, _ = select.select([ready, ending], [], [], PATIENCE)
        finally:
            os.close(ending)
        if not seen:
            raise tap.Failure(f"kmsd did not start: {self.read_log()}")
        if ready not in seen:
            raise Ended(f"kmsd ended with exit code {self.daemon.wait()} before it was ready: {self.read_log()}")
        tap.equal(ready.recv(100), b"READY=1", "kmsd told the service manager")

    def stop(self):
        """Ends it as a service manager does, and returns its exit code."""
        self.daemon.send_signal(signal.SIGTERM)
        return self.daemon.wait(PATIENCE)

    def read_log(self):
        with open(self.path("log"), encoding="utf-8") as file:
            return file.read()

    def client(self, uid=None, gids=(), private=None):
        if uid is not None:
            need_root()
            os.chmod(self.socket, 0o666)
        private = self.kind is None if private is None else private
        client = Client(f"unix:path={self.socket},private" if private else self.address, uid, gids)
        self.clients.append(client)
        return client


    def wire(self, private=None, more=b""):
        """A connection that sends whatever it is told to."""
        private = self.kind is None if private is None else private
        connection = wire.Connection(self.socket if private else self.path("bus"), bus=not private)
        self.wires.append(connection)
        return connection.agree(more)


def wants(found, *words):
    for word in words:
        if word not in found:
            raise tap.Failure(f"{word!r} is not in {found!r}")


def lacks(found, *words):
    for word in words:
        if word in found:
            raise tap.Failure(f"{word!r} is in {found!r}")


def until(condition, what):
    """Waits for what comes of itself."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise tap.Failure(f"not within {PATIENCE} s: {what}")
        time.sleep(0.01)


def main(prefix, module):
    """Every function that is called check_… is a case, once for each way to reach the daemon that it names; with another
    bus than usual only what goes over it."""
    cases = []
    for name, function in list(module.items()):
        if not name.startswith("check_"):
            continue
        for bus in getattr(function, "ways", (None,)):
            if bus is None and BUS != "dbus-daemon":
                continue
            path = f"/dbus/{prefix}/{name[6:].replace('_', '-')}/{bus or 'private'}"
            cases.append((path, lambda function=function, bus=bus: in_daemon(function, bus)))
    tap.main(cases)


def in_daemon(function, bus):
    with Daemon(bus) as daemon:
        try:
            function(daemon)
        except tap.Failure as failure:
            raise tap.Failure(f"{failure}\nkmsd said: {daemon.read_log()}") from None


def ways(*names):
    def decorate(function):
        function.ways = names
        return function
    return decorate


EVERYWHERE = ways("system", "session", None)
