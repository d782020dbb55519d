#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints a table, in Markdown, of what kmsctl says to each mock module and to each bad input: for people, to judge whether
a sentence helps. usage: tests/hardness/table.py BUILD"""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))


def point_at(build):
    """Sets what cli.py wants to find in the environment."""
    os.environ.update(BUILD=build, SOURCE=SOURCE, KMSCTL=os.path.join(build, "kmsctl/kmsctl"))
    sys.path[:0] = [os.path.join(SOURCE, "tests"), os.path.join(SOURCE, "tests/cli")]


if len(sys.argv) != 2:
    sys.exit(__doc__)
point_at(os.path.abspath(sys.argv[1]))

import cli  # pylint: disable=wrong-import-position

KEY = ("--key", "insecure-test-key")
PROVIDER = "[Provider]\nModule=kms-{0}.so\nAbi=1\nPrefixes={0}/\n"
MOCKS = ("abi2", "abstract-type", "asks-itself", "bad-magic", "completes-late", "completes-twice", "crash-open", "dup-type",
         "forgets-items", "good", "hangs", "init-fails", "init-fails-no-gerror", "major-wrong", "minor-too-new", "needs-soup3",
         "no-get-type", "no-gerror", "no-symbol", "open-fails", "open-no-gerror", "prints", "settings", "small-struct",
         "type-name-lies", "undefined-symbol", "wrong-id", "wrong-type", "not-there")


def shown(text, root):
    for long, short in ((root.directory, "ROOT"), (cli.BUILD, "BUILD")):
        text = text.replace(long, short)
    return text.strip().replace("|", "\\|").replace("\n", " ⏎ ") or "–"


def row(root, what, command, done):
    out = "" if done.returncode == 0 or not done.stdout else f" (stdout: {len(done.stdout)} bytes)"
    err = done.stderr.decode("utf-8", "replace") if done.stderr else ""
    print(f"| {what} | `{shown(command, root)}` | {done.returncode} | {shown(err, root)}{out} |", flush=True)


def head(title):
    print(f"\n### {title}\n\n| what | command | exit code | stderr |\n| --- | --- | --- | --- |")


class Table:
    """A root in which each row begins with the same keys."""

    def __init__(self):
        self.root = cli.Root()
        self.root.good("box", "create", "orders", "--key", "local/orders")
        self.stored = self.root.good("encrypt", "orders", "-c", "model_id=1", data=b"x")
        self.kept = self.root.path("kept")
        shutil.copytree(self.root.path("keys"), self.kept)

    def mend(self):
        keys = self.root.path("keys")
        if os.path.islink(keys) or os.path.isfile(keys):
            os.unlink(keys)
        shutil.rmtree(keys, ignore_errors=True)
        shutil.copytree(self.kept, keys)
        os.chmod(keys, 0o700)

    def run(self, what, *arguments, data=b"x", **more):
        env = {"KMS_MODULE_PATH": cli.module_path("tests/modules", "tests/hardness") + ":" + self.root.path("modules")}
        done = self.root.run(*arguments, data=data, env=env, **more)
        row(self.root, what, "kmsctl " + " ".join(argument if argument else "''" for argument in arguments), done)
        return done

    def decrypt(self, what, data=None, context="model_id=1"):
        self.run(what, "decrypt", "orders", *(("-c", context) if context else ()), data=self.stored if data is None else data)


def mocks(table):
    head("Mock modules")
    for name in MOCKS:
        table.root.write(f"package/providers.d/{name}.provider", PROVIDER.format(name))
        if name == "needs-soup3":
            table.root.write(f"package/providers.d/{name}.provider", PROVIDER.format(name) + "Needs=libsoup3\n")
        if name == "open-fails":
            table.root.write(f"package/providers.d/{name}.provider", PROVIDER.format(name) + "[Settings]\nWanted=/run/token\n")
        table.run(name, "--timeout=0.5", "encrypt", f"{name}/k")
        os.unlink(table.root.path(f"package/providers.d/{name}.provider"))
    two_modules(table)


def two_modules(table):
    """One type name in both: the second to be loaded is refused."""
    for name in ("good", "dup-type"):
        table.root.write(f"package/providers.d/{name}.provider", PROVIDER.format(name))
    table.root.write("package/boxes.d/both.box", "[Box]\nVersion=2\n[Version 1]\nKeyId=good/k\n[Version 2]\nKeyId=dup-type/k\n")
    table.run("good, then dup-type", "rewrap", "both", data=b"v1:QUFB")
    for path in ("providers.d/good.provider", "providers.d/dup-type.provider", "boxes.d/both.box"):
        os.unlink(table.root.path(f"package/{path}"))


def module_files(table):
    head("Files that are no modules")
    with open(os.path.join(cli.BUILD, "plugins/test/kms-test.so"), "rb") as file:
        good = file.read()
    files = {"text": b"This is no module.\n" * 20, "empty": b"", "cut": good[:3000], "other-machine": good[:18] + b"\x16\0" + good[20:],
             "ends-in-its-header": good[:40]}
    for name, data in files.items():
        table.root.write(f"modules/kms-{name}.so", data)
    os.makedirs(table.root.path("modules/kms-directory.so"))
    os.symlink("nowhere", table.root.path("modules/kms-link.so"))
    for name in (*files, "directory", "link"):
        table.root.write(f"package/providers.d/{name}.provider", PROVIDER.format(name))
        table.run(name, "encrypt", f"{name}/k")
        os.unlink(table.root.path(f"package/providers.d/{name}.provider"))


def stored_strings(table):
    head("Stored strings and contexts")
    text = table.stored.decode().strip()
    middle = len(text) // 2
    flipped = text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1:]
    table.decrypt("cut", text[:-20].encode())
    table.decrypt("altered", flipped.encode())
    table.decrypt("empty", b"")
    table.decrypt("only a version", b"v1:")
    table.decrypt("binary", bytes(range(256)))
    table.decrypt("invalid UTF-8", b"v1:\xff\xfe\xfd")
    table.decrypt("version that the box has not", b"v9" + text[2:].encode())
    table.decrypt("version with a leading zero", b"v01" + text[2:].encode())
    table.decrypt("version of 400 digits", b"v" + b"9" * 400 + text[2:].encode())
    table.decrypt("of another provider", b"v1:insecure+data+A6YUdWc2JHOD0=")
    table.decrypt("another context", context="model_id=2")
    table.decrypt("no context", context=None)
    table.run("context twice", "encrypt", "orders", "-c", "a=b", "--context-file", "/dev/null")
    table.run("context without a value", "encrypt", "orders", "-c", "model_id")
    table.run("integer that is none", "encrypt", "orders", "-c", "model_id:=x")
    table.run("names whose order depends on their kind", "encrypt", *KEY, "-c", "app=1", "-c", "app-name=2")
    table.run("context in invalid UTF-8", "encrypt", "orders", "-c", b"a=\xff".decode("utf-8", "surrogateescape"))
    table.run("context file that is no JSON", "encrypt", "orders", "--context-file", table.root.write("context.json", "{a: 1}"))
    table.run("context file with a float", "encrypt", "orders", "--context-file", table.root.write("context.json", '{"a": 1.5}'))


def targets(table):
    head("Targets")
    table.run("a typing error", "encrypt", "ordres")
    table.run("a key that is not there", "encrypt", "local/ordres")
    table.run("nobody's key id", "encrypt", "--key", "vault/orders")
    table.run("an odd name", "key", "create", "local/../etc")
    table.run("a key that is there", "key", "create", "local/orders")
    table.run("a box that is there", "box", "create", "orders", "--key", "local/orders")
    table.run("no target", "encrypt")
    table.run("an unknown command", "encypt")
    table.run("an unknown option", "status", "--jsn")


def sizes(table):
    head("Sizes")
    path = table.root.path("sparse")
    with open(path, "wb") as file:
        file.truncate(1 << 30)
    for command in (("encrypt", *KEY), ("decrypt", *KEY), ("inspect",)):
        with open(path, "rb") as file:
            done = subprocess.run([cli.KMSCTL, *command], stdin=file, capture_output=True, check=False, env=table.root.environment())
        row(table.root, "1 GiB on stdin", f"kmsctl {' '.join(command)}", done)
    table.run("1 GiB in a context file", "encrypt", *KEY, "--context-file", path)
    table.run("more than local takes", "encrypt", "orders", data=b"x" * 70000)
    os.truncate(table.root.path("keys/orders.kmskey"), 1 << 30)
    table.decrypt("key file of 1 GiB")
    table.mend()
    os.truncate(table.root.write("admin/boxes.d/big.box", ""), 1 << 30)
    table.run("box file of 1 GiB", "box", "show", "big")
    os.unlink(table.root.path("admin/boxes.d/big.box"))


def descriptors(table):
    head("Descriptors")
    for what, path, mode in (("full", "/dev/full", "wb"),):
        for command in (("encrypt", *KEY), ("status",), ("--json", "status"), ("--help",)):
            with open(path, mode) as out:
                done = subprocess.run([cli.KMSCTL, *command], input=b"x", stdout=out, stderr=subprocess.PIPE, check=False,
                                      env=table.root.environment())
            row(table.root, f"stdout is {what}", f"kmsctl {' '.join(command)} > {path}", done)
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([cli.KMSCTL, "encrypt", *KEY], input=b"x", stdout=writer, stderr=subprocess.PIPE, check=False,
                          env=table.root.environment())
    os.close(writer)
    row(table.root, "stdout has no reader", "kmsctl encrypt " + " ".join(KEY), done)
    for fd, name in ((0, "stdin"), (1, "stdout")):
        done = subprocess.run([cli.KMSCTL, "encrypt", *KEY], stdin=None if fd == 0 else subprocess.DEVNULL, stderr=subprocess.PIPE,
                              check=False, env=table.root.environment(), preexec_fn=lambda fd=fd: os.close(fd))
        row(table.root, f"{name} is closed", f"kmsctl encrypt {' '.join(KEY)}", done)
    table.run("stdin is a directory", "encrypt", *KEY, "--in", table.root.directory)
    table.run("no place for the output", "encrypt", *KEY, "--out", table.root.path("no/where"))
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    table.run("the file would be too large", "encrypt", *KEY, "--out", table.root.path("out"), data=b"x" * 6000, preexec_fn=limit)
    table.run("output file on a full device", "encrypt", *KEY, "--out", "/dev/full")


def small_disk(table):
    """Only where a tmpfs may be mounted."""
    keys = table.root.path("keys")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", keys], capture_output=True, check=False)
    if done.returncode != 0:
        print("| full or read-only keystore | – | – | not tried: needs the right to mount a tmpfs |")
        return
    try:
        for name in os.listdir(table.kept):
            shutil.copy2(os.path.join(table.kept, name), keys)
        subprocess.run(["sh", "-c", f"cat /dev/zero > {keys}/filler"], capture_output=True, check=False)
        for command in (("key", "rotate", "local/orders"), ("key", "create", "local/new")):
            table.run("full keystore", *command)
        os.unlink(os.path.join(keys, "filler"))
        subprocess.run(["mount", "-o", "remount,ro", keys], check=True)
        table.run("read-only keystore", "key", "rotate", "local/orders")
        table.decrypt("read-only keystore")
    finally:
        subprocess.run(["umount", keys], check=True)


def keystores(table):
    head("Keystores")
    root, keys = table.root, table.root.path("keys")
    for name, part in (("orders.kmskey", 0.5), ("orders.kmskey", 0), ("root", 0.5), ("root.key", 0.5)):
        whole = root.read(f"keys/{name}")
        root.write(f"keys/{name}", whole[:int(len(whole) * part)], 0o600)
        table.decrypt(f"{name} {'cut in the middle' if part else 'empty'}")
        table.mend()
    text = root.read("keys/orders.kmskey")
    root.write("keys/orders.kmskey", text.replace(b"state: enabled", b"state: disabled"), 0o600)
    table.decrypt("key file edited")
    table.mend()
    root.write("keys/orders.kmskey", text.replace(b"libkms-key 1", b"libkms-key 2"), 0o600)
    table.decrypt("key file of a newer format")
    table.mend()
    for name, mode in (("", 0o777), ("orders.kmskey", 0o666), ("root.key", 0o644)):
        os.chmod(os.path.join(keys, name), mode)
        table.decrypt(f"{name or 'keystore'} with mode {mode:04o}")
        table.mend()
    for name in ("orders.kmskey", "root", "root.key"):
        os.unlink(os.path.join(keys, name))
        table.decrypt(f"{name} missing")
        table.mend()
    os.rename(os.path.join(keys, "orders.kmskey"), os.path.join(keys, "other.kmskey"))
    table.run("key file renamed", "encrypt", "local/other")
    table.mend()
    shutil.rmtree(keys)
    table.decrypt("no keystore")
    root.write("keys", "")
    table.decrypt("keystore is a file")
    os.unlink(keys)
    os.symlink("nowhere", keys)
    table.run("keystore is a link to nowhere", "key", "create", "local/new")
    table.mend()
    os.unlink(os.path.join(keys, "orders.kmskey"))
    os.symlink(os.path.join(table.kept, "orders.kmskey"), os.path.join(keys, "orders.kmskey"))
    table.decrypt("key file is a link")
    table.mend()
    table.run("key file is recreated", "key", "delete", "local/orders", "--force", "--yes")
    table.run("its key was deleted", "decrypt", "orders", "-c", "model_id=1", data=table.stored)
    table.run("(a new key of that name)", "key", "create", "local/orders")
    table.decrypt("a key of the same name, but not the same key")
    table.mend()
    table.run("disabled", "key", "disable", "local/orders")
    table.decrypt("key is disabled")
    table.mend()
    small_disk(table)


def configuration(table):
    head("Configuration files")
    files = {
        "a line that is none": ("provider", PROVIDER.format("test") + "Prefixes=bad/\nhello\n"),
        "no group": ("provider", "Module=kms-test.so\n"),
        "no module": ("provider", "[Provider]\nAbi=1\nPrefixes=bad/\n"), "a path": ("provider", "[Provider]\nModule=../x.so\nAbi=1\nPrefixes=bad/\n"),
        "another ABI": ("provider", "[Provider]\nModule=kms-test.so\nAbi=2\nPrefixes=bad/\n"),
        "a word for a number": ("provider", PROVIDER.format("test") + "Priority=high\nPrefixes=bad/\n"),
        "a unit": ("provider", PROVIDER.format("test") + "CallTimeout=2s\nPrefixes=bad/\n"),
        "a secret in Settings": ("provider", PROVIDER.format("test") + "Prefixes=bad/\n[Settings]\nToken=abc\n"),
        "both lists of programs": ("provider", PROVIDER.format("test") + "EnableIn=a\nDisableIn=b\nPrefixes=bad/\n"),
        "invalid UTF-8": ("provider", b"[Provider]\nModule=\xff.so\n"), "binary": ("provider", bytes(range(1, 256))),
        "masked": ("provider", ""), "no version": ("box", "[Box]\n"), "a version without a key": ("box", "[Box]\nVersion=1\n[Version 1]\n"),
        "a version that is not there": ("box", "[Box]\nVersion=2\n[Version 1]\nKeyId=insecure-test-key\n"),
        "a leading zero": ("box", "[Box]\nVersion=01\n[Version 01]\nKeyId=insecure-test-key\n"),
        "an unknown dialect": ("box", "[Box]\nVersion=1\nJsonDialect=ruby\n[Version 1]\nKeyId=insecure-test-key\n"),
        "an unknown state": ("box", "[Box]\nVersion=1\nState=on\n[Version 1]\nKeyId=insecure-test-key\n"),
        "nobody's key id": ("box", "[Box]\nVersion=1\n[Version 1]\nKeyId=vault/x\n"),
    }
    for what, (kind, text) in files.items():
        path = table.root.write(f"admin/{kind}es.d/bad.box" if kind == "box" else "admin/providers.d/bad.provider", text)
        table.run(f"{kind}: {what}", "encrypt", "bad" if kind == "box" else "bad/k")
        os.unlink(path)
    table.root.write("admin/kms.conf", "[Global]\nUserConfig=perhaps\n")
    table.run("kms.conf: an unknown word", "encrypt", *KEY)
    os.unlink(table.root.path("admin/kms.conf"))


def passphrases(table):
    head("Passphrases and exported keys")

    def with_passphrase(what, words, *arguments, data=b""):
        reader, writer = os.pipe()
        os.write(writer, words)
        os.close(writer)
        done = table.run(what, f"--passphrase-fd={reader}", *arguments, data=data, pass_fds=(reader,))
        os.close(reader)
        return done.stdout

    exported = with_passphrase("(an export)", b"my words\n", "key", "export", "local/orders")
    with_passphrase("another passphrase", b"other\n", "key", "import", "local/copy", data=exported)
    with_passphrase("an empty passphrase", b"\n", "key", "import", "local/copy", data=exported)
    with_passphrase("cut", b"my words\n", "key", "import", "local/copy", data=exported[:100])
    with_passphrase("no export at all", b"my words\n", "key", "import", "local/copy", data=b"hello")
    table.run("nobody can be asked", "key", "export", "local/orders", data=b"")
    with_passphrase("(a root with a passphrase)", b"my words\n", "key", "root", "--change", "passphrase", "--yes")
    with_passphrase("another passphrase", b"other\n", "encrypt", "local/orders", data=b"x")
    table.run("nobody can be asked", "encrypt", "local/orders")
    table.mend()


def interruptions(table):
    head("Time and signals")
    table.root.write("package/providers.d/hangs.provider", PROVIDER.format("hangs"))
    table.run("a provider that never answers", "--timeout=0.3", "encrypt", "hangs/k")
    table.root.write("package/providers.d/hangs.provider", PROVIDER.format("hangs") + "CallTimeout=0.3\n")
    table.run("the same with CallTimeout=0.3", "encrypt", "hangs/k")
    for number in (signal.SIGINT, signal.SIGTERM):
        child = subprocess.Popen([cli.KMSCTL, "encrypt", *KEY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 env=table.root.environment())
        while len(os.listdir(f"/proc/{child.pid}/task")) < 2:
            time.sleep(0.001)
        child.send_signal(number)
        child.wait(30)
        done = subprocess.CompletedProcess(child.args, child.returncode, child.stdout.read(), child.stderr.read())
        row(table.root, number.name, "kmsctl encrypt " + " ".join(KEY), done)
    os.unlink(table.root.path("package/providers.d/hangs.provider"))


def main():
    table = Table()
    print("What kmsctl says to mock modules and to bad input. ROOT is the configuration root, ⏎ a line break.")
    with table.root:
        for part in (mocks, module_files, stored_strings, targets, sizes, descriptors, keystores, configuration, passphrases, interruptions):
            part(table)


main()
