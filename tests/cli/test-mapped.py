# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a running kmsctl has mapped: the module that the key id needs, no other one, and no libsoup."""

import fcntl
import os
import re
import subprocess

import cli
import tap

F_SETPIPE_SZ = 1031  # <fcntl.h>; Python names it since 3.10


def mapped(root, *arguments, data):
    """The files in /proc/PID/maps of a process that has done its work and waits for somebody to read all of it."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, F_SETPIPE_SZ, 4096)
    child = subprocess.Popen([cli.KMSCTL, *arguments], stdin=subprocess.PIPE, stdout=writer, env=root.environment())
    os.close(writer)
    child.stdin.write(data)
    child.stdin.close()
    # The first byte comes when everything is encrypted; the rest does not fit into the pipe, so the process stays.
    os.read(reader, 1)
    with open(f"/proc/{child.pid}/maps", encoding="utf-8") as maps:
        names = set(re.findall(r"/(lib[\w+.-]+|kms-[\w.-]+\.so)$", maps.read(), re.M))
    with open(reader, "rb") as rest:
        rest.read()
    tap.equal(child.wait(), 0, "exit code")
    return names


def modules(names):
    return sorted(name for name in names if name.startswith("kms-"))


def soup(names):
    return [name for name in names if "soup" in name]


def check_encrypt(root):
    root.good("key", "create", "local/orders")
    for key_id, module in (("local/orders", "kms-local.so"), ("insecure-test-key", "kms-test.so")):
        names = mapped(root, "encrypt", "--key", key_id, data=b"p" * 12000)
        tap.equal((modules(names), soup(names)), ([module], []), key_id)
        cli.wants(" ".join(names), "libkms-1.so.0", "libgnutls")


def check_box_list(root):
    for number in range(60):
        root.write(f"package/boxes.d/{'long-name' * 5}-{number}.box",
                   "[Box]\nVersion=1\n[Version 1]\nKeyId=insecure-test-key\n" + f"[X-More]\nText={'x' * 40}\n")
    names = mapped(root, "box", "list", "--json", data=b"")
    tap.equal((modules(names), soup(names)), ([], []), "box list needs no module")


def check_version_and_help(root):
    """The loader's own list, since these are done in a millisecond."""
    for arguments in (("--version",), ("help",), ("completion", "bash")):
        done = subprocess.run([cli.KMSCTL, *arguments], capture_output=True, check=True, env=root.environment(LD_DEBUG="files"))
        text = done.stderr.decode(errors="replace")
        if "calling init:" not in text:
            raise tap.Skip("this loader does not know LD_DEBUG=files")
        tap.none(re.findall(r"calling init: (\S*(?:soup|kms-local|kms-test)\S*)", text), f"{arguments}")


cli.main("mapped", globals())
