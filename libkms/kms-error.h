/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one error domain, and the table that gives each code its stable name, D-Bus name and exit code. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-types.h>

G_BEGIN_DECLS

#define KMS_ERROR (kms_error_quark ())

/* Documented in kms-error.c. The numbers are ABI: append only. */
typedef enum {
  KMS_ERROR_FAILED,
  KMS_ERROR_INVALID_ARGUMENT,
  KMS_ERROR_NOT_SUPPORTED,
  KMS_ERROR_NOT_FOUND,
  KMS_ERROR_ALREADY_EXISTS,
  KMS_ERROR_NOT_ACTIVE,
  KMS_ERROR_KEY_DISABLED,
  KMS_ERROR_INVALID_CIPHERTEXT,
  KMS_ERROR_INTEGRITY,
  KMS_ERROR_CONTEXT_REQUIRED,
  KMS_ERROR_CONTEXT_UNBOUND,
  KMS_ERROR_TOO_LARGE,
  KMS_ERROR_NOT_AUTHORIZED,
  KMS_ERROR_NOT_AUTHORIZED_CAN_OBTAIN,
  KMS_ERROR_NOT_AUTHORIZED_DISMISSED,
  KMS_ERROR_CREDENTIALS,
  KMS_ERROR_LOCKED_DOWN,
  KMS_ERROR_UNAVAILABLE,
  KMS_ERROR_THROTTLED,
  KMS_ERROR_QUOTA,
  KMS_ERROR_TIMED_OUT,
  KMS_ERROR_CONFIG,
  KMS_ERROR_MODULE,
  KMS_ERROR_FORKED,
  KMS_ERROR_AUDIT,
  KMS_ERROR_PARTIAL,
  KMS_ERROR_CONFLICT,
} KmsError;

#define KMS_N_ERRORS (KMS_ERROR_CONFLICT + 1)

KMS_AVAILABLE_IN_1_0
GQuark kms_error_quark (void);

KMS_AVAILABLE_IN_1_0
const char *kms_error_get_id (const GError *error);
KMS_AVAILABLE_IN_1_0
const char *kms_error_get_dbus_name (const GError *error);
KMS_AVAILABLE_IN_1_0
int kms_error_get_exit_code (const GError *error);

KMS_AVAILABLE_IN_1_0
GError *kms_error_new_named (const char *name, const char *message);
KMS_AVAILABLE_IN_1_0
const char *kms_error_get_provider (const GError *error);
KMS_AVAILABLE_IN_1_0
guint kms_error_get_http_status (const GError *error);
KMS_AVAILABLE_IN_1_0
const char *kms_error_get_service_code (const GError *error);
KMS_AVAILABLE_IN_1_0
const char *kms_error_get_request_id (const GError *error);

KMS_AVAILABLE_IN_1_0
void kms_error_set_provider (GError *error, const char *provider);
KMS_AVAILABLE_IN_1_0
void kms_error_set_service (GError *error, guint http_status, const char *service_code, const char *request_id);

G_END_DECLS
