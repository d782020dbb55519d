# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The server that other tests use: it is there, it is empty, and it is gone afterwards, however a test ends."""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, ".."), HERE]

import postgres  # noqa: E402
import tap  # noqa: E402

RUNNER = os.path.join(HERE, "with-postgres")
GONE_SECONDS = 60


def run(*command):
    return subprocess.run([RUNNER, *command], capture_output=True, text=True, timeout=100, check=False)


def need_postgres():
    try:
        postgres.find("initdb")
    except postgres.Missing as reason:
        raise tap.Skip(str(reason)) from reason


def case_environment():
    need_postgres()
    done = run("psql", "-Atc", "SELECT current_database() || count(*) FROM pg_stat_user_tables")
    tap.equal((done.stdout, done.returncode), ("test0\n", 0), "what a command sees")
    done = run("sh", "-c", "psql -At -d $KMS_TEST_POSTGRES -c 'SELECT current_user'; exit 7")
    tap.equal((done.stdout, done.returncode), ("kms\n", 7), "what a command returns")


def assert_gone(pid_line, number, runner):
    """The server ends: its descriptor becomes readable then, and can't mean another process."""
    descriptor = os.pidfd_open(int(pid_line))
    runner.send_signal(number)
    runner.wait(GONE_SECONDS)
    tap.equal(select.select([descriptor], [], [], GONE_SECONDS)[0], [descriptor], "the server ends")
    os.close(descriptor)


def end_with(number):
    need_postgres()
    with subprocess.Popen([RUNNER, "sh", "-c", "head -n 1 $PGHOST/data/postmaster.pid; echo $PGHOST; exec sleep 90"],
                          stdout=subprocess.PIPE, text=True, start_new_session=True) as runner:
        pid_line, directory = runner.stdout.readline(), runner.stdout.readline().rstrip()
        try:
            assert_gone(pid_line, number, runner)
        finally:
            # What a killed runner can't do itself.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(runner.pid, signal.SIGKILL)
            shutil.rmtree(directory, ignore_errors=True)


def case_missing():
    done = subprocess.run([sys.executable, "-c", "import glob, runpy, sys; glob.glob = lambda path: []; sys.argv = "
                           f"['with-postgres', 'true']; runpy.run_path({RUNNER!r}, run_name='__main__')"],
                          env={"PATH": "/nonexistent", "PYTHONPATH": HERE}, capture_output=True, text=True, check=False)
    tap.equal(done.stdout.split(":")[0], "1..0 # SKIP PostgreSQL is not installed", "what is said without a server")


tap.main([
    ("/with-postgres/environment", case_environment),
    ("/with-postgres/terminated", lambda: end_with(signal.SIGTERM)),
    ("/with-postgres/killed", lambda: end_with(signal.SIGKILL)),
    ("/with-postgres/missing", case_missing),
])
