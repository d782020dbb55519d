/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Declares a setting of every type, and answers each request with what it makes of them. */
#include "mock.h"

MOCK_DEFINE_TYPE (MockSettings, mock_settings)

static char *
describe (KmsProvider *self)
{
  const char *const *list = kms_provider_get_setting_list (self, "List");
  g_autofree char *joined = list == NULL ? g_strdup ("-") : g_strjoinv ("|", (char **) list);
  const char *text = kms_provider_get_setting_string (self, "Text");
  const char *file = kms_provider_get_setting_string (self, "TokenFile");

  return g_strdup_printf (
    "Text=%s Flag=%d Number=%" G_GINT64_FORMAT " Wait=%" G_GINT64_FORMAT " Color=%s TokenFile=%s List=%s",
    text == NULL ? "-" : text, kms_provider_get_setting_boolean (self, "Flag"),
    kms_provider_get_setting_integer (self, "Number"), kms_provider_get_setting_integer (self, "Wait"),
    kms_provider_get_setting_string (self, "Color"), file == NULL ? "-" : file, joined);
}

static gboolean
answer (KmsProvider *self, KmsCall *call, GError **error)
{
  g_autofree char *text = describe (self);

  for (guint i = 0; i < kms_call_get_n_items (call); i++)
    {
      KmsItem *item = kms_call_get_item (call, i);
      g_autofree char *variable = NULL;
      if (g_str_has_prefix (kms_item_get_key_id (item), "MOCK_"))
        variable = kms_provider_dup_environment (self, kms_item_get_key_id (item));
      mock_answer_item (item, variable != NULL ? variable : text);
    }
  return TRUE;
}

static void
mock_settings_class_init (MockSettingsClass *klass)
{
  klass->encrypt = answer;
  kms_provider_class_add_setting (klass, "Text", KMS_SETTING_STRING, NULL, NULL, "any text");
  kms_provider_class_add_setting (klass, "Flag", KMS_SETTING_BOOLEAN, "true", NULL, "a switch");
  kms_provider_class_add_setting (klass, "Number", KMS_SETTING_INTEGER, "5", "1..10", "a number");
  kms_provider_class_add_setting (klass, "Wait", KMS_SETTING_DURATION, "1.5", NULL, "a duration");
  kms_provider_class_add_setting (klass, "Color", KMS_SETTING_CHOICE, "red", "red|green", "a choice");
  kms_provider_class_add_setting (klass, "TokenFile", KMS_SETTING_CREDENTIAL_FILE, NULL, NULL, "a credential");
  kms_provider_class_add_setting (klass, "List", KMS_SETTING_LIST, NULL, NULL, "a list");
}

KMS_MODULE_DEFINE (.id = "settings", .type_name = "MockSettings", .get_type = mock_settings_get_type, MOCK_ORIGIN);
