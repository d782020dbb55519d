/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests as prepare() writes them, responses as parse() reads them: plain values, which know of no network. */
#pragma once

#if !defined(KMS_HTTP_INSIDE) && !defined(KMS_HTTP_COMPILATION)
#error "Only <kms-http.h> can be included directly"
#endif

#include <kms-http-buffer.h>

G_BEGIN_DECLS

typedef struct _KmsHttpRequest KmsHttpRequest;
typedef struct _KmsHttpResponse KmsHttpResponse;

KMS_AVAILABLE_IN_1_0
KmsHttpRequest *kms_http_request_new (void);
KMS_AVAILABLE_IN_1_0
void kms_http_request_free (KmsHttpRequest *self);
KMS_AVAILABLE_IN_1_0
void kms_http_request_set_method (KmsHttpRequest *self, const char *method);
KMS_AVAILABLE_IN_1_0
void kms_http_request_set_url (KmsHttpRequest *self, const char *url);
KMS_AVAILABLE_IN_1_0
void kms_http_request_add_header (KmsHttpRequest *self, const char *name, const char *value);
KMS_AVAILABLE_IN_1_0
void kms_http_request_set_content_type (KmsHttpRequest *self, const char *content_type);
KMS_AVAILABLE_IN_1_0
KmsHttpBuffer *kms_http_request_get_body (KmsHttpRequest *self);
/* TRUE unless said otherwise. What must not be repeated gets a connection of its own and no retry. */
KMS_AVAILABLE_IN_1_0
void kms_http_request_set_repeatable (KmsHttpRequest *self, gboolean repeatable);

KMS_AVAILABLE_IN_1_0
const char *kms_http_request_get_method (KmsHttpRequest *self);
KMS_AVAILABLE_IN_1_0
const char *kms_http_request_get_url (KmsHttpRequest *self);
KMS_AVAILABLE_IN_1_0
const char *kms_http_request_get_header (KmsHttpRequest *self, const char *name);
KMS_AVAILABLE_IN_1_0
const char *kms_http_request_get_content_type (KmsHttpRequest *self);
KMS_AVAILABLE_IN_1_0
gboolean kms_http_request_get_repeatable (KmsHttpRequest *self);

/* What a call with several requests remembers from one to the next; lives as long as the call. */
KMS_AVAILABLE_IN_1_0
void kms_http_request_set_state (KmsHttpRequest *self, gpointer state, GDestroyNotify free_state);
KMS_AVAILABLE_IN_1_0
gpointer kms_http_request_get_state (KmsHttpRequest *self);

/* For tests and fuzz targets of a parse(); the base class makes its own. The body is wiped with the response. */
KMS_AVAILABLE_IN_1_0
KmsHttpResponse *kms_http_response_new (KmsHttpRequest *request, guint status, KmsHttpBuffer *body);
KMS_AVAILABLE_IN_1_0
void kms_http_response_free (KmsHttpResponse *self);
KMS_AVAILABLE_IN_1_0
void kms_http_response_add_header (KmsHttpResponse *self, const char *name, const char *value);

KMS_AVAILABLE_IN_1_0
guint kms_http_response_get_status (KmsHttpResponse *self);
KMS_AVAILABLE_IN_1_0
const char *kms_http_response_get_header (KmsHttpResponse *self, const char *name);
/* Never NULL, may be changed in place (kms_http_json_init()), ends in a NUL that is not counted. */
KMS_AVAILABLE_IN_1_0
guint8 *kms_http_response_get_body (KmsHttpResponse *self, gsize *length);
KMS_AVAILABLE_IN_1_0
KmsHttpRequest *kms_http_response_get_request (KmsHttpResponse *self);
KMS_AVAILABLE_IN_1_0
gpointer kms_http_response_get_state (KmsHttpResponse *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsHttpRequest, kms_http_request_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsHttpResponse, kms_http_response_free)

G_END_DECLS
