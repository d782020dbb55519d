# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What both clients have in common: secrets in pipes, never in messages.

A secret is a bytearray here, because that can be overwritten; a str or bytes object stays in memory for as long as Python
likes."""

import fcntl
import os
import struct

MAX_SECRET = 4096  # bytes of one secret; larger data is encrypted with a key that is one
PIPE_SIZE = 65536  # bytes that a pipe of Linux holds


def put(data):
    """The reading end of a pipe that holds these bytes. It is written whole and closed before anybody is called: kmsd reads
    to the end, and waits for it only a few seconds."""
    reading, writing = os.pipe()
    try:
        if len(data) > PIPE_SIZE:
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ if hasattr(fcntl, "F_SETPIPE_SZ") else 1031, len(data))
        os.set_blocking(writing, False)  # a pipe that is too small is an error, not a wait without end
        if os.write(writing, data) != len(data):
            raise BlockingIOError(f"a pipe here does not hold {len(data)} bytes; send fewer secrets at a time")
    except OSError:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    return reading


def take(reading):
    """All bytes of a pipe, in memory that can be wiped; closes it."""
    secret, part = bytearray(), bytearray(PIPE_SIZE)
    try:
        while (n := os.readv(reading, [part])) > 0:
            secret = joined(secret, memoryview(part)[:n])
    finally:
        os.close(reading)
        wipe(part)
    return secret


def joined(first, second):
    """A bytearray that grows may leave a copy behind, so a new one is made and the old one is wiped."""
    both = bytearray(len(first) + len(second))
    both[:len(first)] = first
    both[len(first):] = second
    wipe(first)
    return both


def wipe(secret):
    for index in range(len(secret)):
        secret[index] = 0


def frame(secrets):
    """Many secrets in one pipe: each behind its length, four bytes, the highest first."""
    framed, at = bytearray(sum(4 + len(secret) for secret in secrets)), 0
    for secret in secrets:
        struct.pack_into(">I", framed, at, len(secret))
        framed[at + 4:at + 4 + len(secret)] = secret
        at += 4 + len(secret)
    return framed


def unframe(framed):
    secrets, at = [], 0
    while at < len(framed):
        length, = struct.unpack_from(">I", framed, at)
        secrets.append(framed[at + 4:at + 4 + length])
        at += 4 + length
    wipe(framed)
    return secrets
