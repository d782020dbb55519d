# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The provider keeps the contract, with a box of kmsd as its key."""

import os
import subprocess
import sys

import client
import kmsd

ALL = "EncryptFor=*\nDecryptFor=*\nRewrapFor=*\nManageFor=*"
FILES = os.path.join(kmsd.SOURCE, "plugins/kmsd")

with kmsd.Daemon("session") as daemon:
    for name in ("orders", "other"):
        daemon.add_box(name, ALL)
    daemon.start()
    line = [os.environ["CHECKER"], "--key-id=session/orders", "--second-key-id=session/other",
            f"--provider={FILES}/kmsd.provider", f"--expect={FILES}/provider-test.expect", client.MODULE]
    sys.exit(subprocess.run(line, env=client.User(daemon).environment(), check=False, cwd="/").returncode)
