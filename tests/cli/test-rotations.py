# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tables of a Rails application get keys wrapped anew and new keys, and hold the same values as before."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time

import cli
import tap

FIXTURES = os.path.join(cli.SOURCE, "tests/fixtures")
MODULES = {"KMS_MODULE_PATH": cli.module_path("plugins/store-sqlite")}
N_ROWS = 61


class Rotations:
    """The database of Rails, with kms_key in a box that can get new versions."""

    def __init__(self, root):
        self.root = root
        self.database = root.path("rails.sqlite3")
        shutil.copy(os.path.join(FIXTURES, "rails-app.sqlite3"), self.database)
        os.chmod(self.database, 0o600)
        with open(os.path.join(FIXTURES, "rails-app.model"), encoding="utf-8") as file:
            model = file.read()
        model = model.replace("Table=users\n", f"Table=users\nDatabase=sqlite:{self.database}\n")
        self.write_model(model.replace("[Key kms_key]\nKeyId=insecure-test-key\n", "[Key kms_key]\nBox=users\n"))
        self.set_version(1)

    def write_model(self, text):
        self.model = text
        self.root.write("admin/models.d/user.model", text)

    def set_version(self, version):
        keys = "".join(f"[Version {i}]\nKeyId=insecure-test-key\n" for i in range(1, version + 1))
        self.root.write("admin/boxes.d/users.box", f"[Box]\nVersion={version}\n{keys}")

    def good(self, *arguments):
        return self.root.good("record", *arguments, env=MODULES).decode()

    def bad(self, code, *arguments):
        return self.root.bad(code, "record", *arguments, env=MODULES)

    def partial(self, *arguments):
        """Exit code 9, with counts on stdout; what stands on stderr."""
        process = self.root.run("record", *arguments, env=MODULES)
        tap.equal((process.returncode, b"Failed" in process.stdout), (9, True), process.stderr.decode())
        return process.stderr.decode()

    def lines(self, *arguments):
        return [json.loads(line) for line in self.good(*arguments, "--json").splitlines()]

    def sql(self, text, *values):
        with sqlite3.connect(self.database, timeout=20) as connection:
            return connection.execute(text, values).fetchall()

    def assert_values(self, what):
        found = self.root.json("record", "list", "user", env=MODULES)
        with open(os.path.join(FIXTURES, "rails-app.json"), encoding="utf-8") as file:
            wanted = json.load(file)
        tap.equal(len(found), N_ROWS, what)
        for row, want in zip(found, wanted):
            tap.equal(row["attributes"], {name: want[name] for name in row["attributes"]}, f"{what}: row {row['id']}")


def check_rewrap(root):
    rotations = Rotations(root)
    rotations.set_version(2)
    before = rotations.sql("SELECT id, city_ciphertext, encrypted_email, updated_at FROM users")
    plan = rotations.lines("rewrap", "user", "kms_key", "--dry-run")[0]
    tap.equal((plan["rows"], plan["values"], plan["price_usd"]), (60, 120, 0.0), "dry run")
    tap.equal(plan["providers"], [{"provider": "test", "values": 120, "calls": 2, "price_usd": 0.0}], "by provider")
    done = rotations.lines("rewrap", "user", "kms_key")[-1]
    tap.equal((done["state"], done["rows"], done["done"], done["failed"]), ("done", 60, 60, 0), "counts")
    tap.equal(rotations.sql("SELECT count(*) FROM users WHERE encrypted_kms_key LIKE 'v2:%'"), [(60,)], "version")
    tap.equal(rotations.sql("SELECT id, city_ciphertext, encrypted_email, updated_at FROM users"), before, "the rest")
    again = root.run("record", "rewrap", "user", "kms_key", env=MODULES)
    tap.equal((again.returncode, b"--all" in again.stderr), (0, True), "once more: nothing to do, and how it is done anyway")
    rotations.assert_values("after rewrap")
    tap.equal(rotations.lines("rewrap", "user", "kms_key")[-1]["rows"], 0, "nothing is left")


def check_dry_run_of_two_services(root):
    """What one decrypts and another one encrypts counts with both."""
    rotations = Rotations(root)
    root.good("key", "create", "local/users", env=MODULES)
    root.good("box", "new-version", "users", "--key", "local/users", env=MODULES)
    rotations.good("rewrap", "user", "kms_key", "--where", "id <= 10")
    rotations.sql("UPDATE users SET encrypted_kms_key = 'v9:AAAA' WHERE id IN (20, 21)")
    wanted = rotations.sql("SELECT count(*) FROM users WHERE encrypted_kms_key LIKE 'v1:%'")[0][0]
    tap.equal(0 < wanted < 60, True, "a part of the rows")
    for arguments in (("rewrap",), ("rekey", "--offline")):
        plan = rotations.lines(arguments[0], "user", "kms_key", "--dry-run", *arguments[1:])[0]
        tap.equal([(one["provider"], one["values"]) for one in plan["providers"]], [("local", wanted), ("test", wanted)],
                  f"{arguments[0]}: by provider")
        # Rows that can't be read are told, and nobody is asked for them.
        tap.equal((plan["rows"], plan["values"]), (wanted + 2, 2 * wanted), f"{arguments[0]}: in all")
    cli.wants(rotations.good("rewrap", "user", "kms_key", "--dry-run"), "local", "test", str(wanted))
    tap.equal(rotations.sql("SELECT count(*) FROM users WHERE encrypted_kms_key LIKE 'v1:%'")[0][0], wanted, "nothing was done")


def check_rekey(root):
    rotations = Rotations(root)
    rotations.set_version(2)
    message = rotations.bad(1, "rekey", "user", "kms_key")
    cli.wants(message, "--offline", "LockVersion=")
    before = dict(rotations.sql("SELECT id, city_ciphertext FROM users WHERE city_ciphertext <> ''"))
    done = rotations.lines("rekey", "user", "kms_key", "--offline")[-1]
    tap.equal((done["done"], done["failed"]), (60, 0), "counts")
    after = dict(rotations.sql("SELECT id, city_ciphertext FROM users WHERE city_ciphertext <> ''"))
    tap.equal(set(before.items()) & set(after.items()), set(), "every ciphertext is another one")
    tap.equal(before.keys(), after.keys(), "what is empty stays so")
    tap.equal(rotations.sql("SELECT count(*) FROM kms_rotation_journal"), [(60,)], "journal")
    rotations.assert_values("after rekey")
    # The contexts of one key changed between its versions.
    done = rotations.lines("rekey", "user", "--offline", "--all")
    tap.equal([(line["key"], line["done"]) for line in done],
              [("kms_key", 60), ("kms_key_phone", 60), ("kms_key_street", 60)], "all keys")
    rotations.assert_values("after rekey of all keys")
    tap.equal(rotations.sql("SELECT DISTINCT substr(encrypted_kms_key_street, 1, 3) FROM users "
                            "WHERE encrypted_kms_key_street IS NOT NULL"), [("v2:",)], "streets")


def check_status(root):
    rotations = Rotations(root)
    rotations.set_version(2)
    groups = json.loads(rotations.good("status", "user", "--json"))["groups"]
    tap.equal([(group["key"], group["format"], group.get("version", ""), group["current"], group["rows"])
               for group in groups if group["key"] != "kms_key_phone"],
              [("kms_key", "none", "", True, 1), ("kms_key", "versioned", "1", False, 60),
               ("kms_key_street", "none", "", True, 1), ("kms_key_street", "versioned", "1", False, 30),
               ("kms_key_street", "versioned", "2", True, 30)], "groups")
    cli.wants(rotations.good("status", "user", "kms_key"), "insecure-test-key", "60")
    rotations.bad(3, "status", "user", "nosuch")


def check_verify_and_repair(root):
    rotations = Rotations(root)
    tap.equal([line["state"] for line in rotations.lines("verify", "user")], ["done"] * 3, "everything opens")
    old = rotations.sql("SELECT city_ciphertext FROM users WHERE id = 1")[0][0]
    rotations.good("rekey", "user", "kms_key", "--offline", "--all")
    # An application that had the data key in memory writes with it.
    rotations.sql("UPDATE users SET city_ciphertext = ? WHERE id = 1", old)
    message = rotations.partial("verify", "user", "kms_key")
    cli.wants(message, "row 1: city: the value does not open", "1 rows")
    done = rotations.lines("verify", "user", "kms_key", "--repair")[-1]
    tap.equal((done["repaired"], done["failed"]), (1, 0), "repaired")
    rotations.assert_values("after repair")


def check_prune_journal(root):
    rotations = Rotations(root)
    rotations.good("rekey", "user", "--offline", "--all")
    kept = rotations.sql("SELECT key_column, count(*) FROM kms_rotation_journal GROUP BY 1 ORDER BY 1")
    tap.equal([n for _, n in kept], [60, 60, 60], "the journal")
    city = rotations.sql("SELECT city_ciphertext FROM users WHERE id = 1")[0][0]
    rotations.sql("UPDATE users SET city_ciphertext = 'AAAA' WHERE id = 1")
    process = root.run("record", "verify", "user", "--prune-journal", "--json", env=MODULES)
    tap.equal(process.returncode, 9, "a value that does not open")
    lines = [line for line in map(json.loads, process.stdout.splitlines()) if "state" in line]
    tap.equal([line.get("pruned", 0) for line in lines], [0, 60, 60], "only the other keys")
    rotations.sql("UPDATE users SET city_ciphertext = ? WHERE id = 1", city)
    cli.wants(rotations.bad(1, "verify", "user", "--prune-journal", "--where", "id = 1"), "rows are left out")
    cli.wants(rotations.good("verify", "user", "kms_key", "--prune-journal"), "Deleted from the journal", "60")
    tap.equal(rotations.sql("SELECT count(*) FROM kms_rotation_journal"), [(0,)], "nothing is left")
    rotations.assert_values("at the end")


def check_bad_rows(root):
    rotations = Rotations(root)
    rotations.set_version(2)
    rotations.sql("UPDATE users SET encrypted_kms_key = 'v1:AAAA' WHERE id = 7")
    rotations.sql("UPDATE users SET encrypted_kms_key = 'v9:AAAA' WHERE id = 8")
    process = root.run("record", "rewrap", "user", "kms_key", "--json", env=MODULES)
    lines = [json.loads(line) for line in process.stdout.splitlines()]
    tap.equal(process.returncode, 9, "exit code")
    tap.equal([(line["row"], line["error"]) for line in lines if "row" in line],
              [("7", "invalid-ciphertext"), ("8", "not-active")], "rows")
    tap.equal((lines[-1]["state"], lines[-1]["done"], lines[-1]["failed"]), ("partial", 58, 2), "the rest is done")
    message = rotations.partial("rewrap", "user", "kms_key")
    cli.wants(message, "row 7: ", "row 8: ", "version not active: 9")


def check_refused(root):
    rotations = Rotations(root)
    model = rotations.model
    rotations.write_model(model.replace("[Key kms_key]\nBox=users\nComplete=true\n", "[Key kms_key]\nBox=users\n"))
    cli.wants(rotations.bad(1, "rekey", "user", "kms_key", "--offline"), "Complete=true")
    rotations.write_model(model)
    rotations.sql("CREATE TABLE active_storage_attachments (name, record_type, record_id)")
    rotations.sql("INSERT INTO active_storage_attachments VALUES ('license', 'Admin', 2)")
    cli.wants(rotations.bad(1, "rekey", "user", "kms_key", "--offline"), "Active Storage", "--ignore-attachments")
    rotations.good("rekey", "user", "kms_key", "--offline", "--ignore-attachments", "--all")
    cli.wants(rotations.bad(1, "rewrap", "user", "kms_key", "--shared"), "run one worker")
    cli.wants(rotations.bad(3, "rewrap", "user", "nosuch"), "kms_key_phone")
    cli.wants(rotations.bad(1, "rewrap", "user", "kms_key", "--where", "nosuch = 1"), "nosuch")
    rotations.assert_values("at the end")


def stop_slow_rekey(rotations, number):
    """One row a second, so that there is something to stop; its line that goes on."""
    command = [cli.KMSCTL, "record", "rekey", "user", "kms_key", "--offline", "--all", "--batch=1", "--max-per-second=4"]
    with subprocess.Popen(command, env=rotations.root.environment(**MODULES), stderr=subprocess.PIPE,
                          stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if rotations.sql("SELECT count(*) FROM kms_rotation_journal")[0][0] >= 2:
                    break
            except sqlite3.OperationalError:
                pass
            time.sleep(0.05)
        process.send_signal(number)
        message = process.communicate(timeout=60)[1].decode()
        return process.returncode, message


def check_interrupted(root):
    rotations = Rotations(root)
    code, message = stop_slow_rekey(rotations, signal.SIGINT)
    tap.equal(code, 130, "exit code")
    cli.wants(message, "go on with: kmsctl record rekey user kms_key --offline --all", "--resume", "interrupted")
    done = rotations.sql("SELECT count(*) FROM kms_rotation_journal")[0][0]
    tap.equal(2 <= done < 60, True, "in the middle")
    rotations.assert_values("in the middle")
    rest = rotations.lines("rekey", "user", "kms_key", "--offline", "--all", "--resume")[-1]
    tap.equal(rest["done"], 60 - done, "what was done is not done again")
    rotations.assert_values("at the end")
    cli.wants(rotations.bad(3, "rekey", "user", "kms_key", "--offline", "--all", "--resume"), "nothing was stopped")


def check_killed(root):
    rotations = Rotations(root)
    code, _ = stop_slow_rekey(rotations, signal.SIGKILL)
    tap.equal(code, -signal.SIGKILL, "killed")
    rotations.assert_values("after it was killed")
    rotations.good("rekey", "user", "kms_key", "--offline", "--all")
    rotations.assert_values("at the end")


cli.main("rotations", globals())
