/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* load: the file and its configuration, before anything of it runs, and what happens when it is loaded. */
#include <dlfcn.h>
#include <link.h>
#include <string.h>

#include "cases.h"
#include "elf-file.h"
#include "process-state.h"
#include "verdict.h"

static ElfFile *
load_elf (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  ElfFile *file = elf_file_load (fixture->options->module, &error);

  if (file == NULL)
    verdict_fail ("%s", error->message);
  return file;
}

static void
check_file (Fixture *fixture)
{
  g_autoptr (ElfFile) file = load_elf (fixture);
}

/* Both of these are not the module's, but its compiler's and linker's. */
static gboolean
is_of_toolchain (const char *name)
{
  static const char *const names[] = { "_init", "_fini", "__bss_start", "_edata", "_end" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (name, names[i]) == 0)
      return TRUE;
  return g_str_has_prefix (name, "__odr_asan") || g_str_has_prefix (name, "__asan_")
         || g_str_has_prefix (name, "__gcov");
}

static void
check_exports (Fixture *fixture)
{
  g_autoptr (ElfFile) file = load_elf (fixture);
  gboolean found = FALSE;

  for (guint i = 0; file != NULL && i < file->exported->len; i++)
    {
      const char *name = g_ptr_array_index (file->exported, i);
      if (strcmp (name, KMS_MODULE_SYMBOL) == 0)
        found = TRUE;
      else if (!is_of_toolchain (name))
        verdict_fail ("it exports \"%s\" too; compile with -fvisibility=hidden", name);
    }
  verdict_check (file == NULL || found, "it does not export " KMS_MODULE_SYMBOL "; define it with KMS_MODULE_DEFINE");
}

static void
check_symbol (Fixture *fixture)
{
  g_autoptr (ElfFile) file = load_elf (fixture);

  if (file != NULL)
    verdict_check (file->has_data_symbol, KMS_MODULE_SYMBOL " is not there, or is no data");
}

static void
check_no_delete (Fixture *fixture)
{
  g_autoptr (ElfFile) file = load_elf (fixture);

  if (file != NULL)
    verdict_check (file->no_delete, "DF_1_NODELETE is not set; link with -Wl,-z,nodelete");
}

static void
check_symbolic (Fixture *fixture)
{
  g_autoptr (ElfFile) file = load_elf (fixture);

  if (file != NULL)
    verdict_check (file->symbolic, "DF_SYMBOLIC is not set; link with -Wl,-Bsymbolic");
}

static void
check_hardened (Fixture *fixture)
{
  g_autoptr (ElfFile) file = load_elf (fixture);

  if (file == NULL)
    return;
  verdict_check (!file->text_relocations, "it has text relocations; compile with -fPIC");
  verdict_check (!file->executable_stack, "it asks for an executable stack; an assembler file lacks .note.GNU-stack");
}

static gpointer
open_module (Fixture *fixture)
{
  gpointer handle = dlopen (fixture->options->module, RTLD_NOW | RTLD_LOCAL);

  if (handle == NULL)
    verdict_fail ("%s", dlerror ());
  return handle;
}

static void
check_opens (Fixture *fixture)
{
  gpointer handle = open_module (fixture);

  if (handle != NULL)
    verdict_check (dlsym (handle, KMS_MODULE_SYMBOL) != NULL, "%s", dlerror ());
}

/* dlsym() looks in the module and what it was linked with, not in what this program happens to have loaded. */
static void
check_linked (Fixture *fixture)
{
  g_autoptr (ElfFile) file = load_elf (fixture);
  gpointer handle = file == NULL ? NULL : dlopen (fixture->options->module, RTLD_LAZY | RTLD_LOCAL);

  if (file != NULL && handle == NULL)
    verdict_fail ("%s", dlerror ());
  for (guint i = 0; handle != NULL && i < file->undefined->len; i++)
    {
      const char *name = g_ptr_array_index (file->undefined, i);
      if (dlsym (handle, name) == NULL && !g_str_has_prefix (name, "__asan_") && !g_str_has_prefix (name, "__ubsan_")
          && !g_str_has_prefix (name, "__tsan_"))
        verdict_fail ("\"%s\" is in none of the libraries that it was linked with; link with -Wl,-z,defs", name);
    }
}

static int
find_library (struct dl_phdr_info *info, size_t size, void *name)
{
  return info->dlpi_name != NULL && strstr (info->dlpi_name, name) != NULL;
}

static void
check_needs (Fixture *fixture)
{
  g_auto (GStrv) needs = g_key_file_get_string_list (fixture->file->values, "Provider", "Needs", NULL, NULL);

  if (open_module (fixture) == NULL)
    return;
  if (dl_iterate_phdr (find_library, (gpointer) "libsoup-2.4.so") != 0)
    verdict_fail ("it is linked with libsoup 2.4, which aborts beside libsoup 3; use libsoup 3");
  if (dl_iterate_phdr (find_library, (gpointer) "libsoup-3.0.so") == 0)
    return;
  if (fixture->file->path == NULL)
    verdict_note ("no file was given, and this case needs one that says Needs=libsoup3");
  verdict_check (needs != NULL && g_strv_contains ((const char *const *) needs, "libsoup3"),
                 "it is linked with libsoup 3, but its file does not say Needs=libsoup3");
}

static void
check_provider_file (Fixture *fixture)
{
  const ProviderFile *file = fixture->file;

  if (file->path == NULL)
    {
      verdict_skip ("there is no %s.provider beside the module; name one with --provider", file->name);
      return;
    }
  g_autofree char *module = g_key_file_get_string (file->given, "Provider", "Module", NULL);
  g_autofree char *abi = g_key_file_get_string (file->given, "Provider", "Abi", NULL);
  g_autofree char *description = g_key_file_get_string (file->given, "Provider", "Description", NULL);
  g_autofree char *name = module == NULL ? NULL : g_path_get_basename (module);
  g_autofree char *base = g_path_get_basename (fixture->options->module);

  verdict_check (g_strcmp0 (name, base) == 0, "%s: Module=%s is not %s", file->path, module, base);
  verdict_check (g_strcmp0 (abi, "1") == 0, "%s: Abi= must be 1", file->path);
  verdict_check (description != NULL && description[0] != '\0', "%s: Description= is empty", file->path);
}

static void
check_registry (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsConfigInfo)
    info = kms_registry_lookup (fixture->registry, KMS_CONFIG_KIND_PROVIDER, fixture->name, &error);

  if (!verdict_check (info != NULL, "%s", error == NULL ? "" : error->message))
    return;
  const char *const *warnings = kms_config_info_get_warnings (info);
  for (guint i = 0; warnings != NULL && warnings[i] != NULL; i++)
    verdict_fail ("%s", warnings[i]);
  verdict_check (kms_config_info_get_state (info) == KMS_STATE_LOADED, "its state is \"%s\"",
                 kms_state_to_string (kms_config_info_get_state (info)));
}

/* What the core itself does at its first secret is not the module's doing. */
static void
warm_up (void)
{
  g_autoptr (KmsSecret) secret = kms_secret_new_random (32, NULL);
}

static void
use (Fixture *fixture)
{
  g_autoptr (KmsSecret) secret = kms_secret_new_random (32, NULL);
  g_autoptr (KmsReport) report = kms_report_new ();
  g_autoptr (GBytes)
    ciphertext = kms_provider_encrypt (fixture->provider, fixture->key_id, secret, fixture->context, NULL, NULL);
  g_autoptr (KmsSecret)
    plaintext = ciphertext == NULL
                  ? NULL
                  : kms_provider_decrypt (fixture->provider, fixture->key_id, ciphertext, fixture->context, NULL, NULL);

  kms_provider_diagnose (fixture->provider, fixture->key_id, report, NULL);
}

static gboolean
owns_process_state (Fixture *fixture)
{
  gpointer handle = open_module (fixture);
  const KmsModuleInfo *info = handle == NULL ? NULL : dlsym (handle, KMS_MODULE_SYMBOL);

  return info != NULL && (info->flags & KMS_MODULE_PROCESS_STATE) != 0;
}

static void
check_process_state (Fixture *fixture)
{
  warm_up ();
  g_autoptr (ProcessState) before = process_state_new ();
  if (owns_process_state (fixture))
    {
      verdict_skip ("it says PROCESS_STATE");
      return;
    }
  Fixture inner;
  if (fixture_open (&inner, fixture->options, fixture->file, FIXTURE_PROVIDER | FIXTURE_KEY))
    use (&inner);
  g_autoptr (ProcessState) in_use = process_state_new ();
  fixture_close (&inner);
  g_autoptr (ProcessState) after = process_state_new ();

  g_autoptr (GPtrArray) changed = process_state_compare (before, in_use);
  for (guint i = 0; i < changed->len; i++)
    verdict_fail ("%s", (const char *) g_ptr_array_index (changed, i));
  g_autoptr (GPtrArray) left = process_state_compare (in_use, after);
  for (guint i = 0; i < left->len; i++)
    verdict_fail ("when the provider went: %s", (const char *) g_ptr_array_index (left, i));
}

static void
check_inheritable (Fixture *fixture)
{
  warm_up ();
  g_autoptr (GPtrArray) before = process_list_inheritable ();
  Fixture inner;

  if (fixture_open (&inner, fixture->options, fixture->file, FIXTURE_PROVIDER | FIXTURE_KEY))
    use (&inner);
  g_autoptr (GPtrArray) now = process_list_inheritable ();
  for (guint i = before->len; i < now->len; i++)
    verdict_fail ("%s would be inherited by every program that is started; open it with O_CLOEXEC",
                  (const char *) g_ptr_array_index (now, i));
  fixture_close (&inner);
}

const TestCase cases_load[] = {
  { "load/file", "the file is a shared object for this machine", check_file, FIXTURE_NOTHING },
  { "load/symbol", KMS_MODULE_SYMBOL " is there, and is data", check_symbol, FIXTURE_NOTHING },
  { "load/exports", "it exports that symbol and nothing else", check_exports, FIXTURE_NOTHING },
  { "load/nodelete", "it is never unloaded: its types can't be", check_no_delete, FIXTURE_NOTHING },
  { "load/symbolic", "it binds its own names to itself", check_symbolic, FIXTURE_NOTHING },
  { "load/hardened", "no text relocations, no executable stack", check_hardened, FIXTURE_NOTHING },
  { "load/opens", "it opens with all symbols bound at once, without RTLD_DEEPBIND", check_opens, FIXTURE_NOTHING },
  { "load/linked", "it was linked with every library that it uses", check_linked, FIXTURE_NOTHING },
  { "load/needs", "libraries that can't be in every process stand in Needs=", check_needs, FIXTURE_NOTHING },
  { "load/provider-file", "its .provider file names this module and ABI, and has a description", check_provider_file,
    FIXTURE_NOTHING },
  { "load/registry", "the registry loads it without a warning", check_registry, FIXTURE_PROVIDER },
  { "load/process-state", "it leaves signals, umask, locale, environment and directory alone", check_process_state,
    FIXTURE_NOTHING },
  { "load/inheritable", "it opens nothing that programs started by the process would inherit", check_inheritable,
    FIXTURE_NOTHING },
  { NULL },
};
