/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* box create, new-version and retire: which key ids a box has. */
#include <string.h>

#include "box-file.h"
#include "command-groups.h"
#include "describe.h"
#include "target.h"
#include "terminal.h"

static const char *
get_value (KmsctlBoxFile *box, const char *group, const char *key)
{
  return box->info == NULL ? NULL : kms_config_info_get_value (box->info, group, key);
}

static gboolean
has_version (KmsctlBoxFile *box, const char *version)
{
  g_autofree char *group = g_strdup_printf ("Version %s", version);

  return g_key_file_has_group (box->file, group) || get_value (box, group, "KeyId") != NULL;
}

/* A key that a provider holds itself costs nothing and can be made here; a service's key is made by its owner. */
static gboolean
ensure_key (Kmsctl *self, const char *key_id, const char *pinned, char **note, GError **error)
{
  g_autofree char *provider_key_id = NULL;
  g_autoptr (GError) local = NULL;
  g_autoptr (KmsProvider)
    provider = kms_registry_dup_provider_for_key (self->registry, key_id, pinned, &provider_key_id, error);

  if (provider == NULL)
    return FALSE;
  if (!KMS_IS_KEY_STORE (provider) || !KMS_IS_KEY_ADMIN (provider))
    return TRUE;
  g_autoptr (GPtrArray) found =
    kms_key_admin_run (KMS_KEY_ADMIN (provider), KMS_KEY_VERB_SHOW, provider_key_id, NULL, self->cancellable, &local);
  if (found != NULL)
    return TRUE;
  if (!g_error_matches (local, KMS_ERROR, KMS_ERROR_NOT_FOUND) || kmsctl_flag (self, "no-create-key"))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  g_autoptr (GPtrArray) made =
    kms_key_admin_run (KMS_KEY_ADMIN (provider), KMS_KEY_VERB_CREATE, provider_key_id, NULL, self->cancellable, error);
  if (made == NULL)
    return FALSE;
  *note = g_strdup_printf (_ ("created the key %s"), key_id);
  return TRUE;
}

static void
set_version (Kmsctl *self, KmsctlBoxFile *box, const char *version, const char *key_id)
{
  g_autofree char *group = g_strdup_printf ("Version %s", version);
  const char *provider = kmsctl_text (self, "provider");

  g_key_file_set_value (box->file, "Box", "Version", version);
  g_key_file_set_string (box->file, group, "KeyId", key_id);
  if (provider != NULL)
    g_key_file_set_string (box->file, group, "Provider", provider);
}

static const char *
required_key (Kmsctl *self, GError **error)
{
  const char *key_id = kmsctl_text (self, "key");

  if (key_id == NULL)
    kmsctl_usage_error (error, _ ("\"kmsctl %s\" needs --key=KEYID, such as --key=local/%s"), self->command->name,
                        kmsctl_argument (self, 0));
  return key_id;
}

static gboolean
check_key_id (Kmsctl *self, const char *key_id, GError **error)
{
  if (!g_utf8_validate (key_id, -1, NULL))
    return kmsctl_usage_error (error, _ ("--key: not UTF-8"));
  return kmsctl_text (self, "provider") != NULL || kmsctl_check_claimed (self, key_id, error);
}

static void
set_description (Kmsctl *self, KmsctlBoxFile *box)
{
  const char *description = kmsctl_text (self, "description"), *names = kmsctl_text (self, "require-context");
  const char *dialect = kmsctl_text (self, "json-dialect");

  if (description != NULL)
    g_key_file_set_string (box->file, "Box", "Description", description);
  if (names != NULL)
    {
      g_auto (GStrv) list = g_strsplit (names, ",", -1);
      g_autofree char *joined = g_strjoinv (";", list);
      g_key_file_set_value (box->file, "Box", "RequireContext", joined);
    }
  if (dialect != NULL)
    g_key_file_set_value (box->file, "Box", "JsonDialect", dialect);
}

gboolean
kmsctl_run_box_create (Kmsctl *self, GError **error)
{
  g_auto (KmsctlBoxFile) box = { NULL };
  g_autofree char *note = NULL;
  const char *number = kmsctl_text (self, "number"), *key_id = required_key (self, error);

  if (key_id == NULL || !kmsctl_box_file_open (self, kmsctl_argument (self, 0), TRUE, &box, error)
      || !check_key_id (self, key_id, error))
    return FALSE;
  set_description (self, &box);
  set_version (self, &box, number == NULL ? "1" : number, key_id);
  /* The file is tried out first: a key without a box would be left over otherwise. */
  g_autofree char *text = g_key_file_to_data (box.file, NULL, NULL);
  if (!kmsctl_box_file_check (self, &box, text, error)
      || !ensure_key (self, key_id, kmsctl_text (self, "provider"), &note, error))
    return FALSE;
  if (note != NULL)
    kmsctl_note (self, "%s", note);
  g_autofree char *wrote = g_strdup_printf (_ ("wrote %s"), box.path);
  return kmsctl_box_file_save_text (self, &box, text, error) && kmsctl_box_file_print (self, &box, wrote, error);
}

/* Versions may have any number of digits: counting is done as on paper. */
static char *
next_version (const char *version)
{
  g_autofree char *next = g_strconcat ("0", version, NULL);

  for (gsize i = strlen (next); i-- > 0;)
    {
      if (next[i] < '9')
        {
          next[i]++;
          break;
        }
      next[i] = '0';
    }
  return g_strdup (next[0] == '0' ? next + 1 : next);
}

/* One that --number put behind the current one may have the next number already. */
static char *
next_free_version (KmsctlBoxFile *box, const char *version)
{
  g_autofree char *next = next_version (version);

  return has_version (box, next) ? next_free_version (box, next) : g_steal_pointer (&next);
}

gboolean
kmsctl_run_box_new_version (Kmsctl *self, GError **error)
{
  g_auto (KmsctlBoxFile) box = { NULL };
  g_autofree char *note = NULL;
  const char *number = kmsctl_text (self, "number"), *key_id = required_key (self, error);

  if (key_id == NULL || !kmsctl_box_file_open (self, kmsctl_argument (self, 0), FALSE, &box, error)
      || !check_key_id (self, key_id, error))
    return FALSE;
  g_autoptr (KmsBox) now = kms_registry_dup_box (self->registry, box.name, error);
  if (now == NULL)
    return FALSE;
  g_autofree char *version = number != NULL ? g_strdup (number) : next_free_version (&box, kms_box_get_version (now));
  if (has_version (&box, version))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_ALREADY_EXISTS,
                   _ ("box \"%s\" has a version %s already; --number=N chooses another number"), box.name, version);
      return FALSE;
    }
  set_version (self, &box, version, key_id);
  g_autofree char *text = g_key_file_to_data (box.file, NULL, NULL);
  if (!kmsctl_box_file_check (self, &box, text, error)
      || !ensure_key (self, key_id, kmsctl_text (self, "provider"), &note, error))
    return FALSE;
  if (note != NULL)
    kmsctl_note (self, "%s", note);
  return kmsctl_box_file_save_text (self, &box, text, error)
         && kmsctl_box_file_print (self, &box, _ ("\"kmsctl rewrap\" brings stored values to the new version"), error);
}

static gboolean
check_retirable (KmsctlBoxFile *box, KmsBox *now, const char *version, GError **error)
{
  g_autofree char *group = g_strdup_printf ("Version %s", version);

  if (g_str_equal (version, kms_box_get_version (now)))
    return kmsctl_usage_error (
      error, _ ("version %s of box \"%s\" encrypts; add another one with \"kmsctl box new-version\" first"), version,
      box->name);
  if (g_key_file_has_group (box->file, group))
    return TRUE;
  if (!has_version (box, version))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND,
                   _ ("box \"%s\" has no version %s; \"kmsctl box show %s\" lists them"), box->name, version,
                   box->name);
      return FALSE;
    }
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
               _ ("version %s of box \"%s\" stands in another layer's file, which can't be changed from %s; edit %s"),
               version, box->name, box->path, kms_config_info_get_files (box->info)[0]);
  return FALSE;
}

gboolean
kmsctl_run_box_retire (Kmsctl *self, GError **error)
{
  g_auto (KmsctlBoxFile) box = { NULL };
  const char *version = kmsctl_argument (self, 1);

  if (!kmsctl_box_file_open (self, kmsctl_argument (self, 0), FALSE, &box, error))
    return FALSE;
  g_autoptr (KmsBox) now = kms_registry_dup_box (self->registry, box.name, error);
  if (now == NULL || !check_retirable (&box, now, version, error))
    return FALSE;
  g_autofree char *group = g_strdup_printf ("Version %s", version);
  g_autofree char *question = g_strdup_printf (
    _ ("Remove version %s of box \"%s\"? What it encrypted can't be decrypted through the box any more."), version,
    box.name);
  if (!kmsctl_flag (self, "yes") && !kmsctl_confirm (self, question, FALSE, error))
    return FALSE;
  g_key_file_remove_group (box.file, group, NULL);
  return kmsctl_box_file_save (self, &box, error) && kmsctl_box_file_print (self, &box, NULL, error);
}
