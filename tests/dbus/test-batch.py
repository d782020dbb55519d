# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many items in a call, rewrapping, and data keys."""

import struct

import kmsd
import tap

ORDERS = f"{kmsd.BOXES}/orders"


def frames(secrets):
    return b"".join(struct.pack(">I", len(secret)) + secret for secret in secrets)


def unframe(data):
    secrets = []
    while data:
        length, = struct.unpack(">I", data[:4])
        secrets.append(data[4:4 + length])
        data = data[4 + length:]
    return secrets


def contexts(*maps):
    return "@aa{ss} [" + ", ".join(kmsd.context(**one)[7:] for one in maps) + "]"


def listed(ciphertexts):
    return "@aay [" + ", ".join(kmsd.octets(one)[4:] for one in ciphertexts) + "]"


def encrypt(client, secrets, maps=(), kind="pipe", **more):
    return client.good(ORDERS, "EncryptBatch", f"(handle 0, {contexts(*maps)}, {kmsd.options(**more)})",
                       descriptors=[(kind, frames(secrets))])[0]


def decrypt(client, ciphertexts, maps=(), **more):
    reply, secrets = client.good(ORDERS, "DecryptBatch",
                                 f"({listed(ciphertexts)}, {contexts(*maps)}, {kmsd.options(**more)})")
    return unframe(secrets[0]), reply[1]


def start(daemon, lines="EncryptFor=*\nDecryptFor=*\nRewrapFor=*"):
    daemon.add_box("orders", lines)
    daemon.start()
    return daemon.client()


@kmsd.EVERYWHERE
def check_round_trip(daemon):
    client = start(daemon)
    secrets = [f"secret {number}".encode() * (number % 5) for number in range(1024)]
    ciphertexts, results = encrypt(client, secrets, [{"id": "5"}], kind="sealed-memory")
    ciphertexts = [bytes(one) for one in ciphertexts]
    tap.equal((len(ciphertexts), results[0]["version"]), (1024, 1), "what came out")
    tap.equal(client.decrypt("orders", ciphertexts[1023], {"id": "5"}), secrets[1023], "the last one alone")
    tap.equal(decrypt(client, ciphertexts, [{"id": "5"}])[0], secrets, "all of them")


def check_one_bad_item(daemon):
    """It fails alone, and says so where it stands."""
    client = start(daemon)
    maps = [{"id": str(number)} for number in range(3)]
    ciphertexts = [bytes(one) for one in encrypt(client, [b"zero", b"one", b"two"], maps)[0]]
    ciphertexts[1] = ciphertexts[2]
    secrets, results = decrypt(client, ciphertexts, maps)
    tap.equal(secrets, [b"zero", b"", b"two"], "the others")
    tap.equal([one.get("error") for one in results], [None, kmsd.ERROR + "InvalidCiphertext", None], "the errors")


def check_brief(daemon):
    """One result for all, if the caller takes that and all are alike."""
    client = start(daemon)
    ciphertexts, results = encrypt(client, [b"zero", b"one", b"two"], brief="true")
    tap.equal((len(ciphertexts), len(results), results[0]["version"]), (3, 1, 1), "what came out")
    ciphertexts = [bytes(one) for one in ciphertexts]
    secrets, results = decrypt(client, ciphertexts, brief="true")
    tap.equal((secrets, len(results), results[0]["version"]), ([b"zero", b"one", b"two"], 1, 1), "decrypted")
    tap.equal(len(decrypt(client, ciphertexts)[1]), 3, "results without the option")
    secrets, results = decrypt(client, [ciphertexts[0], ciphertexts[1][:-8], ciphertexts[2]], brief="true")
    tap.equal((secrets, ["error" in one for one in results]), ([b"zero", b"", b"two"], [False, True, False]),
              "one that fails")


def check_bare(daemon):
    client = start(daemon)
    bare = [bytes(one) for one in encrypt(client, [b"a", b"b"], bare="true")[0]]
    tap.equal(client.decrypt("orders", bare[1], how=kmsd.options(bare="true")), b"b", "the second alone")
    tap.equal(decrypt(client, bare, bare="true")[0], [b"a", b"b"], "both")


def check_exact_bytes(daemon):
    """Bytes for each context, or for all; they are of one dialect, and each must mean its map."""
    client = start(daemon)
    maps = [{"a": "<1>"}, {"a": "2"}, {"a": "<3>"}]
    texts = [b'{"a":"<1>"}', b"", b'{"a":"<3>"}']
    ciphertexts = [bytes(one) for one in encrypt(client, [b"x", b"y", b"z"], maps, context_bytes=listed(texts))[0]]
    tap.equal(decrypt(client, ciphertexts, maps, context_bytes=listed(texts))[0], [b"x", b"y", b"z"], "all of them")
    raw = [bytes(one) for one in encrypt(client, [b"x", b"y"], context_form="'raw'",
                                         context_bytes=listed([b"one", b"two"]))[0]]
    tap.equal(client.decrypt("orders", raw[1], how=kmsd.options(context_form="'raw'", context_bytes=kmsd.octets(b"two"))),
              b"y", "the second")
    for wrong in ([b'{"a":"<1>"}', b"", b'{"a":"\\u003c3\\u003e"}'], [b'{"a":"<1>"}', b""], [b'{"a":"<1>"}', b"", b"{}"]):
        client.bad("InvalidArgument", ORDERS, "EncryptBatch",
                   f"(handle 0, {contexts(*maps)}, {kmsd.options(context_bytes=listed(wrong))})",
                   descriptors=[("pipe", frames([b"x", b"y", b"z"]))])


def check_limits(daemon):
    client = start(daemon)

    def refused(error, data, maps=(), kind="sealed-memory"):
        return client.bad(error, ORDERS, "EncryptBatch", f"(handle 0, {contexts(*maps)}, @a{{sv}} {{}})",
                          descriptors=[(kind, data)])
    refused("InvalidArgument", b"")
    refused("InvalidArgument", b"\0\0\0")
    refused("InvalidArgument", b"\xff\xff\xff\xff")
    refused("InvalidArgument", b"\0\0\0\2a")
    refused("InvalidArgument", frames([b"a", b"b"]) + b"\0")
    refused("TooLarge", frames([b"x"] * 1025))
    refused("TooLarge", frames([bytes(1000)] * 1024 + [bytes(50000)]))
    refused("InvalidArgument", frames([b"a", b"b", b"c"]), [{"a": "1"}, {"a": "2"}])
    client.bad("TooLarge", ORDERS, "DecryptBatch", f"({listed([b'x'] * 1025)}, @aa{{ss}} [], @a{{sv}} {{}})")
    client.bad("InvalidArgument", ORDERS, "DecryptBatch", "(@aay [], @aa{ss} [], @a{sv} {})")
    large = f"(@aay [{', '.join(['b' + kmsd.text('v1:' + 'A' * 1100000)] * 4)}], @aa{{ss}} [], @a{{sv}} {{}})"
    kmsd.wants(client.bad("TooLarge", ORDERS, "DecryptBatch", large), "together")
    maps = [{"id": "x" * 50000}] * 100
    kmsd.wants(refused("TooLarge", frames([b"a"] * 100), maps), "together")


def check_one_context_for_all(daemon):
    """As large as contexts go, for as many items as there may be: it is looked at once, not once for each."""
    client = start(daemon)
    large = {f"name {number}": "x" * 50 for number in range(900)}
    ciphertexts = [bytes(one) for one in encrypt(client, [b"secret"] * 1024, [large])[0]]
    tap.equal(decrypt(client, ciphertexts, [large])[0], [b"secret"] * 1024, "all of them")
    tap.equal(client.decrypt("orders", ciphertexts[1023], large), b"secret", "the last one alone")


def check_large(daemon):
    """More than a pipe holds: the answer is written while it is read."""
    client = start(daemon)
    secrets = [bytes([number % 256]) * 1024 for number in range(900)]
    ciphertexts = [bytes(one) for one in encrypt(client, secrets, kind="sealed-memory")[0]]
    tap.equal(decrypt(client, ciphertexts)[0], secrets, "all of them")


def check_rewrap(daemon):
    """To the newest version, or to another context; the right is one of its own."""
    client = start(daemon, "EncryptFor=*\nRewrapFor=*")
    stored = client.encrypt("orders", b"secret", {"id": "5"})
    daemon.kmsctl("key", "create", "local/orders2")
    daemon.write("root/admin/boxes.d/orders.box",
                 "[Box]\nVersion=2\nDecryptFor=uid:61009\nRewrapFor=*\n[Version 1]\nKeyId=local/orders\n[Version 2]\nKeyId=local/orders2\n")
    client.manager("Reload", "(@a{sv} {},)")
    reply, _ = client.good(ORDERS, "Rewrap", f"({kmsd.octets(stored)}, {kmsd.context(id='5')}, @a{{sv}} {{}})")
    tap.equal((bytes(reply[0])[:3], reply[1]["version"]), (b"v2:", 2), "the new ciphertext")
    tap.equal(daemon.kmsctl("decrypt", "orders", "-c", "id=5", data=bytes(reply[0])), b"secret", "the secret")
    reply, _ = client.good(ORDERS, "Rewrap", f"({kmsd.octets(stored)}, {kmsd.context(id='5')}, "
                           f"{kmsd.options(new_context=kmsd.context(id='6'))})")
    tap.equal(daemon.kmsctl("decrypt", "orders", "-c", "id=6", data=bytes(reply[0])), b"secret", "under the new context")
    reply, _ = client.good(ORDERS, "RewrapBatch", f"({listed([stored, stored])}, {contexts({'id': '5'})}, @a{{sv}} {{}})")
    tap.equal([bytes(one)[:3] for one in reply[0]], [b"v2:", b"v2:"], "the new ciphertexts")
    client.decrypt("orders", stored, {"id": "5"}, expect="NotAuthorized")


def check_rewrap_to_exact_bytes(daemon):
    """The bytes are used as they are, or refused: a batch has one dialect, and "<" is not the same in all of them."""
    client = start(daemon)
    stored = client.encrypt("orders", b"secret", {"id": "<"})
    plain, rails = kmsd.octets(b'{"id":"<>"}'), kmsd.octets(b'{"id":"\\u003c\\u003e"}')

    def rewrap(how, error=None):
        arguments = (ORDERS, "Rewrap", f"({kmsd.octets(stored)}, {kmsd.context(id='<')}, {how})")
        return client.bad(error, *arguments) if error else bytes(client.good(*arguments)[0][0])
    new = {"new_context": kmsd.context(id="<>")}
    kmsd.wants(rewrap(kmsd.options(new_context_bytes=plain, **new), "InvalidArgument"), "dialect")
    again = rewrap(kmsd.options(new_context_bytes=rails, **new))
    tap.equal(client.decrypt("orders", again, {"id": "<>"}, how=kmsd.options(context_bytes=rails)), b"secret", "the secret")
    stored = client.encrypt("orders", b"secret", {"id": "<"}, how=kmsd.options(context_bytes=kmsd.octets(b'{"id":"<"}')))
    again = rewrap(kmsd.options(context_bytes=kmsd.octets(b'{"id":"<"}'), new_context_bytes=plain, **new))
    tap.equal(client.decrypt("orders", again, {"id": "<>"}, how=kmsd.options(context_bytes=plain)), b"secret", "the secret")


def check_data_keys(daemon):
    client = start(daemon)
    reply, secrets = client.good(ORDERS, "GenerateDataKey", f"({kmsd.context(id='5')}, {kmsd.options()})")
    tap.equal(len(secrets[0]), 32, "the key")
    tap.equal(client.decrypt("orders", bytes(reply[1]), {"id": "5"}), secrets[0], "the wrapped key")
    reply, secrets = client.good(ORDERS, "GenerateDataKeyWithoutPlaintext",
                                 f"({kmsd.context(id='5')}, {kmsd.options(length='uint32 64')})")
    tap.equal((secrets, len(client.decrypt("orders", bytes(reply[0]), {"id": "5"}))), ([], 64), "the other one")
    client.bad("InvalidArgument", ORDERS, "GenerateDataKey", f"({kmsd.context()}, {kmsd.options(length='uint32 0')})")
    client.bad("InvalidArgument", ORDERS, "Encrypt", f"(handle 0, {kmsd.context()}, {kmsd.options(length='uint32 1')})",
               descriptors=[("pipe", b"x")])


kmsd.main("batch", globals())
