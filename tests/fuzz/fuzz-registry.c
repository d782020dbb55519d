/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes the configuration root of fuzz targets; the modules are found in BUILD, the build directory. */
#include "fuzz-registry.h"

#include <unistd.h>

#include "../config-root.h"
#include "fuzz.h"

static char *root;

static void
remove_root (void)
{
  config_root_remove (root);
}

static void
point_at_modules (void)
{
  const char *build = g_getenv ("BUILD");

  if (build == NULL)
    g_error ("BUILD must name the build directory");
  g_autofree char *path = g_strdup_printf ("%s/plugins/test:%s/plugins/local", build, build);
  FUZZ_CHECK (g_setenv ("KMS_MODULE_PATH", path, TRUE));
}

const char *
fuzz_root (void)
{
  if (root != NULL)
    return root;
  root = access ("/dev/shm", W_OK) == 0 ? g_strdup ("/dev/shm/kms-fuzz-XXXXXX") : config_root_new ();
  if (g_str_has_prefix (root, "/dev/shm/"))
    FUZZ_CHECK (g_mkdtemp (root) != NULL);
  atexit (remove_root);
  point_at_modules ();
  config_root_add_provider (root, "test", "kms-test.so", "Exact=insecure-test-key;insecure-test-key/encrypt");
  config_root_add_provider (root, "local", "kms-local.so", "Prefixes=local/");
  return root;
}

KmsRegistry *
fuzz_registry_new (void)
{
  g_autoptr (GError) error = NULL;
  KmsRegistry *registry = kms_registry_new (fuzz_root (), "fuzz", &error);

  FUZZ_CHECK_OUTCOME (registry != NULL, error);
  return registry;
}
