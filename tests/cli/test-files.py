# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files in and out: written as a whole or not at all; too much input; nowhere to write; interrupted at any moment."""

import os
import resource
import signal
import subprocess
import time

import cli
import tap

KEY = ("--key", "insecure-test-key")
PLAIN = b"p" * 6000


def check_out(root):
    path = root.path("out")
    tap.equal(root.good("encrypt", *KEY, "--out", path, data=b"x"), b"", "stdout")
    tap.equal(os.stat(path).st_mode & 0o777, 0o600, "mode")
    tap.equal(root.good("decrypt", *KEY, "--in", path), b"x", "decrypt --in")
    root.good("encrypt", *KEY, "--in", path, "--out", path)
    tap.equal(root.left_over(), [], "left over")


def check_old_file_stays(root):
    path = root.write("out", b"precious")
    root.bad(6, "decrypt", *KEY, "--out", path, data=b"v1:AAAA")
    tap.equal(root.read("out"), b"precious", "after a failure")
    root.good("encrypt", *KEY, "--out", path, data=b"x")
    tap.equal(os.stat(path).st_mode & 0o777, 0o600, "mode afterwards")


def check_link_is_followed(root):
    root.write("real", b"old")
    os.symlink("real", root.path("link"))
    stored = root.good("encrypt", *KEY, data=b"new")
    root.good("decrypt", *KEY, "--out", root.path("link"), data=stored)
    tap.equal((os.path.islink(root.path("link")), root.read("real")), (True, b"new"), "the file behind the link")


def check_device_is_not_replaced(root):
    stored = root.good("encrypt", *KEY, data=b"x")
    before = os.stat("/dev/null").st_ino
    root.good("decrypt", *KEY, "--out", "/dev/null", data=stored)
    tap.equal(os.stat("/dev/null").st_ino, before, "/dev/null")
    cli.wants(root.bad(1, "decrypt", *KEY, "--out", "/dev/full", data=stored), "/dev/full", "No space left")


def check_missing_files(root):
    cli.wants(root.bad(3, "encrypt", *KEY, "--in", root.path("none")), "none")
    cli.wants(root.bad(1, "encrypt", *KEY, "--out", root.path("no/where"), data=b"x"), "no/where")


def check_stdout_is_full(root):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([cli.KMSCTL, "encrypt", *KEY], input=b"x", stdout=full, stderr=subprocess.PIPE, check=False,
                              env=root.environment())
    tap.equal(done.returncode, 1, "exit code")
    cli.wants(done.stderr.decode(), "can't write to stdout: No space left")


def check_reader_goes_away(root):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([cli.KMSCTL, "encrypt", *KEY], input=b"x", stdout=writer, stderr=subprocess.PIPE, check=False,
                          env=root.environment())
    os.close(writer)
    tap.equal(done.returncode, 1, "exit code")
    cli.wants(done.stderr.decode(), "Broken pipe")


def check_file_size_limit(root):
    """As a full disk, without a mount: the write fails in the middle, and nothing is left."""
    path = root.write("out", b"precious")
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    text = root.bad(1, "encrypt", *KEY, "--out", path, data=PLAIN, preexec_fn=limit)
    cli.wants(text, path, "File too large")
    tap.equal((root.read("out"), root.left_over()), (b"precious", []), "afterwards")


def check_full_disk(root):
    mount = root.path("small")
    os.mkdir(mount)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", mount], capture_output=True, check=False)
    if done.returncode != 0:
        raise tap.Skip("needs the right to mount a tmpfs")
    try:
        text = root.bad(1, "encrypt", *KEY, "--out", os.path.join(mount, "out"), data=PLAIN)
        cli.wants(text, "No space left", "nothing was changed")
        tap.equal(os.listdir(mount), [], "left over")
    finally:
        subprocess.run(["umount", mount], check=True)


def check_too_much_input(root):
    """A gigabyte is refused after the first byte too many: the writer gets a broken pipe long before its end."""
    for command in (("encrypt", *KEY), ("decrypt", *KEY), ("inspect",)):
        child = subprocess.Popen([cli.KMSCTL, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, env=root.environment())
        written = 0
        try:
            for _ in range(1024):
                written += child.stdin.write(b"x" * 1048576)
        except BrokenPipeError:
            pass
        child.stdin = None
        out, err = child.communicate(timeout=60)
        tap.equal((child.returncode, out), (1, b""), f"{command}: {err}")
        cli.wants(err.decode(), "limit of")
        if written > 16 * 1048576:
            raise tap.Failure(f"{command} read {written} bytes")


def start_waiting(root, *arguments, **more):
    """A command that waits on stdin, once its thread for signals is there."""
    child = subprocess.Popen([cli.KMSCTL, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, env=root.environment(**more))
    while child.poll() is None and len(os.listdir(f"/proc/{child.pid}/task")) < 2:
        os.sched_yield()
    return child


def end(child):
    """Waits with stdin still open: its end would be another reason to go on."""
    child.wait(60)
    out, err = child.stdout.read(), child.stderr.read()
    for stream in (child.stdin, child.stdout, child.stderr):
        stream.close()
    return child.returncode, out, err


def check_interrupt(root):
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
        child = start_waiting(root, "encrypt", *KEY, "--out", root.path("out"))
        child.send_signal(number)
        tap.equal(end(child), (code, b"", b"kmsctl: interrupted\n"), str(number))
        tap.equal((os.path.exists(root.path("out")), root.left_over()), (False, []), "left over")


def check_interrupt_is_json_too(root):
    child = start_waiting(root, "--json", "encrypt", *KEY)
    child.send_signal(signal.SIGINT)
    code, out, err = end(child)
    tap.equal((code, out), (130, b""), "exit code")
    cli.wants(err.decode(), '"error":"cancelled"')


def check_interrupt_at_any_moment(root):
    """Whenever it comes: all or nothing. Before main() has blocked the signal, it kills; afterwards it is 130."""
    path = root.path("out")
    for step in range(60):
        child = subprocess.Popen([cli.KMSCTL, "encrypt", *KEY, "--out", path], stdin=subprocess.PIPE,
                                 stderr=subprocess.PIPE, env=root.environment())
        child.stdin.write(PLAIN)
        child.stdin.close()
        child.stdin = None
        time.sleep(step * 0.0005)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=60)
        if child.returncode not in (0, 130, -signal.SIGINT):
            raise tap.Failure(f"exit code {child.returncode}: {err}")
        tap.equal(os.path.exists(path), child.returncode == 0, f"the file is there ({child.returncode})")
        tap.equal(root.left_over(), [], "left over")
        if child.returncode == 0:
            tap.equal(root.good("decrypt", *KEY, "--in", path), PLAIN, "what is there")
            os.unlink(path)


def check_ignored_interrupt_stays_ignored(root):
    child = subprocess.Popen([cli.KMSCTL, "encrypt", *KEY], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, env=root.environment(),
                             preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    while len(os.listdir(f"/proc/{child.pid}/task")) < 2:
        os.sched_yield()
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(b"x", timeout=60)
    tap.equal((child.returncode, out[:3]), (0, b"v1:"), "nohup")


def check_timeout_while_reading(root):
    child = subprocess.Popen([cli.KMSCTL, "--timeout=0.3", "encrypt", *KEY], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, env=root.environment())
    tap.equal(child.wait(60), 7, "exit code")
    cli.wants(child.stderr.read().decode(), "0.3 seconds")
    child.stdin.close()


def hanging(root):
    if not os.path.exists(os.path.join(cli.BUILD, "tests/modules/kms-hangs.so")):
        raise tap.Skip("needs the mock modules")
    root.write("package/providers.d/hangs.provider", "[Provider]\nModule=kms-hangs.so\nAbi=1\nPrefixes=hangs/\n")
    return {"KMS_MODULE_PATH": cli.module_path("tests/modules")}


def check_provider_that_never_answers(root):
    more = hanging(root)
    cli.wants(root.bad(7, "--timeout=0.5", "encrypt", "hangs/x", data=b"x", env=more), "0.5 seconds")
    child = start_waiting(root, "encrypt", "hangs/x", **more)
    child.stdin.write(b"x")
    child.stdin.close()
    child.stdin = None
    # The worker's thread, besides the main one and the one for signals, is in the provider.
    while len(os.listdir(f"/proc/{child.pid}/task")) < 3:
        os.sched_yield()
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    tap.equal((child.returncode, err), (130, b"kmsctl: interrupted\n"), "interrupted")


cli.main("files", globals())
