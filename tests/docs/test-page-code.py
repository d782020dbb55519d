# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole programs that the book prints are compiled as printed, and do what the book says."""

import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import textwrap

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


RECORDS = """#include <libkms/kms.h>
gboolean set_birthday (KmsRegistry *registry);
gboolean
set_birthday (KmsRegistry *registry)
{
  g_autoptr (GError) error = NULL;
%s
  return TRUE;
}
"""


def check_records():
    with tempfile.TemporaryDirectory() as directory:
        text = RECORDS % textwrap.indent(block("records.md", "c"), "  ")
        compile_c(directory, "records.c", text, "records.so", "-shared", "-fPIC", *flags("gio-2.0"))


# What the chapter on stores leaves to the library of a database: here it is SQLite.
STORE_HEAD = """#include <libkms/kms-module.h>
#include <sqlite3.h>
#include <string.h>
typedef sqlite3_stmt MyPrepared;
#define my_bind_integer(s, i, n) (sqlite3_bind_int64 (s, (int) (i) + 1, n) == SQLITE_OK)
#define my_bind_float(s, i, n) (sqlite3_bind_double (s, (int) (i) + 1, n) == SQLITE_OK)
#define my_bind_text(s, i, t, l) (sqlite3_bind_text64 (s, (int) (i) + 1, t, l, SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK)
#define my_bind_blob(s, i, t, l) (sqlite3_bind_blob64 (s, (int) (i) + 1, t, l, SQLITE_STATIC) == SQLITE_OK)
#define my_bind_null(s, i) (sqlite3_bind_null (s, (int) (i) + 1) == SQLITE_OK)
#define my_next_row(s) (sqlite3_step (s) == SQLITE_ROW)
#define my_count_columns(s) ((guint) sqlite3_column_count (s))
#define my_count_changed(s) (sqlite3_changes (sqlite3_db_handle (s)))
#define my_column_is_null(s, i) (sqlite3_column_type (s, (int) (i)) == SQLITE_NULL)
#define my_column_is_integer(s, i) (sqlite3_column_type (s, (int) (i)) == SQLITE_INTEGER)
#define my_column_integer(s, i) (sqlite3_column_int64 (s, (int) (i)))
#define my_reset(s) (sqlite3_finalize (s))
static const char *
my_column_text (MyPrepared *prepared, guint i, gsize *length)
{
  const char *text = (const char *) sqlite3_column_text (prepared, (int) i);
  *length = (gsize) sqlite3_column_bytes (prepared, (int) i);
  return text;
}
G_DECLARE_FINAL_TYPE (MyStore, my_store, MY, STORE, KmsStore)
struct _MyStore
{
  KmsStore parent_instance;
  sqlite3 *database;
};
G_DEFINE_FINAL_TYPE (MyStore, my_store, KMS_TYPE_STORE)
static gboolean
my_store_fail (MyStore *self, GError **error)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "%s", sqlite3_errmsg (self->database));
  return FALSE;
}
static gboolean
my_store_check (MyStore *self, GError **error)
{
  int code = sqlite3_errcode (self->database);
  return code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW || my_store_fail (self, error);
}
static MyPrepared *
my_store_prepare (MyStore *self, const char *sql, GError **error)
{
  sqlite3_stmt *prepared = NULL;
  if (sqlite3_prepare_v2 (self->database, sql, -1, &prepared, NULL) != SQLITE_OK)
    my_store_fail (self, error);
  return prepared;
}
static gboolean
my_store_open (KmsStore *store, const char *location, GCancellable *cancellable, GError **error)
{
  MyStore *self = MY_STORE (store);
  return sqlite3_open (location, &self->database) == SQLITE_OK || my_store_fail (self, error);
}
static gboolean
my_store_list_columns (KmsStore *store, const char *schema, const char *table, KmsColumns *columns, GError **error)
{
  static const char *const names[] = { "id", "encrypted_kms_key", "email_ciphertext" };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    kms_columns_add (columns, names[i], "TEXT", TRUE);
  return TRUE;
}
static void
my_store_init (MyStore *self)
{
}
"""
STORE_TAIL = """
KMS_MODULE_DEFINE (.id = "store-mine", .type_name = "MyStore", .get_type = my_store_get_type, .version = "1",
                   .license = "LGPL-2.1-or-later", .origin = "a test");
"""
STORE_MODEL = """[Model]
Table=users
Database=mine:{directory}/users.sqlite3
[Key kms_key]
KeyId=insecure-test-key
[Attribute email]
Key=kms_key
Format=lockbox
"""


def store_text():
    """What class_init() names comes before it."""
    class_init, *functions = [block("stores.md", "c", index) for index in range(3)]
    return STORE_HEAD + "\n".join([*functions, class_init]) + STORE_TAIL


def check_store():
    if subprocess.run(["pkg-config", "--exists", "sqlite3"], check=False).returncode != 0:
        raise tap.Skip("needs the headers of SQLite")
    modules = ("gio-2.0", "gmodule-2.0", "sqlite3")
    shared = ("-shared", "-fPIC", "-fvisibility=hidden", "-Wl,-z,nodelete,-Bsymbolic", *flags(*modules))
    with tempfile.TemporaryDirectory() as directory:
        compile_c(directory, "as-printed.c", store_text(), "as-printed.so", *shared)
        if is_sanitized() or not os.path.exists(os.path.join(BUILD, "kmsctl/kmsctl")):
            return
        # The same where the operator to which NULL equals NULL is called otherwise.
        text = store_text().replace('KMS_STORE_SKIP_LOCKED, \'`\', "<=>"', '0, \'`\', "IS"')
        shutil.rmtree(os.path.join(directory, "include"))
        compile_c(directory, "mine.c", text, "kms-store-mine.so", *shared)
        configure(directory, "package/providers.d/test.provider",
                  "[Provider]\nModule=kms-test.so\nAbi=1\nExact=insecure-test-key\n")
        configure(directory, "admin/models.d/user.model", STORE_MODEL.format(directory=directory))
        with contextlib.closing(sqlite3.connect(os.path.join(directory, "users.sqlite3"))) as connection:
            connection.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, encrypted_kms_key TEXT, email_ciphertext TEXT)")
        for arguments, data, expected in (
                (["record", "create", "user", "email"], b"ada@example.org", b"1\n"),
                (["record", "create", "user", "email"], b"alan@example.org", b"2\n"),
                (["record", "get", "user", "2", "email"], b"", b"alan@example.org"),
                (["record", "set", "user", "1", "email"], b"lovelace@example.org", b""),
                (["record", "get", "user", "1", "email"], b"", b"lovelace@example.org"),
                (["--json", "record", "list", "user"], b"", b'[\n{"id":1,"attributes":{"email":"lovelace@example.org"}},\n'
                                                           b'{"id":2,"attributes":{"email":"alan@example.org"}}\n]\n')):
            done = kmsctl(directory, arguments, data)
            tap.equal((done.returncode, done.stderr, done.stdout), (0, b"", expected), f"kmsctl {' '.join(arguments)}")
        done = kmsctl(directory, ["record", "rewrap", "user", "--all", "--json"], b"")
        tap.equal((done.returncode, b'"done":2' in done.stdout), (0, True), f"kmsctl record rewrap {done.stderr}")


tap.main([
    ("/docs/page-code/getting-started", check_getting_started),
    ("/docs/page-code/provider", check_provider),
    ("/docs/page-code/records", check_records),
    ("/docs/page-code/store", check_store),
])
