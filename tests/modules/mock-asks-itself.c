/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks for providers of its own module wherever its code runs while it is loaded and opened, and answers with what it
 * was told each time. */
#include "mock.h"

static GMutex lock;
static GString *told;

/* With a registry of its own: it has no other. */
static void
ask (const char *when)
{
  static const char *const names[] = { "asks-itself", "asks-itself-too" };
  g_autoptr (KmsRegistry) registry = kms_registry_new (g_getenv ("MOCK_CONFIG_ROOT"), NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (KmsProvider) provider = kms_registry_dup_provider (registry, names[i], &error);
      g_mutex_lock (&lock);
      if (told == NULL)
        told = g_string_new (NULL);
      g_string_append_printf (told, "%s %s: %s\n", when, names[i], error == NULL ? "here it is" : error->message);
      g_mutex_unlock (&lock);
    }
}

MOCK_DEFINE_TYPE (MockAsksItself, mock_asks_itself)

static gboolean
open_asking (KmsProvider *provider, GError **error)
{
  if (strcmp (kms_provider_get_name (provider), "asks-itself") == 0)
    ask ("open");
  return TRUE;
}

static gboolean
tell (KmsProvider *self, KmsCall *call, GError **error)
{
  g_mutex_lock (&lock);
  for (guint i = 0; i < kms_call_get_n_items (call); i++)
    mock_answer_item (kms_call_get_item (call, i), told->str);
  g_mutex_unlock (&lock);
  return TRUE;
}

static void
mock_asks_itself_class_init (MockAsksItselfClass *klass)
{
  mock_behave (klass);
  klass->open = open_asking;
  klass->encrypt = tell;
  ask ("class_init");
}

__attribute__ ((constructor)) static void
at_load (void)
{
  ask ("constructor");
}

static gboolean
init_module (GError **error)
{
  ask ("init");
  return TRUE;
}

KMS_MODULE_DEFINE (.id = "asks-itself", .type_name = "MockAsksItself", .get_type = mock_asks_itself_get_type,
                   .init = init_module, MOCK_ORIGIN);
