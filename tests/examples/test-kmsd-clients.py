# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The clients of kmsd among the examples, each at a bus and at a private socket, with one that may and one that may not."""

import base64
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile

import example
import kmsd
import tap

SCRATCH = tempfile.TemporaryDirectory()
STORY = ["encrypted", "decrypted", "refused"]
ROW = ("-c", "model_name=Order", "-c", "model_id=42")
DROP_UID = 65534  # nobody: a bus takes only users whom it can look up


def copy(name):
    """Outside of the tree, and readable for everybody: some cases run as another user."""
    target = os.path.join(SCRATCH.name, name)
    if not os.path.exists(target):
        os.chmod(SCRATCH.name, 0o755)
        shutil.copytree(os.path.join(example.SOURCE, "examples", name), target)
    return target


def built(name):
    """Built once, with the line of the README that takes no meson."""
    program = os.path.join(copy(name), "orders")
    if os.path.exists(program):
        return [program]
    with open(os.path.join(copy(name), "README.md"), encoding="utf-8") as file:
        line = re.search(r"^    ((?:cc|valac) .*) && \./orders ", file.read(), re.MULTILINE).group(1)
    flags = "" if example.SANITIZE == "none" else f"-fsanitize={example.SANITIZE}"
    if line.startswith("cc "):
        line = line.replace("cc ", f"{os.environ['CC']} -Wall -Wextra -Werror {flags} ", 1)
    else:
        kmsd.need("valac")
        line += " --fatal-warnings" + (f" -X {flags}" if flags else "")
    done = subprocess.run(["sh", "-c", line], cwd=copy(name), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise tap.Failure(f"{line}\n{done.stdout}{done.stderr}")
    return [program]


def need_module(name, package):
    if subprocess.run([kmsd.PYTHON, "-c", f"import {name}"], capture_output=True, check=False).returncode != 0:
        raise tap.Skip(f"{package} is not installed")


def python(kind, module, package):
    need_module(module, package)
    return [os.path.join(copy("kmsd-python"), "orders.py"), kind]


def ruby():
    kmsd.need("ruby")
    return ["ruby", "-w", os.path.join(copy("kmsd-ruby"), "orders.rb")]


def shell():
    kmsd.need("gdbus")
    kmsd.need("busctl")
    return [os.path.join(copy("kmsd-shell"), "orders.sh")]


CLIENTS = {
    "python-gio": (lambda: python("gio", "gi", "python3-gi"), STORY + ["batch"]),
    "python-jeepney": (lambda: python("jeepney", "jeepney", "python3-jeepney"), STORY + ["batch"]),
    "ruby": (ruby, STORY + ["batch"]),
    "c": (lambda: built("kmsd-c"), STORY),
    "vala": (lambda: built("kmsd-vala"), STORY),
    "shell": (shell, ["box", "encrypted", "inspected", "wrapped", "rewrapped", "refused"]),
}


def environment(daemon):
    kind = {} if daemon.kind is None else {f"DBUS_{daemon.kind.upper()}_BUS_ADDRESS": daemon.address}
    return dict(os.environ, LC_ALL="C.UTF-8", **kind)


def run(daemon, command, *arguments, code=0, uid=None, data=None):
    where = daemon.kind or daemon.socket
    command = [*command, where, *arguments]
    if uid is not None:
        kmsd.need_root()
        os.chmod(daemon.socket, 0o666)
        command = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *command]
    done = subprocess.run(command, input=data, stdin=subprocess.DEVNULL if data is None else None, capture_output=True,
                          text=True, check=False, env=environment(daemon), timeout=4 * kmsd.PATIENCE)
    if done.returncode != code:
        raise tap.Failure(f"{command[0]}: exit code {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
    return done


def parse(text):
    return [tuple(line.split(None, 1)) for line in text.splitlines()]


def check_story(daemon, client):
    command, steps = CLIENTS[client]
    command = command()
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=*\nRewrapFor=*")
    daemon.start()
    done = run(daemon, command, "orders")
    tap.equal(done.stderr, "", "stderr")
    lines = parse(done.stdout)
    told = dict(lines)
    tap.equal([what for what, _ in lines], steps, "the steps")
    tap.equal(len(daemon.kmsctl("decrypt", "orders", *ROW, data=told["encrypted"].encode())), 32,
              "bytes that kmsctl decrypts without kmsd")
    tap.equal(told["refused"], "InvalidCiphertext", "what a wrong context is called")
    tap.equal(told.get("decrypted", "the same key"), "the same key", "what came back")
    tap.equal(told.get("batch", "100 encrypted, 99 decrypted; row 17: InvalidCiphertext"),
              "100 encrypted, 99 decrypted; row 17: InvalidCiphertext", "the batch")


def check_encrypt_only(daemon, client):
    """Who may put something in and take nothing out is told so, by name."""
    command = CLIENTS[client][0]()
    daemon.add_box("drop", f"EncryptFor=uid:{DROP_UID}\nDecryptFor=uid:0")
    daemon.add_box("hidden", "EncryptFor=uid:0")
    daemon.start()
    done = run(daemon, command, "drop", code=1, uid=DROP_UID)
    steps = [what for what, _ in parse(done.stdout)]
    tap.equal(steps[-1:], ["wrapped" if client == "shell" else "encrypted"], f"the last step ({done.stderr})")
    # busctl does not tell names.
    kmsd.wants(done.stderr, "may not" if client == "shell" else "NotAuthorized")
    done = run(daemon, command, "hidden", code=1, uid=DROP_UID)
    tap.equal("encrypted" in done.stdout, False, "whether it encrypted with a box that it may not see")
    kmsd.wants(done.stderr, "there is no box" if client == "shell" else "NotFound")


def check_may_ask(daemon, client):
    """Only who says that somebody sits there makes polkit ask."""
    kmsd.need_root()
    python(client[7:], *{"python-gio": ("gi", "python3-gi"), "python-jeepney": ("jeepney", "python3-jeepney")}[client])
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=ask")
    polkit = subprocess.Popen([kmsd.PYTHON, os.path.join(kmsd.SOURCE, "tests/dbus/polkitd.py"), "allow"], text=True,
                              stdout=subprocess.PIPE, env=environment(daemon))
    daemon.processes.append(polkit)
    tap.equal(json.loads(polkit.stdout.readline()), ["ready"], "polkitd")
    daemon.start()
    for may_ask in (False, True):
        script = (f"import sys; sys.path.insert(0, sys.argv[1]); import kmsd_{client[7:]} as kmsd\n"
                  f"box = kmsd.Box('system', 'orders', may_ask={may_ask})\n"
                  "print(box.decrypt(box.encrypt(bytearray(b'secret'), {}), {}))")
        command = ["setpriv", f"--reuid={DROP_UID}", f"--regid={DROP_UID}", "--clear-groups", kmsd.PYTHON, "-c", script,
                   copy("kmsd-python")]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(daemon), timeout=kmsd.PATIENCE)
        tap.equal((done.stdout, done.stderr), ("bytearray(b'secret')\n", ""), "what was decrypted")
        tap.equal(json.loads(polkit.stdout.readline())[4], int(may_ask), "the flag that polkit got")
    polkit.stdout.close()


def check_lines(daemon):
    """Each line of the README for shells does what it says."""
    shell()
    kmsd.need_root()
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=*")
    daemon.start()
    with open(os.path.join(copy("kmsd-shell"), "README.md"), encoding="utf-8") as file:
        lines = re.findall(r"^    ((?:gdbus|busctl) .*)$", file.read().replace("\\\n     ", ""), re.MULTILINE)
    said = []
    for line in lines:
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False, env=environment(daemon),
                              timeout=kmsd.PATIENCE)
        tap.equal((done.returncode, done.stderr), (0, ""), line)
        said.append(done.stdout.strip())
    tap.equal(len(said), 6, "lines")
    for text, word in zip(said, ("'name': <'orders'>", '"decrypt" s "yes"', '"decrypt" s "yes"', "", 's "encrypt-only"',
                                 '"whole" b true')):
        kmsd.wants(text, word)


def gem_calls(daemon, box, calls):
    command = ["ruby", os.path.join(kmsd.SOURCE, "tests/examples/gem-calls.rb"), os.path.join(copy("kmsd-ruby"), "kmsd.rb")]
    done = run(daemon, command, box, data="".join(json.dumps(call) + "\n" for call in calls))
    return [json.loads(line) for line in done.stdout.splitlines()]


def call(operation, text, version=1, **context):
    return {"operation": operation, "version": version, "text": text, "context": context or None}


def check_gem_strings(daemon):
    """What the gem writes around kmsd's bytes is what kmsctl writes, and each reads the other's."""
    kmsd.need("ruby")
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=*")
    daemon.start()
    pairs = {"model_name": "User", "model_id": "5"}
    options = ("-c", "model_name=User", "-c", "model_id=5")
    theirs = daemon.kmsctl("encrypt", "orders", *options, data=b"by kmsctl").decode().strip()
    encrypted, decrypted, refused, none = gem_calls(daemon, "orders", [
        call("encrypt", b"by the gem".hex(), **pairs), call("decrypt", theirs, **pairs),
        call("decrypt", theirs, model_name="User", model_id="6"), call("encrypt", b"bound to nothing".hex())])
    tap.equal(decrypted.get("answer"), b"by kmsctl".hex(), "what the gem reads")
    tap.equal(daemon.kmsctl("decrypt", "orders", *options, data=encrypted["answer"].encode()), b"by the gem", "what kmsctl reads")
    tap.equal(refused, {"error": "KmsEncrypted::DecryptionError"}, "the string of another row")
    tap.equal(daemon.kmsctl("decrypt", "orders", data=none["answer"].encode()), b"bound to nothing", "without a context")


def check_gem_versions(daemon):
    """The gem's version is the box's: the old one is read, and not written any more."""
    kmsd.need("ruby")
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=*")
    old = daemon.kmsctl("encrypt", "orders", "-c", "id=5", data=b"old").decode().strip()
    daemon.kmsctl("key", "create", "local/next")
    daemon.write("root/admin/boxes.d/orders.box", "[Box]\nVersion=2\nEncryptFor=*\nDecryptFor=*\n"
                 "[Version 1]\nKeyId=local/orders\n[Version 2]\nKeyId=local/next\n")
    daemon.start()
    read, late, new = gem_calls(daemon, "orders", [
        call("decrypt", old, id="5"), call("encrypt", b"late".hex(), id="5"),
        call("encrypt", b"new".hex(), version=2, id="5")])
    tap.equal((read.get("answer"), late), (b"old".hex(), {"error": "NotActive"}), "version 1")
    tap.equal(daemon.kmsctl("decrypt", "orders", "-c", "id=5", data=new["answer"].encode()), b"new", "version 2")


def check_gem_rows(daemon):
    """Row keys that a Rails application wrote, by way of kmsd and without it."""
    kmsd.need("ruby")
    daemon.write("root/admin/kms.conf", "[Daemon]\nAllowInsecure=true\n")
    daemon.add_box("users", "EncryptFor=*\nDecryptFor=*", key_id="insecure-test-key")
    daemon.start()
    database = sqlite3.connect(f"file:{kmsd.SOURCE}/tests/fixtures/rails-app.sqlite3?mode=ro", uri=True)
    rows = database.execute("select id, coalesce(type, 'User'), encrypted_kms_key from users "
                            "where encrypted_kms_key is not null order by id limit 20").fetchall()
    tap.equal(len(rows), 20, "rows")
    answers = gem_calls(daemon, "users", [call("decrypt", stored, model_name=name, model_id=str(number))
                                          for number, name, stored in rows])
    # The test provider's bytes are a mark, the key in base64, and the context.
    keys = [base64.b64decode(base64.b64decode(stored.partition(":")[2]).split(b":")[1]).hex() for _, _, stored in rows]
    tap.equal([one.get("answer") for one in answers], keys, "the keys")


def check_gem_model(daemon):
    """A model of the gem itself, where that is installed."""
    kmsd.need("ruby")
    daemon.add_box("users", "EncryptFor=*\nDecryptFor=*")
    daemon.start()
    command = ["ruby", os.path.join(kmsd.SOURCE, "tests/examples/gem-model.rb"), os.path.join(copy("kmsd-ruby"), "kmsd.rb")]
    done = run(daemon, command, "users")
    if done.stdout.startswith("SKIP "):
        raise tap.Skip(done.stdout[5:].strip())
    stored, number, key, found, other = done.stdout.splitlines()
    tap.equal((found, other), (key, "refused"), "the key as found again, and in another row")
    options = ("-c", "model_name=User", "-c", f"model_id={number}")
    tap.equal(daemon.kmsctl("decrypt", "users", *options, data=stored.encode()).hex(), key, "what kmsctl reads")


def check_restart(daemon):
    """A box in Ruby outlives the daemon that it found first."""
    kmsd.need("ruby")
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=*")
    daemon.start()
    script = ("require ARGV[0]; box = Kmsd::Box.new(ARGV[2], where: ARGV[1]); puts box.encrypt('one'); $stdout.flush; $stdin.gets;"
              "puts box.decrypt(box.encrypt('two')); Process.wait(fork { puts box.decrypt(box.encrypt('three')) })")
    process = subprocess.Popen(["ruby", "-e", script, os.path.join(copy("kmsd-ruby"), "kmsd.rb"), daemon.socket, "orders"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    kmsd.wants(process.stdout.readline(), "v1:")
    daemon.stop()
    daemon.start()
    tap.equal(process.communicate("go on\n", timeout=kmsd.PATIENCE)[0].split(), ["two", "three"], "after a restart and a fork")


def cases():
    for client in CLIENTS:
        for bus in ("system", "session", None):
            yield f"/examples/kmsd/{client}/story/{bus or 'private'}", check_story, bus, client
        for bus in ("system", None):
            yield f"/examples/kmsd/{client}/encrypt-only/{bus or 'private'}", check_encrypt_only, bus, client
    for client in ("python-gio", "python-jeepney"):
        yield f"/examples/kmsd/{client}/may-ask/system", check_may_ask, "system", client
    yield "/examples/kmsd/shell/lines/system", check_lines, "system", None
    for name, function in (("gem-strings", check_gem_strings), ("gem-versions", check_gem_versions),
                           ("gem-rows", check_gem_rows), ("gem-model", check_gem_model), ("restart", check_restart)):
        yield f"/examples/kmsd/ruby/{name}", function, None, None


def in_daemon(function, bus, client):
    kmsd.in_daemon(function if client is None else lambda daemon: function(daemon, client), bus)


with SCRATCH:
    CODE = tap.run([(name, lambda function=function, bus=bus, client=client: in_daemon(function, bus, client))
                    for name, function, bus, client in cases()])
raise SystemExit(CODE)
