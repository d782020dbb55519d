# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""status, doctor, provider and config: what they say of a root that is right, and of everything that can be wrong."""

import json
import os

import cli
import tap

BOX = "[Box]\nVersion=1\n[Version 1]\nKeyId=insecure-test-key\n"


def findings(root, *arguments, code):
    done = root.run("--json", *arguments)
    tap.equal((done.returncode, done.stderr), (code, b""), f"{arguments}: {done.stdout.decode()}")
    return json.loads(done.stdout)["findings"]


def errors(found):
    return {finding["topic"]: finding for finding in found if finding["severity"] == "error"}


def check_status(root):
    root.write("package/boxes.d/a.box", BOX)
    status = root.json("status")
    tap.equal((status["library"], status["abi"], status["boxes"]), ("0.1.0", "1.0", 1), "status")
    tap.equal({provider["name"] for provider in status["providers"]}, {"local", "test"}, "providers")
    cli.wants(status["directories"]["box"], root.directory)
    tap.equal(set(status["memory"]), {"locked_bytes", "limit_bytes", "unlocked_in_use"}, "memory")
    cli.wants(status["roots"][0]["root"], "none yet")
    root.good("key", "create", "local/orders")
    status = root.json("status")
    # The one sentence that people must read.
    cli.wants(status["roots"][0]["root"], "protects against nothing but")
    cli.wants(root.good("status").decode(), "Locked memory", "protects against nothing but")


def check_status_loads_one_module(root):
    states = {provider["name"]: provider["state"] for provider in root.json("status")["providers"]}
    tap.equal(states, {"local": "loaded", "test": "available"}, "states")


def check_provider_list_and_show(root):
    root.write("admin/providers.d/absent.provider", "[Provider]\nModule=kms-absent.so\nAbi=1\nPrefixes=absent/\n")
    states = {provider["name"]: provider["state"] for provider in root.json("provider", "list")["providers"]}
    tap.equal(states["absent"], "not-installed", "state of absent")
    shown = root.json("provider", "show", "local")
    tap.equal((shown["state"], shown["administers_keys"]), ("loaded", True), "local")
    cli.wants(" ".join(shown["capabilities"]), "encrypt", "decrypt", "inline")
    origin = {value["key"]: value["origin"] for value in shown["values"]}
    cli.wants(origin["Module"], "package/providers.d/local.provider")
    root.bad(3, "provider", "show", "nothing")
    tap.equal(root.run("provider", "check", "absent").returncode, 1, "provider check of a bad one")
    root.good("provider", "check", "test")


def check_provider_show_settings(root):
    if not os.path.exists(os.path.join(cli.BUILD, "tests/modules/kms-settings.so")):
        raise tap.Skip("the modules for tests are not built")
    modules = {"KMS_MODULE_PATH": cli.module_path("tests/modules")}
    text = "[Provider]\nModule=kms-settings.so\nAbi=1\nPrefixes=s/\n[Settings]\nNumber=%d\n"
    for number, state in ((5, "loaded"), (11, "config-error")):
        root.write("admin/providers.d/settings.provider", text % number)
        shown = root.json("provider", "show", "settings", env=modules)
        tap.equal(shown["state"], state, f"Number={number}")
        known = {setting["name"]: setting for setting in shown["settings"]}
        tap.equal(known["Number"], {"name": "Number", "type": "integer", "default": "5", "range": "1..10",
                                    "description": "a number"}, "Number")
        tap.equal(known["TokenFile"], {"name": "TokenFile", "type": "credential-file", "description": "a credential"}, "TokenFile")
        lines = root.good("provider", "show", "settings", env=modules).decode().splitlines()
        tap.equal([line.split() for line in lines if "red|green" in line], [["Color", "choice", "a", "choice", "red", "red|green"]],
                  "a line for people")


def check_config_show(root):
    root.write("package/boxes.d/a.box", BOX)
    root.write("admin/boxes.d/a.box", "[Box]\nDescription=ours\n")
    shown = root.json("config", "show", "a")["configuration"][0]
    origins = {value["key"]: os.path.relpath(value["origin"], root.directory) for value in shown["values"]}
    tap.equal(origins, {"Version": "package/boxes.d/a.box", "KeyId": "package/boxes.d/a.box",
                        "Description": "admin/boxes.d/a.box"}, "origins")
    tap.equal(len(shown["files"]), 2, "files")
    root.bad(3, "config", "show", "nothing")


def check_config_check(root):
    tap.equal(errors(findings(root, "config", "check", code=0)), {}, "a good root")
    root.write("package/boxes.d/a.box", BOX)
    root.write("package/boxes.d/broken.box", "[Box\n")
    root.write("package/providers.d/high.provider", "[Provider]\nModule=kms-test.so\nAbi=1\nPrefixes=x/\nPriority=high\n")
    found = findings(root, "config", "check", code=1)
    tap.equal(set(errors(found)), {"broken.box", "high.provider"}, "errors")
    cli.wants(errors(found)["high.provider"]["finding"], "high")
    tap.equal(errors(found)["broken.box"]["advice"], "kmsctl box edit broken", "advice")


def check_unknown_keys_are_warnings(root):
    root.write("package/boxes.d/typo.box", BOX + "Keyid=x\n")
    root.write("admin/providers.d/test.provider", "[Provider]\nPrefix=y/\n")
    found = findings(root, "config", "check", code=0)
    warned = " ".join(finding["finding"] for finding in found if finding["severity"] == "warning")
    cli.wants(warned, "typo.box", "Keyid", "test.provider", "Prefix")


def check_settings_need_the_module(root):
    text = cli.PROVIDERS["local"] + "[Settings]\nNoSuchSetting=1\nRoot=banana\n"
    root.write("admin/providers.d/local.provider", text)
    if root.run("config", "check").returncode != 1:
        raise tap.Failure("a wrong setting was not found")
    root.good("config", "check", "--no-load")


MODEL = "[Model]\nTable=users\n[Key kms_key]\nBox=a\n[Attribute city]\nKey=kms_key\nFormat=lockbox\n"


def check_models(root):
    """They are read as boxes and providers are, and what is wrong is said with the file and the key."""
    root.write("package/boxes.d/a.box", BOX)
    root.write("package/models.d/user.model", MODEL)
    root.write("admin/models.d/user.model", "[Model]\nDatabase=postgresql:///shop\n")
    root.good("config", "check")
    shown = root.json("config", "show", "user")["configuration"][0]
    tap.equal((shown["kind"], shown["state"], len(shown["files"])), ("model", "available", 2), "state")
    root.write("admin/models.d/user.model", "[Attribute city]\nTpe=string\n")
    shown = root.json("config", "show", "user.model")["configuration"][0]
    tap.equal(shown["state"], "config-error", "state of a wrong one")
    cli.wants(shown["error"], "admin/models.d/user.model", "[Attribute city]", "Tpe")
    found = errors(findings(root, "config", "check", code=1))["user.model"]
    tap.equal(found["finding"], shown["error"], "the same is said")
    cli.wants(found["advice"], "user.model")
    root.write("admin/models.d/user.model", "[Key kms_key]\nBox=nosuch\n")
    cli.wants(errors(findings(root, "config", "check", code=1))["user.model"]["finding"], "user", "kms_key", "nosuch")


def check_example_of_the_manual(root):
    """kms-model(5): what stands there is right, as it stands there."""
    with open(os.path.join(cli.SOURCE, "docs/man/kms-model.5.rst"), encoding="utf-8") as file:
        text = file.read().split("/user.model*::\n", 1)[1]
    lines = [line[4:] for line in text[:text.index("\nThe data key")].split("\n")]
    root.write("package/boxes.d/users.box", BOX)
    root.write("admin/models.d/user.model", "\n".join(lines))
    root.good("config", "check")
    shown = root.json("config", "show", "user")["configuration"][0]
    tap.equal((shown["state"], len(shown["values"]) > 20), ("available", True), f"{shown}")


def check_program(root):
    root.write("admin/providers.d/test.provider", "[Provider]\nDisableIn=kmsctl\n")
    state = root.json("config", "show", "test.provider")["configuration"][0]["state"]
    other = root.json("config", "show", "test.provider", "--program", "other")["configuration"][0]["state"]
    tap.equal((state, other), ("disabled", "available"), "states")


def check_doctor_of_a_good_root(root):
    root.good("box", "create", "orders", "--key", "local/orders")
    tap.equal(errors(findings(root, "doctor", code=0)), {}, "doctor")
    found = findings(root, "doctor", "orders", code=0)
    topics = {finding["topic"] for finding in found}
    cli.wants(topics, "clock", "locked memory", "local/orders", "orders.box")
    cli.wants(" ".join(finding["finding"] for finding in found), "contexts are authenticated", "enabled")


def check_doctor_names_the_command(root):
    root.good("box", "create", "orders", "--key", "local/orders")
    for change, undo in ((("key", "disable", "orders"), "kmsctl key enable local/orders"),
                         (("key", "delete", "orders"), "kmsctl key restore local/orders")):
        root.good(*change)
        tap.equal(errors(findings(root, "doctor", "orders", code=1))["local/orders"]["advice"], undo, f"{change}")
        root.good(*undo.split()[1:])
        root.run("key", "enable", "orders")
    root.good("key", "delete", "orders", "--force", "--yes")
    found = [finding for finding in findings(root, "doctor", "orders", code=1) if finding["severity"] == "error"]
    tap.equal([(finding["topic"], finding["advice"]) for finding in found],
              [("local/orders", "kmsctl key create local/orders")], "no key, said once")


def check_doctor_finds_boxes_without_a_provider(root):
    root.write("package/boxes.d/good.box", BOX)
    root.write("package/boxes.d/lost.box", BOX.replace("insecure-test-key", "vault/x"))
    root.write("package/boxes.d/pinned.box", BOX + "Provider=vault\n")
    found = errors(findings(root, "doctor", code=1))
    tap.equal(set(found), {"lost.box", "pinned.box"}, "boxes")
    cli.wants(found["lost.box"]["finding"], "\"vault/x\"")
    cli.wants(found["pinned.box"]["finding"], "\"vault\"")
    tap.equal(found["lost.box"]["advice"], "kmsctl provider list", "advice")


def check_one_key_id_of_two_providers(root):
    root.write("user/providers.d/other.provider", "[Provider]\nModule=kms-test.so\nAbi=1\nMatches=local/\n")
    found = [finding for finding in findings(root, "config", "check", code=0) if finding["severity"] == "warning"]
    tap.equal([finding["topic"] for finding in found], ["other.provider"], "warnings")
    cli.wants(found[0]["finding"], "line 4: [Provider] Matches has \"local/\"", "local.provider", "Priority=")


def check_doctor_sees_permissions(root):
    root.good("box", "create", "orders", "--key", "local/orders")
    directory = os.path.dirname(root.box_file("orders"))
    os.chmod(directory, 0o777)
    found = [finding for finding in findings(root, "doctor", code=0) if finding["topic"] == directory]
    tap.equal([finding["advice"] for finding in found], [f"chmod go-w {directory}"], "advice")


def check_doctor_without_providers(root):
    for name in cli.PROVIDERS:
        os.unlink(root.path(f"package/providers.d/{name}.provider"))
    cli.wants(errors(findings(root, "doctor", code=1)), "providers")


def check_debug_messages(root):
    """They are asked for, and stand on stderr: stdout is for the answer alone."""
    root.write("admin/boxes.d/a.box~", BOX)
    plain = root.run("--json", "config", "check")
    tap.equal(plain.stderr, b"", "without a variable")
    for env in ({"KMS_DEBUG": "1"}, {"G_MESSAGES_DEBUG": "libkms"}):
        done = root.run("--json", "config", "check", env=env)
        tap.equal(done.stdout, plain.stdout, f"{env}")
        cli.wants(done.stderr.decode(), "a.box~ is skipped")
    tap.equal(root.run("--json", "config", "check", env={"KMS_DEBUG": ""}).stderr, b"", "an empty one")


def check_human_output_is_clean(root):
    """A text from a file can't play tricks on the terminal."""
    root.write("package/boxes.d/a.box", BOX.replace("Version=1\n", "Version=1\nDescription=\x1b[31mred\n", 1))
    text = root.good("box", "show", "a")
    if b"\x1b" in text:
        raise tap.Failure(f"an escape sequence got through: {text!r}")


cli.main("config", globals())
