/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Findings of a check, in the order in which they were made. */
#include "kms-report.h"

typedef struct
{
  KmsSeverity severity;
  char *topic;
  char *finding;
  char *advice;
} KmsFinding;

struct _KmsReport
{
  gatomicrefcount refs;
  GArray *findings;
};

/**
 * KmsReport:
 *
 * What was found out about a provider: findings, each with a #KmsSeverity, and often with advice.
 *
 * Since: 1.0
 */
G_DEFINE_BOXED_TYPE (KmsReport, kms_report, kms_report_ref, kms_report_unref)

static void
finding_clear (gpointer data)
{
  KmsFinding *finding = data;

  g_free (finding->topic);
  g_free (finding->finding);
  g_free (finding->advice);
}

/**
 * kms_report_new:
 *
 * Creates an empty report.
 *
 * Returns: (transfer full): a report
 *
 * Since: 1.0
 */
KmsReport *
kms_report_new (void)
{
  KmsReport *self = g_new0 (KmsReport, 1);

  g_atomic_ref_count_init (&self->refs);
  self->findings = g_array_new (FALSE, TRUE, sizeof (KmsFinding));
  g_array_set_clear_func (self->findings, finding_clear);
  return self;
}

/**
 * kms_report_ref:
 * @self: a report
 *
 * Adds a reference.
 *
 * Returns: (transfer full): the report
 *
 * Since: 1.0
 */
KmsReport *
kms_report_ref (KmsReport *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);
  return self;
}

/**
 * kms_report_unref:
 * @self: (transfer full): a report
 *
 * Drops a reference.
 *
 * Since: 1.0
 */
void
kms_report_unref (KmsReport *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_array_unref (self->findings);
  g_free (self);
}

/**
 * kms_report_add:
 * @self: a report
 * @severity: how bad it is
 * @topic: what was looked at: a file, a key, a directory
 * @finding: what was found, in one sentence
 * @advice: (nullable): what to do about it: a command, if there is one
 *
 * Adds a finding. Not for secrets: reports are printed.
 *
 * Since: 1.0
 */
void
kms_report_add (KmsReport *self, KmsSeverity severity, const char *topic, const char *finding, const char *advice)
{
  g_return_if_fail (self != NULL && topic != NULL && finding != NULL);

  KmsFinding made = { severity, g_strdup (topic), g_strdup (finding), g_strdup (advice) };
  g_array_append_val (self->findings, made);
}

/**
 * kms_report_get_n_findings:
 * @self: a report
 *
 * Counts the findings.
 *
 * Returns: how many there are
 *
 * Since: 1.0
 */
guint
kms_report_get_n_findings (KmsReport *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->findings->len;
}

/**
 * kms_report_get_finding:
 * @self: a report
 * @index: which finding
 * @topic: (out) (optional) (transfer none): what was looked at
 * @finding: (out) (optional) (transfer none): what was found
 * @advice: (out) (optional) (nullable) (transfer none): what to do about it
 *
 * Gets a finding.
 *
 * Returns: how bad it is
 *
 * Since: 1.0
 */
KmsSeverity
kms_report_get_finding (KmsReport *self, guint index, const char **topic, const char **finding, const char **advice)
{
  g_return_val_if_fail (self != NULL && index < self->findings->len, KMS_SEVERITY_OK);
  KmsFinding *found = &g_array_index (self->findings, KmsFinding, index);

  if (topic != NULL)
    *topic = found->topic;
  if (finding != NULL)
    *finding = found->finding;
  if (advice != NULL)
    *advice = found->advice;
  return found->severity;
}

/**
 * kms_report_get_worst:
 * @self: a report
 *
 * Gets how bad the worst finding is.
 *
 * Returns: the severity; %KMS_SEVERITY_OK for an empty report
 *
 * Since: 1.0
 */
KmsSeverity
kms_report_get_worst (KmsReport *self)
{
  g_return_val_if_fail (self != NULL, KMS_SEVERITY_OK);
  KmsSeverity worst = KMS_SEVERITY_OK;

  for (guint i = 0; i < self->findings->len; i++)
    worst = MAX (worst, g_array_index (self->findings, KmsFinding, i).severity);
  return worst;
}
