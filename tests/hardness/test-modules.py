# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Modules that are no modules, as kmsctl shows them: a message of its own for each, and the other providers work."""

import json
import os
import struct
import subprocess

import cli
import tap

KEY = ("--key", "insecure-test-key")
PROVIDER = "[Provider]\nModule=kms-{0}.so\nAbi=1\nPrefixes={0}/\n"


def good_module():
    with open(os.path.join(cli.BUILD, "plugins/test/kms-test.so"), "rb") as file:
        return file.read()


def other_machine():
    """The test provider's module, said to be for S/390."""
    data = bytearray(good_module())
    data[18:20] = struct.pack("<H", 22)
    return bytes(data)


def other_class():
    data = bytearray(good_module())
    data[4] = 3 - data[4]
    return bytes(data)


FILES = {
    "text": (b"This is no module.\n" * 20, "no module"),
    "script": (b"#!/bin/sh\nexit 0\n" + b"#\n" * 100, "no module"),
    "empty": (b"", "nearly empty"),
    "zeros": (bytes(20000), "no module"),
    "other-machine": (other_machine, "another kind of machine"),
    "other-class": (other_class, "another kind of machine"),
    "object": (lambda: good_module()[:16] + b"\1\0" + good_module()[18:], "no module"),
}


def module_root(root, name):
    root.write(f"package/providers.d/{name}.provider", PROVIDER.format(name))
    return {"KMS_MODULE_PATH": cli.module_path("tests/modules") + ":" + root.path("modules")}


def refused(root, name, *words):
    """Refused with these words, by every command, and shown by `provider list`; nothing else suffers."""
    env = module_root(root, name)
    for arguments in (("encrypt", f"{name}/k"), ("decrypt", f"{name}/k"), ("--json", "encrypt", f"{name}/k")):
        done = root.run(*arguments, data=b"v1:QUFB", env=env)
        tap.equal((done.returncode, done.stdout), (1, b""), f"{name}: {arguments}: {done.stderr}")
        cli.wants(done.stderr.decode(), f"kms-{name}.so", *words)
    done = root.run("provider", "show", name, env=env)
    if b"available" in done.stdout and b"load-failed" not in done.stdout + done.stderr:
        done = root.run("provider", "check", name, env=env)
    cli.wants((done.stdout + done.stderr).decode(), name)
    tap.equal(root.run("doctor", env=env).returncode in (0, 1), True, "doctor lives")
    tap.equal(root.good("encrypt", *KEY, data=b"x", env=env)[:3], b"v1:", "another provider")


def check_files_of_every_kind(root):
    for name, (data, words) in FILES.items():
        root.write(f"modules/kms-{name}.so", data() if callable(data) else data)
        refused(root, name, *([words] if words else []))


def check_cut(root):
    """Wherever a module ends too early: the dynamic linker would map what is not there, and the process die of it."""
    whole = good_module()
    for size in (10, 40, 100, 1000, 3000, 4096, 8192, 11000):
        root.write("modules/kms-cut.so", whole[:size])
        cli.wants(root.bad(1, "encrypt", "cut/k", data=b"x", env=module_root(root, "cut")), "kms-cut.so", "cut short", "install")


def check_directory(root):
    os.makedirs(root.path("modules/kms-directory.so"))
    refused(root, "directory")


def check_fifo(root):
    """Not opened: nobody would ever write to it."""
    os.makedirs(root.path("modules"))
    os.mkfifo(root.path("modules/kms-fifo.so"))
    refused(root, "fifo")


def check_link_to_nowhere(root):
    os.makedirs(root.path("modules"))
    os.symlink("nowhere", root.path("modules/kms-nowhere.so"))
    refused(root, "nowhere")


def check_unreadable(root):
    """As somebody who is not root, who could read it anyway."""
    if os.geteuid() != 0:
        raise tap.Skip("needs root, to become somebody else")
    root.write("modules/kms-unreadable.so", good_module(), 0o600)
    module_root(root, "unreadable")
    env, program = root.open_to_others()
    env["KMS_MODULE_PATH"] += ":" + root.path("modules")
    done = root.run("encrypt", "unreadable/k", data=b"x", env=env, executable=program, user=65534, group=65534,
                    extra_groups=[])
    tap.equal((done.returncode, done.stdout), (1, b""), f"{done.stderr}")
    cli.wants(done.stderr.decode(), "kms-unreadable.so", "ermission")


def check_every_sanitized_refusal_is_one_line(root):
    """The dynamic linker's own words may be long and odd; one line on stderr all the same."""
    for name in ("abi2", "bad-magic", "wrong-id", "no-symbol", "undefined-symbol", "init-fails", "crash-open"):
        if name == "crash-open":
            continue
        text = root.bad(1, "encrypt", f"{name}/k", data=b"x", env=module_root(root, name))
        cli.wants(text, name)


def check_two_modules_with_one_type_name(root):
    env = module_root(root, "good")
    module_root(root, "dup-type")
    root.write("package/boxes.d/both.box", "[Box]\nVersion=2\n[Version 1]\nKeyId=good/a\n[Version 2]\nKeyId=dup-type/a\n")
    stored = root.good("encrypt", "good/a", data=b"x", env=env)
    root.good("decrypt", "good/a", data=stored, env=env)
    found = root.run("provider", "check", env=env)
    tap.equal(found.returncode != 0, True, "provider check")
    cli.wants((found.stdout + found.stderr).decode(), "MockGood", "already")


def check_provider_that_never_answers(root):
    env = module_root(root, "hangs")
    for arguments in (("encrypt", "hangs/k"), ("decrypt", "hangs/k"), ("rewrap", "hangs/k"), ("box", "test", "hanging")):
        root.write("package/boxes.d/hanging.box", "[Box]\nVersion=1\n[Version 1]\nKeyId=hangs/k\n")
        text = root.bad(7, "--timeout=0.3", *arguments, data=b"v1:QUFB", env=env)
        cli.wants(text, "0.3 seconds")
    root.write("package/providers.d/hangs.provider", PROVIDER.format("hangs") + "CallTimeout=0.2\n")
    text = root.bad(7, "encrypt", "hangs/k", data=b"x", env=env)
    cli.wants(text, "hangs")


def check_module_that_crashes_takes_only_its_process(root):
    env = module_root(root, "crash-open")
    done = root.run("encrypt", "crash-open/k", data=b"x", env=env)
    tap.equal(done.returncode < 0 or done.returncode == 1, True, f"{done.returncode}: {done.stderr}")
    tap.equal(root.good("encrypt", *KEY, data=b"x", env=env)[:3], b"v1:", "another provider")
    # What only lists does not load it.
    root.good("provider", "list", env=env)


def check_module_that_crashes_is_found(root):
    """By the commands that look for what is wrong: each loads it in a process of its own, and goes on."""
    env = module_root(root, "crash-open")
    root.write("package/boxes.d/crashing.box", "[Box]\nVersion=1\n[Version 1]\nKeyId=crash-open/k\n")
    for arguments in (("config", "check"), ("provider", "check"), ("provider", "check", "crash-open"), ("doctor",), ("doctor", "crashing")):
        done = root.run("--json", *arguments, env=env)
        tap.equal((done.returncode, done.stderr), (1, b""), " ".join(arguments))
        errors = [finding for finding in json.loads(done.stdout)["findings"] if finding["severity"] == "error"]
        cli.wants(errors[0]["finding"], "kms-crash-open.so ended the process that loaded it (signal 6)")
        cli.wants(errors[0]["advice"], "Enabled=false")
    tap.equal(root.run("config", "check", "--no-load", env=env).returncode, 0, "config check --no-load")
    found = json.loads(root.run("--json", "provider", "check", env=env).stdout)["findings"]
    tap.equal("test" in {finding["topic"] for finding in found}, True, "the others are checked")


if not os.path.exists(os.path.join(cli.BUILD, "tests/modules/kms-good.so")):
    subprocess.run(["echo", "1..0 # SKIP needs the mock modules"], check=True)
else:
    cli.main("modules", globals(), "hardness")
