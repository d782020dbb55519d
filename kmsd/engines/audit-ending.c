/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A pipe that is closed looks alike whether all was written or the writer is gone: the last line makes the difference. */
#include "audit-ending.h"

#include <libkms/kms.h>
#include <string.h>

#include "audit-record.h"
#include "plugins/http/kms-http-json.h"

#define BEGIN "{\"end\":"

char *
audit_ending_to_line (guint64 n_skipped, const GError *error)
{
  if (error == NULL)
    return g_strdup_printf (BEGIN "true,\"skipped\":%" G_GUINT64_FORMAT "}\n", n_skipped);
  g_autofree char *message = g_utf8_make_valid (error->message, -1);
  GString *line = g_string_new (BEGIN "false,\"error\":");
  audit_append_string (line, kms_error_get_dbus_name (error));
  g_string_append (line, ",\"message\":");
  audit_append_string (line, message);
  g_string_append (line, "}\n");
  return g_string_free (line, FALSE);
}

typedef struct
{
  gboolean is_whole;
  gint64 n_skipped;
  const char *error, *message;
} Parts;

static gboolean
read_member (KmsHttpJson *json, const char *name, Parts *parts)
{
  gsize length;

  if (strcmp (name, "end") == 0)
    return kms_http_json_read_boolean (json, &parts->is_whole);
  if (strcmp (name, "skipped") == 0)
    return kms_http_json_read_integer (json, &parts->n_skipped) && parts->n_skipped >= 0;
  if (strcmp (name, "error") == 0)
    return kms_http_json_read_string (json, &parts->error, &length);
  if (strcmp (name, "message") == 0)
    return kms_http_json_read_string (json, &parts->message, &length);
  return kms_http_json_skip (json);
}

/* Strings point into the copy. */
static gboolean
read_parts (char *copy, gsize length, Parts *parts)
{
  const char *name;
  KmsHttpJson json;

  kms_http_json_init (&json, (guint8 *) copy, length);
  if (!kms_http_json_enter_object (&json))
    return FALSE;
  while (kms_http_json_next_member (&json, &name))
    if (!read_member (&json, name, parts))
      return FALSE;
  return kms_http_json_finish (&json);
}

AuditEnding
audit_ending_parse (const char *line, gsize length, guint64 *n_skipped, GError **error)
{
  Parts parts = { .error = "", .message = "kmsd does not say why" };

  if (length < strlen (BEGIN) || memcmp (line, BEGIN, strlen (BEGIN)) != 0)
    return AUDIT_ENDING_NONE;
  g_autofree char *copy = g_malloc0 (length + 1);
  memcpy (copy, line, length);
  if (!read_parts (copy, length, &parts))
    return AUDIT_ENDING_NONE;
  if (parts.is_whole)
    {
      *n_skipped = (guint64) parts.n_skipped;
      return AUDIT_ENDING_WHOLE;
    }
  GError *meant = kms_error_new_named (parts.error, parts.message);
  g_propagate_error (error, meant != NULL ? meant : g_error_new_literal (KMS_ERROR, KMS_ERROR_FAILED, parts.message));
  return AUDIT_ENDING_FAILED;
}
