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
    with open(PATH, encoding="utf-8") as file:
        comments = re.findall(r"<!--(.*?)-->", file.read(), re.DOTALL)
    texts = {comment.split()[0].rstrip(":"): comment for comment in comments}
    missing = []
    for interface in interfaces():
        name = interface.get("name")
        for item in interface:
            mark = {"method": f"{name}.{item.get('name')}()", "signal": f"{name}::{item.get('name')}",
                    "property": f"{name}:{item.get('name')}"}[item.tag]
            text = texts.get(mark, "")
            if len(text.split()) < 2:
                missing.append(mark)
            missing += [f"{mark}: {argument.get('name')}" for argument in item.findall("arg")
                        if f"@{argument.get('name')}:" not in text]
    tap.none(missing, "not documented")


def check_everything_works():
    """Nothing is promised that no row of the table of methods answers."""
    with open(os.path.join(os.environ["SOURCE"], "kmsd/methods.c"), encoding="utf-8") as file:
        answered = set(re.findall(r'\{ [A-Z]+, "(\w+)", \w+', file.read()))
    tap.none((f"{interface.get('name')}.{method.get('name')}" for interface in interfaces()
              for method in interface.findall("method") if method.get("name") not in answered), "not answered")


tap.main([(f"/dbus/xml/{name[6:].replace('_', '-')}", function) for name, function in list(globals().items())
          if name.startswith("check_")])
