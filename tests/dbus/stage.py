# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What attacks have in common: somebody who attacks, and somebody else who only wants to work, and can."""

import contextlib
import os

import kmsd
import tap
import wire

SECRET = b"marker-Qz7Lw2Vn9Tx4"


class Stage:
    """A daemon with a box, an attacker's connection and one of somebody who only wants to work."""

    def __init__(self, daemon):
        daemon.add_box("orders", "EncryptFor=*\nDecryptFor=*\nRewrapFor=*")
        daemon.start()
        self.daemon, self.descriptors = daemon, []
        self.attacker, self.witness = daemon.wire(), daemon.wire()
        self.stored = wire.encrypt(self.witness, SECRET)

    def keep(self, descriptor):
        self.descriptors.append(descriptor)
        return descriptor

    def check_witness(self):
        tap.equal(wire.decrypt(self.witness, self.stored), SECRET, "what somebody else decrypts")

    def refused(self, error, words, member, signature, values, descriptors=()):
        wire.fail(self.attacker.call(member, signature, values, descriptors), error, *words)

    def encrypt(self, error, words, descriptor):
        self.refused(error, words, "Encrypt", "ha{ss}a{sv}", (0, {}, {}), [descriptor])

    def with_option(self, error, words, name, value, context=None):
        self.refused(error, words, "Decrypt", "aya{ss}a{sv}", (self.stored, context or {}, {name: value}))

    def end(self):
        self.check_witness()
        for descriptor in self.descriptors:
            with contextlib.suppress(OSError):
                os.close(descriptor)
        tap.equal(self.daemon.stop(), 0, "the exit code")
        kmsd.lacks(self.daemon.read_log(), SECRET.decode(), "CRITICAL", "assertion")


def staged(function):
    """A case on that stage, over the bus and over the private socket."""
    def case(daemon):
        stage = Stage(daemon)
        function(stage)
        stage.end()
    return kmsd.ways("system", None)(case)
