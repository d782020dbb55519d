/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A service that answers when it is let to: opens when the file OpenGate= is there, answers when the file Gate= is there,
 * and then after Latency= seconds. Before it waits, it writes down that it does, behind ".waiting". */
#include <glib/gstdio.h>

#include "mock.h"

#define LOOK_MS 5

MOCK_DEFINE_TYPE (MockWaits, mock_waits)

typedef struct
{
  KmsProvider *provider;
  KmsCall *call;
} Waiting;

static gboolean
is_there (const char *path)
{
  return path == NULL || g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
tell_waiting (const char *path)
{
  g_autofree char *name = path == NULL ? NULL : g_strconcat (path, ".waiting", NULL);

  if (name != NULL)
    g_file_set_contents (name, "", 0, NULL);
}

static gboolean
open_late (KmsProvider *self, GError **error)
{
  const char *gate = kms_provider_get_setting_string (self, "OpenGate");

  kms_provider_set_binding (self, KMS_BINDING_VERIFIED);
  tell_waiting (gate);
  while (!is_there (gate))
    g_usleep (LOOK_MS * 1000);
  return TRUE;
}

static gboolean
answer (gpointer data)
{
  g_autofree Waiting *self = data;

  mock_echo (self->provider, self->call, NULL);
  kms_call_complete (self->call, NULL);
  g_object_unref (self->provider);
  return G_SOURCE_REMOVE;
}

static void
attach (guint msec, GSourceFunc func, Waiting *waiting)
{
  g_autoptr (GSource) source = g_timeout_source_new (msec);

  g_source_set_callback (source, func, waiting, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
}

static gboolean
look (gpointer data)
{
  Waiting *self = data;

  if (!is_there (kms_provider_get_setting_string (self->provider, "Gate")))
    return G_SOURCE_CONTINUE;
  attach ((guint) kms_provider_get_setting_integer (self->provider, "Latency"), answer, self);
  return G_SOURCE_REMOVE;
}

static void
submit (KmsProvider *self, KmsCall *call)
{
  Waiting *waiting = g_new (Waiting, 1);
  const char *gate = kms_provider_get_setting_string (self, "Gate");

  *waiting = (Waiting){ g_object_ref (self), call };
  tell_waiting (gate);
  attach (gate == NULL ? 0 : LOOK_MS, look, waiting);
}

static void
mock_waits_class_init (MockWaitsClass *klass)
{
  klass->open = open_late;
  klass->submit = submit;
  kms_provider_class_add_setting (klass, "OpenGate", KMS_SETTING_STRING, NULL, NULL, "a file");
  kms_provider_class_add_setting (klass, "Gate", KMS_SETTING_STRING, NULL, NULL, "a file");
  kms_provider_class_add_setting (klass, "Latency", KMS_SETTING_DURATION, "0", NULL, "seconds");
}

KMS_MODULE_DEFINE (.id = "waits", .type_name = "MockWaits", .get_type = mock_waits_get_type, MOCK_ORIGIN);
