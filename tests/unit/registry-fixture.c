/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A registry of two mock providers and a box, and what tests of registries ask it. */
#include "registry-fixture.h"

static void
on_changed (KmsRegistry *registry, gpointer data)
{
  ((RegistryFixture *) data)->n_changed++;
}

void
registry_fixture_setup (RegistryFixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->root = config_root_new ();
  config_root_add_provider (self->root, "good", "kms-good.so", "Prefixes=good/");
  config_root_add_provider (self->root, "settings", "kms-settings.so", "Prefixes=settings/\n[Settings]\nText=one");
  config_root_write (self->root, "admin/boxes.d/orders.box", BOX ("good/orders"));
  self->registry = kms_registry_new (self->root, NULL, &error);
  g_assert_no_error (error);
  g_signal_connect (self->registry, "changed", G_CALLBACK (on_changed), self);
}

void
registry_fixture_teardown (RegistryFixture *self, gconstpointer data)
{
  gpointer watched = self->registry;

  /* A thread that did some work may hold it for a moment longer than who waited for the work. */
  g_object_add_weak_pointer (G_OBJECT (watched), &watched);
  g_clear_object (&self->registry);
  for (gint64 end = g_get_monotonic_time () + PATIENCE_MS * 1000; g_atomic_pointer_get (&watched) != NULL;)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_usleep (1000);
    }
  g_clear_pointer (&self->root, config_root_remove);
}

KmsProvider *
registry_fixture_get_provider (RegistryFixture *self, const char *name)
{
  g_autoptr (GError) error = NULL;
  KmsProvider *provider = kms_registry_dup_provider (self->registry, name, &error);

  g_assert_no_error (error);
  return provider;
}

char *
registry_fixture_encrypt (KmsProvider *provider, const char *key_id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsSecret) plain = kms_secret_new ((const guint8 *) "x", 1);
  g_autoptr (GBytes) out = kms_provider_encrypt (provider, key_id, plain, NULL, NULL, &error);

  g_assert_no_error (error);
  return g_strndup (g_bytes_get_data (out, NULL), g_bytes_get_size (out));
}

KmsState
registry_fixture_get_state (RegistryFixture *self, const char *name)
{
  g_autoptr (KmsConfigInfo) info = kms_registry_lookup (self->registry, KMS_CONFIG_KIND_PROVIDER, name, NULL);

  return info == NULL ? (KmsState) -1 : kms_config_info_get_state (info);
}

void
registry_fixture_reload (RegistryFixture *self)
{
  g_autoptr (GError) error = NULL;

  kms_registry_reload (self->registry, &error);
  g_assert_no_error (error);
}

KmsBox *
registry_fixture_get_box (RegistryFixture *self, const char *name)
{
  g_autoptr (GError) error = NULL;
  KmsBox *box = kms_registry_dup_box (self->registry, name, &error);

  g_assert_no_error (error);
  return box;
}
