/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What "kmsctl doctor" is told about the keystore. */
#include "local-provider.h"

#include <sys/stat.h>

static void
report_error (KmsReport *report, const char *topic, const GError *error)
{
  kms_report_add (report, KMS_SEVERITY_ERROR, topic, error->message, NULL);
}

static gboolean
diagnose_directory (KmsLocalProvider *self, KmsReport *report)
{
  const char *directory = keystore_get_directory (self->keystore);
  g_autoptr (GError) error = NULL;
  g_autofree char *finding = g_strdup_printf ("the keystore is %s", directory);
  g_autofree char *advice = NULL;
  struct stat info;
  int fd = keystore_directory_open (directory, &error);

  if (fd < 0 && g_error_matches (error, KMS_ERROR, KMS_ERROR_NOT_FOUND))
    {
      g_autofree char *missing = g_strdup_printf ("there is no keystore at %s yet", directory);

      advice = g_strdup_printf ("create a key: kmsctl key create %s/NAME", keystore_get_label (self->keystore));
      kms_report_add (report, KMS_SEVERITY_INFO, "keystore", missing, advice);
      return FALSE;
    }
  if (fd < 0)
    {
      report_error (report, "keystore", error);
      return FALSE;
    }
  if (fstat (fd, &info) == 0 && (info.st_mode & 077) != 0)
    advice = g_strdup_printf ("others can list it: run: chmod 700 %s", directory);
  keystore_close_fd (&fd);
  kms_report_add (report, advice != NULL ? KMS_SEVERITY_WARNING : KMS_SEVERITY_OK, "keystore", finding, advice);
  return TRUE;
}

/* TRUE if it is open. */
static gboolean
diagnose_root (KmsLocalProvider *self, KmsReport *report, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *kind = NULL;
  g_autofree char *words = keystore_describe_root (self->keystore, &kind, &error);

  if (words == NULL)
    report_error (report, "root", error);
  else
    kms_report_add (report, KMS_SEVERITY_INFO, "root", words, NULL);
  /* Nobody is asked for a passphrase only to be told that all is well. */
  if (kind == NULL || g_str_equal (kind, "passphrase"))
    return FALSE;
  if (!keystore_check_root (self->keystore, cancellable, &error))
    {
      report_error (report, "root", error);
      return FALSE;
    }
  kms_report_add (report, KMS_SEVERITY_OK, "root", "the root opens the keystore", NULL);
  return TRUE;
}

/* Each key that can't be used; not before the root is open, since then all would be told of it. */
static void
diagnose_all_keys (KmsLocalProvider *self, KmsReport *report, GCancellable *cancellable)
{
  g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func ((GDestroyNotify) key_problem_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) keys = keystore_list_keys (self->keystore, problems, cancellable, &error);

  if (keys == NULL)
    report_error (report, "keys", error);
  for (guint i = 0; i < problems->len; i++)
    report_error (report, "keys", ((KeyProblem *) g_ptr_array_index (problems, i))->error);
}

static void
diagnose_key (KmsLocalProvider *self, const char *name, KmsReport *report, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KeyLane) lane = key_cache_acquire_lane (self->cache);
  g_autofree char *finding = NULL;
  KeyHandle handle;

  if (!key_lane_get (lane, name, 0, NULL, &handle, cancellable, &error))
    {
      report_error (report, "key", error);
      return;
    }
  finding = g_strdup_printf ("the key \"%s\" encrypts with version %s", name, handle.version_text);
  kms_report_add (report, KMS_SEVERITY_OK, "key", finding, NULL);
}

void
kms_local_provider_diagnose (KmsProvider *provider, const char *key_id, KmsReport *report, GCancellable *cancellable)
{
  KmsLocalProvider *self = KMS_LOCAL_PROVIDER (provider);

  gboolean is_open = diagnose_directory (self, report) && diagnose_root (self, report, cancellable);

  if (key_id == NULL && is_open)
    diagnose_all_keys (self, report, cancellable);
  else if (key_id != NULL)
    diagnose_key (self, key_id, report, cancellable);
}
