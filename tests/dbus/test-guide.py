# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The commands of "Running kmsd" work as printed: with a daemon, a bus and directories of their own. For the users that the page
makes stand two that every machine has: the bus lets in nobody whom it does not know."""

import os

import console
import kmsd
import tap

PAGE = os.path.join(kmsd.SOURCE, "docs/book/daemon.md")
USERS = {"shop-web": "daemon", "shop-night": "bin"}
# Nobody's password is asked for here.
SUDO = """sudo() {
  if [ "$1" != -u ]; then "$@"; return; fi
  case $2 in
""" + "".join(f"  {name}) user={user} ;;\n" for name, user in USERS.items()) + """  esac
  shift 2
  setpriv --reuid="$user" --regid="$user" --clear-groups "$@"
}"""


def here(daemon, command):
    """The command as it is where nothing is installed."""
    for path, place in (("/etc/kms-1", "root/admin"), ("/var/log/kmsd", "root/state/audit")):
        command = command.replace(path, daemon.path(place))
    for name, user in USERS.items():
        command = command.replace(f"user:{name}", f"user:{user}")
    return command


@kmsd.ways("system")
def check_commands(daemon):
    kmsd.need_root()
    for program in ("busctl", "setpriv"):
        kmsd.need(program)
    steps = list(console.steps(PAGE))
    tap.equal(len(steps) > 15, True, "commands are found")
    daemon.start()
    os.mkdir(daemon.path("work"))
    os.chmod(daemon.path("work"), 0o755)
    values = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=daemon.address, PATH=f"{os.path.dirname(kmsd.KMSCTL)}:{os.environ['PATH']}",
                  LC_ALL="C.UTF-8", NO_COLOR="1", SYSTEMD_COLORS="0")
    outputs = console.run([here(daemon, command) for command, _ in steps], values, f"{SUDO}\ncd {daemon.path('work')}; umask 022")
    for number, (command, printed) in enumerate(steps):
        console.compare(number, command, printed, outputs)


kmsd.main("guide", globals())
