# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Records whose boxes are kmsd's: by the command line, and by a model that names them."""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess

import client
import kmsd
import tap

CUSTOMERS = os.environ["CUSTOMERS"]
EXAMPLE = os.path.join(os.environ["SOURCE"], "examples/record-c")
STORE = os.path.join(kmsd.BUILD, "plugins/store-sqlite")
ALL = "EncryptFor=*\nDecryptFor=*"


def read(name):
    with open(os.path.join(EXAMPLE, name), encoding="utf-8") as file:
        return file.read()


class User(client.User):
    """With the table and the model of the example."""

    def __init__(self, daemon):
        super().__init__(daemon)
        self.database = daemon.path("customers.sqlite3")
        with sqlite3.connect(self.database) as connection:
            connection.executescript(read("customers.sql"))
        self.add_model("customer", read("customer.model"))

    def add_model(self, name, text):
        self.daemon.write(f"client/admin/models.d/{name}.model",
                          text.replace("Table=customers\n", f"Table=customers\nDatabase=sqlite:{self.database}\n"))

    def environment(self):
        return dict(super().environment(), KMS_MODULE_PATH=STORE)

    def choice(self):
        """The option of kmsctl that means this daemon."""
        return {"system": "--system", "session": "--user"}.get(self.daemon.kind, f"--socket={self.daemon.socket}")


@contextlib.contextmanager
def environment(**values):
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def start(daemon, lines=ALL):
    daemon.add_box("customers", lines)
    daemon.start()
    return User(daemon)


@kmsd.EVERYWHERE
def check_kmsctl(daemon):
    user = start(daemon)
    user.run(user.choice(), "record", "create", "customer", "email", "--column", "name=Ada", data=b"ada@example.org")
    tap.equal(user.run(user.choice(), "record", "get", "customer", "1", "email"), b"ada@example.org", "through kmsd")
    user.run(user.choice(), "record", "set", "customer", "1", "visits", data=b"3")
    rows = json.loads(user.run(user.choice(), "--json", "record", "list", "customer"))
    tap.equal(rows, [{"id": 1, "attributes": {"email": "ada@example.org", "born_on": None, "visits": 3}}], "list")
    # Whoever has the key reads the same row without kmsd.
    daemon.write("root/admin/models.d/customer.model", read("customer.model"))
    done = subprocess.run([kmsd.KMSCTL, "record", "get", "customer", "1", "visits", f"--db=sqlite:{user.database}"],
                          capture_output=True, check=False, timeout=kmsd.PATIENCE,
                          env=dict(os.environ, KMS_CONFIG_ROOT=daemon.path("root"), KMS_MODULE_PATH=STORE))
    tap.equal((done.returncode, done.stdout), (0, b"3"), done.stderr.decode())


def tell_story(daemon, program, *arguments):
    """The program of an example, with one line of its model changed."""
    user = start(daemon)
    user.add_model("through-kmsd", read("customer.model").replace("Box=customers", f"KeyId={user.place}customers"))
    arguments = (*arguments, "through-kmsd", f"sqlite:{user.database}")
    told = user.run(*arguments, program=program).decode()
    tap.equal([line.split()[0] for line in told.splitlines()],
              ["created", "read", "changed", "refused", "read", "counted"], "steps")
    kmsd.wants(told, "customers: 1\n")
    kmsd.wants(user.run(*arguments, program=program).decode(), "customers: 2\n")


@kmsd.EVERYWHERE
def check_example(daemon):
    tell_story(daemon, CUSTOMERS)


def need_bindings():
    if not os.path.exists(os.path.join(kmsd.BUILD, "libkms/Kms-1.typelib")):
        raise tap.Skip("needs a build with introspection")
    if os.environ["SANITIZE"] != "none":
        raise tap.Skip("what runs it is not sanitized")


@kmsd.ways("session")
def check_example_in_python(daemon):
    need_bindings()
    with environment(GI_TYPELIB_PATH=os.path.join(kmsd.BUILD, "libkms"), LD_LIBRARY_PATH=os.path.join(kmsd.BUILD, "libkms")):
        tell_story(daemon, "/usr/bin/python3", os.path.join(EXAMPLE, "../record-python/customers.py"))


@kmsd.ways("session")
def check_example_in_vala(daemon):
    need_bindings()
    if shutil.which("valac") is None:
        raise tap.Skip("needs valac")
    library = os.path.join(kmsd.BUILD, "libkms")
    places = ["-X", f"-I{os.environ['SOURCE']}", "-X", f"-I{kmsd.BUILD}", "--vapidir", library, "--girdir", library]
    subprocess.run(["valac", *places, "--pkg", "gio-2.0", "--pkg", "libkms-1", "-X", "-w", "-d", daemon.path(""), "-o", "customers",
                    os.path.join(EXAMPLE, "../record-vala/customers.vala")], check=True, timeout=120,
                   env=dict(os.environ, PKG_CONFIG_PATH=os.path.join(kmsd.BUILD, "meson-uninstalled")))
    with environment(LD_LIBRARY_PATH=library):
        tell_story(daemon, daemon.path("customers"))


@kmsd.ways("system")
def check_encrypt_only(daemon):
    """Who may not decrypt can make rows and renew keys, and nothing else."""
    user = start(daemon, "EncryptFor=*")
    user.run(user.choice(), "record", "create", "customer", "email", "--column", "name=Ada", data=b"ada@example.org")
    user.fail(4, user.choice(), "record", "get", "customer", "1", "email")
    user.fail(4, user.choice(), "record", "set", "customer", "1", "visits", data=b"3")
    kmsd.wants(user.fail(2, user.choice(), "record", "set", "customer", "1", "visits", "--new-key", data=b"3"),
               "would be lost with it: email;")
    user.run(user.choice(), "record", "set", "customer", "1", "email", "--new-key", data=b"a@example.org")


def read_until(stream, word):
    for line in stream:
        if word in line:
            return
    raise tap.Failure(f"it ended without {word!r}")


@kmsd.EVERYWHERE
def check_rotation_outlives_kmsd(daemon):
    """kmsd is killed amid a rotation, and started again: the rotation waits for it, and loses nothing."""
    user = start(daemon, "EncryptFor=*\nDecryptFor=*\nRewrapFor=*")
    for _ in range(12):
        user.run(user.choice(), "record", "create", "customer", "email", "--column", "name=Ada", data=b"ada@example.org")
    command = [kmsd.KMSCTL, user.choice(), "--json", "record", "rewrap", "customer", "--all", "--batch=1", "--max-per-second=4"]
    process = subprocess.Popen(command, env=user.environment(), cwd="/", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    daemon.processes.append(process)
    before = wrapped(user)
    kmsd.until(lambda: wrapped(user) != before, "the first row")
    daemon.daemon.kill()
    daemon.daemon.wait()
    read_until(process.stdout, '"waiting"')
    daemon.start()
    rest, complaints = process.communicate(timeout=4 * kmsd.PATIENCE)
    tap.equal(process.returncode, 0, complaints)
    tap.equal(json.loads(rest.splitlines()[-1])["done"], 12, "rows")
    tap.equal(sum(one != other for one, other in zip(before, wrapped(user))), 12, "every key was wrapped anew")
    rows = json.loads(user.run(user.choice(), "--json", "record", "list", "customer"))
    tap.equal({row["attributes"]["email"] for row in rows}, {"ada@example.org"}, "values")


def wrapped(user):
    with contextlib.closing(sqlite3.connect(user.database, timeout=20)) as connection:
        return [row[0] for row in connection.execute("SELECT encrypted_kms_key FROM customers ORDER BY id")]


def check_own_keys(daemon):
    """A model with key ids of its own has no box that kmsd could have."""
    user = start(daemon)
    user.add_model("own", read("customer.model").replace("Box=customers", "KeyId=local/customers"))
    kmsd.wants(user.fail(2, user.choice(), "record", "list", "own"), "write Box= into [Key kms_key]")


kmsd.main("records", globals())
