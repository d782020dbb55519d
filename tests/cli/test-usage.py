# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line: what is refused, with which words and which exit code."""

import json
import os
import resource

import cli
import tap

STORED = b"v1:insecure+data+A6OmFHVnNiRzg9\n"


def check_no_command(root):
    cli.wants(root.bad(2), "a command is missing", "kmsctl help")


def check_version(root):
    tap.equal(root.good("--version"), b"kmsctl 0.1.0\n", "--version")
    tap.equal(root.json("--version"), {"version": "0.1.0"}, "--version --json")


def check_unknown_command(root):
    cli.wants(root.bad(2, "encypt"), "did you mean \"kmsctl encrypt\"?")
    cli.wants(root.bad(2, "box", "crate"), "did you mean \"kmsctl box create\"?")
    cli.wants(root.bad(2, "box"), "kmsctl help box")
    cli.wants(root.bad(2, "zzzzzz"), "there is no command \"zzzzzz\"")
    cli.wants(root.bad(2, "foo"), "there is no command \"foo\"; \"kmsctl help\" lists")


def check_unknown_option(root):
    cli.wants(root.bad(2, "status", "--jsn"), "did you mean --json?")
    cli.wants(root.bad(2, "status", "-Z"), "unknown option -Z")
    cli.wants(root.bad(2, "status", "--days", "3"), "\"kmsctl status\" has no option --days")


def check_commands_of_later(root):
    for command in ("seal", "open", "reseal"):
        cli.wants(root.bad(2, command), "there is no command")


def check_values_of_options(root):
    cli.wants(root.bad(2, "status", "--timeout", "2s"), "--timeout=2s")
    cli.wants(root.bad(2, "status", "--timeout=0"), "--timeout=0")
    cli.wants(root.bad(2, "encrypt", "x", "--as-version", "01"), "--as-version=01")
    cli.wants(root.bad(2, "encrypt", "x", "--as-version=-1"), "--as-version=-1")
    cli.wants(root.bad(2, "decrypt", "x", "--newline=maybe"), "auto|yes|no")
    cli.wants(root.bad(2, "decrypt", "x", "--in"), "--in needs a value")
    cli.wants(root.bad(2, "decrypt", "x", "--in=a", "--in=b"), "given twice")
    cli.wants(root.bad(2, "status", "--json=yes", "--quiet=1").lower(), "takes no value")
    cli.wants(root.bad(2, "key", "delete", "local/x", "--days", "99999999999"), "--days")


def check_numbers_are_digits(root):
    """No blank, no sign, no vertical tab, which some parsers skip."""
    for wrong in ("", " 5", "5 ", "\t5", "\v5", "\n5", "\f5", "+5", "-5", "0x5", "5e3", "٥", "2147483648"):
        cli.wants(root.bad(2, "key", "delete", "local/x", f"--days={wrong}"), "--days")
    for wrong in ("", " 5", "\v5", "+5", "5.", ".5", "5.\v5", "5.-1", "5.0000", "5,5", "1000000001"):
        cli.wants(root.bad(2, "status", f"--timeout={wrong}"), "--timeout")
    for wrong in ("", " 5", "\v5", "+5", "05"):
        cli.wants(root.bad(2, "encrypt", "x", f"--as-version={wrong}"), "--as-version")


def check_one_way_only(root):
    cli.wants(root.bad(2, "--system", "--user", "encrypt", "x"), "--system and --user exclude each other")
    cli.wants(root.bad(2, "--direct", "encrypt", "x", "--socket=/run/x"), "--direct and --socket exclude each other")
    cli.wants(root.bad(2, "--socket=kmsd", "encrypt", "x"), "write the path from / on")
    cli.wants(root.bad(2, "--system", "config", "check"), "has nothing to do with kmsd")
    cli.wants(root.bad(2, "--user", "key", "create", "local/x"), "has nothing to do with kmsd")
    tap.equal(root.good("--direct", "encrypt", "insecure-test-key", data=b"x")[:3], b"v1:", "--direct")


def check_box_files_are_not_kmsds(root):
    for words in (["create", "x"], ["edit", "x"], ["new-version", "x"], ["retire", "x", "1"], ["enable", "x"],
                  ["disable", "x"]):
        cli.wants(root.bad(2, "--system", "box", *words), "administrator's to edit", f"\"kmsctl box {words[0]}\" as root",
                  "systemctl reload kmsd")
    cli.wants(root.bad(2, "--user", "box", "edit", "x"), "systemctl --user reload kmsd")


def check_arguments(root):
    cli.wants(root.bad(2, "box", "show"), "needs BOX")
    cli.wants(root.bad(2, "box", "retire", "a"), "needs VERSION")
    cli.wants(root.bad(2, "status", "more"), "does not know what to do with \"more\"")
    cli.wants(root.bad(2, "key", "show"), "needs TARGET")


def check_options_anywhere(root):
    """Options before and after the command, bundled letters, = or a blank, and -- ends them."""
    stored = root.good("-qc", "a=b", "encrypt", "--key=insecure-test-key", data=b"x")
    tap.equal(root.good("decrypt", "-qvca=b", "--key", "insecure-test-key", data=stored), b"x", "decrypt")
    cli.wants(root.bad(3, "encrypt", "--", "--key", data=b"x"), "--key")


def check_target_rule(root):
    box = "[Box]\nVersion=3\n[Version 3]\nKeyId=insecure-test-key\n"
    root.write("package/boxes.d/orders.box", box)
    tap.equal(root.good("encrypt", "orders", data=b"x")[:3], b"v3:", "a box")
    tap.equal(root.good("encrypt", "insecure-test-key", data=b"x")[:3], b"v1:", "a key id")
    text = root.bad(3, "encrypt", "ordres", data=b"x")
    cli.wants(text, "no box \"ordres\"", "did you mean the box \"orders\"?")
    cli.wants(root.bad(3, "encrypt", "nothing-of-the-kind", data=b"x"), "kmsctl box list", "--key=nothing-of-the-kind")
    cli.wants(root.bad(3, "encrypt", "--box", "insecure-test-key", data=b"x"), "insecure-test-key")
    cli.wants(root.bad(2, "encrypt", "orders", "--key=insecure-test-key", data=b"x"), "one target")
    cli.wants(root.bad(2, "encrypt", data=b"x"), "KMS_KEY_ID")


def check_fallback_takes_no_typing_errors(root):
    """A provider that takes what nobody claims gets it only if it looks like AWS's, or if --key insists."""
    root.write("package/providers.d/aws.provider", "[Provider]\nModule=kms-test.so\nAbi=1\nFallback=true\n")
    cli.wants(root.bad(3, "encrypt", "lokal/orders", data=b"x"), "no provider claims")
    cli.wants(root.bad(3, "box", "create", "orders", "--key", "lokal/orders"), "no provider claims")
    for key_id in ("alias/a", "arn:aws:kms:eu-west-1:1:key/a", "mrk-1", "01234567-89ab-cdef-0123-456789abcdef"):
        tap.equal(root.json("inspect", key_id, data=b"v1:AAAA")["provider"], "aws", key_id)
    tap.equal(root.json("inspect", "--key", "lokal/orders", data=b"v1:AAAA")["provider"], "aws", "--key")


def check_provider_that_is_not_installed(root):
    root.write("package/providers.d/aws.provider", "[Provider]\nModule=kms-not-there.so\nAbi=1\nPrefixes=aws/\n")
    cli.wants(root.bad(1, "encrypt", "aws/x", data=b"x"), "kms-not-there.so", "not installed")


def check_default_key_id(root):
    stored = root.good("encrypt", data=b"x", env={"KMS_KEY_ID": "insecure-test-key"})
    tap.equal(root.good("decrypt", data=stored, env={"KMS_KEY_ID": "insecure-test-key"}), b"x", "decrypt")


def check_exit_codes(root):
    root.bad(3, "box", "show", "nothing")
    root.bad(3, "key", "show", "local/nothing")
    root.bad(6, "decrypt", "insecure-test-key", data=b"v1:nothing\n")
    root.bad(2, "decrypt", "insecure-test-key", data=b"")
    root.bad(3, "status", "--config-root", root.path("none"))


def check_json_errors(root):
    cases = (((3, "not-found"), ("box", "show", "nothing")), ((2, "invalid-argument"), ("encypt",)),
             ((6, "invalid-ciphertext"), ("decrypt", "insecure-test-key")))
    for (code, name), arguments in cases:
        done = root.run("--json", *arguments, data=b"v1:AAAA\n")
        tap.equal((done.returncode, done.stdout), (code, b""), f"{arguments}")
        problem = json.loads(done.stderr)
        tap.equal(problem["error"], name, f"{arguments}")
        cli.wants(problem["message"], " ")


def check_every_result_is_json(root):
    root.good("box", "create", "orders", "--key", "local/orders")
    stored = root.good("encrypt", "orders", data=b"x")
    for arguments in (("status",), ("doctor",), ("doctor", "orders"), ("provider", "list"), ("provider", "show", "local"),
                      ("provider", "check"), ("key", "list"), ("key", "show", "orders"), ("key", "root"), ("box", "list"),
                      ("box", "show", "orders"), ("box", "test", "orders"), ("inspect",), ("inspect", "orders"),
                      ("rewrap", "orders"), ("decrypt", "orders"), ("config", "show"), ("config", "check"),
                      ("help",), ("help", "key"), ("encrypt", "--help"), ("completion", "bash")):
        document = root.json(*arguments, data=stored)
        if not isinstance(document, dict) or document == {}:
            raise tap.Failure(f"{arguments}: {document!r}")


def check_quiet_lists_names(root):
    tap.equal(root.good("provider", "list", "-q"), b"local\ntest\n", "provider list -q")


def check_json_stands_alone(root):
    """What libkms says of a module that breaks the contract is in the error, too: stderr is one JSON object."""
    if not os.path.exists(os.path.join(cli.BUILD, "tests/modules/kms-no-gerror.so")):
        raise tap.Skip("the modules for tests are not built")
    root.write("admin/providers.d/no-gerror.provider", "[Provider]\nModule=kms-no-gerror.so\nAbi=1\nPrefixes=no-gerror/\n")
    env = {"KMS_MODULE_PATH": cli.module_path("tests/modules"), "G_DEBUG": None}
    command = ("encrypt", "--key", "no-gerror/k")
    done = root.run("--json", *command, data=b"x", env=env)
    cli.wants(json.loads(done.stderr)["message"], "without saying why")
    for more, arguments in ((env, command), (dict(env, KMS_DEBUG="1"), ("--json", *command))):
        cli.wants(root.run(*arguments, data=b"x", env=more).stderr.decode(), "CRITICAL")


def check_no_threads(root):
    """All processes that a user may have are there: an error that can be read, and exit code 7."""
    if os.getuid() != 0:
        raise tap.Skip("needs root, to become a user whose processes are counted")

    def become_poor():
        os.setgid(65534)
        os.setuid(65534)
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))

    env, program = root.open_to_others()
    # The leak checker of a sanitized build wants a thread, too.
    options = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "detect_leaks=0")))
    said = root.bad(7, "status", preexec_fn=become_poor, executable=program, env=dict(env, ASAN_OPTIONS=options))
    cli.wants(said, "no thread could be started", "ulimit -u", "TasksMax=")


cli.main("usage", globals())
