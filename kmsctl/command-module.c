/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* module new: a provider that builds, passes the checks and waits for its service. */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "bytes.h"
#include "command-groups.h"
#include "describe.h"
#include "kmsctl-resources.h"

#define MAX_ID 40

typedef struct
{
  const char *id;
  char *lower, *upper, *type; /* kms_my_service, KMS_MY_SERVICE, KmsMyService */
} Names;

static void
names_clear (Names *self)
{
  g_free (self->lower);
  g_free (self->upper);
  g_free (self->type);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Names, names_clear)

/* The prefix keeps clear of reserved words: a provider may be called "int". */
static void
names_fill (Names *names, const char *id)
{
  g_autoptr (GString) type = g_string_new ("Kms");
  g_autofree char *lower = g_strconcat ("kms_", id, NULL);
  gboolean start = TRUE;

  for (const char *p = id; *p != '\0'; p++)
    {
      if (*p != '-')
        g_string_append_c (type, start ? g_ascii_toupper (*p) : *p);
      start = *p == '-';
    }
  names->id = id;
  names->lower = g_strdelimit (g_strdup (lower), "-", '_');
  names->upper = g_ascii_strup (names->lower, -1);
  names->type = g_strdup (type->str);
}

static gboolean
check_id (const char *id, GError **error)
{
  gsize length = strlen (id);

  if (length >= 1 && length <= MAX_ID && g_ascii_islower (id[0]) && id[length - 1] != '-'
      && strspn (id, "abcdefghijklmnopqrstuvwxyz0123456789-") == length)
    return TRUE;
  return kmsctl_usage_error (error, _ ("\"%s\" can't name a provider: 1 to %d of a-z, 0-9 and \"-\", a letter first"),
                             id, MAX_ID);
}

static char *
fill_template (const char *template, const Names *names)
{
  const char *const pairs[][2] = {
    { "@id@", names->id },
    { "@lower@", names->lower },
    { "@UPPER@", names->upper },
    { "@Type@", names->type },
  };
  g_autoptr (GString) text = g_string_new (template);

  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++)
    g_string_replace (text, pairs[i][0], pairs[i][1], 0);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
write_template (Kmsctl *self, const char *directory, const char *template, const char *file, const Names *names,
                GError **error)
{
  g_autofree char *resource = g_strconcat ("/org/libkms/kmsctl/", template, NULL);
  g_autoptr (GBytes) bytes = g_resources_lookup_data (resource, G_RESOURCE_LOOKUP_FLAGS_NONE, error);

  if (bytes == NULL)
    return FALSE;
  g_autofree char *name = fill_template (file, names);
  g_autofree char *path = g_build_filename (directory, name, NULL);
  g_autofree char *raw = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_autofree char *text = fill_template (raw, names);
  return kmsctl_write_config (self, path, text, TRUE, error);
}

gboolean
kmsctl_run_module_new (Kmsctl *self, GError **error)
{
  static const char *const files[][2] = {
    { "meson.build.in", "meson.build" },
    { "module.c.in", "kms-@id@.c" },
    { "provider.in", "@id@.provider" },
    { "README.md.in", "README.md" },
  };
  const char *id = kmsctl_argument (self, 0), *chosen = kmsctl_text (self, "directory");
  g_auto (Names) names = { NULL };
  KmsctlFields fields;

  if (!check_id (id, error))
    return FALSE;
  names_fill (&names, id);
  g_autofree char *directory = chosen != NULL ? g_strdup (chosen) : g_strconcat ("kms-", id, NULL);
  if (g_mkdir (directory, 0755) != 0)
    {
      g_set_error (error, KMS_ERROR, errno == EEXIST ? KMS_ERROR_ALREADY_EXISTS : KMS_ERROR_FAILED,
                   _ ("can't make the directory %s: %s; --directory=DIR chooses another one"), directory,
                   g_strerror (errno));
      return FALSE;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    if (!write_template (self, directory, files[i][0], files[i][1], &names, error))
      return FALSE;
  kmsctl_note (self, _ ("%s/README.md says how to build and try it"), directory);
  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "module", id);
  kmsctl_fields_text (&fields, "directory", directory);
  return kmsctl_print (self, kmsctl_fields_end (&fields), error);
}
