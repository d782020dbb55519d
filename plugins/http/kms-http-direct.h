/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests to what is on this machine or beside it, such as a metadata service: past proxies, and past all that is set for
 * the provider's own server. */
#pragma once

#if !defined(KMS_HTTP_INSIDE) && !defined(KMS_HTTP_COMPILATION)
#error "Only <kms-http.h> can be included directly"
#endif

#include <kms-http-message.h>

G_BEGIN_DECLS

/* The response is the callee's only until it returns. */
typedef void (*KmsHttpAnswerFunc) (KmsHttpResponse *response, gpointer data);

KMS_AVAILABLE_IN_1_0
gboolean kms_http_send_direct (KmsHttpRequest *request, gint64 timeout, gsize response_size, KmsHttpAnswerFunc answer,
                               gpointer data, GCancellable *cancellable, GError **error);

G_END_DECLS
