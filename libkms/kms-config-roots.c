/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where configuration, modules and keys are looked for. */
#include "kms-config-roots-private.h"

#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "kms-directories.h"

#define DAEMON "kmsd"

static const struct
{
  const char *directory;
  const char *suffix;
} kinds[] = {
  [KMS_CONFIG_KIND_GLOBAL] = { NULL, ".conf" },
  [KMS_CONFIG_KIND_PROVIDER] = { "providers.d", ".provider" },
  [KMS_CONFIG_KIND_BOX] = { "boxes.d", ".box" },
  [KMS_CONFIG_KIND_MODEL] = { "models.d", ".model" },
};

const char *
_kms_config_kind_directory (KmsConfigKind kind)
{
  return kinds[kind].directory;
}

const char *
_kms_config_kind_suffix (KmsConfigKind kind)
{
  return kinds[kind].suffix;
}

const char *
_kms_environment_get (const char *variable)
{
  const char *value = secure_getenv (variable);
  return value == NULL || value[0] == '\0' ? NULL : value;
}

static gboolean
is_privileged (void)
{
  return getauxval (AT_SECURE) != 0;
}

static void
set_relocated (KmsConfigRoots *self, const char *root)
{
  g_autofree char *absolute = g_canonicalize_filename (root, NULL);

  self->layers[KMS_LAYER_PACKAGE] = g_build_filename (absolute, "package", NULL);
  self->layers[KMS_LAYER_ADMIN] = g_build_filename (absolute, "admin", NULL);
  if (_kms_environment_get ("KMS_NO_USER_CONFIG") == NULL)
    self->layers[KMS_LAYER_USER] = g_build_filename (absolute, "user", NULL);
  self->keys = g_build_filename (absolute, "keys", NULL);
}

/* The system's daemon keeps keys where its unit lets it write. That of a session keeps them where its user's programs do,
 * which is why kmsd says which of both it is by shutting out the user's layer. */
static char *
dup_service_keys (const char *program)
{
  const char *state = _kms_environment_get ("STATE_DIRECTORY");

  if (strcmp (program, DAEMON) != 0 || _kms_environment_get ("KMS_NO_USER_CONFIG") == NULL || state == NULL
      || !g_path_is_absolute (state))
    return NULL;
  /* systemd puts colons between several. */
  g_autofree char *first = g_strndup (state, strcspn (state, ":"));
  return g_build_filename (first, "keys", NULL);
}

static void
set_standard (KmsConfigRoots *self, const char *program)
{
  gboolean has_home = !is_privileged () && getuid () != 0 && geteuid () != 0;

  self->layers[KMS_LAYER_PACKAGE] = g_strdup (KMS_PACKAGE_CONFIG_DIR);
  self->layers[KMS_LAYER_ADMIN] = g_strdup (KMS_ADMIN_CONFIG_DIR);
  if (has_home && _kms_environment_get ("KMS_NO_USER_CONFIG") == NULL)
    self->layers[KMS_LAYER_USER] = g_build_filename (g_get_user_config_dir (), "kms-1", NULL);
  self->keys = dup_service_keys (program);
  if (self->keys != NULL)
    return;
  if (has_home)
    self->keys = g_build_filename (g_get_user_data_dir (), "kms-1", "keys", NULL);
  else
    self->keys = g_strdup (KMS_STATE_DIR "/keys");
}

static char **
list_module_directories (void)
{
  g_autoptr (GStrvBuilder) directories = g_strv_builder_new ();
  const char *path = _kms_environment_get ("KMS_MODULE_PATH");
  g_auto (GStrv) parts = path == NULL ? NULL : g_strsplit (path, ":", -1);

  for (guint i = 0; parts != NULL && parts[i] != NULL; i++)
    if (g_path_is_absolute (parts[i]))
      g_strv_builder_add (directories, parts[i]);
  g_strv_builder_add (directories, KMS_MODULE_DIR);
  return g_strv_builder_end (directories);
}

KmsConfigRoots *
_kms_config_roots_new (const char *config_root, const char *program)
{
  KmsConfigRoots *self = g_new0 (KmsConfigRoots, 1);

  if (config_root == NULL)
    config_root = _kms_environment_get ("KMS_CONFIG_ROOT");
  if (config_root != NULL)
    set_relocated (self, config_root);
  else
    set_standard (self, program);
  self->module_directories = list_module_directories ();
  self->environment = !is_privileged ();
  self->environment_by_default = self->environment && strcmp (program, DAEMON) != 0;
  return self;
}

void
_kms_config_roots_free (KmsConfigRoots *self)
{
  for (guint i = 0; i < KMS_N_LAYERS; i++)
    g_free (self->layers[i]);
  g_free (self->keys);
  g_strfreev (self->module_directories);
  g_free (self);
}
