# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/formats-local.md, taken at its word: a second implementation reads and writes what the local provider does."""

import base64
import hashlib
import hmac
import os
import struct

import cli
import tap
from xaes import seal, unseal

LABEL_KEY_FILE = b"libkms local key file\0"
LABEL_VERSION = b"libkms local key version\0"
LABEL_MASTER = b"libkms local master\0"
LABEL_CHECK = b"libkms local root check\0"
CONTEXT = b"\x01" + struct.pack(">I", 2) + b"".join(
    struct.pack(">I", len(text)) + text for text in (b"model_id", b"7", b"model_name", b"User"))


def hkdf(source, salt, info):
    return hmac.digest(hmac.digest(salt, source, "sha256"), info + b"\1", "sha256")


def fields(data, kind):
    """The lines of a file, after its checksum was looked at."""
    lines = data.decode().splitlines()
    tap.equal(lines[0], kind + " 1", "first line")
    body = data[:data.rindex(b"sum: ")]
    tap.equal(lines[-1], "sum: " + hashlib.sha256(body).hexdigest()[:32], "checksum")
    return [tuple(line.split(": ", 1)) for line in lines[1:-1]]


def master_keys(root, passphrase=None):
    """Opens the root file: id → master key."""
    lines = fields(root.read("keys/root"), "libkms-keystore")
    one = dict(lines)
    root_id, salt = bytes.fromhex(one["id"]), base64.b64decode(one["salt"])
    if one["root"] == "passphrase":
        root_key = hashlib.pbkdf2_hmac("sha256", passphrase, salt, int(one["rounds"]))
    else:
        file = root.read("keys/root.key")
        tap.equal((file[:8], file[8:16], len(file)), (b"KMSROOT1", root_id, 48), "root.key")
        root_key = hkdf(file[16:], salt, b"libkms local root")
    tap.equal(hmac.digest(root_key, LABEL_CHECK + root_id, "sha256")[:16], base64.b64decode(one["check"]), "check")
    masters = {}
    for name, value in lines:
        if name == "master":
            master_id, wrapped = value.split(" ")
            aad = (LABEL_MASTER + root_id + bytes.fromhex(master_id) + salt + struct.pack(">Q", int(one["rounds"]))
                   + one["root"].encode())
            masters[master_id] = unseal(root_key, aad, base64.b64decode(wrapped))
    return masters


def read_key(root, name, passphrase=None):
    """A key's uid and versions."""
    data = root.read(f"keys/{name}.kmskey")
    lines = fields(data, "libkms-key")
    one = dict(lines)
    master = master_keys(root, passphrase)[one["master"]]
    tap.equal(one["name"], name, "name")
    unseal(master, LABEL_KEY_FILE + data[:data.rindex(b"seal: ")], base64.b64decode(one["seal"]))
    uid = bytes.fromhex(one["uid"])
    versions = {}
    for number, _, wrapped in (value.split(" ") for field, value in lines if field == "version"):
        aad = LABEL_VERSION + uid + struct.pack(">I", int(number))
        versions[int(number)] = unseal(master, aad, base64.b64decode(wrapped))
    return uid, versions


def decrypt(key, ciphertext, context):
    uid, versions = key
    header = ciphertext[:13]
    tap.equal(header[:9], b"\x01" + uid, "header")
    return unseal(versions[struct.unpack(">I", header[9:])[0]], header + context, ciphertext[13:])


def stored_bytes(stored):
    return base64.b64decode(stored.split(b":", 1)[1])


def check_ciphertexts_are_read(root):
    root.good("key", "create", "local/orders")
    first = root.good("encrypt", "local/orders", "-c", "model_name=User", "-c", "model_id=7", data=b"first")
    root.good("key", "rotate", "local/orders")
    second = root.good("encrypt", "local/orders", data=b"second")
    key = read_key(root, "orders")
    tap.equal(sorted(key[1]), [1, 2], "versions")
    tap.equal(decrypt(key, stored_bytes(first), CONTEXT), b"first", "version 1, with a context")
    tap.equal(decrypt(key, stored_bytes(second), b"\0"), b"second", "version 2, without")


def check_ciphertexts_are_written(root):
    root.good("key", "create", "local/orders")
    uid, versions = read_key(root, "orders")
    header = b"\x01" + uid + struct.pack(">I", 1)
    stored = b"v1:" + base64.b64encode(header + seal(versions[1], header + CONTEXT, b"from outside"))
    tap.equal(root.good("decrypt", "local/orders", "-c", "model_id=7", "-c", "model_name=User", data=stored),
              b"from outside", "decrypted")


def with_passphrase(root, *arguments):
    reader, writer = os.pipe()
    os.write(writer, b"my words\n")
    os.close(writer)
    done = root.good("--passphrase-fd", str(reader), *arguments, pass_fds=(reader,))
    os.close(reader)
    return done


def check_passphrase(root):
    root.good("key", "create", "local/orders")
    before = read_key(root, "orders")
    with_passphrase(root, "key", "root", "--change", "passphrase", "--yes")
    tap.equal(read_key(root, "orders", b"my words"), before, "the key under the passphrase")
    tap.equal(os.path.exists(root.path("keys/root.key")), False, "root.key is there")


def check_export(root):
    root.good("key", "create", "local/orders", "--description", "Rows")
    root.good("key", "rotate", "local/orders")
    uid, versions = read_key(root, "orders")
    lines = with_passphrase(root, "key", "export", "local/orders").decode().splitlines()
    tap.equal((lines[0], lines[-1]), ("-----BEGIN LIBKMS KEY-----", "-----END LIBKMS KEY-----"), "armour")
    tap.equal({len(line) for line in lines[1:-2]}, {64}, "length of lines")
    data = base64.b64decode("".join(lines[1:-1]))
    tap.equal(data[:5], b"\x01" + struct.pack(">I", 600000), "format and rounds")
    key = hashlib.pbkdf2_hmac("sha256", b"my words", data[5:21], 600000)
    plain = unseal(key, data[:21], data[21:])
    tap.equal((plain[:8], plain[16:26]), (uid, struct.pack(">IH", 2, 4) + b"Rows"), "fixed part")
    for i, (number, secret) in enumerate(sorted(versions.items())):
        at = 26 + i * 44
        tap.equal((plain[at:at + 4], plain[at + 12:at + 44]), (struct.pack(">I", number), secret), f"version {number}")
    tap.equal(len(plain), 26 + 2 * 44, "length")


cli.main("local-format", globals())
