/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loads modules. A module stays for ever: types can't be unloaded. What could abort the process is looked at before
 * dlopen(), which runs the module's constructors. */
#include "kms-module-private.h"

#include <errno.h>
#include <gmodule.h>
#include <link.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "kms-error.h"
#include "kms-module-info.h"
#include "kms-provider-class.h"
#include "kms-turn-private.h"

/* What a module's constructors and init() take at most: who waits for longer waits for ever. */
#define LOAD_TIMEOUT (60 * G_TIME_SPAN_SECOND)

/* Changed only by the thread whose turn it is. */
typedef struct
{
  GType type;      /* atomic; 0: not loaded */
  char *loaded_as; /* what the file was; set before the type, and never again */
  KmsState state;
  GError *error;
  char *failed_at; /* the same of a file that failed: another file is another try */
} KmsModuleRecord;

static GMutex records_lock;
static GHashTable *records; /* path as it was named, and as it is → KmsModuleRecord; never freed */

char *
_kms_module_find (const KmsConfigRoots *roots, const char *module, KmsConfigStamps *stamps, struct stat *info)
{
  if (module[0] == '/')
    return _kms_config_stamps_add_path (stamps, module, info) ? g_strdup (module) : NULL;
  for (guint i = 0; roots->module_directories[i] != NULL; i++)
    {
      g_autofree char *path = g_build_filename (roots->module_directories[i], module, NULL);
      if (_kms_config_stamps_add_path (stamps, path, info))
        return g_steal_pointer (&path);
    }
  return NULL;
}

static gboolean fail (KmsState *state, KmsState which, GError **error, const char *format, ...) G_GNUC_PRINTF (4, 5);

static gboolean
fail (KmsState *state, KmsState which, GError **error, const char *format, ...)
{
  va_list arguments;

  *state = which;
  va_start (arguments, format);
  if (error != NULL)
    *error = g_error_new_valist (KMS_ERROR, KMS_ERROR_MODULE, format, arguments);
  va_end (arguments);
  return FALSE;
}

static int
find_libsoup2 (struct dl_phdr_info *info, size_t size, void *data)
{
  return info->dlpi_name != NULL && strstr (info->dlpi_name, "libsoup-2.4.so") != NULL;
}

/* kms-ID.so */
static char *
id_of_path (const char *path)
{
  g_autofree char *base = g_path_get_basename (path);

  if (!g_str_has_prefix (base, "kms-") || !g_str_has_suffix (base, ".so") || strlen (base) < 8)
    return NULL;
  return g_strndup (base + 4, strlen (base) - 7);
}

static gboolean
check_before_open (const char *path, const char *const *needs, KmsPermissions permissions, const struct stat *info,
                   KmsState *state, GError **error)
{
  g_autofree char *id = id_of_path (path);
  g_autoptr (GError) local = NULL;

  if (id == NULL)
    return fail (state, KMS_STATE_LOAD_FAILED, error, "%s: a module's file is called kms-ID.so", path);
  if (!S_ISREG (info->st_mode))
    return fail (state, KMS_STATE_LOAD_FAILED, error, "%s: is not a regular file; install its package again", path);
  if (permissions == KMS_PERMISSIONS_STRICT && !_kms_permissions_check_in_directory (path, info, &local))
    return fail (state, KMS_STATE_REFUSED_PERMISSIONS, error, "%s", local->message);
  for (guint i = 0; needs != NULL && needs[i] != NULL; i++)
    {
      if (strcmp (needs[i], "libsoup3") != 0)
        return fail (state, KMS_STATE_LOAD_FAILED, error, "%s: Needs=%s is not known to this libkms; is it too old?",
                     path, needs[i]);
      if (dl_iterate_phdr (find_libsoup2, NULL) != 0)
        return fail (state, KMS_STATE_LOAD_FAILED, error,
                     "%s: needs libsoup 3, but this program has libsoup 2.4 loaded, and both in one process abort; do "
                     "this in another program, such as kmsctl, or build this one with libsoup 3",
                     path);
    }
  return _kms_module_file_check (path, &local) || fail (state, KMS_STATE_LOAD_FAILED, error, "%s", local->message);
}

static GModule *
open_module (const char *path, KmsState *state, GError **error)
{
  g_autoptr (GError) local = NULL;
  GModule *module = g_module_open_full (path, G_MODULE_BIND_LOCAL, &local);

  if (module == NULL)
    fail (state, KMS_STATE_LOAD_FAILED, error, "%s: can't be loaded: %s; is it a module, built for this machine?", path,
          local->message);
  return module;
}

static const KmsModuleInfo *
find_info (GModule *module, const char *path, KmsState *state, GError **error)
{
  gpointer symbol = NULL;

  if (g_module_symbol (module, KMS_MODULE_SYMBOL, &symbol) && symbol != NULL)
    return symbol;
  for (guint abi = KMS_ABI_MAJOR + 1; abi < 10; abi++)
    {
      g_autofree char *newer = g_strdup_printf ("kms_module_v%u", abi);
      if (g_module_symbol (module, newer, &symbol))
        {
          fail (state, KMS_STATE_ABI_MISMATCH, error,
                "%s: was built for ABI %u, this libkms speaks ABI %d; install a newer libkms, or the module's package "
                "for this one",
                path, abi, KMS_ABI_MAJOR);
          return NULL;
        }
    }
  fail (state, KMS_STATE_LOAD_FAILED, error,
        "%s: has no symbol " KMS_MODULE_SYMBOL "; it is a library, but no libkms module", path);
  return NULL;
}

static gboolean
check_info (const KmsModuleInfo *info, const char *path, KmsState *state, GError **error)
{
  g_autofree char *id = id_of_path (path);

  if (info->magic != KMS_MODULE_MAGIC)
    return fail (state, KMS_STATE_LOAD_FAILED, error,
                 "%s: " KMS_MODULE_SYMBOL " has no magic number; define it with KMS_MODULE_DEFINE", path);
  if (info->abi_major != KMS_ABI_MAJOR)
    return fail (state, KMS_STATE_ABI_MISMATCH, error, "%s: says ABI %u in the symbol of ABI %d; rebuild it", path,
                 info->abi_major, KMS_ABI_MAJOR);
  if (info->abi_minor > KMS_ABI_MINOR)
    return fail (state, KMS_STATE_ABI_MISMATCH, error,
                 "%s: needs ABI %u.%u, this libkms has %d.%d; install a newer libkms", path, info->abi_major,
                 info->abi_minor, KMS_ABI_MAJOR, KMS_ABI_MINOR);
  if (info->struct_size < sizeof (KmsModuleInfo))
    return fail (state, KMS_STATE_ABI_MISMATCH, error,
                 "%s: its KmsModuleInfo has %u bytes, %zu were expected; rebuild it", path, info->struct_size,
                 sizeof (KmsModuleInfo));
  if (info->id == NULL || strcmp (info->id, id) != 0)
    return fail (state, KMS_STATE_LOAD_FAILED, error, "%s: calls itself \"%s\", its file \"%s\"; rename the file", path,
                 info->id == NULL ? "" : info->id, id);
  if (info->type_name == NULL || info->get_type == NULL)
    return fail (state, KMS_STATE_LOAD_FAILED, error,
                 "%s: names no type, which is a bug of the module; please report it there", path);
  return TRUE;
}

static gboolean
run_init (const KmsModuleInfo *info, const char *path, KmsState *state, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (info->init == NULL || info->init (&local))
    return TRUE;
  return fail (state, KMS_STATE_LOAD_FAILED, error, "%s: refused to start: %s", path,
               local == NULL ? "it did not say why, which is a bug of the module" : local->message);
}

static gboolean
check_kind (GType type, GType parent, const char *path, KmsState *state, GError **error)
{
  return g_type_is_a (type, parent)
         || fail (state, KMS_STATE_LOAD_FAILED, error,
                  "%s: its type %s is no %s: it is another kind of module than this place is for", path,
                  g_type_name (type), g_type_name (parent));
}

static GType
get_type (const KmsModuleInfo *info, GType parent, const char *path, KmsState *state, GError **error)
{
  if (g_type_from_name (info->type_name) != 0)
    {
      fail (state, KMS_STATE_LOAD_FAILED, error,
            "%s: its type %s exists already; another module, or this one under another path, brought it", path,
            info->type_name);
      return 0;
    }
  if (!run_init (info, path, state, error))
    return 0;
  GType type = info->get_type ();
  if (!check_kind (type, parent, path, state, error))
    return 0;
  if (strcmp (g_type_name (type), info->type_name) != 0)
    {
      fail (state, KMS_STATE_LOAD_FAILED, error, "%s: its type is called %s, not %s as it says; rebuild it", path,
            g_type_name (type), info->type_name);
      return 0;
    }
  if (G_TYPE_IS_ABSTRACT (type))
    {
      fail (state, KMS_STATE_LOAD_FAILED, error,
            "%s: its type %s is abstract, which is a bug of the module; please report it there", path, info->type_name);
      return 0;
    }
  return type;
}

static GType
load (const char *path, GType parent, KmsState *state, GError **error)
{
  GModule *module = open_module (path, state, error);
  if (module == NULL)
    return 0;
  const KmsModuleInfo *module_info = find_info (module, path, state, error);
  if (module_info == NULL || !check_info (module_info, path, state, error))
    {
      g_module_close (module);
      return 0;
    }
  g_module_make_resident (module);
  return get_type (module_info, parent, path, state, error);
}

/* By the file itself: two links to one module are one module. By the name as well: a link that leads elsewhere after an
 * upgrade still stands for the module that is loaded. */
static KmsModuleRecord *
get_record (const char *path, const char *canonical)
{
  g_mutex_lock (&records_lock);
  if (records == NULL)
    records = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  KmsModuleRecord *record = g_hash_table_lookup (records, path);
  if (record == NULL || g_atomic_pointer_get (&record->type) == 0)
    record = g_hash_table_lookup (records, canonical);
  if (record == NULL)
    {
      record = g_new0 (KmsModuleRecord, 1);
      g_hash_table_insert (records, g_strdup (canonical), record);
    }
  if (g_hash_table_lookup (records, path) != record)
    g_hash_table_insert (records, g_strdup (path), record);
  g_mutex_unlock (&records_lock);
  return record;
}

static char *
describe_file (const struct stat *info)
{
  return g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT ":%" G_GINT64_FORMAT
                          ".%09ld",
                          (guint64) info->st_dev, (guint64) info->st_ino, (guint64) info->st_size,
                          (gint64) info->st_mtim.tv_sec, info->st_mtim.tv_nsec);
}

gboolean
_kms_module_is_outdated (const char *path, const struct stat *info)
{
  g_mutex_lock (&records_lock);
  KmsModuleRecord *record = records == NULL ? NULL : g_hash_table_lookup (records, path);
  g_mutex_unlock (&records_lock);
  if (record == NULL || g_atomic_pointer_get (&record->type) == 0)
    return FALSE;
  g_autofree char *now = describe_file (info);
  return strcmp (record->loaded_as, now) != 0;
}

static GType
load_in_turn (KmsModuleRecord *record, const char *path, GType parent, const char *const *needs,
              KmsPermissions permissions, KmsState *state, GError **error)
{
  struct stat info;

  if (record->type != 0)
    return record->type;
  if (stat (path, &info) != 0)
    {
      fail (state, KMS_STATE_NOT_INSTALLED, error, "%s: %s", path, g_strerror (errno));
      return 0;
    }
  g_autofree char *now = describe_file (&info);
  /* Depends on who asks, so it is not remembered. */
  if (!check_before_open (path, needs, permissions, &info, state, error))
    return 0;
  if (g_strcmp0 (record->failed_at, now) != 0)
    {
      g_clear_error (&record->error);
      GType type = load (path, parent, &record->state, &record->error);
      if (type != 0)
        {
          record->loaded_as = g_steal_pointer (&now);
          g_atomic_pointer_set (&record->type, type);
          return type;
        }
      g_free (record->failed_at);
      record->failed_at = g_steal_pointer (&now);
    }
  *state = record->state;
  g_propagate_error (error, g_error_copy (record->error));
  return 0;
}

GType
_kms_module_load (const char *path, GType parent, const char *const *needs, KmsPermissions permissions, KmsState *state,
                  GError **error)
{
  g_autofree char *real = realpath (path, NULL);
  const char *canonical = real == NULL ? path : real;
  KmsModuleRecord *record = get_record (path, canonical);
  GType type = g_atomic_pointer_get (&record->type);

  if (type != 0)
    return check_kind (type, parent, path, state, error) ? type : 0;
  switch (_kms_turn_take (canonical, LOAD_TIMEOUT))
    {
    case KMS_TURN_CIRCLE:
      fail (state, KMS_STATE_LOAD_FAILED, error,
            "%s: is being loaded, and asked for a provider of its own meanwhile, which is a bug of the module", path);
      return 0;
    case KMS_TURN_TIMED_OUT:
      fail (state, KMS_STATE_LOAD_FAILED, error,
            "%s: another thread has been loading it for %d seconds and is not done; its init() hangs", path,
            (int) (LOAD_TIMEOUT / G_TIME_SPAN_SECOND));
      return 0;
    case KMS_TURN_MINE:
    case KMS_TURN_MINE_AFTER_OTHERS:
    default:
      type = load_in_turn (record, canonical, parent, needs, permissions, state, error);
      _kms_turn_end (canonical);
      return type != 0 && check_kind (type, parent, path, state, error) ? type : 0;
    }
}
