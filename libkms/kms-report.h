/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Findings: what a check of a provider noticed, and what to do about it. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-types.h>

G_BEGIN_DECLS

/**
 * KmsSeverity:
 * @KMS_SEVERITY_OK: looked at and found right
 * @KMS_SEVERITY_INFO: worth knowing
 * @KMS_SEVERITY_WARNING: works, but should be changed
 * @KMS_SEVERITY_ERROR: does not work
 *
 * How bad a finding is.
 *
 * Since: 1.0
 */
typedef enum {
  KMS_SEVERITY_OK,
  KMS_SEVERITY_INFO,
  KMS_SEVERITY_WARNING,
  KMS_SEVERITY_ERROR,
} KmsSeverity;

#define KMS_TYPE_REPORT (kms_report_get_type ())

KMS_AVAILABLE_IN_1_0
GType kms_report_get_type (void);
KMS_AVAILABLE_IN_1_0
KmsReport *kms_report_new (void);
KMS_AVAILABLE_IN_1_0
KmsReport *kms_report_ref (KmsReport *self);
KMS_AVAILABLE_IN_1_0
void kms_report_unref (KmsReport *self);
KMS_AVAILABLE_IN_1_0
void kms_report_add (KmsReport *self, KmsSeverity severity, const char *topic, const char *finding, const char *advice);
KMS_AVAILABLE_IN_1_0
guint kms_report_get_n_findings (KmsReport *self);
KMS_AVAILABLE_IN_1_0
KmsSeverity kms_report_get_finding (KmsReport *self, guint index, const char **topic, const char **finding, const char **advice);
KMS_AVAILABLE_IN_1_0
KmsSeverity kms_report_get_worst (KmsReport *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsReport, kms_report_unref)

G_END_DECLS
