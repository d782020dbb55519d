# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs kms-provider-test on modules that break one rule each: the cases about that rule must fail, and no others."""

import os

import checker
import tap

# Module, which cases are run, the cases that must fail, and words that must stand in the report.
FLAWS = [
    ("changes-umask", "load/*", {"load/process-state"}, ["umask", "FLAWED", "signal 10"]),
    ("inheritable-file", "load/*", {"load/inheritable"}, ["/dev/null", "O_CLOEXEC"]),
    ("leaks-files", "lifecycle/*", {"lifecycle/many-times"}, ["descriptors were open"]),
    ("foreign-domain", "contract/*", {"contract/bad-items", "contract/error-text", "contract/error-domain"},
     ["g-io-error-quark"]),
    ("wrong-code", "tamper/g*", {"tamper/garbage"}, ["the code is failed, not invalid-ciphertext"]),
    ("tells-plaintext", "contract/error-text", {"contract/error-text"}, ["the plaintext stands in the message"]),
    ("ignores-context", "*context*",
     {"round-trip/raw-context", "round-trip/rewrap-context", "tamper/wrong-context", "tamper/added-context"}, []),
    ("no-tag", "tamper/*", {"tamper/flipped-bits", "tamper/truncated", "tamper/extended", "tamper/spliced",
                            "tamper/garbage", "tamper/wrong-context", "tamper/added-context", "tamper/other-key"}, []),
    ("fixed-nonce", "round-trip/*", {"round-trip/random"}, ["the same ciphertext"]),
    ("one-key-for-all", "tamper/*", {"tamper/other-key"}, ["with another key"]),
    ("refuses-large", "limits/*", {"limits/plaintext"}, ["4096 bytes"]),
    ("bad-item-fails-all", "contract/*", {"contract/bad-items"}, ["because of its neighbours"]),
    ("turns-items", "round-trip/*", {"round-trip/order", "round-trip/mixed-contexts"}, []),
    ("one-at-a-time", "concurrency/threads concurrency/mixed", {"concurrency/threads", "concurrency/mixed"}, ["somebody else is at work"]),
    ("key-gone-in-child", "fork/*", {"fork/child", "fork/grandchild", "fork/other-key", "fork/random", "fork/while-busy"},
     ["forked"]),
    ("counts-nonces", "fork/r*", {"fork/random"}, ["share their random numbers"]),
    ("bare-settings", "lifecycle/settings-*", {"lifecycle/settings-described", "lifecycle/settings-by-reference"},
     ["accessToken"]),
    ("exits", "round-trip/s*", {"round-trip/sizes"}, ["the module may not exit"]),
    ("leaves-process", "round-trip/e*", {"round-trip/empty"}, ["left a process behind"]),
    ("trusts-length", "contract/ins*", {"contract/inspect-garbage"}, ["died by signal"]),
    ("shared-state", "lifecycle/t*", {"lifecycle/two-providers"}, ["there is a newer object"]),
    ("hides-rewrap", "contract/*", {"contract/capabilities"}, ["rewrap() and does not declare it"]),
]

# The same for the mocks that the loader and the trampoline are tested with.
MOCKS = [
    ("crash-open", "load/*", {"load/opens", "load/linked", "load/needs", "load/registry", "load/process-state",
                              "load/inheritable", "load/magic", "load/abi", "load/id", "load/flags", "load/origin",
                              "load/type", "load/class"}, ["died by signal 6"]),
    ("abi2", "load/*", {"load/symbol", "load/exports", "load/opens", "load/registry", "load/process-state",
                        "load/inheritable", "load/magic", "load/abi", "load/id", "load/flags", "load/origin",
                        "load/type", "load/class"}, ["was built for ABI 2"]),
    ("wrong-type", "load/*", {"load/registry", "load/process-state", "load/inheritable", "load/type", "load/class"},
     ["is no KmsProvider"]),
    ("wrong-id", "load/id", {"load/id"}, []),
    ("bad-magic", "load/magic", {"load/magic"}, []),
    ("small-struct", "load/abi", {"load/abi"}, []),
    ("minor-too-new", "load/abi", {"load/abi"}, []),
    ("abstract-type", "load/type", {"load/type"}, ["is abstract"]),
    ("type-name-lies", "load/type", {"load/type"}, []),
    ("init-fails-no-gerror", "load/type", {"load/type"}, ["without a GError"]),
    ("undefined-symbol", "load/opens load/linked", {"load/opens", "load/linked"}, ["-z,defs"]),
    ("symclash-one", "load/e* load/n* load/s*", {"load/exports", "load/nodelete", "load/symbolic"}, ["mock_clashing_answer"]),
    ("prints", "load/r*", {"load/registry"}, ["printed on standard error", "mock: here I am"]),
    ("no-gerror", "contract/settles", {"contract/settles"}, ["without saying why"]),
    ("forgets-items", "contract/settles", {"contract/settles"}, ["neither done nor failed"]),
    ("completes-twice", "contract/settles", {"contract/settles"}, ["completed twice"]),
    ("completes-late", "contract/settles", {"contract/settles"}, []),
    ("open-no-gerror", "lifecycle/opens", {"lifecycle/opens"}, ["without a GError"]),
]

# Of the modules without a flaw, what can't be run: they have no administration, and each key id is a key.
SKIPPED = {"load/provider-file", "contract/unknown-key", "round-trip/key-version", "concurrency/rotation",
           "contract/keys-create", "contract/keys-unknown", "contract/keys-rotate", "contract/keys-disable",
           "contract/keys-delete", "contract/keys-force"}


# A sanitizer's allocator has locks that do not survive a fork.
UNTRIED = {"fork/while-busy"} if os.environ["SANITIZE"] != "none" else set()


def check_good(name):
    report = checker.run(checker.module(name))
    forked = set() if name == "good-inline" else {"fork/other-key", "fork/random"}
    tap.equal((report.failed(), report.code), (set(), 0), "failures")
    tap.equal({point.name for point in report.points if point.directive == "SKIP"}, SKIPPED | UNTRIED | forked, "skipped")


def check_flaw(path, patterns, expected, words):
    chosen = [word for one in patterns.split() for word in ("--case", one)]
    report = checker.run("--timeout", "30", *chosen, path)
    tap.equal((report.failed(), report.code), (expected - UNTRIED, 1), "failures")
    tap.none((word for word in words if word not in report.text), f"not in the report {report.text}")


def check_hangs():
    """A case that never ends costs its time, and the next one runs."""
    report = checker.run("--timeout", "1", "--case", "load/class", "--case", "round-trip/random", "--case", "round-trip/rewrap", checker.module("hangs", "MOCKS"))
    tap.equal(report.failed(), {"round-trip/random"}, "failures")
    tap.equal(report.point("round-trip/random").details[1], "did not end within 1 seconds", "reason")


def cases():
    for name in ("good-blocking", "good-inline", "good-submit"):
        yield f"/conformance/{name}", lambda name=name: check_good(name)
    for folder, table in (("FLAWED", FLAWS), ("MOCKS", MOCKS)):
        for name, patterns, expected, words in table:
            path = checker.module(name, folder)
            yield (f"/conformance/{name}",
                   lambda path=path, rest=(patterns, expected, words): check_flaw(path, *rest))
    yield "/conformance/hangs", check_hangs


tap.main(cases())
