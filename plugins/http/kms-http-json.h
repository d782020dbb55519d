/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads JSON where it stands, without a copy: answers may hold plaintext, which no heap should keep. */
#pragma once

#if !defined(KMS_HTTP_INSIDE) && !defined(KMS_HTTP_COMPILATION)
#error "Only <kms-http.h> can be included directly"
#endif

#include <libkms/kms-module.h>

G_BEGIN_DECLS

/**
 * KmsHttpJsonType:
 * @KMS_HTTP_JSON_NONE: no value follows, or what follows is no JSON
 * @KMS_HTTP_JSON_NULL: `null`
 * @KMS_HTTP_JSON_BOOLEAN: `true` or `false`
 * @KMS_HTTP_JSON_NUMBER: a number
 * @KMS_HTTP_JSON_STRING: a string
 * @KMS_HTTP_JSON_ARRAY: an array
 * @KMS_HTTP_JSON_OBJECT: an object
 *
 * Since: 1.0
 */
typedef enum {
  KMS_HTTP_JSON_NONE,
  KMS_HTTP_JSON_NULL,
  KMS_HTTP_JSON_BOOLEAN,
  KMS_HTTP_JSON_NUMBER,
  KMS_HTTP_JSON_STRING,
  KMS_HTTP_JSON_ARRAY,
  KMS_HTTP_JSON_OBJECT,
} KmsHttpJsonType;

/**
 * KmsHttpJson:
 *
 * A place in a JSON text. It stands on the stack of who reads; its fields are private.
 *
 * Since: 1.0
 */
typedef struct
{
  /*< private >*/
  char *at;
  char *end;
  guint depth;
  guint flags;
  guint8 open[64]; /* one bit a level would do; a byte keeps the code plain */
  gpointer _reserved[2];
} KmsHttpJson;

KMS_AVAILABLE_IN_1_0
void kms_http_json_init (KmsHttpJson *self, guint8 *text, gsize length);
/* Whether everything so far was JSON and was read as what it is. Sticky: once FALSE, every read says FALSE. */
KMS_AVAILABLE_IN_1_0
gboolean kms_http_json_is_good (KmsHttpJson *self);
/* Whether the one value of the text was read to its end, with nothing behind it. */
KMS_AVAILABLE_IN_1_0
gboolean kms_http_json_finish (KmsHttpJson *self);

KMS_AVAILABLE_IN_1_0
KmsHttpJsonType kms_http_json_peek (KmsHttpJson *self);
KMS_AVAILABLE_IN_1_0
gboolean kms_http_json_enter_object (KmsHttpJson *self);
/* FALSE at the object's end, which is left then. */
KMS_AVAILABLE_IN_1_0
gboolean kms_http_json_next_member (KmsHttpJson *self, const char **name);
KMS_AVAILABLE_IN_1_0
gboolean kms_http_json_enter_array (KmsHttpJson *self);
/* FALSE at the array's end, which is left then. */
KMS_AVAILABLE_IN_1_0
gboolean kms_http_json_next_element (KmsHttpJson *self);
KMS_AVAILABLE_IN_1_0
gboolean kms_http_json_skip (KmsHttpJson *self);

/* The text is unescaped where it stands, ends in NUL, and lives as long as the text of kms_http_json_init(). */
KMS_AVAILABLE_IN_1_0
gboolean kms_http_json_read_string (KmsHttpJson *self, const char **text, gsize *length);
KMS_AVAILABLE_IN_1_0
gboolean kms_http_json_read_integer (KmsHttpJson *self, gint64 *value);
KMS_AVAILABLE_IN_1_0
gboolean kms_http_json_read_number (KmsHttpJson *self, double *value);
KMS_AVAILABLE_IN_1_0
gboolean kms_http_json_read_boolean (KmsHttpJson *self, gboolean *value);
KMS_AVAILABLE_IN_1_0
gboolean kms_http_json_read_null (KmsHttpJson *self);

G_END_DECLS
