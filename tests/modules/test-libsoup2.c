/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A module that needs libsoup 3 in a process that has libsoup 2.4: refused, where opening it would abort. */
#include <dlfcn.h>
#include <libkms/kms.h>
#include <string.h>

#include "../config-root.h"

#define LIBSOUP2 "libsoup-2.4.so.1"

static KmsRegistry *
make_registry (const char *root, const char *needs)
{
  g_autoptr (GError) error = NULL;

  config_root_add_provider (root, "needs-soup3", "kms-needs-soup3.so", needs);
  KmsRegistry *registry = kms_registry_new (root, NULL, &error);
  g_assert_no_error (error);
  return registry;
}

static void
test_refused (void)
{
  g_autoptr (ConfigRoot) root = config_root_new ();
  g_autoptr (KmsRegistry) registry = make_registry (root, "Needs=libsoup3");
  g_autoptr (GError) error = NULL;

  if (dlopen (LIBSOUP2, RTLD_NOW | RTLD_LOCAL) == NULL)
    {
      g_test_skip (LIBSOUP2 " is not installed");
      return;
    }
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (registry, "needs-soup3", &error);
  g_assert_null (provider);
  g_assert_error (error, KMS_ERROR, KMS_ERROR_MODULE);
  g_assert_nonnull (strstr (error->message, "libsoup 2.4"));
  g_assert_nonnull (strstr (error->message, "another program"));
}

/* The process without libsoup 2.4 is another one: nothing is ever unloaded. */
static void
test_accepted (void)
{
  if (g_test_subprocess ())
    {
      g_autoptr (ConfigRoot) root = config_root_new ();
      g_autoptr (KmsRegistry) registry = make_registry (root, "Needs=libsoup3");
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsProvider) provider = kms_registry_dup_provider (registry, "needs-soup3", &error);
      g_assert_no_error (error);
      g_assert_nonnull (provider);
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
}

static void
test_unknown_need (void)
{
  g_autoptr (ConfigRoot) root = config_root_new ();
  g_autoptr (KmsRegistry) registry = make_registry (root, "Needs=perpetual-motion");
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (registry, "needs-soup3", &error);

  g_assert_null (provider);
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "perpetual-motion"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/modules/libsoup/unknown-need", test_unknown_need);
  g_test_add_func ("/modules/libsoup/accepted-without-libsoup2", test_accepted);
  g_test_add_func ("/modules/libsoup/refused-beside-libsoup2", test_refused);
  return g_test_run ();
}
