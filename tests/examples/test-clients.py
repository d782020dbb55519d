# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples of clients are built out of tree against an installation, and each tells the same story."""

import base64
import os
import re
import shutil
import stat
import subprocess
import tempfile

import example
import installed
import tap

STEPS = ["key", "encrypted", "inspected", "rotated", "rewrapped", "inspected", "decrypted", "key", "moved", "decrypted",
         "refused", "batch"]


def new_root(tree, name):
    """A configuration root of its own, with the package layer of the tree."""
    root = os.path.join(tree.directory, "roots", name)
    shutil.copytree(os.path.join(tree.prefix, "share/kms-1"), os.path.join(root, "package"))
    return root


def parse(text):
    """(first word, rest) of each line."""
    return [tuple(line.split(None, 1)) for line in text.splitlines()]


def ciphertext(stored, version):
    """The local provider's bytes; docs/formats-local.md says where the version of the key stands in them."""
    prefix, _, encoded = stored.partition(":")
    tap.equal(prefix, f"v{version}", f"the version in front of {stored}")
    data = base64.b64decode(encoded, validate=True)
    return data[1:9], int.from_bytes(data[9:13], "big"), data


def check_story(text, rows, first_version=1):
    """What a user of the example sees: the versions of box and key that each step must have."""
    lines = parse(text)
    tap.equal([what for what, _ in lines], STEPS, "the steps")
    told = [rest for _, rest in lines]
    tap.equal(told[0], f"local/orders, version {first_version}", "the key")
    tap.equal(told[3], f"local/orders, version {first_version + 1}", "the rotated key")
    old, rewrapped, moved = ciphertext(told[1], 1), ciphertext(told[4], 1), ciphertext(told[8], 2)
    tap.equal((old[1], rewrapped[1]), (first_version, first_version + 1), "versions of the key, in the bytes")
    tap.equal((old[0] == rewrapped[0], old[0] == moved[0]), (True, False), "whether it is the same key")
    if old[2] == rewrapped[2]:
        raise tap.Failure("rewrapping changed nothing")
    for number, version in ((2, first_version), (5, first_version + 1)):
        tap.equal(told[number], f"box version 1, key local/orders, key version {version}", "what inspect says")
    tap.equal((told[6], told[9]), ("old and new", "version 1 and version 2"), "what was decrypted")
    example.wants(told[10], "local: ", "does not decrypt")
    example.wants(told[11], f"{rows} encrypted, {rows - 1} decrypted; row ", "local: ")


def run(tree, root, *command, code=0, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=120,
                          env=tree.environment(KMS_CONFIG_ROOT=root, **more))
    if done.returncode != code:
        raise tap.Failure(f"{command[0]}: exit code {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
    return done


def check_program(tree, name, *command, rows=1000, **more):
    """In a root of its own, and again in the same one, where its keys are by now."""
    root = new_root(tree, name)
    done = run(tree, root, *command, **more)
    tap.equal(done.stderr, "", "stderr")
    check_story(done.stdout, rows)
    check_story(run(tree, root, *command, **more).stdout, rows, first_version=2)
    return root


def check_failure(tree, name, *command, **more):
    """Without a provider: one sentence, the exit code of kmsctl, and nothing of a secret."""
    root = os.path.join(tree.directory, "roots", name + "-empty")
    os.makedirs(root)
    done = run(tree, root, *command, code=3, **more)
    tap.equal(done.stdout, "", "stdout")
    if done.stderr.count("\n") != 1:
        raise tap.Failure(f"not one line: {done.stderr!r}")
    example.wants(done.stderr, "local/orders")


def check_installed(tree):
    tap.equal((tree.done.returncode, tree.done.stderr), (0, ""), "meson install of libkms")


def check_c(tree):
    program = os.path.join(example.build(tree, example.copy(tree, "client-c")), "orders")
    check_program(tree, "c", program)
    check_failure(tree, "c", program)


def check_c_by_hand(tree):
    """The line of the README that takes no meson."""
    if example.SANITIZE != "none":
        raise tap.Skip("the compiler's own options are not in that line, and the library is sanitized")
    directory = example.copy(tree, "client-c")
    with open(os.path.join(directory, "README.md"), encoding="utf-8") as file:
        line = re.search(r"^    (cc .*\)) && \./orders$", file.read(), re.MULTILINE).group(1)
    tree.run("sh", "-c", line, directory=directory)
    check_program(tree, "c-by-hand", os.path.join(directory, "orders"))


def check_python(tree):
    values = example.python_values(tree)
    program = os.path.join(example.copy(tree, "client-python"), "orders.py")
    root = check_program(tree, "python", program, **values)
    check_failure(tree, "python", program, **values)
    # The box that it wrote is one that kmsctl reads.
    shown = run(tree, root, tree.kmsctl_path, "box", "show", "orders").stdout
    example.wants(shown, "local/orders-next", "model_name")


def check_vala(tree):
    example.needs_introspection(tree)
    if shutil.which("valac") is None:
        raise tap.Skip("needs valac")
    directory = example.copy(tree, "client-vala")
    with open(os.path.join(directory, "README.md"), encoding="utf-8") as file:
        line = re.search(r"^    (valac .*) && \./orders$", file.read(), re.MULTILINE).group(1)
    flags = "" if example.SANITIZE == "none" else f" -X -fsanitize={example.SANITIZE}"
    data = os.path.join(tree.prefix, "share") + ":" + os.environ.get("XDG_DATA_DIRS", "/usr/local/share:/usr/share")
    tree.run("sh", "-c", line + " --fatal-warnings" + flags, directory=directory, XDG_DATA_DIRS=data)
    program = os.path.join(directory, "orders")
    check_program(tree, "vala", program)
    check_failure(tree, "vala", program)


def check_shell(tree):
    program = os.path.join(example.copy(tree, "client-shell"), "orders.sh")
    root, scratch = new_root(tree, "shell"), os.path.join(tree.directory, "shell-scratch")
    os.mkdir(scratch)
    done = run(tree, root, program, TMPDIR=scratch)
    tap.equal(done.stderr, "", "stderr")
    check_story(done.stdout, rows=5)
    # Its box is there now: it says so, and leaves nothing behind.
    again = run(tree, root, program, code=1, TMPDIR=scratch)
    example.wants(again.stderr, 'a box "orders" already')
    tap.equal(os.listdir(scratch), [], "what the script left behind")


def check_executable():
    """As the README files call them."""
    for name in ("client-python/orders.py", "client-shell/orders.sh"):
        mode = os.stat(os.path.join(example.SOURCE, "examples", name)).st_mode
        tap.equal(bool(mode & stat.S_IXUSR), True, f"{name} can be executed")


with tempfile.TemporaryDirectory() as temporary:
    TREE = installed.Tree(temporary)
    CODE = tap.run([
        ("/examples/clients/installed", lambda: check_installed(TREE)),
        ("/examples/clients/c", lambda: check_c(TREE)),
        ("/examples/clients/c-by-hand", lambda: check_c_by_hand(TREE)),
        ("/examples/clients/python", lambda: check_python(TREE)),
        ("/examples/clients/vala", lambda: check_vala(TREE)),
        ("/examples/clients/shell", lambda: check_shell(TREE)),
        ("/examples/clients/executable", check_executable),
    ])
raise SystemExit(CODE)
