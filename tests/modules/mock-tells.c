/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells everything: what it got is its answer, and it reports all that a provider can report besides. */
#include "mock.h"

MOCK_DEFINE_TYPE (MockTells, mock_tells)

static void
append_context (GString *text, const char *what, const char *json, gsize length)
{
  g_string_append_printf (text, " %s=", what);
  g_string_append_len (text, json == NULL ? "(none)" : json, json == NULL ? -1 : (gssize) length);
}

static char *
tell (KmsProvider *self, KmsItem *item)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gsize length, json_length;
  const guint8 *input = kms_item_get_input (item, &length);
  const char *json = kms_item_get_context_json (item, &json_length);

  g_string_append_printf (text, "%s: key=%s form=%d", kms_provider_get_name (self), kms_item_get_key_id (item),
                          kms_item_get_context_form (item));
  append_context (text, "context", json, json_length);
  if (kms_item_get_operation (item) == KMS_OPERATION_REWRAP)
    {
      json = kms_item_get_new_context_json (item, &json_length);
      g_string_append_printf (text, " new-key=%s", kms_item_get_new_key_id (item));
      append_context (text, "new-context", json, json_length);
    }
  g_string_append (text, " input=");
  g_string_append_len (text, (const char *) input, (gssize) length);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
starts_with (KmsItem *item, const char *word)
{
  gsize length;
  const guint8 *input = kms_item_get_input (item, &length);

  return length >= strlen (word) && memcmp (input, word, strlen (word)) == 0;
}

static char *
tell_versions (KmsItem *item)
{
  const char *version = kms_item_get_version (item), *new_version = kms_item_get_new_version (item);

  return g_strdup_printf ("version=%s new-version=%s", version == NULL ? "(none)" : version,
                          new_version == NULL ? "(none)" : new_version);
}

static void
answer (KmsProvider *self, KmsItem *item)
{
  static gint n_calls;
  g_autofree char *text = starts_with (item, "version") ? tell_versions (item) : tell (self, item);

  kms_item_set_key_version (item, "7");
  kms_item_set_used_key_id (item, "the-key-behind-the-alias");
  kms_item_set_request_id (item, "request-1");
  kms_item_set_binding (item, KMS_BINDING_VERIFIED);
  if (starts_with (item, "fail"))
    kms_item_fail (item, KMS_ERROR_THROTTLED, "told to fail");
  else if (starts_with (item, "count"))
    kms_item_fail (item, KMS_ERROR_INVALID_CIPHERTEXT, "call %d", g_atomic_int_add (&n_calls, 1));
  else
    mock_answer_item (item, text);
}

static gboolean
answer_all (KmsProvider *self, KmsCall *call, GError **error)
{
  for (guint i = 0; i < kms_call_get_n_items (call); i++)
    answer (self, kms_call_get_item (call, i));
  return TRUE;
}

static gboolean
open_provider (KmsProvider *self, GError **error)
{
  KmsCapability capabilities = KMS_CAPABILITY_ENCRYPT | KMS_CAPABILITY_DECRYPT;

  if (kms_provider_get_setting_boolean (self, "Rewraps"))
    capabilities |= KMS_CAPABILITY_REWRAP;
  if (kms_provider_get_setting_boolean (self, "Inline"))
    capabilities |= KMS_CAPABILITY_INLINE;
  kms_provider_set_capabilities (self, capabilities);
  return TRUE;
}

static void
mock_tells_class_init (MockTellsClass *klass)
{
  klass->open = open_provider;
  klass->encrypt = answer_all;
  klass->decrypt = answer_all;
  klass->rewrap = answer_all;
  kms_provider_class_add_setting (klass, "Rewraps", KMS_SETTING_BOOLEAN, "false", NULL, "rewrap within itself");
  kms_provider_class_add_setting (klass, "Inline", KMS_SETTING_BOOLEAN, "false", NULL, "work in the caller's thread");
}

KMS_MODULE_DEFINE (.id = "tells", .type_name = "MockTells", .get_type = mock_tells_get_type, MOCK_ORIGIN);
