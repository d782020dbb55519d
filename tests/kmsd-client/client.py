# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A user of kmsd with a configuration of its own: a box whose key is the daemon's box."""

import os
import subprocess

import kmsd
import tap

MODULE = os.path.join(kmsd.BUILD, "plugins/kmsd/kms-kmsd.so")
FROM_ELSEWHERE = ("DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS", "XDG_RUNTIME_DIR")


class User:
    """Of a daemon, in the way that the daemon is there."""

    def __init__(self, daemon, settings=""):
        self.daemon, self.more = daemon, {}
        self.place = f"{daemon.kind}/" if daemon.kind else f"socket:{daemon.socket}/"
        daemon.write("client/admin/providers.d/kmsd.provider",
                     f"[Provider]\nModule={MODULE}\nAbi=1\nMatches=system/;session/;socket:\n{settings}\n")

    def add_box(self, name, version=1, lines="", box=None):
        """That version is the daemon's box of the same name."""
        self.daemon.write(f"client/admin/boxes.d/{name}.box",
                          f"[Box]\nVersion={version}\n{lines}\n[Version {version}]\nKeyId={self.place}{box or name}\n")

    def environment(self):
        env = {name: value for name, value in os.environ.items() if name not in FROM_ELSEWHERE}
        env.update(KMS_CONFIG_ROOT=self.daemon.path("client"), LC_ALL="C.UTF-8", XDG_RUNTIME_DIR="/nonexistent")
        if self.daemon.kind:
            env[f"DBUS_{self.daemon.kind.upper()}_BUS_ADDRESS"] = self.daemon.address
        return env | self.more

    def try_run(self, *arguments, data=b"", uid=None, program=None):
        command = [program or kmsd.KMSCTL, *arguments]
        if uid is not None:
            kmsd.need_root()
            command = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *command]
        return subprocess.run(command, input=data, capture_output=True, check=False, env=self.environment(), cwd="/",
                              timeout=4 * kmsd.PATIENCE)

    def run(self, *arguments, **more):
        done = self.try_run(*arguments, **more)
        if done.returncode != 0:
            raise tap.Failure(f"{' '.join(arguments)}: {done.returncode}: {done.stderr.decode()}")
        return done.stdout

    def fail(self, code, *arguments, **more):
        done = self.try_run(*arguments, **more)
        tap.equal(done.returncode, code, f"exit code of {' '.join(arguments)} ({done.stderr.decode()})")
        return done.stderr.decode()
