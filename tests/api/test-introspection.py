# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nothing that another language could call was dropped from the introspection data, and Vala and Python can use it."""

import os
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree

import tap

BUILD = os.environ["BUILD"]
GIR = os.path.join(BUILD, "libkms/Kms-1.gir")
NAMESPACES = {"c": "{http://www.gtk.org/introspection/c/1.0}", "gi": "{http://www.gtk.org/introspection/core/1.0}"}
# Only for C: variable arguments, bytes that are written to memory of the caller, and what modules do while they work.
C_ONLY = {"kms_context_new", "kms_item_fail", "kms_provider_post", "kms_secret_reserve", "kms_secret_commit"}
C_ONLY_PREFIXES = ("kms_item_", "kms_call_", "kms_base64_", "kms_context_write_", "kms_provider_class_",
                   "kms_store_class_", "kms_statement_", "kms_columns_")


def callables():
    tree = xml.etree.ElementTree.parse(GIR)
    for kind in ("function", "method", "constructor"):
        for element in tree.iter(NAMESPACES["gi"] + kind):
            yield element.get(NAMESPACES["c"] + "identifier"), element.get("introspectable") != "0"


def check_nothing_dropped():
    tap.none((name for name, is_there in callables()
              if not is_there and name not in C_ONLY and not name.startswith(C_ONLY_PREFIXES)), "not introspectable")


def check_main_calls():
    there = {name for name, is_there in callables() if is_there}
    needed = {"kms_registry_new_default", "kms_registry_dup_box", "kms_box_encrypt", "kms_box_decrypt", "kms_box_rewrap",
              "kms_box_decrypt_finish", "kms_context_new_from_variant", "kms_context_builder_add_string", "kms_secret_new",
              "kms_secret_get_data", "kms_batch_add_stored", "kms_key_admin_run", "kms_error_get_id"}
    tap.none(sorted(needed - there), "not there")


def check_arrays():
    """An array that frees its elements keeps them: who takes them too frees them twice, which killed Python."""
    tree = xml.etree.ElementTree.parse(GIR)
    arrays = [(method.get(NAMESPACES["c"] + "identifier"), value.get("transfer-ownership"))
              for method in tree.iter() if method.tag in (NAMESPACES["gi"] + "method", NAMESPACES["gi"] + "function")
              for value in method.findall(NAMESPACES["gi"] + "return-value")
              for array in value.findall(NAMESPACES["gi"] + "array") if array.get("name") == "GLib.PtrArray"]
    tap.equal({name for name, _ in arrays} >= {"kms_key_admin_run", "kms_registry_list"}, True, "arrays are found")
    tap.none((name for name, transfer in arrays if transfer != "container"), "not (transfer container)")


def check_python():
    if "-fsanitize=" in open(os.path.join(BUILD, "build.ninja"), encoding="utf-8").read():
        raise tap.Skip("a sanitized library can't be loaded into Python")
    program = ("import gi; gi.require_version('Kms', '1'); from gi.repository import Kms, GLib\n"
               "context = Kms.Context.new_from_variant(GLib.Variant('a{sv}', {'id': GLib.Variant('x', 5)}))\n"
               "print(context.lookup('id'), Kms.Secret.new(b'abc').get_data(), Kms.KeyState.DISABLED.value_nick)")
    values = dict(os.environ, GI_TYPELIB_PATH=os.path.join(BUILD, "libkms"), LD_LIBRARY_PATH=os.path.join(BUILD, "libkms"))
    probe = subprocess.run(["/usr/bin/python3", "-c", "import gi"], capture_output=True, check=False)
    if probe.returncode != 0:
        raise tap.Skip("needs PyGObject (python3-gi)")
    done = subprocess.run(["/usr/bin/python3", "-c", program], capture_output=True, text=True, check=False, env=values)
    tap.equal((done.returncode, done.stdout, done.stderr), (0, "5 b'abc' disabled\n", ""), "Python")


def check_python_required_context():
    """An array that is not there and one of no elements are both [] to Python, so whether there is one is asked apart."""
    if "-fsanitize=" in open(os.path.join(BUILD, "build.ninja"), encoding="utf-8").read():
        raise tap.Skip("a sanitized library can't be loaded into Python")
    if subprocess.run(["/usr/bin/python3", "-c", "import gi"], capture_output=True, check=False).returncode != 0:
        raise tap.Skip("needs PyGObject (python3-gi)")
    program = ("import gi; gi.require_version('Kms', '1'); from gi.repository import Kms\n"
               "registry = Kms.Registry.new(ROOT, None)\n"
               "for names in (None, [], ['id']):\n"
               "    builder = Kms.BoxBuilder.new(registry, 'x')\n"
               "    builder.set_key('1', 'insecure-test-key', None)\n"
               "    builder.set_require_context(names)\n"
               "    box = builder.end()\n"
               "    print(box.get_any_context(), box.get_require_context())")
    with tempfile.TemporaryDirectory() as root:
        folder = os.path.join(root, "package/providers.d")
        os.makedirs(folder)
        with open(os.path.join(folder, "test.provider"), "w", encoding="utf-8") as file:
            file.write("[Provider]\nModule=kms-test.so\nAbi=1\nExact=insecure-test-key\n")
        values = dict(os.environ, GI_TYPELIB_PATH=os.path.join(BUILD, "libkms"),
                      LD_LIBRARY_PATH=os.path.join(BUILD, "libkms"), KMS_MODULE_PATH=os.path.join(BUILD, "plugins/test"))
        done = subprocess.run(["/usr/bin/python3", "-c", program.replace("ROOT", repr(root))], capture_output=True, text=True,
                              check=False, env=values)
        tap.equal((done.returncode, done.stdout, done.stderr), (0, "True []\nFalse []\nFalse ['id']\n", ""), "Python")


def check_vala():
    if shutil.which("valac") is None:
        raise tap.Skip("needs valac")
    source = """int main () { try { var registry = new Kms.Registry.default ();
      var box = registry.dup_box ("x"); print ("%s", box.get_name ()); } catch (Error e) { } return 0; }"""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "program.vala")
        with open(path, "w", encoding="utf-8") as file:
            file.write(source)
        done = subprocess.run(["valac", "--ccode", "--fatal-warnings", "--vapidir", os.path.join(BUILD, "libkms"), "--pkg",
                               "gio-2.0", "--pkg", "libkms-1", "-d",
                               directory, path], capture_output=True, text=True, check=False)
        tap.equal((done.returncode, done.stderr), (0, ""), "valac")


tap.main([
    ("/api/introspection/nothing-dropped", check_nothing_dropped),
    ("/api/introspection/main-calls", check_main_calls),
    ("/api/introspection/arrays", check_arrays),
    ("/api/introspection/python", check_python),
    ("/api/introspection/python-required-context", check_python_required_context),
    ("/api/introspection/vala", check_vala),
])
