# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kmsctl and servers of PostgreSQL whose disk is full, who prove with a certificate who they are, and who are stopped."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time

import cli
import postgres
import tap

MODULES = {"KMS_MODULE_PATH": cli.module_path("plugins/store-postgresql")}
N_ROWS = 60
VALUE = b"0123456789abcdef" * 2500
MODEL = """[Model]
Name=User
Table=users
LockVersion=lock_version
[Key kms_key]
Box=users
Complete=true
[Attribute note]
Key=kms_key
Format=lockbox
"""
TABLE = """CREATE TABLE users (id bigserial PRIMARY KEY, encrypted_kms_key text, note_ciphertext text,
lock_version integer NOT NULL DEFAULT 0) {where}"""
DISK = 16 * 1024 * 1024


def enter_namespace():
    """Starts the test again where what is mounted is nobody else's. The server needs a user of its own, so this is for root."""
    if os.environ.get("KMS_TEST_NAMESPACE"):
        return os.environ["KMS_TEST_NAMESPACE"] == "1"
    mounts = shutil.which("unshare") and os.geteuid() == 0 and subprocess.run(
        ["unshare", "-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt"], capture_output=True, check=False).returncode == 0
    os.environ["KMS_TEST_NAMESPACE"] = "1" if mounts else "0"
    if mounts:
        os.execvp("unshare", ["unshare", "-m", sys.executable, *sys.argv])
    return False


MAY_MOUNT = enter_namespace()


class Shop(cli.Root):
    """A table with a value in each row, and a box that can get new versions."""

    def __init__(self, env, where=""):
        super().__init__()
        self.env = {**env, **MODULES}
        self.write("admin/models.d/user.model", MODEL)
        self.good("box", "create", "users", "--key", "insecure-test-key")
        self.sql(TABLE.format(where=where))

    def environment(self, **more):
        return super().environment(**{**self.env, **more})

    def sql(self, text):
        done = subprocess.run(["psql", "-AtqX", "-v", "ON_ERROR_STOP=1", "-c", text], env=self.environment(), capture_output=True,
                              text=True, check=False)
        tap.equal((done.returncode, done.stderr), (0, ""), text)
        return done.stdout.strip()

    def fill(self, n_rows, value):
        path = self.write("value", value)
        for _ in range(n_rows):
            self.good("record", "create", "user", f"note=@{path}", "--db=postgresql:///test")

    def assert_values(self, n_rows, value):
        found = self.json("record", "list", "user", "--db=postgresql:///test")
        tap.equal([row["attributes"]["note"].encode() for row in found] == [value] * n_rows, True, f"{len(found)} values")

    def count_new(self):
        return int(self.sql("SELECT count(*) FROM users WHERE encrypted_kms_key LIKE 'v2:%'"))


@contextlib.contextmanager
def running(**arguments):
    try:
        with postgres.server(**arguments) as env:
            yield env
    except postgres.Missing as reason:
        raise tap.Skip(str(reason)) from reason


def fill_disk(directory, keep):
    """A file that leaves room for so many bytes."""
    free = os.statvfs(directory)
    with open(os.path.join(directory, "filler"), "wb") as file:
        file.write(b"x" * (free.f_bavail * free.f_frsize - keep))


def check_full_disk():
    """The table is in a tablespace on a small disk: what was committed stays, the rest is as it was, and room is all it takes."""
    if not MAY_MOUNT:
        raise tap.Skip("needs root, and the right to mount a tmpfs")
    with running() as env:
        disk = os.path.join(env["PGHOST"], "disk")
        os.mkdir(disk)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0777", "tmpfs", disk], check=True)
        try:
            space = os.path.join(disk, "space")
            os.mkdir(space)
            shutil.chown(space, postgres.account().pw_name)
            with Shop(env) as shop:
                shop.sql("DROP TABLE users")
                shop.sql(f"CREATE TABLESPACE small LOCATION '{space}'")
                shop.sql(TABLE.format(where="TABLESPACE small"))
                # Nothing of the old rows is used again, so that it is known how much room there is.
                shop.sql("ALTER TABLE users SET (autovacuum_enabled = off, toast.autovacuum_enabled = off)")
                shop.fill(N_ROWS, VALUE)
                shop.good("box", "new-version", "users", "--key", "insecure-test-key")
                fill_disk(disk, 20 * len(VALUE) * 3 // 2)
                done = shop.run("record", "rekey", "user", "--db=postgresql:///test", "--batch=5")
                text = done.stderr.decode()
                tap.equal(done.returncode, 7, text)
                cli.wants(text, "make room", "go on with: kmsctl record rekey user")
                n_done = shop.count_new()
                tap.equal((0 < n_done < N_ROWS, n_done % 5), (True, 0), f"{n_done} rows: whole transactions")
                tap.equal(int(shop.sql("SELECT count(*) FROM kms_rotation_journal")), n_done, "the journal")
                shop.assert_values(N_ROWS, VALUE)
                os.unlink(os.path.join(disk, "filler"))
                shop.good("record", "rekey", "user", "--db=postgresql:///test", "--batch=5", "--resume")
                tap.equal(shop.count_new(), N_ROWS, "rows of the new version")
                shop.assert_values(N_ROWS, VALUE)
        finally:
            subprocess.run(["umount", "--lazy", disk], check=True)


OPENSSL = """[req]
distinguished_name=none
[none]
[authority]
basicConstraints=critical,CA:TRUE
[server]
subjectAltName=DNS:localhost
[client]
extendedKeyUsage=clientAuth
"""


def openssl(directory, *arguments):
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)


def make_authority(directory, name):
    openssl(directory, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            f"/CN={name}", "-config", "openssl.cnf", "-extensions", "authority", "-keyout", f"{name}.key", "-out", f"{name}.crt")


def make_certificate(directory, name, subject):
    openssl(directory, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={subject}",
            "-config", "openssl.cnf", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    openssl(directory, "x509", "-req", "-in", f"{name}.csr", "-CA", "authority.crt", "-CAkey", "authority.key", "-set_serial",
            str(len(name)), "-days", "2", "-extfile", "openssl.cnf", "-extensions", name, "-out", f"{name}.crt")


def make_certificates(directory):
    with open(os.path.join(directory, "openssl.cnf"), "w", encoding="ascii") as file:
        file.write(OPENSSL)
    make_authority(directory, "authority")
    make_authority(directory, "stranger")
    make_certificate(directory, "server", "localhost")
    make_certificate(directory, "client", postgres.ROLE)


HBA = "local all all trust\nhostssl certified all 127.0.0.1/32 cert\nhostssl test all 127.0.0.1/32 trust\n"


def set_up_tls(data, user):
    """Before the server starts: whose key it is, who may connect."""
    make_certificates(data)
    if user is not None:
        for name in ("server.key", "server.crt", "authority.crt"):
            shutil.chown(os.path.join(data, name), user.pw_name)
    os.chmod(os.path.join(data, "server.key"), 0o600)
    with open(os.path.join(data, "pg_hba.conf"), "w", encoding="ascii") as file:
        file.write(HBA)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def check_tls():
    """As libpq has it: whom the server is, by a certificate of an authority that is named, and who the client is."""
    if shutil.which("openssl") is None:
        raise tap.Skip("needs openssl, which makes the certificates")
    port = free_port()
    settings = {"listen_addresses": "127.0.0.1", "port": str(port), "ssl": "on", "ssl_cert_file": "server.crt",
                "ssl_key_file": "server.key", "ssl_ca_file": "authority.crt"}
    with running(settings=settings, prepare=set_up_tls) as env, Shop(env) as shop:
        data = os.path.join(env["PGHOST"], "data")
        for name in ("authority.crt", "stranger.crt", "client.crt", "client.key"):
            shutil.copy(os.path.join(data, name), shop.directory)
        os.chmod(shop.path("client.key"), 0o600)
        authority, stranger = shop.path("authority.crt"), shop.path("stranger.crt")

        def uri(host, mode, root=authority, database="test", more=""):
            return f"--db=postgresql://{postgres.ROLE}@{host}:{port}/{database}?sslmode={mode}&sslrootcert={root}{more}"

        shop.good("record", "create", "user", "note", uri("localhost", "verify-full"), data=b"secret")
        encrypted = "EXISTS (SELECT 1 FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl)"
        found = shop.json("record", "list", "user", uri("localhost", "verify-full"), "--where", encrypted)
        tap.equal([row["attributes"]["note"] for row in found], ["secret"], "over TLS")
        tap.equal(shop.json("record", "list", "user", "--db=postgresql:///test", "--where", encrypted), [], "over the socket")
        cli.wants(shop.bad(7, "record", "list", "user", uri("localhost", "verify-full", stranger)), "certificate verify failed")
        cli.wants(shop.bad(7, "record", "list", "user", uri("127.0.0.1", "verify-full")), "localhost", "127.0.0.1")
        shop.good("record", "list", "user", uri("127.0.0.1", "verify-ca"))
        done = shop.run("record", "list", "user", uri("localhost", "disable"))
        tap.equal(done.returncode in (4, 7), True, done.stderr.decode())
        cli.wants(done.stderr.decode(), "no encryption")
        # The same from a service file, and from the environment.
        service = shop.write("service", f"[shop]\nhost=localhost\nport={port}\ndbname=test\nuser={postgres.ROLE}\nsslmode=verify-full\n"
                                        f"sslrootcert={authority}\n")
        clean = {"PGSERVICEFILE": service, "PGHOST": None, "PGUSER": None, "PGDATABASE": None, "PGPORT": None}
        found = shop.json("record", "list", "user", "--db=postgresql:service=shop", "--where", encrypted, env=clean)
        tap.equal(len(found), 1, "by a service")
        named = {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": stranger}
        shop.bad(7, "record", "list", "user", f"--db=postgresql://localhost:{port}/test", env=named)
        shop.good("record", "list", "user", f"--db=postgresql://localhost:{port}/test",
                  env={**named, "PGSSLROOTCERT": authority})
        # Who the client is.
        shop.sql("CREATE DATABASE certified TEMPLATE test")
        files = f"&sslcert={shop.path('client.crt')}&sslkey={shop.path('client.key')}"
        found = shop.json("record", "list", "user", uri("localhost", "verify-full", database="certified", more=files))
        tap.equal(len(found), 1, "with a certificate of one's own")
        done = shop.run("record", "list", "user", uri("localhost", "verify-full", database="certified"))
        tap.equal(done.returncode in (4, 7), True, done.stderr.decode())
        cli.wants(done.stderr.decode(), "certificate")


def check_rights():
    """What the chapter on databases says that each command needs, and no more."""
    with running() as env, Shop(env) as shop:
        shop.fill(5, b"secret")
        shop.sql("CREATE ROLE reader LOGIN; CREATE ROLE rewrapper LOGIN; CREATE ROLE rekeyer LOGIN")
        shop.sql("GRANT SELECT ON users TO reader, rewrapper, rekeyer")
        shop.sql("GRANT UPDATE (encrypted_kms_key) ON users TO rewrapper")
        shop.sql("GRANT UPDATE (encrypted_kms_key, note_ciphertext, lock_version) ON users TO rekeyer")

        def record(role, *arguments):
            done = shop.run("record", arguments[0], "user", f"--db=postgresql://{role}@/test", *arguments[1:])
            return done.returncode, done.stderr.decode()

        def works(role, *arguments):
            code, text = record(role, *arguments)
            tap.equal(code, 0, f"{role}: {arguments}: {text}")

        def refused(role, *arguments, word="permission denied"):
            code, text = record(role, *arguments)
            tap.equal(code, 4, f"{role}: {arguments}: {text}")
            cli.wants(text, word)

        shop.good("box", "new-version", "users", "--key", "insecure-test-key")
        for command in ("list", "status", "verify"):
            works("reader", command)
        refused("reader", "rewrap")
        refused("reader", "rewrap", "--shared")
        works("rewrapper", "rewrap", "--shared")
        tap.equal(shop.count_new(), 5, "rewrapped by who may do nothing else")
        works("rewrapper", "rewrap", "--all")
        # Who may not make the journal's table is told how it is made.
        refused("rekeyer", "rekey", "--all", word="CREATE TABLE")
        shop.good("record", "rekey", "user", "--db=postgresql:///test", "--all")
        refused("rewrapper", "rekey", "--all", word="kms_rotation_journal")
        shop.sql("GRANT INSERT ON kms_rotation_journal TO rekeyer, rewrapper")
        refused("rewrapper", "rekey", "--all")
        works("rekeyer", "rekey", "--all")
        # An application writes with a key that it has in memory.
        shop.sql("CREATE TABLE before AS SELECT * FROM users")
        works("rekeyer", "rekey", "--all")
        shop.sql("UPDATE users SET note_ciphertext = before.note_ciphertext FROM before WHERE before.id = users.id AND users.id = 2")
        refused("rekeyer", "verify", "--repair")
        shop.sql("GRANT SELECT ON kms_rotation_journal TO rekeyer")
        works("rekeyer", "verify", "--repair")
        refused("reader", "verify", "--prune-journal")
        shop.sql("GRANT SELECT, DELETE ON kms_rotation_journal TO reader")
        works("reader", "verify", "--prune-journal")
        tap.equal(shop.sql("SELECT count(*) FROM kms_rotation_journal"), "0", "pruned")
        shop.assert_values(5, b"secret")


def check_stopped_server():
    """In the middle of a rotation: it ends with the line that goes on, and that works when the server is back."""
    with running() as env, Shop(env) as shop:
        shop.fill(N_ROWS, b"secret")
        shop.good("box", "new-version", "users", "--key", "insecure-test-key")
        command = [cli.KMSCTL, "record", "rekey", "user", "--db=postgresql:///test", "--batch=2", "--max-per-second=20"]
        with subprocess.Popen(command, env=shop.environment(), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
            while process.poll() is None and shop.count_new() < 4:
                time.sleep(0.02)
            control = [postgres.find("pg_ctl"), "-D", os.path.join(env["PGHOST"], "data"), "-m", "fast"]
            subprocess.run(postgres.as_account(postgres.account(), [*control, "stop"]), check=True, capture_output=True, cwd="/")
            text = process.communicate(timeout=100)[1].decode()
        tap.equal(process.returncode, 7, text)
        cli.wants(text, "go on with: kmsctl record rekey user", "--resume")
        options = " ".join(f"--{name}={value}" for name, value in postgres.SETTINGS.items() if value)
        start = [*control, "-w", "-l", os.path.join(env["PGHOST"], "data", "log"), "-o",
                 f"{options} --listen_addresses= --unix_socket_directories={env['PGHOST']}", "start"]
        subprocess.run(postgres.as_account(postgres.account(), start), check=True, stdout=subprocess.DEVNULL, cwd="/")
        try:
            tap.equal(0 < shop.count_new() < N_ROWS, True, "in the middle")
            shop.assert_values(N_ROWS, b"secret")
            shop.good("record", "rekey", "user", "--db=postgresql:///test", "--resume")
            tap.equal(shop.count_new(), N_ROWS, "at the end")
            tap.equal(json.loads(shop.good("record", "verify", "user", "--db=postgresql:///test", "--json"))["done"], N_ROWS, "verified")
        finally:
            subprocess.run(postgres.as_account(postgres.account(), [*control, "-m", "immediate", "stop"]), check=True,
                           capture_output=True, cwd="/")


cli.main("server", globals(), "postgresql")
