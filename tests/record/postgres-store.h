/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What tests of PostgreSQL start from: an empty database, and a connection to it. */
#pragma once

#include <libkms/kms.h>

#include "store-rows.h"

typedef struct
{
  char *root;
  KmsRegistry *registry;
  KmsStore *store;
} PostgresFixture;

void postgres_fixture_setup (PostgresFixture *self, gconstpointer data);
void postgres_fixture_teardown (PostgresFixture *self, gconstpointer data);

/* One more connection. */
KmsStore *postgres_fixture_open (PostgresFixture *self, const char *uri);

/* Its process on the server. */
gint64 postgres_get_backend (KmsStore *store);

/* Returns when that process runs a statement that waits: for a lock, or asleep. */
void postgres_wait_until_waiting (KmsStore *observer, gint64 backend);
