# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kmsctl with nothing configured but the provider that speaks to kmsd, as root or as somebody else."""

import glob
import json
import os
import shutil
import subprocess

import kmsd
import tap

OPTIONS = {"system": ["--system"], "session": ["--user"]}


class Command:
    """Runs kmsctl against a daemon of the harness. Others' programs are copies: the build may stand where only its owner
    gets."""

    def __init__(self, daemon, uid=None, gids=()):
        self.daemon, self.uid, self.gids = daemon, uid, gids
        self.programs = daemon.path("programs")
        if not os.path.exists(self.programs):
            os.mkdir(self.programs)
            os.chmod(self.programs, 0o755)
            for pattern in ("kmsctl/kmsctl", "libkms/libkms-1.so.0*", "plugins/kmsd/kms-kmsd.so"):
                for source in filter(os.path.isfile, glob.glob(os.path.join(kmsd.BUILD, pattern))):
                    shutil.copy(source, self.programs)
            with open(os.path.join(kmsd.SOURCE, "plugins/kmsd/kmsd.provider"), encoding="utf-8") as file:
                daemon.write("client/package/providers.d/kmsd.provider", file.read())
        if uid is not None:
            kmsd.need_root()
            os.chmod(daemon.socket, 0o666)

    def options(self):
        return OPTIONS.get(self.daemon.kind, [f"--socket={self.daemon.socket}"])

    def environment(self, **more):
        env = {key: value for key, value in os.environ.items()
               if not key.startswith(("KMS_", "DBUS_")) and key not in ("NO_COLOR", "LANGUAGE", "XDG_RUNTIME_DIR")}
        env.update(KMS_CONFIG_ROOT=self.daemon.path("client"), KMS_MODULE_PATH=self.programs, LC_ALL="C.UTF-8",
                   LD_LIBRARY_PATH=self.programs, HOME="/nonexistent", TZ="UTC",
                   DBUS_SYSTEM_BUS_ADDRESS="unix:path=/nonexistent/system",
                   DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent/session")
        if self.daemon.kind is not None:
            env[f"DBUS_{self.daemon.kind.upper()}_BUS_ADDRESS"] = self.daemon.address
        env.update(more)
        return {key: value for key, value in env.items() if value is not None}

    def line(self, *arguments):
        """The command line that becomes who is meant, and the program."""
        become = []
        if self.uid is not None:
            groups = [f"--groups={','.join(map(str, self.gids))}"] if self.gids else ["--clear-groups"]
            become = ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", *groups]
        return [*become, os.path.join(self.programs, "kmsctl"), *arguments]

    def run(self, *arguments, data=b"", env=None, plain=False):
        """Through the daemon, unless plain says that the arguments are all there is."""
        options = [] if plain else self.options()
        return subprocess.run(self.line(*options, *arguments), input=data, capture_output=True, check=False, cwd="/",
                              env=self.environment(**(env or {})), timeout=4 * kmsd.PATIENCE)

    def good(self, *arguments, **more):
        done = self.run(*arguments, **more)
        if done.returncode != 0:
            raise tap.Failure(f"kmsctl {' '.join(arguments)}: exit code {done.returncode}: {done.stderr.decode()}")
        return done.stdout

    def json(self, *arguments, **more):
        return json.loads(self.good("--json", *arguments, **more))

    def bad(self, code, *arguments, **more):
        """Wants this exit code and nothing on stdout, and returns stderr."""
        done = self.run(*arguments, **more)
        tap.equal((done.returncode, done.stdout), (code, b""), f"kmsctl {' '.join(arguments)} ({done.stderr.decode()})")
        return done.stderr.decode()

    def start(self, *arguments, **more):
        """In the background; it is ended with the daemon's processes, if the caller does not."""
        process = subprocess.Popen(self.line(*self.options(), *arguments), stdin=subprocess.DEVNULL, bufsize=0,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment(), cwd="/", **more)
        self.daemon.processes.append(process)
        return process
