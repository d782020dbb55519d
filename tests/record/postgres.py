# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A PostgreSQL of a test's own: on a socket in a directory that nobody else can enter, without a network, and gone
when the test is, however that ends. Programs that are no Python use with-postgres."""

import contextlib
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

# The server refuses to run as root.
UNPRIVILEGED = ("postgres", "nobody")
DATABASE = "test"
ROLE = "kms"
START_SECONDS = 120

SETTINGS = {
    "listen_addresses": "",
    # The data is thrown away: it need not outlive a power failure.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "deadlock_timeout": "200ms",
}


class Missing(Exception):
    """There is no PostgreSQL here; the text says so, for a skip."""


def find(program):
    """Debian keeps the server's programs out of PATH, in a directory for each version."""
    versions = glob.glob("/usr/lib/postgresql/*/bin")
    versions.sort(key=lambda path: int(path.split("/")[4]) if path.split("/")[4].isdigit() else 0, reverse=True)
    path = shutil.which(program, path=os.pathsep.join(versions + [os.environ.get("PATH", "")]))
    if path is None:
        raise Missing(f"PostgreSQL is not installed: there is no {program} (Debian's package: postgresql)")
    return path


def account():
    """Whom the server runs as: whoever runs the test, or, instead of root, somebody without rights."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise Missing("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


def as_account(user, command):
    """The signal comes when the test dies without a word: the server then stops at once."""
    become = ["setpriv", "--pdeathsig", "QUIT"]
    if user is not None:
        become += ["--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]
    return become + command


def environment(directory):
    """What programs of PostgreSQL need to find the server, instead of what they might have found before."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    env.update(PGHOST=directory, PGUSER=ROLE, PGDATABASE=DATABASE, KMS_TEST_POSTGRES=f"postgresql:///{DATABASE}")
    return env


def wait(server, directory, env, log):
    deadline = time.monotonic() + START_SECONDS
    while subprocess.run([find("pg_isready"), "-q"], env=env, check=False).returncode != 0:
        if server.poll() is not None or time.monotonic() > deadline:
            with open(log.name, encoding="utf-8", errors="replace") as text:
                raise RuntimeError(f"PostgreSQL in {directory} does not start:\n{text.read()}")
        time.sleep(0.05)


@contextlib.contextmanager
def server(settings=None, prepare=None):
    """Runs a server, with these settings besides and what `prepare (DATA, USER)` does before it starts, and gives the environment in which the libraries and programs of PostgreSQL find it: its empty
    database "test", as a superuser. KMS_TEST_POSTGRES has the URI. Raises Missing where there is no PostgreSQL."""
    initdb, postgres, createdb, user = find("initdb"), find("postgres"), find("createdb"), account()
    with tempfile.TemporaryDirectory(prefix="kms-postgres-") as directory, \
            open(os.path.join(directory, "log"), "wb") as log:
        if user is not None:
            os.chown(directory, user.pw_uid, user.pw_gid)
        data = os.path.join(directory, "data")
        env = environment(directory)
        subprocess.run(as_account(user, [initdb, "--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C",
                                         f"--username={ROLE}", f"--pgdata={data}"]),
                       env=env, cwd="/", check=True, stdin=subprocess.DEVNULL, stdout=log)
        if prepare is not None:
            prepare(data, user)
        chosen = {**SETTINGS, **(settings or {})}
        env["PGPORT"] = chosen.get("port", "5432")
        settings = [f"--{name}={value}" for name, value in chosen.items()]
        process = subprocess.Popen(as_account(user, [postgres, "-D", data, f"--unix_socket_directories={directory}",
                                                     *settings]),
                                   env=env, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait(process, directory, env, log)
            subprocess.run([createdb, DATABASE], env=env, check=True)
            yield env
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait()
