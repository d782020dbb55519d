# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the documentation names exists: links, files of the tree, chapters of the book, pages that refer to each other."""

import glob
import os
import re

import tap

SOURCE = os.environ["SOURCE"]
DOCUMENTS = sorted(glob.glob(os.path.join(SOURCE, "*.md")) + glob.glob(os.path.join(SOURCE, "docs/*.md"))
                   + glob.glob(os.path.join(SOURCE, "docs/book/*.md")) + glob.glob(os.path.join(SOURCE, "plugins/*/*.md"))
                   + glob.glob(os.path.join(SOURCE, "examples/*/*.md")))
# Paths of the tree, as running text names them.
PATH = re.compile(r"`((?:build-aux|docs|examples|libkms|plugins|po|tests|kmsctl|data|provider-test)/[\w./-]*|\.ci/run)`")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def without_code(text):
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def slugs():
    return {re.search(r"^Slug: (\S+)", read(path), re.MULTILINE).group(1)
            for path in glob.glob(os.path.join(SOURCE, "docs/book/*.md"))}


def dead_links(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(read(path))):
        if re.match(r"^(https?:|#|mailto:)", target):
            continue
        name = target.split("#")[0]
        if name.endswith(".html") and "/book/" in path:
            if name[:-5] not in slugs() | {"org.libkms.Kms1"}:
                yield f"{path}: {target}"
        elif not os.path.exists(os.path.join(os.path.dirname(path), name)):
            yield f"{path}: {target}"


def dead_paths(path):
    for name in PATH.findall(without_code(read(path))):
        generic = re.search(r"\b(ID|NAME|TARGET|xx)\b", name)
        if not generic and name != "po/libkms.pot" and not os.path.exists(os.path.join(SOURCE, name)):
            yield f"{path}: {name}"


def check_chapters():
    listed = set(re.findall(r'"([\w-]+\.md)"', read(os.path.join(SOURCE, "docs/libkms.toml.in"))))
    there = {os.path.basename(path) for path in glob.glob(os.path.join(SOURCE, "docs/book/*.md"))}
    tap.equal(listed, there, "chapters listed in libkms.toml.in")


def check_error_names():
    """Those that the chapter for clients of kmsd tells are those that kmsd sends."""
    sent = set(re.findall(r'DBUS \("([\w.]+)"\)', read(os.path.join(SOURCE, "libkms/kms-error.c"))))
    sent |= set(re.findall(r'"org\.libkms\.Kms1\.Error\.([\w.]+)"', read(os.path.join(SOURCE, "kmsd/door.c"))))
    rows = re.findall(r"^\| (`[A-Z][\w.`, ]*`) \|", read(os.path.join(SOURCE, "docs/book/using-kmsd.md")), re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`([A-Z][a-z]\w*(?:\.\w+)?)`", row) if "Box" not in name}
    tap.equal(("InvalidCiphertext" in told, sorted(told - {"Manager.LookupBox"} - sent)), (True, []), "names that kmsd never sends")


def check_pages_refer():
    pages = {os.path.basename(path)[:-4] for path in glob.glob(os.path.join(SOURCE, "docs/man/*.rst"))}
    pages |= {"systemd.1", "org.libkms.Kms1.5"}
    pattern = re.compile(r"(?<![\w/-])((?:kms|org\.libkms)[\w.-]*)(?:\*\*\\ ?)?\((\d)\)")
    for path in [*glob.glob(os.path.join(SOURCE, "docs/man/*.rst*")), *DOCUMENTS]:
        for name, section in pattern.findall(read(path)):
            if f"{name}.{section}" not in pages:
                raise tap.Failure(f"{path}: {name}({section}) does not exist")


tap.main([
    ("/docs/links/targets", lambda: tap.none((d for path in DOCUMENTS for d in dead_links(path)), "dead links")),
    ("/docs/links/paths", lambda: tap.none((d for path in DOCUMENTS for d in dead_paths(path)), "paths that are not there")),
    ("/docs/links/chapters", check_chapters),
    ("/docs/links/error-names", check_error_names),
    ("/docs/links/pages", check_pages_refer),
])
