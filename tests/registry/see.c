/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints where a process looks for its configuration, and what it finds there. Linked statically: the test copies it and
 * gives it privileges, and then no library path of the build counts. With "follow", it goes on, and says what it sees
 * whenever it is asked to. */
#include <stdio.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "kms-box.h"
#include "kms-config-roots-private.h"
#include "kms-registry.h"

static void
print_roots (void)
{
  static const char *const names[] = { "package", "admin", "user" };
  g_autoptr (KmsConfigRoots) roots = _kms_config_roots_new (NULL, "see");

  printf ("secure %d\n", getauxval (AT_SECURE) != 0);
  for (guint i = 0; i < KMS_N_LAYERS; i++)
    printf ("%s %s\n", names[i], roots->layers[i] == NULL ? "-" : roots->layers[i]);
  printf ("keys %s\n", roots->keys);
  for (guint i = 0; roots->module_directories[i] != NULL; i++)
    printf ("module %s\n", roots->module_directories[i]);
  printf ("environment %d\n", roots->environment);
}

static void
print_kind (KmsRegistry *registry, KmsConfigKind kind, const char *noun)
{
  g_autoptr (GPtrArray) infos = kms_registry_list (registry, kind);

  for (guint i = 0; i < infos->len; i++)
    {
      KmsConfigInfo *info = g_ptr_array_index (infos, i);
      const GError *wrong = kms_config_info_get_error (info);
      printf ("%s %s %s %s\n", noun, kms_config_info_get_name (info),
              kms_state_to_string (kms_config_info_get_state (info)), wrong == NULL ? "-" : wrong->message);
    }
}

/* A line is a box's name; the answer is the key id that it encrypts with, or the error. */
static void
follow (KmsRegistry *registry)
{
  char line[256];

  while (fgets (line, sizeof line, stdin) != NULL)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsBox) box = kms_registry_dup_box (registry, g_strchomp (line), &error);
      puts (box == NULL ? error->message : kms_box_get_key_id (box, kms_box_get_version (box), NULL));
      fflush (stdout);
    }
}

int
main (int argc, char **argv)
{
  const char *root = argc > 1 && argv[1][0] == '/' ? argv[1] : NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsRegistry) registry = kms_registry_new (root, NULL, &error);

  if (registry == NULL)
    {
      fprintf (stderr, "%s\n", error->message);
      return 1;
    }
  if (argc > 2)
    {
      follow (registry);
      return 0;
    }
  print_roots ();
  print_kind (registry, KMS_CONFIG_KIND_PROVIDER, "provider");
  print_kind (registry, KMS_CONFIG_KIND_BOX, "box");
  fflush (stdout);
  /* LeakSanitizer looks at memory by ptrace() when a program ends, which no program with privileges allows. */
  if (getauxval (AT_SECURE) != 0)
    _exit (0);
  return 0;
}
