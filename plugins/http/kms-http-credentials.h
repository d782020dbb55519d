/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Credentials: whatever a provider makes of them, with a time from which new ones are wanted, and one when they end. */
#pragma once

#if !defined(KMS_HTTP_INSIDE) && !defined(KMS_HTTP_COMPILATION)
#error "Only <kms-http.h> can be included directly"
#endif

#include <libkms/kms-module.h>

G_BEGIN_DECLS

typedef struct _KmsHttpCredentials KmsHttpCredentials;

KMS_AVAILABLE_IN_1_0
KmsHttpCredentials *kms_http_credentials_new (gpointer data, GDestroyNotify free_data);
KMS_AVAILABLE_IN_1_0
KmsHttpCredentials *kms_http_credentials_ref (KmsHttpCredentials *self);
KMS_AVAILABLE_IN_1_0
void kms_http_credentials_unref (KmsHttpCredentials *self);
KMS_AVAILABLE_IN_1_0
gpointer kms_http_credentials_get_data (KmsHttpCredentials *self);
/* Seconds from now; 0 for no end. New ones are fetched after two thirds of it (give or take a tenth). */
KMS_AVAILABLE_IN_1_0
void kms_http_credentials_set_lifetime (KmsHttpCredentials *self, gint64 seconds);
/* Microseconds of g_get_monotonic_time(), for who knows better; G_MAXINT64 for never. */
KMS_AVAILABLE_IN_1_0
void kms_http_credentials_set_times (KmsHttpCredentials *self, gint64 refresh_at, gint64 expires_at);
KMS_AVAILABLE_IN_1_0
gint64 kms_http_credentials_get_expiry (KmsHttpCredentials *self);
KMS_AVAILABLE_IN_1_0
gint64 kms_http_credentials_get_refresh_time (KmsHttpCredentials *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsHttpCredentials, kms_http_credentials_unref)

G_END_DECLS
