/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a case finds ready: the provider, opened through a registry as an application does, and keys. */
#pragma once

#include <libkms/kms-module.h>

#include "options.h"
#include "provider-file.h"

G_BEGIN_DECLS

/* What a case can't do without. It is skipped where the provider has not got it, and fails where it should have. */
typedef enum {
  FIXTURE_NOTHING = 0,
  FIXTURE_PROVIDER = 1 << 0,
  FIXTURE_KEY = 1 << 1,
  FIXTURE_SECOND_KEY = 1 << 2,
  FIXTURE_ENCRYPT = 1 << 3,
  FIXTURE_DECRYPT = 1 << 4,
  FIXTURE_REWRAP = 1 << 5,
  FIXTURE_BINDING = 1 << 6,
  FIXTURE_KEY_ADMIN = 1 << 7,

  FIXTURE_ENCRYPTION = FIXTURE_PROVIDER | FIXTURE_KEY | FIXTURE_ENCRYPT,
  FIXTURE_ROUND_TRIP = FIXTURE_ENCRYPTION | FIXTURE_DECRYPT,
  FIXTURE_ADMINISTRATION = FIXTURE_PROVIDER | FIXTURE_KEY_ADMIN,
} FixtureNeeds;

typedef struct
{
  const Options *options;
  const ProviderFile *file;
  const char *root;

  KmsRegistry *registry;
  KmsProvider *provider;
  const char *name;    /* the provider's */
  char *key_id;        /* as the provider sees it */
  char *second_key_id; /* nullable */
  GPtrArray *created;  /* key ids, deleted at the end */
  KmsContext *context; /* NULL where the provider would ignore it */
} Fixture;

/* Whether the case can run; if not, the verdict has the reason. */
gboolean fixture_open (Fixture *self, const Options *options, const ProviderFile *file, FixtureNeeds needs);
void fixture_close (Fixture *self);

/* Drops provider and registry; what is in flight keeps them. */
void fixture_drop_provider (Fixture *self);

/* Another registry and provider object, as another part of the program would have it; NULL with the verdict failed. */
KmsProvider *fixture_open_another (Fixture *self, const char *name);

/* Makes a key that is deleted at the end. */
gboolean fixture_create_key (Fixture *self, const char *key_id, GError **error);

/* A key id that nothing has, as the provider sees it. */
char *fixture_make_key_id (Fixture *self);

G_END_DECLS
