# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole programs that the book prints are compiled as printed, and do what the book says."""

import os
import re
import shutil
import subprocess
import tempfile

import tap

SOURCE, BUILD = os.environ["SOURCE"], os.environ["BUILD"]
WARNINGS = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-Wno-missing-field-initializers"]
PROVIDER = """[Provider]
Module=kms-keyfile.so
Abi=1
Description=A key in a file
Prefixes=keyfile/
[Settings]
KeyFile={directory}/key
"""


def block(chapter, language, index=0):
    with open(os.path.join(SOURCE, "docs/book", chapter), encoding="utf-8") as file:
        return re.findall(rf"```{language}\n(.*?)```", file.read(), re.DOTALL)[index]


def flags(*packages):
    config = subprocess.run(["pkg-config", "--cflags", "--libs", *packages], capture_output=True, text=True, check=True)
    return config.stdout.split()


def headers(directory):
    """The public headers under one root, as an installation has them."""
    target = os.path.join(directory, "include", "libkms")
    os.makedirs(target)
    for folder in (os.path.join(SOURCE, "libkms"), os.path.join(BUILD, "libkms")):
        for name in os.listdir(folder):
            if name.endswith(".h"):
                shutil.copy(os.path.join(folder, name), target)
    return os.path.join(directory, "include")


def compile_c(directory, name, text, output, *more):
    path = os.path.join(directory, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    command = ["cc", *WARNINGS, "-I", headers(directory), "-o", os.path.join(directory, output), path,
               "-L", os.path.join(BUILD, "libkms"), "-lkms-1", *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    tap.equal((done.returncode, done.stderr), (0, ""), "the compiler")
    return os.path.join(directory, output)


def is_sanitized():
    with open(os.path.join(BUILD, "build.ninja"), encoding="utf-8") as file:
        return "-fsanitize=" in file.read()


def environment(directory):
    values = dict(os.environ, KMS_CONFIG_ROOT=directory, LD_LIBRARY_PATH=os.path.join(BUILD, "libkms"))
    values["KMS_MODULE_PATH"] = ":".join([directory, os.path.join(BUILD, "plugins/local"), os.path.join(BUILD, "plugins/test")])
    return values


def configure(directory, path, text):
    path = os.path.join(directory, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def check_getting_started():
    if is_sanitized():
        raise tap.Skip("the program is not built with sanitizers, the library is")
    with tempfile.TemporaryDirectory() as directory:
        program = compile_c(directory, "program.c", block("getting-started.md", "c"), "program", *flags("gio-2.0"))
        configure(directory, "package/providers.d/test.provider",
                  "[Provider]\nModule=kms-test.so\nAbi=1\nExact=insecure-test-key\n")
        configure(directory, "admin/boxes.d/users.box", "[Box]\nVersion=7\n[Version 7]\nKeyId=insecure-test-key\n")
        done = subprocess.run([program], capture_output=True, text=True, check=False, env=environment(directory))
        tap.equal((done.returncode, done.stderr), (0, ""), "the program")
        if not done.stdout.startswith("v7:insecure+data+A6"):
            raise tap.Failure(f"not a stored string of version 7: {done.stdout}")


def kmsctl(directory, arguments, data):
    return subprocess.run([os.path.join(BUILD, "kmsctl/kmsctl"), *arguments], input=data, capture_output=True, check=False,
                          env=environment(directory))


def check_contract(directory):
    """Fails at nothing but what the page says."""
    checker = os.path.join(BUILD, "provider-test/kms-provider-test")
    if not os.path.exists(checker):
        return
    done = subprocess.run([checker, "--provider", os.path.join(directory, "package/providers.d/keyfile.provider"),
                           os.path.join(directory, "kms-keyfile.so")],
                          capture_output=True, text=True, check=False, env=environment(directory))
    failed = [line.split(" ")[3] for line in done.stdout.splitlines() if line.startswith("not ok ")]
    with open(os.path.join(SOURCE, "docs/book/writing-a-provider.md"), encoding="utf-8") as file:
        known = re.findall(r"^([a-z-]+/[a-z-]+)  # ", file.read(), re.MULTILINE)
    tap.equal((failed, done.stderr), (known, ""), f"kms-provider-test {done.stdout}")


def check_provider():
    if is_sanitized():
        raise tap.Skip("the module is not built with sanitizers, the library is")
    if not os.path.exists(os.path.join(BUILD, "kmsctl/kmsctl")):
        raise tap.Skip("needs kmsctl")
    with tempfile.TemporaryDirectory() as directory:
        compile_c(directory, "kms-keyfile.c", block("writing-a-provider.md", "c"), "kms-keyfile.so", "-shared", "-fPIC",
                  "-fvisibility=hidden", "-Wl,-z,defs,-z,nodelete,-Bsymbolic", *flags("gio-2.0", "gnutls"))
        configure(directory, "package/providers.d/keyfile.provider", PROVIDER.format(directory=directory))
        with open(os.open(os.path.join(directory, "key"), os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
            file.write(bytes(range(32)))
        sealed = kmsctl(directory, ["encrypt", "--key", "keyfile/any", "-c", "a=b"], b"the blue door")
        tap.equal((sealed.returncode, sealed.stderr), (0, b""), "kmsctl encrypt")
        opened = kmsctl(directory, ["decrypt", "--key", "keyfile/any", "-c", "a=b"], sealed.stdout)
        tap.equal((opened.returncode, opened.stdout), (0, b"the blue door"), "kmsctl decrypt")
        other = kmsctl(directory, ["decrypt", "--key", "keyfile/any", "-c", "a=c"], sealed.stdout)
        tap.equal((other.returncode, other.stdout), (6, b""), "kmsctl decrypt with another context")
        check_contract(directory)


tap.main([
    ("/docs/page-code/getting-started", check_getting_started),
    ("/docs/page-code/provider", check_provider),
])
