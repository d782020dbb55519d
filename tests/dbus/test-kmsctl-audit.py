# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kmsctl audit tail, query and verify: of a kmsd that runs, and of the files that it left."""

import json
import os
import select
import signal
import time

import command
import kmsd
import tap
from copied_log import Copy

STRANGER = 3


def start(daemon):
    daemon.add_box("orders", f"EncryptFor=*\nDecryptFor=uid:{os.geteuid()}")
    daemon.add_box("other", "EncryptFor=*\nDecryptFor=*")
    daemon.start()
    return command.Command(daemon), daemon.client()


def work(client):
    """Some of everything: done, and refused by lockdown."""
    stored = client.encrypt("orders", b"secret", {"id": "1"})
    client.decrypt("orders", stored, {"id": "1"})
    client.encrypt("other", b"secret")
    client.decrypt("orders", b"v1:AAAA", expect="InvalidCiphertext")
    return stored


def operations(records):
    return [(record["operation"], record["outcome"]) for record in records]


@kmsd.EVERYWHERE
def check_query(daemon):
    root, client = start(daemon)
    work(client)
    found = root.json("audit", "query", "--box=orders")
    tap.equal(operations(found["records"]),
              [("encrypt", "done"), ("decrypt", "done"), ("decrypt", "failed")], "of a box")
    tap.equal(found["skipped"], 0, "foreign lines")
    text = root.good("audit", "query", "--box=orders", "--outcome=failed").decode()
    kmsd.wants(text, "decrypt", "orders", f"uid {os.geteuid()}", "invalid-ciphertext")
    tap.equal(text.count("\n"), 1, "lines")


def check_query_by_everything(daemon):
    root, client = start(daemon)
    work(client)

    def count(*filters):
        return len(root.json("audit", "query", *filters)["records"])

    everything = root.json("audit", "query")["records"]
    tap.equal(count("--operation=encrypt"), 2, "--operation")
    tap.equal(count("--operation=encrypt", "--limit=1"), 1, "--limit")
    tap.equal(count("--since=1h"), len(everything), "--since")
    tap.equal(count("--until=1h"), 0, "--until")
    tap.equal(count("--since=2020-01-01", "--until=2020-01-02T03:04"), 0, "dates")
    tap.equal(count(f"--since=@{int(time.time()) - 600}"), len(everything), "seconds")
    tap.equal(count(f"--uid={os.geteuid()}", "--box=other"), 1, "--uid")
    tap.equal(count("--uid=4294967294"), 0, "another uid")
    tap.equal(count("--unit=nothing.service"), 0, "--unit")
    tap.equal(count(f"--after={everything[-2]['sequence']}"), 1, "--after")
    tap.equal(root.good("audit", "query", "--box=nothing"), b"", "nothing, for people")


def check_query_fails(daemon):
    """What can't be read is an error, and not the end of the log."""
    root, client = start(daemon)
    work(client)
    os.mkdir(daemon.path("root/state/audit/audit-00000000000000009999.jsonl"))
    done = root.run("audit", "query")
    tap.equal((done.returncode != 0, done.stderr.count(b"\n")), (True, 1), "exit code, and a line of stderr")
    kmsd.wants(done.stderr.decode(), "audit-00000000000000009999.jsonl")
    kmsd.wants(done.stdout.decode(), "encrypt")
    root.bad(8, "--json", "audit", "query", "--limit=1")


@kmsd.ways("system", None)
def check_query_is_cut(daemon):
    """kmsd ends in the middle of its answer: that is no whole answer."""
    root, client = start(daemon)
    frames = b"\0\0\0\1x" * 1024
    client.good(f"{kmsd.BOXES}/other", "EncryptBatch", "(handle 0, @aa{ss} [" + ", ".join(["{}"] * 1024) + "], @a{sv} {})",
                descriptors=[("pipe", frames)])
    process = root.start("audit", "query", "--outcome=done", "--operation=encrypt")
    first = read_line(process)
    daemon.daemon.kill()
    daemon.daemon.wait()
    out, err = process.communicate(timeout=4 * kmsd.PATIENCE)
    tap.equal((process.returncode, err.count(b"\n"), out.startswith(first[:10])), (7, 1, True), f"{err.decode()}")
    kmsd.wants(err.decode(), "not all records")


def check_wrong_input(daemon):
    root = command.Command(daemon)
    for wrong in ("--since=yesterday", "--since=2026-13-01", "--until=-1h", "--since=@", "--since=\v5m", "--uid=-1",
                  "--uid=+1", "--uid=\v1", "--limit= 1", "--limit=\v1", "--after=0x10", "--outcome=good",
                  "--after=9223372036854775808"):
        kmsd.wants(root.bad(2, "audit", "query", wrong), wrong.split("=")[0])
    kmsd.wants(root.bad(2, "audit", "query", "--directory=/tmp"), "leave --system, --user and --socket out")
    kmsd.wants(root.bad(2, "audit", "verify", "--key-file=/tmp/x"), "--directory")
    kmsd.wants(root.bad(2, "audit", "verify", "--head=12"), "--head=12")
    kmsd.wants(root.bad(2, "--direct", "audit", "verify", plain=True), "--directory=DIR")
    kmsd.wants(root.bad(8, "audit", "query", "--directory=/nonexistent", plain=True), "/nonexistent")


def check_who_may(daemon):
    start(daemon)
    stranger = command.Command(daemon, uid=STRANGER)
    for line in (["audit", "query"], ["audit", "verify"], ["audit", "tail"]):
        kmsd.wants(stranger.bad(4, *line), f"uid {STRANGER}")


def read_line(process, stream=None):
    """The next line of stdout, or of another stream, in bounded time."""
    stream = stream or process.stdout
    ready, _, _ = select.select([stream], [], [], 2 * kmsd.PATIENCE)
    line = stream.readline() if ready else b""
    if not line:
        process.kill()
        raise tap.Failure(f"audit tail said nothing more, but {process.stderr.read().decode()!r}")
    return line


def wait_for_subscriber(daemon, process, root):
    """Something is done until the tail has seen it."""
    client = daemon.client()
    for _ in range(100 * kmsd.PATIENCE):
        client.encrypt("other", b"x")
        if select.select([process.stdout], [], [], 0.01)[0]:
            break
    else:
        raise tap.Failure("audit tail shows nothing")
    line = read_line(process)
    tap.equal(process.poll(), None, "it goes on")
    return json.loads(line)


def finish(process, code=0):
    out, err = process.communicate(timeout=4 * kmsd.PATIENCE)
    tap.equal(process.returncode, code, f"exit code ({err.decode()})")
    return out, err.decode()


@kmsd.EVERYWHERE
def check_tail(daemon):
    root, client = start(daemon)
    process = root.start("--json", "audit", "tail")
    wait_for_subscriber(daemon, process, root)
    client.encrypt("orders", b"secret")
    while (record := json.loads(read_line(process)))["box"] != "orders":
        pass
    tap.equal((record["operation"], record["outcome"]), ("encrypt", "done"), "the record")
    process.send_signal(signal.SIGINT)
    tap.equal(finish(process)[1], "", "stderr")


def check_tail_without_a_reader(daemon):
    root, _ = start(daemon)
    process = root.start("--json", "audit", "tail")
    wait_for_subscriber(daemon, process, root)
    process.stdout.close()
    tap.equal((process.wait(4 * kmsd.PATIENCE), process.stderr.read()), (0, b""), "nobody reads any more")
    process.stderr.close()


def check_tail_has_a_deadline(daemon):
    root, _ = start(daemon)
    kmsd.wants(root.bad(7, "--timeout=0.5", "audit", "tail"), "0.5 seconds")


@kmsd.EVERYWHERE
def check_tail_survives_a_kill(daemon):
    """What was written while nobody listened comes from the log: no record is lost, and none comes twice."""
    root, client = start(daemon)
    process = root.start("audit", "tail", "--after=0")
    client.encrypt("orders", b"first")
    kmsd.wants(read_line(process).decode(), "log-begin")
    daemon.daemon.kill()
    daemon.daemon.wait()
    kmsd.wants(read_line(process, process.stderr).decode(), "kmsd is gone")
    daemon.start()
    daemon.client().encrypt("orders", b"second")
    kmsd.wants(read_line(process, process.stderr).decode(), "kmsd is back")
    daemon.client().encrypt("other", b"third")
    seen = [b"log-begin"]
    while b"other" not in seen[-1]:
        seen.append(read_line(process))
    tap.equal(sum(b"encrypt" in line for line in seen), 3, f"records of encrypt in {seen}")
    process.send_signal(signal.SIGINT)
    finish(process)


def check_tail_after(daemon):
    root, client = start(daemon)
    work(client)
    expected = root.json("audit", "query", "--after=2")["records"]
    process = root.start("--json", "audit", "tail", "--after=2")
    found = [json.loads(read_line(process)) for _ in expected]
    tap.equal(found, expected, "the log's own lines")
    process.send_signal(signal.SIGTERM)
    finish(process)


def check_verify_by_kmsd(daemon):
    root, client = start(daemon)
    work(client)
    found = root.json("audit", "verify")
    tap.equal((found["whole"], found["flaws"]), (True, []), "a log as it was written")
    tap.equal(root.json("audit", "verify", f"--head={found['head']}")["whole"], True, "with its head")
    sequence, mac = found["head"].split(":")
    done = root.run("--json", "audit", "verify", f"--head={int(sequence) + 100}:{mac}")
    tap.equal((done.returncode, json.loads(done.stdout)["flaws"][0]["flaw"]), (1, "cut"), "a head from beyond")
    done = root.run("audit", "verify")
    kmsd.wants(done.stdout.decode(), "Whole", "yes")
    kmsd.wants(done.stderr.decode(), "--head=SEQ:MAC")


def check_verify_files(daemon):
    root, client = start(daemon)
    work(client)
    head = root.json("audit", "verify")["head"]
    daemon.stop()
    log = Copy(daemon)
    lines = log.lines
    tap.equal(log.flaws(root, code=0), [], "untouched")
    log.write([*lines[:2], lines[2].replace(b"orders", b"others"), *lines[3:]])
    tap.equal(log.flaws(root)[0], ("changed", 3), "a changed line")
    log.write([*lines[:2], *lines[3:]])
    tap.equal(log.flaws(root)[0], ("missing", 3), "a removed line")
    log.write([*lines[:2], lines[3], lines[2], *lines[4:]])
    tap.equal([kind for kind, _ in log.flaws(root)][:2], ["missing", "order"], "two swapped lines")
    log.write(lines[:-2])
    tap.equal(log.flaws(root, code=0), [], "a cut tail shows to nobody who has no head")
    tap.equal(log.flaws(root, f"--head={head}"), [("cut", None)], "a cut tail, with the head")
    text = root.run("audit", "verify", f"--directory={log.directory}", f"--head={head}", plain=True).stdout.decode()
    kmsd.wants(text, "cut", "its end was cut off")


def check_verify_without_the_beginning(daemon):
    root, client = start(daemon)
    work(client)
    daemon.stop()
    log = Copy(daemon)
    second = json.loads(log.lines[1])["sequence"]
    log.write(log.lines[1:])
    os.rename(log.file, os.path.join(log.directory, f"audit-{second:020}.jsonl"))
    kinds = [kind for kind, _ in log.flaws(root)]
    kmsd.wants(kinds, "beginning")


def check_verify_with_a_kept_key(daemon):
    root, client = start(daemon)
    work(client)
    daemon.stop()
    log = Copy(daemon)
    key = daemon.path("kept.key")
    os.rename(os.path.join(log.directory, "audit.key"), key)
    kmsd.wants(root.bad(8, "audit", "verify", f"--directory={log.directory}", plain=True), "audit.key")
    tap.equal(log.flaws(root, f"--key-file={key}", code=0), [], "with --key-file")


def check_query_files(daemon):
    root, client = start(daemon)
    work(client)
    by_daemon = root.json("audit", "query", "--box=orders")
    daemon.stop()
    log = Copy(daemon)
    by_files = root.json("audit", "query", "--box=orders", f"--directory={log.directory}", plain=True)
    tap.equal(by_files, by_daemon, "records")
    log.write([*log.lines, b"no record\n"])
    tap.equal(root.json("audit", "query", f"--directory={log.directory}", plain=True)["skipped"], 1, "foreign lines")


kmsd.main("kmsctl-audit", globals())
