# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How kmsd begins, reads its configuration again, meets too many callers, and ends."""

import os
import signal
import socket
import subprocess
import time

import kmsd
import tap


def run(*arguments, **more):
    return subprocess.run([kmsd.KMSD, *arguments], capture_output=True, text=True, check=False, timeout=kmsd.PATIENCE, **more)


def check_command_line(daemon):
    done = run("--version")
    tap.equal((done.returncode, done.stdout.split()[0]), (0, "kmsd"), "--version")
    for arguments in ((), ("--system", "--session"), ("--session", "more"), ("--nothing",)):
        done = run(*arguments)
        tap.equal((done.returncode, done.stdout), (2, ""), f"kmsd {' '.join(arguments)}")
        kmsd.wants(done.stderr, "kmsd: ")
    done = run("--private-socket=relative", f"--config-root={daemon.path('root')}")
    tap.equal(done.returncode, 2, "a path that is not absolute")
    kmsd.wants(done.stderr, "absolute")


def until(condition, what):
    """Waits for what takes its time in another process."""
    for _ in range(kmsd.PATIENCE * 20):
        if condition():
            return
        time.sleep(0.05)
    raise tap.Failure(f"not within {kmsd.PATIENCE} s: {what}")


def check_reload(daemon):
    """What is there after a reload is what the files say; a broken box stays as it was."""
    daemon.add_box("orders", "EncryptFor=*")
    daemon.start()
    client = daemon.client()
    client.encrypt("orders", b"x")
    daemon.add_box("more", "EncryptFor=*")
    client.manager("Reload", "(@a{sv} {},)")
    client.encrypt("more", b"x")
    daemon.write("root/admin/boxes.d/orders.box", "[Box]\nVersion=none\n")
    daemon.write("root/admin/boxes.d/bad.box", "what?\n")
    client.manager("Reload", "(@a{sv} {},)")
    client.encrypt("orders", b"x")
    client.encrypt("bad", b"x", expect="NotFound")
    kmsd.wants(daemon.read_log(), 'box "orders" stays as it was', 'box "bad" is left out')
    daemon.write("root/admin/kms.conf", "[Daemon]\nIdleTimeout=soon\n")
    kmsd.wants(client.bad("Config", kmsd.MANAGER, "Reload", "(@a{sv} {},)", interface="org.libkms.Kms1.Manager"), "kms.conf")
    client.encrypt("orders", b"x")


def check_greeting(daemon):
    """A private socket answers Hello, so that clients that know only buses can call there; it has nothing else of one."""
    daemon.add_box("orders", "EncryptFor=*")
    daemon.start()
    client = kmsd.Client(f"unix:path={daemon.socket}")  # as if it were a bus
    daemon.clients.append(client)
    tap.equal(client.name, ":1.1", "the name that a caller has, alone on its connection")
    kmsd.wants(client.encrypt("orders", b"x").decode(), "v1:")
    client.bad("org.freedesktop.DBus.Error.UnknownMethod", "/org/freedesktop/DBus", "ListNames",
               interface="org.freedesktop.DBus")


def check_hangup_and_changed_files(daemon):
    """SIGHUP reads again; so does a change, without anybody asking."""
    daemon.add_box("orders", "EncryptFor=*")
    daemon.start()
    client = daemon.client()

    def sees(name):
        return name in str(client.manager("ListBoxes", "(@a{sv} {},)"))
    daemon.add_box("more", "EncryptFor=*")
    daemon.daemon.send_signal(signal.SIGHUP)
    until(lambda: sees("more"), "the box after SIGHUP")
    daemon.add_box("evenmore", "EncryptFor=*")
    until(lambda: sees("evenmore"), "the box after its file was written")


@kmsd.EVERYWHERE
def check_box_files_are_watched(daemon):
    """Nobody says that a box file was written, changed, broken, mended or removed: what callers meet follows the files."""
    daemon.add_box("orders", "EncryptFor=*\nDescription=first")
    daemon.start()
    client = daemon.client()

    def description(name="orders"):
        boxes = client.manager("ListBoxes", "(@a{sv} {},)")[0]
        return {info["name"]: info["description"] for info in boxes.values()}.get(name)
    tap.equal(description(), "first", "at the start")
    daemon.add_box("orders", "EncryptFor=*\nDescription=second")
    until(lambda: description() == "second", "a box that was changed")
    daemon.add_box("more", "EncryptFor=*\nDescription=more")
    until(lambda: description("more") == "more", "a box that was added")
    daemon.write("root/admin/boxes.d/orders.box", "[Box]\nVersion=none\n")
    until(lambda: 'box "orders" stays as it was' in daemon.read_log(), "a word about the broken box")
    kmsd.wants(daemon.read_log(), "orders.box")
    tap.equal(description(), "second", "a broken box stays as it was")
    client.encrypt("orders", b"x")
    daemon.add_box("orders", "EncryptFor=*\nDescription=third")
    until(lambda: description() == "third", "a box that was mended")
    os.unlink(daemon.path("root/admin/boxes.d/orders.box"))
    until(lambda: description() is None, "a box that was removed")
    client.encrypt("orders", b"x", expect="NotFound")
    tap.equal(description("more"), "more", "the other one")


def check_strangers_do_not_reload(daemon):
    daemon.start()
    client = daemon.client(61003)
    client.bad("NotAuthorized", kmsd.MANAGER, "Reload", "(@a{sv} {},)", interface="org.libkms.Kms1.Manager")


@kmsd.ways("session", None)
def check_two_daemons(daemon):
    daemon.start()
    root, other = daemon.path("root"), daemon.path("other-socket")
    done = run(f"--private-socket={other}", f"--config-root={root}")
    tap.equal((done.returncode, "another kmsd uses" in done.stderr), (1, True), f"the same state ({done.stderr})")
    done = run(f"--private-socket={daemon.socket}", f"--config-root={root}", f"--state-directory={daemon.path('other')}")
    tap.equal((done.returncode, "somebody listens" in done.stderr), (1, True), f"the same socket ({done.stderr})")
    if daemon.kind == "session":
        done = run("--session", f"--config-root={root}", f"--state-directory={daemon.path('other')}",
                   env=dict(os.environ, DBUS_SESSION_BUS_ADDRESS=daemon.address))
        tap.equal((done.returncode, "owns org.libkms.Kms1" in done.stderr), (1, True), f"the same name ({done.stderr})")
    daemon.client().manager("ListBoxes", "(@a{sv} {},)")


def check_socket_that_was_left(daemon):
    """A daemon that was killed leaves its socket, and the next one takes its place; what is no socket stays."""
    daemon.start()
    daemon.daemon.kill()
    daemon.daemon.wait()
    tap.equal(os.path.exists(daemon.socket), True, "the socket is left")
    daemon.start()
    daemon.client().manager("ListBoxes", "(@a{sv} {},)")
    tap.equal(daemon.stop(), 0, "the exit code")
    tap.equal(os.path.exists(daemon.socket), False, "the socket is removed")
    daemon.write("socket", "a file\n")
    done = run(f"--private-socket={daemon.socket}", f"--config-root={daemon.path('root')}")
    tap.equal((done.returncode, os.path.exists(daemon.socket)), (1, True), f"a file in its place ({done.stderr})")


@kmsd.EVERYWHERE
def check_end_answers_what_is_in_flight(daemon):
    daemon.add_box("orders", "EncryptFor=*")
    daemon.start()
    client = daemon.client()
    client.encrypt("orders", b"x")
    client.send(f"{kmsd.BOXES}/orders", "Encrypt", "(handle 0, @a{ss} {}, @a{sv} {})", descriptors=[("open-pipe", b"x")])
    other = daemon.client()
    other.encrypt("orders", b"x")
    started = time.monotonic()
    tap.equal(daemon.stop(), 0, "the exit code")
    tap.equal(time.monotonic() - started < kmsd.PATIENCE / 2, True, "it ended in time")
    tap.equal("error" in client.read(), True, "the call that was waiting is answered")


def check_silent_connections(daemon):
    """Connections that say nothing are few for a user, and another user is not held up."""
    daemon.add_box("orders", "EncryptFor=*")
    daemon.start()
    silent = []
    for _ in range(40):
        silent.append(socket.socket(socket.AF_UNIX))
        silent[-1].connect(daemon.socket)

    def refused(connection):
        connection.settimeout(1)
        try:
            return connection.recv(1) == b""
        except TimeoutError:
            return False
    tap.equal(sum(refused(connection) for connection in silent[8:]), 32, "connections that were refused")
    daemon.client(61001).encrypt("orders", b"x")
    for connection in silent:
        connection.close()


def check_other_mechanisms(daemon):
    """EXTERNAL is the only way in."""
    daemon.start()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(kmsd.PATIENCE)
        connection.connect(daemon.socket)
        connection.sendall(b"\0AUTH ANONYMOUS 00\r\n")
        tap.equal(connection.recv(100), b"REJECTED EXTERNAL\r\n", "what is offered")


@kmsd.ways("session")
def check_idle_though_a_subscriber_left(daemon):
    """Who listens keeps the session's daemon; who left without saying so does not."""
    daemon.write("root/admin/kms.conf", "[Daemon]\nIdleTimeout=3\n")
    client = daemon.client()
    daemon.start()
    client.good(kmsd.MANAGER, "Subscribe", "(@a{sv} {},)", interface="org.libkms.Kms1.Audit")
    client.leave()
    tap.equal(daemon.daemon.wait(kmsd.PATIENCE), 0, "the exit code, since nobody is left")


@kmsd.ways("session")
def check_more_callers_than_match_rules(daemon):
    """A bus daemon silently drops the rules that are too many, and kmsd must not need one for each caller."""
    kmsd.need_dbus_daemon("the limit is set in dbus-daemon's file")
    daemon.bus.terminate()
    daemon.bus.wait()
    with open(daemon.path("bus.conf"), encoding="utf-8") as file:
        text = file.read()
    limit = '<limit name="max_match_rules_per_connection">3</limit>'
    daemon.write("bus.conf", text.replace("</busconfig>", f"{limit}</busconfig>"))
    daemon.write("root/admin/kms.conf", "[Daemon]\nIdleTimeout=3\n")
    daemon.run_bus()
    clients = [daemon.client(private=False) for _ in range(6)]
    daemon.start()
    for client in clients:
        client.good(kmsd.MANAGER, "Subscribe", "(@a{sv} {},)", interface="org.libkms.Kms1.Audit")
    for client in clients:
        client.leave()
    tap.equal(daemon.daemon.wait(kmsd.PATIENCE), 0, "the exit code, since it saw all of them leave")


def check_no_bus(daemon):
    """Where there is no bus yet, the private socket is served all the same."""
    daemon.add_box("orders", "EncryptFor=*")
    os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={daemon.path('no-bus')}"
    daemon.start("--system")
    del os.environ["DBUS_SYSTEM_BUS_ADDRESS"]
    daemon.client().encrypt("orders", b"x")
    kmsd.wants(daemon.read_log(), "only the private socket is served")


def check_no_bus_and_no_socket(daemon):
    """Then nothing can be served, and the exit code says that it may be another time."""
    for kind in ("system", "session"):
        done = run(f"--{kind}", f"--config-root={daemon.path('root')}",
                   env=dict(os.environ, **{f"DBUS_{kind.upper()}_BUS_ADDRESS": f"unix:path={daemon.path('no-bus')}"}))
        tap.equal(done.returncode, 7, f"kmsd --{kind} ({done.stderr})")
        kmsd.wants(done.stderr, f"no connection to the {kind} bus")


def check_debug_messages(daemon):
    """They are asked for with a variable, which is the only one of libkms that counts."""
    daemon.write("root/admin/boxes.d/A.box", "")
    for value, is_there in (("1", True), ("", False)):
        daemon.environment = {"KMS_DEBUG": value, "KMS_CONFIG_ROOT": "/nonexistent"}
        daemon.start()
        tap.equal("A.box is skipped" in daemon.read_log(), is_there, f"debug messages with KMS_DEBUG={value}")
        tap.equal(daemon.stop(), 0, "the exit code")
        daemon.log.truncate(0)


def served_by_bus(daemon):
    """Whether a call over the bus is answered by now."""
    client = daemon.client(private=False)
    answer = client.call(kmsd.MANAGER, "ListBoxes", "(@a{sv} {},)", interface="org.libkms.Kms1.Manager")
    client.end()
    daemon.clients.remove(client)
    return "error" not in answer


@kmsd.ways("system", "session")
def check_bus_that_comes_later(daemon):
    """Early at boot the private socket is served, and the bus when it is there."""
    daemon.bus.terminate()
    daemon.bus.wait()
    daemon.add_box("orders", "EncryptFor=*")
    daemon.start()
    private = daemon.client(private=True)
    private.encrypt("orders", b"x")
    daemon.run_bus()
    until(lambda: served_by_bus(daemon), "a place on the bus that came later")
    daemon.client(private=False).encrypt("orders", b"x")
    private.encrypt("orders", b"x")


@kmsd.ways("system", "session")
def check_bus_that_goes_and_comes_back(daemon):
    daemon.add_box("orders", "EncryptFor=*")
    daemon.start()
    private = daemon.client(private=True)
    daemon.client(private=False).encrypt("orders", b"x")
    for _ in range(2):
        daemon.bus.kill()
        daemon.bus.wait()
        private.encrypt("orders", b"x")
        daemon.run_bus()
        until(lambda: served_by_bus(daemon), "a place on the bus that came back")
        private.encrypt("orders", b"x")
    tap.equal(daemon.stop(), 0, "the exit code")


@kmsd.ways("session")
def check_bus_that_goes_without_a_private_socket(daemon):
    """Then there is nothing to be served: whoever watches starts it again with the bus."""
    done = subprocess.Popen([kmsd.KMSD, "--session", f"--config-root={daemon.path('root')}"], stderr=subprocess.PIPE,
                            env=dict(os.environ, DBUS_SESSION_BUS_ADDRESS=daemon.address))
    daemon.processes.append(done)
    until(lambda: served_by_bus(daemon), "the bus is served")
    daemon.bus.kill()
    daemon.bus.wait()
    tap.equal(done.wait(kmsd.PATIENCE), 7, "the exit code")
    kmsd.wants(done.stderr.read().decode(), "the bus closed the connection")
    done.stderr.close()


kmsd.main("life", globals())
