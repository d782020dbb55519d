/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys as services, files and programs write them: text that is checked before it becomes a header. */
#pragma once

#include "aws-keys.h"

G_BEGIN_DECLS

/* Texts that live elsewhere; NULL where there is none. */
typedef struct
{
  const char *id, *secret, *token, *expiration;
  gsize id_length, secret_length, token_length;
} AwsKeyTexts;

/* `source` is for people, and begins every error; errors repeat no text. `expires_at` in microseconds counts where there is
 * no `expiration`; 0 for never. */
AwsKeys *aws_key_texts_make_keys (const AwsKeyTexts *self, gint64 expires_at, const char *source, GError **error);

/* {"AccessKeyId":…, "SecretAccessKey":…, TOKEN_NAME:…, "Expiration":…}; the text is changed. */
AwsKeys *aws_keys_parse_json (guint8 *text, gsize length, const char *token_name, const char *source, GError **error);
/* An answer of STS; likewise. */
AwsKeys *aws_keys_parse_xml (char *text, gsize length, const char *source, GError **error);

/* Printable ASCII, and some of it: what may be the value of a header. */
gboolean aws_is_plain_text (const char *text, gsize length, gsize max);

/* "2030-01-01T00:00:00Z", in microseconds since 1970. */
gboolean aws_parse_time (const char *text, gint64 *time);

G_END_DECLS
