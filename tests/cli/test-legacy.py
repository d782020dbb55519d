# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What was stored before there were versions, and what only looks like one."""

import base64

import cli
import tap

KEY = ("--key", "insecure-test-key")
PREFIX = base64.b64decode("insecure+data+A=")
GOOGLE = b"$gc$cC9sL3Ivay8z\n$QQ==\n"
GOOGLE_KEY = "projects/p/locations/l/keyRings/r/cryptoKeys/k"
LEGACY = cli.PROVIDERS["test"] + "[Settings]\nLegacyDataKeys=true\n"


def encode_lines(data):
    text = base64.b64encode(data)
    return b"".join(text[i:i + 60] + b"\n" for i in range(0, len(text), 60))


def seal(plaintext, context=None):
    """What version 0 of the gem would have written with the test key, had it used it as version 1 does."""
    inner = PREFIX + b":" + base64.b64encode(plaintext)
    return encode_lines(inner if context is None else inner + b":" + encode_lines(context))


def check_legacy_context(root):
    """In the order and with the types that were given."""
    stored = seal(b"x", b'{"b":1,"a":"2"}')
    tap.equal(root.good("decrypt", *KEY, "-c", "b:=1", "-c", "a=2", data=stored), b"x", "decrypt")
    path = root.write("context.json", '{"b": 1, "a": "2"}')
    tap.equal(root.good("decrypt", *KEY, "--context-file", path, data=stored), b"x", "by a file")
    root.bad(6, "decrypt", *KEY, "-c", "a=2", "-c", "b:=1", data=stored)
    root.bad(6, "decrypt", *KEY, "-c", "b=1", "-c", "a=2", data=stored)
    root.bad(6, "decrypt", *KEY, data=stored)
    made = root.good("rewrap", *KEY, "-c", "b:=1", "-c", "a=2", data=stored)
    tap.equal(made[:3], b"v1:", "rewrapped")
    tap.equal(root.good("decrypt", *KEY, "-c", "a=2", "-c", "b=1", data=made), b"x", "decrypt what was rewrapped")


def check_nested_context(root):
    """Only JSON says it, and only what has no version was written so."""
    stored = seal(b"x", b'{"b":[1.50,null],"a":{"c":true}}')
    path = root.write("nested.json", '{"b": [1.50, null], "a": {"c": true}}\n')
    file = ("--context-file", path)
    tap.equal(root.good("decrypt", *KEY, *file, data=stored), b"x", "decrypt")
    cli.wants(root.bad(2, "encrypt", *KEY, *file, data=b"x"), "legacy form only decrypts")
    root.bad(2, "rewrap", *KEY, *file, data=stored)
    made = root.good("rewrap", *KEY, *file, "--new-context", "id=1", data=stored)
    tap.equal(root.good("decrypt", *KEY, "-c", "id=1", data=made), b"x", "rewrapped with another context")
    cli.wants(root.bad(2, "decrypt", *KEY, "--context-file", root.write("bad.json", '{"a": [1'), data=stored), "bad.json")
    # What is a map, but not one that can be used, is told so.
    for text, word in (('{"app": "[1.5]", "app-name": "{null}"}', "mark"), ('{"a": "\\"[", "a": 1}', "twice")):
        path = root.write("odd.json", text)
        cli.wants(root.bad(2, "decrypt", *KEY, "--context-file", path, data=stored), "odd.json", word)


def check_near_misses(root):
    inner = base64.b64encode(PREFIX + b":" + base64.b64encode(b"x"))
    for prefix in (b"V1:", b" v1:", b"\nv1:", b"v:", b"v-1:", "v\u0661:".encode(), b"v01:", b"v00:", b"v1:v1:", b"v1;"):
        root.bad(6, "decrypt", *KEY, data=prefix + inner)
    odd = b"v1:\0" + b"\xff\n".join(inner[i:i + 7] for i in range(0, len(inner), 7)) + b"\0"
    tap.equal(root.good("decrypt", *KEY, data=odd), b"x", "what is not base64 is skipped")


def check_google(root):
    """It names its key: whatever the box says, it goes to nobody else."""
    found = root.json("inspect", data=GOOGLE)
    tap.equal((found["format"], found["key_id"], found.get("version")), ("legacy-google", GOOGLE_KEY, None), "inspect")
    found = root.json("inspect", *KEY, data=GOOGLE)
    tap.equal((found["key_id"], found["active"], found["current"]), (GOOGLE_KEY, False, False), "inspect with a key")
    cli.wants(root.bad(3, "decrypt", *KEY, data=GOOGLE), GOOGLE_KEY)
    cli.wants(root.bad(6, "decrypt", *KEY, data=b"$gc$cC9sL3Ivay8z\n"), "can't be read")


def check_vault(root):
    found = root.json("inspect", data=b"vault:v7:QUJD")
    tap.equal((found["format"], found["version"], found["ciphertext_bytes"]), ("legacy-vault", "1", 13), "inspect")
    root.bad(6, "decrypt", *KEY, data=b"vault:v7:QUJD")


def check_data_key(root):
    stored = b"insecure-data-key-123456\n"
    tap.equal(root.json("inspect", data=stored)["format"], "legacy-test", "inspect")
    cli.wants(root.bad(1, "decrypt", *KEY, data=stored), "LegacyDataKeys=true", "test.provider")
    root.write("package/providers.d/test.provider", LEGACY)
    tap.equal(root.good("decrypt", *KEY, "-c", "id=1", data=stored), b"0" * 32, "decrypt")
    root.bad(6, "decrypt", *KEY, data=b"insecure-data-key-12a")


def check_encrypt_only_key(root):
    key = ("--key", "insecure-test-key/encrypt")
    stored = root.good("encrypt", *key, "-c", "id=1", data=b"x")
    tap.equal(root.good("decrypt", *KEY, "-c", "id=1", data=stored), b"x", "the other key")
    for data in (stored, b"v1:AAAA", b"nonsense"):
        cli.wants(root.bad(4, "decrypt", *key, "-c", "id=1", data=data), "may encrypt and nothing else")
    root.bad(4, "rewrap", *key, "-c", "id=1", data=stored)


def check_prefix_twice(root):
    cli.wants(root.bad(2, "encrypt", "--key", "local/local/x", data=b"x"), "twice")


cli.main("legacy", globals())
