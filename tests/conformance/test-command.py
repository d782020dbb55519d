# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line of kms-provider-test: what it refuses, known failures, and being interrupted."""

import os
import re
import signal
import tempfile
import time

import checker
import tap

GOOD = checker.module("good-inline")
FLAWED = checker.module("fixed-nonce")


def refused(*arguments):
    done = checker.run_bare(*arguments)
    tap.equal((done.returncode, done.stdout), (2, b""), " ".join(arguments))
    text = done.stderr.decode()
    if text.count("\n") != 1 or not text.startswith("kms-provider-test: "):
        raise tap.Failure(f"not one line of an error: {text!r}")
    return text


def check_usage():
    with tempfile.TemporaryDirectory() as directory:
        renamed = os.path.join(directory, "acme.so")
        os.symlink(GOOD, renamed)
        nameless = os.path.join(directory, "x.provider")
        with open(nameless, "w", encoding="utf-8") as file:
            file.write("[Provider]\nModule=kms-good-inline.so\nAbi=1\nFallback=true\n")
        broken = os.path.join(directory, "y.provider")
        with open(broken, "w", encoding="utf-8") as file:
            file.write("no group\n")
        for arguments, word in (((), "one module"), ((GOOD, GOOD), "one module"), ((renamed,), "kms-ID.so"),
                                ((os.path.join(directory, "kms-none.so"),), "No such file"),
                                (("--nonsense", GOOD), "nonsense"), (("--timeout", "0", GOOD), "--timeout"),
                                (("--timeout", "soon", GOOD), "timeout"), (("--setting", "novalue", GOOD), "NAME=VALUE"),
                                (("--group", "lode", GOOD), "lode"), (("--case", "load/nothing", GOOD), "load/nothing"),
                                (("--expect", "/nowhere", GOOD), "/nowhere"), (("--provider", nameless, GOOD), "--key-id"),
                                (("--provider", broken, GOOD), "y.provider"), (("--provider", GOOD, GOOD), "NAME.provider")):
            text = refused(*arguments)
            if word not in text:
                raise tap.Failure(f"{word!r} is not in {text!r}")


def check_list():
    done = checker.run_bare("--list")
    lines = done.stdout.decode().splitlines()
    tap.equal((done.returncode, done.stderr), (0, b""), "--list")
    groups = {line.split("/")[0] for line in lines}
    tap.equal(groups, {"load", "lifecycle", "contract", "round-trip", "tamper", "limits", "concurrency", "fork"}, "groups")
    names = [line.split()[0] for line in lines]
    tap.equal(len(set(names)), len(names), "names that are there once")
    some = checker.run_bare("--list", "--group", "fork").stdout.decode().splitlines()
    tap.equal(some, [line for line in lines if line.startswith("fork/")], "--list --group fork")
    report = checker.run("--group", "fork", "--case", "load/m*", "--case", "load/s*", GOOD)
    tap.equal([point.name for point in report.points],
              [name for name in names if re.match("fork/|load/[ms]", name)], "what is run")


def check_version():
    done = checker.run_bare("--version")
    tap.equal(done.returncode, 0, "--version")
    if not re.fullmatch(rb"kms-provider-test \d+\.\d+\.\d+\n", done.stdout):
        raise tap.Failure(f"not a version: {done.stdout!r}")


def with_expectations(text, *arguments):
    with tempfile.NamedTemporaryFile("w", suffix=".expect") as file:
        file.write(text)
        file.flush()
        return checker.run_bare("--expect", file.name, *arguments)


def check_expected():
    done = with_expectations("# what is wrong\n\nround-trip/random  # it is deterministic\n", "--case", "round-trip/random", "--case", "round-trip/box", FLAWED)
    report = checker.Report(done)
    tap.equal((report.code, report.failed()), (0, set()), "with a known failure")
    point = report.point("round-trip/random")
    # In two halves: in the sources the word says that something is left to do.
    tap.equal((point.passed, point.directive, point.reason), (False, "TO" "DO", "known failure: it is deterministic"), "point")


def check_expected_passes():
    report = checker.Report(with_expectations("round-trip/box\n", "--case", "round-trip/b*", FLAWED))
    tap.equal((report.code, report.failed()), (1, {"round-trip/box"}), "a known failure that passes")
    if "remove its line" not in report.text:
        raise tap.Failure(report.text)


def check_expected_unknown():
    done = with_expectations("round-trip/random\nround-trip/nothing\n", FLAWED)
    tap.equal((done.returncode, done.stdout), (2, b""), "a name that no case has")
    if b":2: no case is called \"round-trip/nothing\"" not in done.stderr:
        raise tap.Failure(done.stderr.decode())


def check_no_file():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "kms-text.so")
        with open(path, "w", encoding="utf-8") as file:
            file.write("this is a text\n")
        report = checker.run("--group", "load", path)
        passed = {point.name for point in report.points if point.passed}
        tap.equal((report.code, passed), (1, {"load/provider-file"}), "of a text, what passes")


def check_provider_file():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "shop.provider")
        with open(path, "w", encoding="utf-8") as file:
            file.write("[Provider]\nModule=kms-other.so\nAbi=1\nPrefixes=shop/\nColour=red\n[Settings]\nNumber=77\n")
        report = checker.run("--provider", path, "--case", "load/p*", "--case", "load/r*", GOOD)
        tap.equal(report.failed(), {"load/provider-file", "load/registry", "load/process-state"}, "with a file of mistakes")
        tap.none((word for word in ("kms-other.so is not kms-good-inline.so", "Description= is empty", 'Number: "77"')
                  if word not in report.text), report.text)
        report = checker.run("--provider", path, "--setting", "Number=7", "--case", "load/r*", GOOD)
        tap.equal(report.failed(), {"load/registry"}, "with --setting")
        if "Colour" not in report.text:
            raise tap.Failure(report.text)


def check_key_ids():
    arguments = ["--case", "tamper/other-key", "--case", "round-trip/box"]
    report = checker.run(*arguments, "--key-id", "good-inline/mine", GOOD)
    tap.equal(report.point("tamper/other-key").directive, "SKIP", "without a second key")
    report = checker.run(*arguments, "--key-id", "good-inline/mine", "--second-key-id", "good-inline/other", GOOD)
    tap.equal([(point.passed, point.directive) for point in report.points], [(True, None)] * 2, "with two keys")
    report = checker.run(*arguments, "--key-id", "good-inline/mine", "--second-key-id", "good-inline/mine", GOOD)
    tap.equal(report.failed(), {"tamper/other-key"}, "with the same key twice")


def check_interrupted():
    for number in (signal.SIGINT, signal.SIGTERM):
        with tempfile.TemporaryDirectory() as scratch:
            process = checker.start("--case", "round-trip/random", checker.module("hangs", "MOCKS"), scratch=scratch)
            # Its case is running when the configuration is there.
            deadline = time.monotonic() + 60
            while not any("hangs.provider" in files for _, _, files in os.walk(scratch)) and time.monotonic() < deadline:
                time.sleep(0.01)
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
            tap.equal((process.returncode, err), (130, b""), "interrupted")
            tap.equal(out.decode().splitlines()[-1], "Bail out! Interrupted", "last line")
            tap.equal(os.listdir(scratch), [], "left in the temporary directory")


tap.main((f"/conformance/command/{name[6:].replace('_', '-')}", function)
         for name, function in list(globals().items()) if name.startswith("check_"))
