# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is installed beside kmsd: the bus policy, polkit's actions, activation, units."""

import os
import re
import subprocess
import xml.etree.ElementTree

import kmsd
import tap

DATA = os.path.join(kmsd.SOURCE, "data")
ACTIONS = os.path.join(kmsd.BUILD, "data/polkit/org.libkms.kms1.policy")
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def actions():
    return {one.get("id"): {item.tag: item.text for item in one.find("defaults")}
            for one in xml.etree.ElementTree.parse(ACTIONS).getroot().findall("action")}


def check_actions_are_those_that_are_asked(_daemon):
    """Every action that kmsd can name is in the file, and no other."""
    text = ""
    for name in os.listdir(os.path.join(kmsd.SOURCE, "kmsd")):
        if name.endswith(".c"):
            with open(os.path.join(kmsd.SOURCE, "kmsd", name), encoding="utf-8") as file:
                text += file.read()
    words = {name.removeprefix("org.libkms.kms1.") for name in actions()}
    tap.none((word for word in words if f'"{word}"' not in text), "in the file, but never asked")
    asked = set(re.findall(r'\[OPERATION_\w+\] = \{ "([a-z-]+)", (?:TRUE|FALSE) \}', text))
    asked |= {"audit-read", "manage-provider", "provider-check", "lockdown-engage", "lockdown-release"}
    tap.equal(asked, words, "the actions")


def check_defaults(_daemon):
    """What polkit keeps is for the action and not for one box, so what gives out plaintexts is asked each time."""
    active = {"decrypt": "auth_admin", "lockdown-release": "auth_admin", "provider-check": "yes"}
    for name, defaults in actions().items():
        name = name.removeprefix("org.libkms.kms1.")
        tap.equal(defaults, {"allow_any": "auth_admin", "allow_inactive": "auth_admin",
                             "allow_active": active.get(name, "auth_admin_keep")}, name)


def check_owner(_daemon):
    """Without an owner, polkit answers nobody but root who asks about others, and kmsd is not root."""
    with open(os.path.join(DATA, "systemd/kmsd.sysusers.in"), encoding="utf-8") as file:
        user = re.search(r"^u (\S+)", file.read(), re.MULTILINE).group(1)
    for action in xml.etree.ElementTree.parse(ACTIONS).getroot().findall("action"):
        owners = [item.text for item in action.findall("annotate") if item.get("key") == "org.freedesktop.policykit.owner"]
        tap.equal(owners, [f"unix-user:{user}"], action.get("id"))


def check_texts_are_translated(_daemon):
    """Each text, into each language of po/, with the same words to be filled in."""
    with open(os.path.join(kmsd.SOURCE, "po/LINGUAS"), encoding="utf-8") as file:
        languages = sorted(file.read().split())
    for action in xml.etree.ElementTree.parse(ACTIONS).getroot().findall("action"):
        for kind in ("description", "message"):
            texts = {item.get(LANG): item.text for item in action.findall(kind)}
            original = texts.pop(None)
            tap.equal(sorted(texts), languages, f"languages of the {kind} of {action.get('id')}")
            for text in texts.values():
                tap.equal(re.findall(r"\$\(\w+\)", text), re.findall(r"\$\(\w+\)", original), text)


@kmsd.ways("system")
def check_bus_policy(daemon):
    """Others can't take the name, nor send what is none of kmsd's interfaces."""
    daemon.add_box("orders", "EncryptFor=*")
    daemon.start()
    client = daemon.client(1)
    client.encrypt("orders", b"x")
    client.bad("org.freedesktop.DBus.Error.AccessDenied", kmsd.MANAGER, "Set",
               "('org.libkms.Kms1.Manager', 'Version', <'x'>)", interface="org.freedesktop.DBus.Properties")
    client.bad("org.freedesktop.DBus.Error.AccessDenied", kmsd.MANAGER, "Anything", interface="org.example.Other")
    answer = subprocess.run(
        ["setpriv", "--reuid=1", "--regid=1", "--clear-groups", "dbus-send", f"--bus={daemon.address}", "--print-reply",
         "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.RequestName", "string:org.libkms.Kms1", "uint32:0"],
        capture_output=True, text=True, check=False, timeout=kmsd.PATIENCE)
    kmsd.wants(answer.stderr, "AccessDenied")


@kmsd.ways("session")
def check_activation(daemon):
    """The bus starts kmsd when somebody calls it, and again after it ended."""
    daemon.add_box("orders", "EncryptFor=*")
    with open(os.path.join(kmsd.BUILD, "data/dbus-1/org.libkms.Kms1.session.service"), encoding="utf-8") as file:
        text = file.read()
    line = f"Exec={kmsd.KMSD} --session --config-root={daemon.path('root')}"
    changed = re.sub(r"(?m)^SystemdService=.*\n", "", re.sub(r"(?m)^Exec=.*/kmsd --session$", line, text))
    tap.equal(line in changed, True, "the line of the file")
    daemon.write("services/org.libkms.Kms1.service", changed)
    client = daemon.client(private=False)
    client.good("/org/freedesktop/DBus", "ReloadConfig", interface="org.freedesktop.DBus", to="org.freedesktop.DBus")
    client.encrypt("orders", b"x")

    def pid():
        return client.good("/org/freedesktop/DBus", "GetConnectionUnixProcessID", "('org.libkms.Kms1',)",
                           interface="org.freedesktop.DBus", to="org.freedesktop.DBus")[0][0]
    first = pid()
    os.kill(first, 9)
    for _ in range(20):
        if "reply" in client.call(kmsd.MANAGER, "ListBoxes", "(@a{sv} {},)", interface="org.libkms.Kms1.Manager"):
            break
    tap.equal(pid() != first, True, "another process answers")
    os.kill(pid(), 15)


def check_unit(daemon):
    """What systemd says of the system's unit: 1.5 or less, of 10."""
    kmsd.need("systemd-analyze")
    # It reads the unit's name from its file's.
    with open(os.path.join(kmsd.BUILD, "data/systemd/kmsd.service"), encoding="utf-8") as file:
        daemon.write("kmsd.service", file.read())
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=15", daemon.path("kmsd.service")],
                          capture_output=True, text=True, check=False, timeout=kmsd.PATIENCE)
    if "Overall exposure level" not in done.stdout:
        raise tap.Skip(f"systemd-analyze can't look at it here: {done.stderr.strip()}")
    tap.equal(done.returncode, 0, done.stdout.splitlines()[-1])


kmsd.main("data", globals())
