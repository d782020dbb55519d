# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pages name what the code has: keys of files, settings of modules, options of programs, exit codes."""

import glob
import os
import re

import tap

SOURCE = os.environ["SOURCE"]


def read(*path):
    with open(os.path.join(SOURCE, *path), encoding="utf-8") as file:
        return file.read()


def page(name):
    return read("docs/man", name + ".rst")


def terms(name):
    """What a page explains: lines that begin at the margin and have their text behind them, indented; commas between several."""
    found = set()
    for line in re.findall(r"^(\S.*)\n(?:  |    )\S", page(name), re.MULTILINE):
        found.update(re.split("=", word)[0].strip("*`\\ ") for word in line.split(", "))
    return found


def array(path, name):
    """The text of a table of C, between its braces."""
    return re.search(rf"\b{name}\[\] = \{{(.*?)\n?\}};", read(path), re.DOTALL).group(1)


def lacking(wanted, name):
    wanted = set(wanted)
    tap.equal(len(wanted) > 0, True, f"something is wanted of {name}")
    tap.none(sorted(wanted - terms(name)), f"not in {name}")


def daemon_keys():
    return re.findall(r'\{ "(\w+)", "(\w+)", (TRUE|FALSE), (TRUE|FALSE)', array("libkms/kms-daemon-values.c", "keys"))


def check_kms_conf():
    lacking({key for _, key, in_global, _ in daemon_keys() if in_global == "TRUE"}
            | set(re.findall(r'\{ "(\w+)",', array("libkms/kms-snapshot.c", "global_keys"))), "kms.conf.5")


def check_box():
    lacking({key for _, key, _, in_box in daemon_keys() if in_box == "TRUE"} | {"KeyId", "Provider"}
            | set(re.findall(r'"(\w+)"', array("libkms/kms-box-file.c", "box_keys"))), "kms-box.5")


def check_provider():
    lacking(re.findall(r'\{ "(\w+)", [A-Z]+,', array("libkms/kms-provider-config.c", "known_keys")), "kms-provider.5")


def check_states():
    words = re.search(r"kms_state_to_string.*?words\[\] = \{(.*?)\}", read("libkms/kms-config-info.c"), re.DOTALL).group(1)
    lacking(re.findall(r'"([\w-]+)"', words), "kms-provider.5")


def check_reserved_key_ids():
    text = re.search(r"reserved_prefixes\[\].*?\};.*?reserved_ids\[\].*?\};", read("libkms/kms-routing.c"), re.DOTALL).group(0)
    names = re.findall(r'"([^"]+)"', text)
    tap.equal("local/" in names, True, "key ids are found")
    tap.none((name for name in names if f"``{name}``" not in page("kms-provider.5")), "not in kms-provider.5")


def check_model():
    """The keys of all groups are in one word each, between bars."""
    lacking({key for keys in re.findall(r'"(\w+(?:\|\w+)+)"', array("libkms/record/kms-model-file.c", "groups")) for key in keys.split("|")},
            "kms-model.5")


def check_audit():
    """Operations, members of lines and fields of the journal."""
    sources = "".join(read(path) for path in files("kmsd/**/*.c"))
    operations = set(re.findall(r'(?:audit_record_new|trail_record_new) \((?:call, )?"([\w-]+)"', sources))
    members = set(re.findall(r'(?:TEXT|NUMBER) \("(\w+)"', read("kmsd/engines/audit-record-parse.c")))
    fields = set(re.findall(r'"(KMS_[A-Z_]+)"', read("kmsd/engines/journal.c")))
    tap.equal(({"start", "reload"} <= operations, "box" in members, "KMS_BOX" in fields), (True, True, True), "something is found")
    tap.none((word for word in sorted(operations | members | fields) if not re.search(rf"(?<![\w-]){word}(?![\w-])", page("kms-audit.5"))),
             "not in kms-audit.5")


def check_settings():
    for directory, name in (("local/local-provider.c", "kms-provider.5"), ("test/kms-test.c", "kms-provider.5"),
                            ("kmsd/kmsd-provider.c", "kms-kmsd.5")):
        text = read("plugins", directory).replace("NAME_ROOT", '"Root"')
        lacking(re.findall(r'add_setting \(\w+, "(\w+)"', text), name)
    lacking(re.findall(r'\{ "(\w+)", KMS_SETTING', array("plugins/vault/vault-settings.c", "declarations")), "kms-vault.5")
    lacking(re.findall(r'\{ "(\w+)", KMS_SETTING', array("plugins/aws/aws-settings.c", "declarations")), "kms-aws.5")
    for name in ("kms-vault.5", "kms-aws.5"):
        lacking(re.findall(r'\{ "(\w+)", KMS_SETTING', array("plugins/http/kms-http-tls.c", "settings")), name)


def check_variables():
    text = read("libkms/kms-config-roots.c") + read("kmsctl/main.c") + read("kmsctl/target.c")
    lacking(re.findall(r'(?:environment_get|getenv) \("(KMS_\w+)"', text), "kms.conf.5")


def check_program_options():
    for path, name in (("kmsd/main.c", "kmsd.8"), ("provider-test/options.c", "kms-provider-test.1")):
        options = {"--" + option for option in re.findall(r'^\s*\{ "([a-z-]+)", (?:0|\'\w\'), 0, ', read(path), re.MULTILINE)}
        tap.equal("--version" in options, True, f"options are found in {path}")
        lacking(options | {"--help"}, name)


def files(*patterns):
    return sorted(path for pattern in patterns for path in glob.glob(os.path.join(SOURCE, pattern), recursive=True))


PAGES = ("*.md", "docs/*.md", "docs/book/*.md", "docs/man/*", "plugins/*/README.md", "examples/*/README.md")


def unknown_symbols():
    """Functions, macros, variables and fields of the journal that pages name and no source has."""
    sources = "".join(read(path) for path in files("libkms/**/*.[ch]", "libkms/*.h.in", "plugins/**/*.[ch]", "kmsd/**/*.c", "kmsctl/*.c"))
    there = set(re.findall(r"\b(?:kms|KMS)_\w+", sources))
    for path in files(*PAGES):
        for names in re.findall(r"`(kms_\w+)(?: \(\))?`|\b(KMS_[A-Z]+_[A-Z_]+\b(?!…))", read(path)):
            name = "".join(names)
            if name not in there and not name.endswith("_CLASS"):
                yield f"{os.path.relpath(path, SOURCE)}: {name}"


def commands():
    return set(re.findall(r'^  \{ "([a-z][a-z -]*)", "', read("kmsctl/commands.c"), re.MULTILINE))


def unknown_command(words, known):
    """What of these words is no command of kmsctl; None if all is well."""
    words = [word for word in words.split() if not word.startswith("-")][:2]
    for length in (2, 1):
        if " ".join(words[:length]) in known:
            return None
    return " ".join(words) or None


def wrong_commands():
    """In pages: what stands in literal text or begins a line of an example. In the sources: what a message tells to run."""
    known = commands()
    places = [(path, r"(?:`|^ *(?:\$ )?(?:sudo )?)kmsctl ((?:--?[a-z][\w=./-]* )*[a-z][a-z-]+(?: [a-z-]+)?)") for path in files(*PAGES)]
    places += [(path, r'(?:: |\\")kmsctl ((?:--?[a-z]\S* )*[a-z][a-z-]+(?: [a-z-]+)?)')
               for path in files("libkms/**/*.c", "kmsctl/*.c", "kmsd/**/*.c", "plugins/**/*.c")]
    for path, pattern in places:
        for words in re.findall(pattern, read(path), re.MULTILINE):
            wrong = unknown_command(words, known)
            if wrong is not None and not any(command.startswith(wrong + " ") for command in known):
                yield f"{os.path.relpath(path, SOURCE)}: kmsctl {wrong}"


def check_commands():
    tap.equal({"box create", "encrypt", "help"} <= commands(), True, "commands are found")
    tap.equal((unknown_command("box make x", commands()), unknown_command("encrypt orders", commands())), ("box make", None), "the check")
    tap.none(wrong_commands(), "no such command")


def exit_codes():
    return {name: int(code) for name, code in
            re.findall(r"\[KMS_ERROR_(\w+)\] = \{ \"[\w-]+\", DBUS \(\"[\w.]+\"\), (\d+) \}", read("libkms/kms-error.c"))}


def told_exit_codes():
    """Of the table in the book: codes in the first column, "…" for all that begin so, and in the last one number for all, or one each."""
    told = {}
    for codes, numbers in re.findall(r"^\| (`[A-Z_`…, ]*) \|.*\| ([\d, ]+) \|$", read("docs/book/errors.md"), re.MULTILINE):
        names, numbers = re.findall(r"[A-Z_]+…?|…", codes.replace("`", "")), numbers.split(", ")
        for index, name in enumerate(names):
            number = int(numbers[index] if len(numbers) > 1 else numbers[0])
            stem = name.rstrip("…")
            told.update({code: number for code in exit_codes() if code == stem or ("…" in name and code.startswith(stem + "_"))})
    return told


def check_exit_codes():
    codes = exit_codes()
    tap.equal(len(codes) > 20, True, "codes are found")
    tap.equal(told_exit_codes(), codes, "exit codes in the book")
    lacking({str(code) for code in codes.values()} | {"0", "130"}, "kmsctl.1")


tap.main([("/docs/claims/" + function.__name__[6:].replace("_", "-"), function) for function in (
    check_kms_conf, check_box, check_provider, check_states, check_reserved_key_ids, check_model, check_audit, check_settings, check_variables, check_program_options, check_commands,
    check_exit_codes)] + [("/docs/claims/symbols", lambda: tap.none(unknown_symbols(), "in no source"))])
