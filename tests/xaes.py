# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""XAES-256-GCM from its specification, on the bare AES and GCM of nettle: a second implementation, to hold ours against."""

import ctypes
import ctypes.util
import os

import tap


def nettle():
    name = ctypes.util.find_library("nettle")
    if name is None:
        raise tap.Skip("needs libnettle, which GnuTLS stands on")
    return ctypes.CDLL(name)


def aes_block(key, block):
    library, context, out = nettle(), ctypes.create_string_buffer(1024), ctypes.create_string_buffer(16)
    library.nettle_aes256_set_encrypt_key(context, key)
    library.nettle_aes256_encrypt(context, ctypes.c_size_t(16), out, block)
    return out.raw


def gcm(key, nonce, aad, text, way):
    library, context, out = nettle(), ctypes.create_string_buffer(16384), ctypes.create_string_buffer(max(len(text), 1))
    tag = ctypes.create_string_buffer(16)
    library.nettle_gcm_aes256_set_key(context, key)
    library.nettle_gcm_aes256_set_iv(context, ctypes.c_size_t(len(nonce)), nonce)
    library.nettle_gcm_aes256_update(context, ctypes.c_size_t(len(aad)), aad)
    getattr(library, "nettle_gcm_aes256_" + way)(context, ctypes.c_size_t(len(text)), out, text)
    library.nettle_gcm_aes256_digest(context, ctypes.c_size_t(16), tag)
    return out.raw[:len(text)], tag.raw


def message_key(key, nonce):
    """CMAC of two blocks, as NIST SP 800-108 counts them."""
    doubled = int.from_bytes(aes_block(key, bytes(16)), "big") << 1
    k1 = (doubled ^ (0x87 if doubled >> 128 else 0)) & (1 << 128) - 1
    return b"".join(aes_block(key, (int.from_bytes(bytes((0, i)) + b"X\0" + nonce[:12], "big") ^ k1).to_bytes(16, "big"))
                    for i in (1, 2))


def unseal(key, aad, sealed):
    nonce, text, tag = sealed[:24], sealed[24:-16], sealed[-16:]
    plain, expected = gcm(message_key(key, nonce), nonce[12:], aad, text, "decrypt")
    if tag != expected:
        raise tap.Failure("not authentic")
    return plain


def seal(key, aad, plain, nonce=None):
    nonce = os.urandom(24) if nonce is None else nonce
    return nonce + b"".join(gcm(message_key(key, nonce), nonce[12:], aad, plain, "encrypt"))
