/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* {"request_id": …, "data": {…}, "warnings": […], "errors": […], …} */
#include "vault-envelope.h"

#include <string.h>

#define MAX_REQUEST_ID 128

static gboolean
skip_null (KmsHttpJson *json)
{
  return kms_http_json_peek (json) == KMS_HTTP_JSON_NULL && kms_http_json_read_null (json);
}

gboolean
vault_json_read_text (KmsHttpJson *json, const char **text, gsize *length)
{
  return skip_null (json) || kms_http_json_read_string (json, text, length);
}

gboolean
vault_json_read_integer (KmsHttpJson *json, gint64 *value)
{
  return skip_null (json) || kms_http_json_read_integer (json, value);
}

gboolean
vault_json_read_boolean (KmsHttpJson *json, gboolean *value)
{
  return skip_null (json) || kms_http_json_read_boolean (json, value);
}

void
vault_json_read_texts (KmsHttpJson *json, GPtrArray *texts)
{
  if (skip_null (json))
    return;
  kms_http_json_enter_array (json);
  while (kms_http_json_next_element (json))
    {
      const char *text = NULL;
      if (vault_json_read_text (json, &text, NULL) && text != NULL)
        g_ptr_array_add (texts, g_strdup (text));
    }
}

static void
read_errors (KmsHttpJson *json, VaultEnvelope *self)
{
  if (skip_null (json))
    return;
  kms_http_json_enter_array (json);
  while (kms_http_json_next_element (json))
    {
      const char *text = NULL;
      if (vault_json_read_text (json, &text, NULL) && text != NULL && self->n_errors < VAULT_MAX_ERRORS)
        self->errors[self->n_errors++] = text;
    }
}

/* A server that does not know a parameter ignores it, and says so here and nowhere else. */
static gboolean
says_ignored (const char *warning)
{
  g_autofree char *small = g_ascii_strdown (warning, -1);
  return strstr (small, "ignored") != NULL && strstr (small, "associated_data") != NULL;
}

static void
read_warnings (KmsHttpJson *json, VaultEnvelope *self)
{
  if (skip_null (json))
    return;
  kms_http_json_enter_array (json);
  while (kms_http_json_next_element (json))
    {
      const char *text = NULL;
      if (vault_json_read_text (json, &text, NULL) && text != NULL && says_ignored (text))
        self->ignored_associated_data = TRUE;
    }
}

static void
read_section (KmsHttpJson *json, const VaultSection *section)
{
  const char *name;

  if (skip_null (json))
    return;
  kms_http_json_enter_object (json);
  while (kms_http_json_next_member (json, &name))
    section->func (json, name, section->data);
}

static void
read_member (KmsHttpJson *json, const char *name, VaultEnvelope *self, const VaultSection *sections, guint n_sections)
{
  for (guint i = 0; i < n_sections; i++)
    if (sections[i].name != NULL && strcmp (sections[i].name, name) == 0)
      {
        read_section (json, &sections[i]);
        return;
      }
  if (strcmp (name, "errors") == 0)
    read_errors (json, self);
  else if (strcmp (name, "warnings") == 0)
    read_warnings (json, self);
  else if (strcmp (name, "request_id") == 0)
    vault_json_read_text (json, &self->request_id, NULL);
  else if (n_sections > 0 && sections[0].name == NULL)
    sections[0].func (json, name, sections[0].data);
  else
    kms_http_json_skip (json);
}

static gboolean
is_request_id (const char *text)
{
  gsize length = strspn (text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");
  return length > 0 && length <= MAX_REQUEST_ID && text[length] == '\0';
}

void
vault_envelope_parse (VaultEnvelope *self, guint8 *body, gsize length, const VaultSection *sections, guint n_sections)
{
  KmsHttpJson json;
  const char *name;

  *self = (VaultEnvelope){ FALSE };
  kms_http_json_init (&json, body, length);
  if (kms_http_json_enter_object (&json))
    while (kms_http_json_next_member (&json, &name))
      read_member (&json, name, self, sections, n_sections);
  self->is_json = kms_http_json_finish (&json);
  if (self->request_id != NULL && !is_request_id (self->request_id))
    self->request_id = NULL;
}
