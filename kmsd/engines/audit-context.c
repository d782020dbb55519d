/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a record shows of a context: all of it, its names, or what tells equal ones. */
#include "audit-context.h"

#include "plugins/http/kms-http-json.h"

/* The text itself is no JSON then. */
static char *
quote_raw (const char *text, gsize length)
{
  GString *json = g_string_new ("\"");

  if (!g_utf8_validate_len (text, length, NULL))
    {
      g_string_free (json, TRUE);
      return NULL;
    }
  for (const char *p = text; p < text + length; p++)
    {
      if (*p == '"' || *p == '\\')
        g_string_append_c (json, '\\');
      if ((guint8) *p < 0x20)
        g_string_append_printf (json, "\\u%04x", (guint) (guint8) *p);
      else
        g_string_append_c (json, *p);
    }
  g_string_append_c (json, '"');
  return g_string_free (json, FALSE);
}

static char *
describe_hmac (const char *bytes, gsize length, const AuditKey *key)
{
  char hex[2 * AUDIT_MAC_SIZE + 1];
  guint8 mac[AUDIT_MAC_SIZE];

  if (!audit_key_mac_context (key, bytes, length, mac))
    return NULL;
  audit_mac_to_hex (mac, hex);
  return g_strdup_printf ("\"%s\"", hex);
}

/* Only pairs have names; of other forms nothing is shown. */
static char *
describe_names (KmsContext *context)
{
  GString *json = g_string_new ("[");

  for (guint i = 0; i < kms_context_get_n_pairs (context); i++)
    {
      gsize length;
      const char *name = kms_context_get_name (context, i, &length, NULL);
      g_autofree char *quoted = quote_raw (name, length);
      g_string_append_printf (json, "%s%s", i == 0 ? "" : ",", quoted == NULL ? "\"?\"" : quoted);
    }
  g_string_append_c (json, ']');
  return g_string_free (json, FALSE);
}

/* JSON readers stop at NUL, ours refuses it. */
static gboolean
is_fit (const char *json)
{
  return json != NULL && strlen (json) <= AUDIT_MAX_CONTEXT && g_utf8_validate (json, -1, NULL)
         && strstr (json, "\\u0000") == NULL && strchr (json, '\n') == NULL;
}

/* As a member of a record. A caller chooses this JSON, and may nest it as deep as contexts go, which is too deep for who
 * reads records: the line would be taken for one that kmsd did not write. */
static gboolean
is_readable (const char *json)
{
  g_autofree char *record = g_strdup_printf ("{\"context\":%s}", json);
  const char *name;
  KmsHttpJson reader;

  kms_http_json_init (&reader, (guint8 *) record, strlen (record));
  gboolean ok = kms_http_json_enter_object (&reader);
  while (ok && kms_http_json_next_member (&reader, &name))
    ok = kms_http_json_skip (&reader);
  return ok && kms_http_json_finish (&reader);
}

static char *
describe_plain (KmsContext *context, const char *bytes, gsize length)
{
  KmsContextForm form = kms_context_get_form (context);

  if (form == KMS_CONTEXT_FORM_RAW)
    return quote_raw (bytes, length);
  if (strlen (bytes) != length || (form == KMS_CONTEXT_FORM_LEGACY && !is_readable (bytes)))
    return NULL;
  return g_strdup (bytes);
}

char *
audit_context_describe (KmsContext *context, AuditContextPolicy policy, const AuditKey *key, AuditContextPolicy *form)
{
  gsize length = 0;

  *form = policy;
  if (context == NULL || kms_context_get_form (context) == KMS_CONTEXT_FORM_NONE)
    return NULL;
  g_autofree char *bytes =
    kms_context_to_json (context, KMS_JSON_DIALECT_PLAIN, kms_context_get_form (context), &length, NULL);
  if (bytes == NULL)
    return NULL;
  g_autofree char *json = NULL;
  if (policy == AUDIT_CONTEXT_PLAIN)
    json = describe_plain (context, bytes, length);
  if (policy == AUDIT_CONTEXT_NAMES)
    json = describe_names (context);
  if (is_fit (json))
    return g_steal_pointer (&json);
  *form = AUDIT_CONTEXT_HMAC;
  return describe_hmac (bytes, length, key);
}
