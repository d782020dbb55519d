/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON attributes, as ActiveSupport writes them: without blanks, and with what HTML would take for its own escaped. */
#include "kms-value-private.h"

#include <gnutls/gnutls.h>
#include <string.h>

#include "kms-context-private.h"
#include "kms-secret.h"

#define ESCAPED_SIZE 6
#define MAX_LENGTH (64 * 1024 * 1024)

static gsize
count_escapes (const GString *json)
{
  gsize n = 0;

  for (gsize i = 0; i < json->len; i++)
    n += strchr ("<>&", json->str[i]) != NULL || (guint8) json->str[i] == 0xe2;
  return n;
}

static KmsSecret *
escape (const GString *json)
{
  guint8 *bytes;
  KmsSecret *secret = kms_secret_reserve (json->len + ESCAPED_SIZE * count_escapes (json), &bytes);

  if (secret != NULL)
    kms_secret_commit (secret, _kms_json_write_dialect (json->str, json->len, KMS_JSON_DIALECT_RAILS, (char *) bytes));
  return secret;
}

/* Rails has no text for JSON, but values: so there is nothing to cast. */
gboolean
_kms_value_parse_json (const char *text, gsize length, gboolean strict, KmsSecret **plaintext, GError **error)
{
  GString *compact = g_string_sized_new (MIN (length, MAX_LENGTH));
  KmsSecret *secret = NULL;
  gboolean read = _kms_json_compact ("the JSON", text, length, MAX_LENGTH, compact, error);

  if (read)
    secret = escape (compact);
  gnutls_memset (compact->str, 0, compact->allocated_len);
  g_string_free (compact, TRUE);
  return read && _kms_value_take (secret, plaintext, error);
}
