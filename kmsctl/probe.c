/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loads modules in a child process, so that one that crashes is a finding and not the end of the search. The child is this
 * program again, and not a fork: after that nobody may use threads, which modules do. */
#include "probe.h"

#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "command-groups.h"
#include "result.h"

/* The last that a child says which survived; the module may have printed something before. */
#define SURVIVED "kmsctl: survived\n"

gboolean
kmsctl_run_probe_provider (Kmsctl *self, GError **error)
{
  if (kmsctl_open (self, error) == NULL)
    return FALSE;
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider (self->registry, kmsctl_argument (self, 0), NULL);
  return kmsctl_write_all (self, STDOUT_FILENO, "stdout", SURVIVED, strlen (SURVIVED), error);
}

static GSubprocess *
start_child (Kmsctl *self, const char *name)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
  const char *root = kmsctl_text (self, "config-root"), *program = kmsctl_text (self, "program");

  g_ptr_array_add (argv, g_strdup ("/proc/self/exe"));
  g_ptr_array_add (argv, g_strdup ("--no-ask"));
  if (root != NULL)
    g_ptr_array_add (argv, g_strconcat ("--config-root=", root, NULL));
  g_ptr_array_add (argv, g_strdup ("probe-provider"));
  if (program != NULL)
    g_ptr_array_add (argv, g_strconcat ("--program=", program, NULL));
  g_ptr_array_add (argv, g_strdup ("--"));
  g_ptr_array_add (argv, g_strdup (name));
  g_ptr_array_add (argv, NULL);
  return g_subprocess_newv ((const char *const *) argv->pdata,
                            G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, NULL);
}

/* How the child ended; NULL where it survived, or nobody can tell. */
static char *
describe_end (Kmsctl *self, GSubprocess *child)
{
  g_autoptr (GBytes) out = NULL;

  if (!g_subprocess_communicate (child, NULL, self->cancellable, &out, NULL, NULL))
    {
      g_subprocess_force_exit (child);
      return NULL;
    }
  gsize length;
  const char *said = g_bytes_get_data (out, &length);
  if (g_subprocess_get_if_signaled (child))
    return g_strdup_printf (_ ("signal %d"), g_subprocess_get_term_sig (child));
  if (length >= strlen (SURVIVED) && memcmp (said + length - strlen (SURVIVED), SURVIVED, strlen (SURVIVED)) == 0)
    return NULL;
  return g_strdup_printf (_ ("exit code %d"), g_subprocess_get_exit_status (child));
}

static char *
find_end (Kmsctl *self, const char *name)
{
  char *end = NULL;

  if (self->probed == NULL)
    self->probed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (g_hash_table_lookup_extended (self->probed, name, NULL, (gpointer *) &end))
    return end;
  /* Where no process can be started, things are as they would be without this. */
  g_autoptr (GSubprocess) child = start_child (self, name);
  end = child == NULL ? NULL : describe_end (self, child);
  g_hash_table_insert (self->probed, g_strdup (name), end);
  return end;
}

gboolean
kmsctl_probe (Kmsctl *self, const char *provider_name, GError **error)
{
  g_autoptr (KmsConfigInfo) info = kms_registry_lookup (self->registry, KMS_CONFIG_KIND_PROVIDER, provider_name, NULL);

  if (info == NULL || kms_config_info_get_state (info) != KMS_STATE_AVAILABLE)
    return TRUE;
  const char *end = find_end (self, provider_name);
  /* The child was ended then, and what it would have said is not known. */
  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;
  if (end == NULL)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_MODULE, _ ("%s: the module %s ended the process that loaded it (%s)"),
               provider_name, kms_config_info_get_module_path (info), end);
  return FALSE;
}

gboolean
kmsctl_probe_key (Kmsctl *self, const char *key_id, const char *pinned, GError **error)
{
  g_autofree char *claimed = pinned != NULL ? g_strdup (pinned)
                                            : kms_registry_find_provider_for_key (self->registry, key_id, NULL, NULL);

  return claimed == NULL || kmsctl_probe (self, claimed, error);
}

char *
kmsctl_probe_advise (KmsConfigInfo *info)
{
  const char *const *files = kms_config_info_get_files (info);

  return g_strdup_printf (_ ("tell whoever made it; Enabled=false in %s keeps it from being loaded"),
                          files == NULL || files[0] == NULL ? kms_config_info_get_name (info) : files[0]);
}
