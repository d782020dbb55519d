# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The interface's XML keeps the rules that bytes stay bytes, properties stay harmless, and everything is documented."""

import os
import re
import xml.etree.ElementTree

import tap

PATH = os.path.join(os.environ["SOURCE"], "data/dbus-1/org.libkms.Kms1.xml")
FORCE = "org.gtk.GDBus.C.ForceGVariant"
EMITS = "org.freedesktop.DBus.Property.EmitsChangedSignal"


def interfaces():
    return xml.etree.ElementTree.parse(PATH).getroot().findall("interface")


def annotation(element, name):
    return next((item.get("value") for item in element.findall("annotation") if item.get("name") == name), None)


def check_bytes_are_variants():
    """gdbus-codegen would make strings of them that end at the first NUL."""
    arguments = [(method.get("name"), argument) for interface in interfaces() for method in interface
                 for argument in method.findall("arg") if "ay" in argument.get("type")]
    tap.equal(len(arguments) > 8, True, "arguments of bytes are found")
    tap.none((f"{method}: {argument.get('name')}" for method, argument in arguments if annotation(argument, FORCE) is None),
             "without ForceGVariant")


def check_properties_are_read_only():
    properties = [(interface.get("name"), item) for interface in interfaces() for item in interface.findall("property")]
    tap.none((f"{name}.{item.get('name')}" for name, item in properties if item.get("access") != "read"), "writable")
    tap.none((f"{name}.{item.get('name')}" for name, item in properties if annotation(item, EMITS) not in ("false", "const")),
             "broadcast when they change")


def check_everything_is_documented():
    """As gdbus-codegen understands it: the comment before each begins with its name, and a line says what an argument is."""
    with open(PATH, encoding="utf-8") as file:
        found = re.findall(r"<!--\s*([\w.]+):\n(.*?)-->\s*<(?:interface|method|signal|property) name=\"([\w.]+)\"", file.read(),
                           re.DOTALL)
    tap.none((f"{comment} before {name}" for comment, _, name in found if comment != name), "comments of other things")
    items = [item for interface in interfaces() for item in [interface, *interface]]
    tap.equal([name for _, _, name in found], [item.get("name") for item in items], "what has a comment")
    missing = []
    for item, (_, text, name) in zip(items, found):
        lines = text.strip().splitlines()
        said = [line.strip() for line in lines if line.strip() and not line.strip().startswith("@")]
        missing += [] if said else [name]
        missing += [f"{name}: {argument.get('name')}" for argument in item.findall("arg")
                    if not re.search(rf"^\s*@{argument.get('name')}: \S", text, re.MULTILINE)]
        missing += [f"{name}: a second line of an argument" for before, line in zip(lines, lines[1:])
                    if before.strip().startswith("@") and line.strip() and not line.strip().startswith("@")]
    tap.none(missing, "not documented")


def check_options_are_documented():
    """Each option that the tables of the daemon know is named in the comments."""
    with open(PATH, encoding="utf-8") as file:
        text = file.read()
    known = set()
    for name in ("values.c", "methods.c", "box-info.c", "engines/audit-query.c"):
        with open(os.path.join(os.environ["SOURCE"], "kmsd", name), encoding="utf-8") as file:
            known |= set(re.findall(r'\{ "([a-z-]+)", (?:"[a-z{}]+" \}|FIELD_\w+)', file.read()))
    tap.equal({"bare", "new-context-bytes", "head", "gids", "after"} <= known, True, "options are found")
    tap.none((option for option in sorted(known) if f"`{option}`" not in text), "not documented")


def check_everything_works():
    """Nothing is promised that no row of the table of methods answers."""
    with open(os.path.join(os.environ["SOURCE"], "kmsd/methods.c"), encoding="utf-8") as file:
        answered = set(re.findall(r'\{ [A-Z]+, "(\w+)", \w+', file.read()))
    tap.none((f"{interface.get('name')}.{method.get('name')}" for interface in interfaces()
              for method in interface.findall("method") if method.get("name") not in answered), "not answered")


tap.main([(f"/dbus/xml/{name[6:].replace('_', '-')}", function) for name, function in list(globals().items())
          if name.startswith("check_")])
