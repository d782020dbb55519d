# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The audit log as kms-audit(5) describes it, read by a program that knows only that page: JSON and HMAC of Python."""

import hashlib
import hmac
import json
import os
import subprocess
import sys
import tempfile

import tap

TOOL = sys.argv[1]


def derive(key, label):
    return hmac.new(key, label, hashlib.sha256).digest()


def verify(directory):
    """What the manual page tells to do, line by line; the number of lines and the last MAC."""
    with open(os.path.join(directory, "audit.key"), encoding="ascii") as file:
        key = bytes.fromhex(file.read().strip())
    chain = derive(key, b"libkms-audit-chain")
    previous, sequence = bytes(32), 0
    for name in sorted(name for name in os.listdir(directory) if name.endswith(".jsonl")):
        with open(os.path.join(directory, name), "rb") as file:
            lines = file.read().split(b"\n")
        assert lines.pop() == b"", "the file ends in the middle of a line"
        assert json.loads(lines[0])["previous"] == previous.hex()
        assert name == f"audit-{sequence + 1:020}.jsonl"
        for line in lines:
            text, mac = line.rsplit(b',"mac":"', 1)
            assert json.loads(line)["sequence"] == sequence + 1
            previous = hmac.new(chain, previous + text, hashlib.sha256).digest()
            assert mac == previous.hex().encode() + b'"}', f"line with sequence {sequence + 1}"
            sequence += 1
    return sequence, previous.hex()


def write(directory, *arguments):
    out = subprocess.run([TOOL, directory, *arguments], check=True, capture_output=True, text=True).stdout
    return out.strip()


def verifies():
    with tempfile.TemporaryDirectory() as root:
        directory = os.path.join(root, "audit")
        write(directory, "40", "plain")
        head = write(directory, "40", "plain")
        sequence, mac = verify(directory)
        assert f"{sequence}:{mac}" == head
        assert len([name for name in os.listdir(directory) if name.endswith(".jsonl")]) > 3


def finds_changes():
    with tempfile.TemporaryDirectory() as root:
        directory = os.path.join(root, "audit")
        write(directory, "5", "plain")
        path = os.path.join(directory, "audit-00000000000000000001.jsonl")
        with open(path, "r+b") as file:
            text = file.read()
            file.seek(0)
            file.write(text.replace(b'"uid":1001', b'"uid":1002', 1))
        try:
            verify(directory)
        except AssertionError as error:
            assert "sequence" in str(error), error
        else:
            raise AssertionError("the change was not found")


def records(directory):
    for name in sorted(name for name in os.listdir(directory) if name.endswith(".jsonl")):
        with open(os.path.join(directory, name), encoding="utf-8") as file:
            yield from (record for record in map(json.loads, file) if "box" in record)


def context_plain():
    with tempfile.TemporaryDirectory() as root:
        write(root + "/audit", "1", "plain")
        record = next(records(root + "/audit"))
        assert record["context"] == {"model_id": "1", "model_name": "Üser"}, record
        assert record["caller"] == {"uid": 1001, "pid": 4711}, record


def context_hmac():
    with tempfile.TemporaryDirectory() as root:
        write(root + "/audit", "1", "hmac")
        record = next(records(root + "/audit"))
        with open(root + "/audit/audit.key", encoding="ascii") as file:
            key = derive(bytes.fromhex(file.read().strip()), b"libkms-audit-context")
        text = json.dumps({"model_id": "1", "model_name": "Üser"}, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
        assert record["context_hmac"] == hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), record
        assert "context" not in record


def context_names():
    with tempfile.TemporaryDirectory() as root:
        write(root + "/audit", "1", "names")
        record = next(records(root + "/audit"))
        assert record["context_names"] == ["model_id", "model_name"], record
        with open(root + "/audit/audit-00000000000000000001.jsonl", encoding="utf-8") as file:
            assert "Üser" not in file.read()


tap.main([
    ("a program that knows only the manual page verifies a log of several files", verifies),
    ("that program finds a change, so it does verify", finds_changes),
    ("contexts stand in the lines as JSON", context_plain),
    ("the HMAC of a context is that of its JSON, sorted and without blanks", context_hmac),
    ("with names only no value stands in the log", context_names),
])
