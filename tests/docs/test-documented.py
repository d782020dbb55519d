# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every public function and type has a documentation comment, and it is complete."""

import glob
import os
import re

import tap

SOURCE = os.environ["SOURCE"]
HEADERS = [path for path in sorted(glob.glob(os.path.join(SOURCE, "libkms/*.h")) + glob.glob(os.path.join(SOURCE, "libkms/*.h.in")))
           if "-private" not in path]
# One line of a documentation comment that a function which returns something must have.
RETURNS = re.compile(r"^\s*\* Returns:", re.MULTILINE)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def comments():
    """Each documented name and its comment."""
    found = {}
    for path in glob.glob(os.path.join(SOURCE, "libkms/**/*.[ch]"), recursive=True):
        for text in re.findall(r"/\*\*\n(.*?)\*/", read(path), re.DOTALL):
            match = re.match(r"\s*\* (?:SECTION:)?([\w:-]+?):(?:\s|$)", text)
            if match:
                found[match.group(1)] = text
    return found


def functions():
    """(name, return type, names of parameters) of all public functions but those that get a type."""
    for path in HEADERS:
        for declaration in re.findall(r"KMS_AVAILABLE_IN_\d+_\d+\n(.*?;)", read(path), re.DOTALL):
            declaration = re.sub(r"\s*\bG_GNUC_\w+( \([^)]*\))?", "", declaration)
            match = re.match(r"(.*?)\b(kms_\w+) \((.*)\);", declaration, re.DOTALL)
            if match and not match.group(2).endswith(("_get_type", "_quark")) and not declaration.startswith("G_DE"):
                parameters = re.findall(r"(\w+)(?:\[\])?\s*(?:,|$)", match.group(3))
                yield match.group(2), match.group(1).strip(), [p for p in parameters if p != "void"]


def enumerations():
    for path in HEADERS:
        text = read(path)
        for body, name in re.findall(r"typedef enum[^{]*\{([^}]*)\} (Kms\w+);", text):
            yield name, re.findall(r"^\s*(KMS_\w+)", body, re.MULTILINE)


def undocumented():
    known = comments()
    for name, returned, parameters in functions():
        if name not in known:
            yield f"{name}: no documentation comment"
            continue
        text = known[name]
        if "Since:" not in text:
            yield f"{name}: no Since:"
        if returned not in ("void", "") and not RETURNS.search(text):
            yield f"{name}: no Returns:"
        for parameter in parameters:
            if f"@{parameter}:" not in text:
                yield f"{name}: nothing about @{parameter}"


def undocumented_values():
    known = comments()
    for name, values in enumerations():
        if name not in known:
            yield f"{name}: no documentation comment"
            continue
        for value in values:
            if f"@{value}:" not in known[name]:
                yield f"{name}: nothing about {value}"


def types():
    """Classes, interfaces and boxed types, where they are defined."""
    for path in glob.glob(os.path.join(SOURCE, "libkms/**/*.c"), recursive=True):
        for name in re.findall(r"^G_DEFINE_\w*(?:TYPE|INTERFACE)\w* \((Kms\w+), kms_", read(path), re.MULTILINE):
            yield name
    yield from ("KmsCall", "KmsItem")


def describes(comment):
    """Whether anything stands there besides parameters and the version: a paragraph of its own."""
    paragraphs = re.split(r"\n\s*\*[ ]*(?=\n)", comment)[1:]
    return any(not re.match(r"\s*\* (@|Since:)", paragraph) for paragraph in paragraphs if paragraph.strip(" \n*"))


def undocumented_types():
    known = comments()
    for name in [*types(), *(name for name, _ in enumerations())]:
        if name not in known or not describes(known[name]):
            yield f"{name}: nothing says what it is"


def check_sample():
    """The parser of this test finds what is there."""
    names = {name for name, _, _ in functions()}
    for name in ("kms_box_encrypt", "kms_registry_dup_box", "kms_get_version", "kms_context_new", "kms_item_fail"):
        if name not in names:
            raise tap.Failure(f"{name} was not found in the headers")
    tap.none({"KmsBox", "KmsKeyAdmin", "KmsSecret"} - set(types()), "types that were not found")


tap.main([
    ("/docs/documented/parser", check_sample),
    ("/docs/documented/functions", lambda: tap.none(undocumented(), "documentation")),
    ("/docs/documented/enumerations", lambda: tap.none(undocumented_values(), "documentation")),
    ("/docs/documented/types", lambda: tap.none(undocumented_types(), "documentation")),
])
