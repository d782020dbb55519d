/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A registry of two mock providers and a box, for the tests of what registries do while they live. */
#pragma once

#include <libkms/kms.h>

#include "../config-root.h"

G_BEGIN_DECLS

#define BOX(key) "[Box]\nVersion=1\n[Version 1]\nKeyId=" key "\n"

/* Long enough that a machine under load does not fail; nothing waits for all of it. */
#define PATIENCE_MS 20000

typedef struct
{
  char *root;
  KmsRegistry *registry;
  guint n_changed; /* signals so far */
} RegistryFixture;

void registry_fixture_setup (RegistryFixture *self, gconstpointer data);
void registry_fixture_teardown (RegistryFixture *self, gconstpointer data);

/* These fail the test where the registry has an error. */
KmsProvider *registry_fixture_get_provider (RegistryFixture *self, const char *name);
KmsBox *registry_fixture_get_box (RegistryFixture *self, const char *name);
void registry_fixture_reload (RegistryFixture *self);

/* -1 for a provider that is not there. */
KmsState registry_fixture_get_state (RegistryFixture *self, const char *name);

/* What the provider answers to "x". */
char *registry_fixture_encrypt (KmsProvider *provider, const char *key_id);

G_END_DECLS
