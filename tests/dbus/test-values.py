# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Encrypting and decrypting through kmsd: what comes out, and what does not go in."""

import base64
import json
import re

import kmsd
import tap


@kmsd.EVERYWHERE
def check_round_trip(daemon):
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=*")
    daemon.start()
    client = daemon.client()
    for secret in (b"", b"x", b"\0\xff" * 100, bytes(4096)):
        stored = client.encrypt("orders", secret, {"id": "5"})
        tap.equal(re.match(rb"v1:[A-Za-z0-9+/]+=*$", stored) is not None, True, f"{stored!r} is a stored string")
        tap.equal(client.decrypt("orders", stored, {"id": "5"}), secret, "the secret")


def check_same_as_without(daemon):
    """What kmsctl wrote the daemon reads, and the other way round."""
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=*")
    daemon.start()
    client = daemon.client()
    stored = daemon.kmsctl("encrypt", "orders", "-c", "id=5", data=b"of kmsctl").strip()
    tap.equal(client.decrypt("orders", stored, {"id": "5"}), b"of kmsctl", "the secret")
    stored = client.encrypt("orders", b"of kmsd", {"id": "5"})
    tap.equal(daemon.kmsctl("decrypt", "orders", "-c", "id=5", data=stored), b"of kmsd", "the secret")


def check_bare(daemon):
    """The provider's bytes are what stands behind the version."""
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=*")
    daemon.start()
    client = daemon.client()
    pairs = {"id": "5"}
    bare = client.encrypt("orders", b"secret", pairs, how=kmsd.options(bare="true", version="uint32 1"))
    stored = b"v1:" + base64.b64encode(bare)
    tap.equal(daemon.kmsctl("decrypt", "orders", "-c", "id=5", data=stored), b"secret", "the secret of the stored string")
    tap.equal(client.decrypt("orders", bare, pairs, how=kmsd.options(bare="true")), b"secret", "the secret of the bare bytes")
    tap.equal(client.decrypt("orders", bare, pairs, how=kmsd.options(bare="true", version="uint32 1")), b"secret", "the secret")
    client.decrypt("orders", bare, pairs, how=kmsd.options(bare="true", version="uint32 2"), expect="NotActive")
    client.encrypt("orders", b"secret", pairs, how=kmsd.options(bare="true", version="uint32 2"), expect="NotActive")


GOOGLE_KEY = "projects/p/locations/l/keyRings/r/cryptoKeys/k"
GOOGLE_STRING = b"$gc$" + base64.b64encode(b"p/l/r/k/1") + b"$"


def check_named_keys(daemon):
    """Strings that name their key are no way to keys of other boxes: who may decrypt with one box may not with those."""
    module = f"{kmsd.BUILD}/plugins/test/kms-test.so"
    daemon.write("root/admin/providers.d/test.provider",
                 f"[Provider]\nModule={module}\nAbi=1\nExact=insecure-test-key;{GOOGLE_KEY}\n")
    daemon.write("root/admin/kms.conf", "[Daemon]\nAllowInsecure=true\n")
    daemon.add_box("cards", "EncryptFor=*\nDecryptFor=*\nRewrapFor=*", GOOGLE_KEY)
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=*\nRewrapFor=*")
    daemon.start()
    client = daemon.client()
    bare = client.encrypt("cards", b"of cards", how=kmsd.options(bare="true", context_form="'none'"))
    named = GOOGLE_STRING + base64.b64encode(bare)
    how = kmsd.options(context_form="'none'")
    tap.equal(client.decrypt("cards", named, how=how), b"of cards", "the secret, where the box has that key")
    kmsd.wants(client.decrypt("orders", named, how=how, expect="NotActive"), GOOGLE_KEY)
    kmsd.wants(client.bad("NotActive", f"{kmsd.BOXES}/orders", "Rewrap", f"({kmsd.octets(named)}, @a{{ss}} {{}}, {how})"),
               GOOGLE_KEY)
    client.decrypt("cards", b"$gc$!", how=how, expect="NotActive")
    with open(daemon.path("root/state/audit/audit-00000000000000000001.jsonl"), encoding="utf-8") as file:
        records = [one for one in map(json.loads, file) if one["operation"] == "decrypt"]
    tap.equal([(one["box"], one["outcome"], one["version"], one["key_id"]) for one in records],
              [("cards", "done", "1", GOOGLE_KEY)], "the records")


def check_wrong_context(daemon):
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=*")
    daemon.start()
    client = daemon.client()
    stored = client.encrypt("orders", b"secret", {"id": "5"})
    client.decrypt("orders", stored, {"id": "6"}, expect="InvalidCiphertext")
    client.decrypt("orders", stored, expect="InvalidCiphertext")
    client.decrypt("orders", stored[:-8] + b"AAAAAAA=", {"id": "5"}, expect="InvalidCiphertext")
    client.decrypt("orders", b"", expect="InvalidCiphertext")


def check_context_forms(daemon):
    """No context, an empty one and a raw one are three; the exact bytes must be the map's."""
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=*")
    daemon.start()
    client = daemon.client()
    forms = {
        "none": kmsd.options(context_form="'none'"),
        "map": kmsd.options(context_form="'map'"),
        "raw": kmsd.options(context_form="'raw'", context_bytes=kmsd.octets(b"{}x")),
    }
    for name, how in forms.items():
        stored = client.encrypt("orders", b"secret", how=how)
        for other, other_how in forms.items():
            client.decrypt("orders", stored, how=other_how, expect=None if other == name else "InvalidCiphertext")
    exact = kmsd.options(context_bytes=kmsd.octets(b'{"a":"1","b":"<"}'))
    stored = client.encrypt("orders", b"secret", {"b": "<", "a": "1"}, how=exact)
    tap.equal(client.decrypt("orders", stored, {"b": "<", "a": "1"}, how=exact), b"secret", "the secret")
    client.encrypt("orders", b"secret", {"b": ">", "a": "1"}, how=exact, expect="InvalidArgument")
    client.encrypt("orders", b"secret", {"a": "1"}, how=forms["raw"], expect="InvalidArgument")
    legacy = kmsd.options(context_form="'legacy'", context_bytes=kmsd.octets(b'["a",1]'))
    kmsd.wants(client.encrypt("orders", b"secret", how=legacy, expect="InvalidArgument"), "legacy form only decrypts")
    client.decrypt("orders", stored, how=legacy, expect="InvalidCiphertext")
    client.encrypt("orders", b"secret", how=kmsd.options(context_form="'raw'"), expect="InvalidArgument")
    client.encrypt("orders", b"secret", how=kmsd.options(context_form="'maps'"), expect="InvalidArgument")


def check_options(daemon):
    daemon.add_box("orders", "EncryptFor=*")
    daemon.start()
    client = daemon.client()
    kmsd.wants(client.encrypt("orders", b"x", how=kmsd.options(contex="'y'"), expect="InvalidArgument"), '"contex"', "x-")
    kmsd.wants(client.encrypt("orders", b"x", how=kmsd.options(bare="1"), expect="InvalidArgument"), '"bare"', "type i")
    client.encrypt("orders", b"x", how=kmsd.options(new_context="@a{ss} {}"), expect="InvalidArgument")
    client.encrypt("orders", b"x", how=kmsd.options(x_anything="1"))


def check_pipes(daemon):
    """What is no pipe that ends is refused, in bounded time."""
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=*")
    daemon.start()
    client = daemon.client()
    for kind, data in (("path", b"/dev/zero"), ("path", b"/dev/null"), ("path", b"/etc/passwd"), ("path", b"/"),
                       ("socket", b"secret"), ("memory", b"secret"), ("writing-end", b"secret")):
        kmsd.wants(client.encrypt("orders", data, kind=kind, expect="InvalidArgument"), "pipe")
    kmsd.wants(client.encrypt("orders", bytes(4097), expect="TooLarge"), "4096")
    kmsd.wants(client.encrypt("orders", bytes(4097), kind="sealed-memory", expect="TooLarge"), "4096")
    kmsd.wants(client.encrypt("orders", b"secret", kind="open-pipe", expect="TimedOut"), "close")
    tap.equal(client.decrypt("orders", client.encrypt("orders", b"secret", kind="sealed-memory")), b"secret", "the secret")
    kmsd.wants(client.bad("InvalidArgument", f"{kmsd.BOXES}/orders", "Encrypt", "(handle 0, @a{ss} {}, @a{sv} {})"),
               "descriptor")
    kmsd.wants(client.bad("InvalidArgument", f"{kmsd.BOXES}/orders", "Encrypt", "(handle 7, @a{ss} {}, @a{sv} {})",
                          descriptors=[("pipe", b"x")]), "descriptor 7")


def check_messages_that_wait(daemon):
    """What a user's calls hold in memory is bounded, however many of them there are."""
    daemon.add_box("orders", "EncryptFor=*")
    daemon.start()
    maps = "[" + ", ".join(["{'a': '" + "x" * 60000 + "'}"] * 60) + "]"
    waiting = [daemon.client() for _ in range(9)]
    for client in waiting:
        client.send(f"{kmsd.BOXES}/orders", "EncryptBatch", f"(handle 0, @aa{{ss}} {maps}, @a{{sv}} {{}})",
                    descriptors=[("open-pipe", b"x")])
    waiting.append(daemon.client())
    waiting[-1].send(f"{kmsd.BOXES}/orders", "EncryptBatch", f"(handle 0, @aa{{ss}} {maps}, @a{{sv}} {{}})",
                     descriptors=[("open-pipe", b"x")])
    errors = sorted(client.read()["error"].rpartition(".")[2] for client in waiting)
    tap.equal(errors, ["Quota"] + ["TimedOut"] * 9, "what came of them")
    waiting[0].encrypt("orders", b"x")


def check_large_message(daemon):
    """A ciphertext that no box would read is refused before anything is done with it."""
    daemon.add_box("orders", "DecryptFor=*")
    daemon.start()
    client = daemon.client()
    large = f"(@ay b'v1:{'A' * (5 * 1024 * 1024)}', @a{{ss}} {{}}, @a{{sv}} {{}})"
    kmsd.wants(client.bad("TooLarge", f"{kmsd.BOXES}/orders", "Decrypt", large), "limit")


def check_open_pipe_holds_nobody_up(daemon):
    """While one caller's pipe stays open, another is served."""
    daemon.add_box("orders", "EncryptFor=*\nDecryptFor=*")
    daemon.start()
    slow, quick = daemon.client(), daemon.client()
    slow.send(f"{kmsd.BOXES}/orders", "Encrypt", "(handle 0, @a{ss} {}, @a{sv} {})", descriptors=[("open-pipe", b"x")])
    tap.equal(quick.decrypt("orders", quick.encrypt("orders", b"secret")), b"secret", "the secret")
    tap.equal(slow.read()["error"], kmsd.ERROR + "TimedOut", "the open pipe")


@kmsd.ways("system", None)
def check_caller_leaves(daemon):
    """A caller that is gone holds nothing: neither its pipe nor the end of the daemon."""
    daemon.add_box("orders", "EncryptFor=*")
    daemon.start()
    client, other = daemon.client(), daemon.client()
    client.send(f"{kmsd.BOXES}/orders", "Encrypt", "(handle 0, @a{ss} {}, @a{sv} {})", descriptors=[("open-pipe", b"x")])
    other.encrypt("orders", b"secret")
    client.leave()
    other.encrypt("orders", b"secret")
    tap.equal(daemon.stop(), 0, "the exit code")
    kmsd.lacks(daemon.read_log(), "not done yet")


def check_disabled_and_insecure(daemon):
    daemon.add_box("orders", "EncryptFor=*\nState=disabled")
    daemon.add_box("toy", "EncryptFor=*", key_id="insecure-test-key")
    daemon.start()
    client = daemon.client()
    client.encrypt("orders", b"secret", expect="KeyDisabled")
    client.encrypt("toy", b"secret", expect="NotFound")
    kmsd.wants(daemon.read_log(), '"toy"', "AllowInsecure=true")
    daemon.stop()
    daemon.write("root/admin/kms.conf", "[Daemon]\nAllowInsecure=true\n")
    daemon.start()
    daemon.client().encrypt("toy", b"secret")


kmsd.main("values", globals())
