/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What "kmsctl doctor" and "kmsctl provider check" are told: what is there, what is wrong, and the command that mends
 * it. What would fail an operation is an ERROR here, with the same words. */
#include "acme-provider.h"

#include "acme-keydir.h"

#define SECONDS_A_DAY 86400

static gboolean
diagnose_directory (AcmeProvider *self, KmsReport *report)
{
  g_autoptr (GError) error = NULL;

  if (!acme_keydir_check (self->directory, &error))
    {
      gboolean is_new = g_error_matches (error, KMS_ERROR, KMS_ERROR_NOT_FOUND);
      kms_report_add (report, is_new ? KMS_SEVERITY_INFO : KMS_SEVERITY_ERROR, "keys", error->message, NULL);
      return FALSE;
    }
  g_autofree char *finding = g_strdup_printf ("the keys are in %s", self->directory);
  kms_report_add (report, KMS_SEVERITY_OK, "keys", finding, NULL);
  /* Not a warning, since it is meant so; but nobody should have to find it out. */
  kms_report_add (report, KMS_SEVERITY_INFO, "protection",
                  "the keys are plain files: who reads them, or a backup of them, decrypts everything",
                  "keep them on an encrypted file system, out of the backups of the data");
  return TRUE;
}

static void
diagnose_age (AcmeProvider *self, AcmeKey *key, KmsReport *report)
{
  gint64 days = (g_get_real_time () / G_USEC_PER_SEC - acme_key_get_newest (key)->created) / SECONDS_A_DAY;

  if (self->max_key_age == 0 || days <= self->max_key_age)
    return;
  g_autofree char *finding =
    g_strdup_printf ("the key \"%s\" was made or rotated %" G_GINT64_FORMAT " days ago", key->name, days);
  kms_report_add (report, KMS_SEVERITY_WARNING, "age", finding, "rotate it: kmsctl key rotate");
}

/* Uses the key as encrypting would, so that a file that can't be read is found. */
static void
diagnose_key (AcmeProvider *self, const char *key_id, KmsReport *report, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AcmeKey) key = acme_key_open (self->directory, key_id, ACME_KEY_MUST_EXIST, &error);

  if (key == NULL || acme_key_get_sealer (key, acme_key_get_newest (key)->number, cancellable, &error) == NULL)
    {
      kms_report_add (report, KMS_SEVERITY_ERROR, "key", error->message, NULL);
      return;
    }
  g_autofree char *finding = g_strdup_printf ("the key \"%s\" encrypts with version %" G_GUINT32_FORMAT, key->name,
                                              acme_key_get_newest (key)->number);
  kms_report_add (report, KMS_SEVERITY_OK, "key", finding, NULL);
  diagnose_age (self, key, report);
}

void
acme_provider_diagnose (KmsProvider *provider, const char *key_id, KmsReport *report, GCancellable *cancellable)
{
  AcmeProvider *self = ACME_PROVIDER (provider);

  if (diagnose_directory (self, report) && key_id != NULL)
    diagnose_key (self, key_id, report, cancellable);
}
