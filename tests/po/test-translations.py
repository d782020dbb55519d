# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Translations are valid, complete, and made of the texts that the sources have now."""

import glob
import os
import re
import shutil
import subprocess

import tap

SOURCE = os.environ["SOURCE"]
# As meson's preset "glib" has them, as far as our sources use them.
XGETTEXT = ["xgettext", "--from-code=UTF-8", "--keyword=_", "--keyword=N_", "--keyword=C_:1c,2", "--keyword=NC_:1c,2",
            "--keyword=ngettext:1,2", "--flag=N_:1:pass-c-format", "--flag=g_strdup_printf:1:c-format",
            "--flag=g_string_append_printf:2:c-format", "--flag=g_set_error:4:c-format",
            "--flag=g_error_new:3:c-format", "--flag=kmsctl_usage_error:2:c-format", "--no-wrap", "-o", "-"]


def lines(name):
    with open(os.path.join(SOURCE, "po", name), encoding="utf-8") as file:
        return [line.strip() for line in file if line.strip() and not line.startswith("#")]


def need(program):
    if shutil.which(program) is None:
        raise tap.Skip(f"needs {program} (gettext)")


def identifiers(text):
    """All msgid and msgctxt texts of a catalogue, joined from their lines; obsolete ones do not count."""
    found, current = set(), None
    for line in text.splitlines():
        match = re.match(r'(msgid|msgid_plural|msgstr\S*|msgctxt) (".*")$', line)
        if match:
            if current:
                found.add(current)
            current = match.group(2)[1:-1] if match.group(1) in ("msgid", "msgid_plural") else None
        elif line.startswith('"') and current is not None:
            current += line[1:-1]
        elif not line.startswith('"'):
            if current:
                found.add(current)
            current = None
    if current:
        found.add(current)
    return found


def catalogue(language):
    with open(os.path.join(SOURCE, "po", f"{language}.po"), encoding="utf-8") as file:
        return file.read()


def check_format(language):
    need("msgfmt")
    done = subprocess.run(["msgfmt", "--check", "--statistics", "-o", os.devnull, os.path.join(SOURCE, "po", f"{language}.po")],
                          capture_output=True, text=True, check=False, env=dict(os.environ, LC_ALL="C"))
    tap.equal(done.returncode, 0, "msgfmt --check:\n" + done.stderr)
    if "untranslated" in done.stderr or "fuzzy" in done.stderr:
        raise tap.Failure(done.stderr.strip())


def check_up_to_date(language):
    need("xgettext")
    template = subprocess.run([*XGETTEXT, *lines("POTFILES")], cwd=SOURCE, capture_output=True, text=True, check=True,
                              # What of polkit's file is for people.
                              env=dict(os.environ, GETTEXTDATADIRS=os.path.join(SOURCE, "data/polkit"))).stdout
    now, there = identifiers(template), identifiers(catalogue(language))
    problems = [f"not in the catalogue: {text}" for text in sorted(now - there)]
    problems += [f"not in the sources: {text}" for text in sorted(there - now)]
    tap.none(problems, "run: meson compile libkms-update-po")


def check_potfiles():
    listed = set(lines("POTFILES"))
    using = {"data/polkit/org.libkms.kms1.policy.in"}
    for path in glob.glob(os.path.join(SOURCE, "kmsctl/*.c")) + glob.glob(os.path.join(SOURCE, "provider-test/*.c")):
        with open(path, encoding="utf-8") as file:
            if re.search(r'\b(?:_|N_|C_|NC_|ngettext) ?\(', file.read()):
                using.add(os.path.relpath(path, SOURCE))
    tap.equal(sorted(listed), sorted(using), "po/POTFILES")


CASES = [("/po/potfiles", check_potfiles)]
for name in lines("LINGUAS"):
    CASES.append((f"/po/{name}/valid-and-complete", lambda name=name: check_format(name)))
    CASES.append((f"/po/{name}/up-to-date", lambda name=name: check_up_to_date(name)))
tap.main(CASES)
