/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What tests of PostgreSQL start from: an empty database, and a connection to it. */
#include "postgres-store.h"

#include "../config-root.h"

#define POLL_MICROSECONDS 5000

KmsStore *
postgres_fixture_open (PostgresFixture *self, const char *uri)
{
  g_autoptr (GError) error = NULL;
  KmsStore *store = kms_store_open (self->registry, uri, NULL, &error);

  g_assert_no_error (error);
  return store;
}

void
postgres_fixture_setup (PostgresFixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->root = config_root_new ();
  self->registry = kms_registry_new (self->root, NULL, &error);
  g_assert_no_error (error);
  self->store = postgres_fixture_open (self, g_getenv ("KMS_TEST_POSTGRES"));
  store_execute (self->store, "DROP SCHEMA public CASCADE");
  store_execute (self->store, "CREATE SCHEMA public");
  store_execute (self->store, "CREATE TABLE users (id bigint PRIMARY KEY, name text, n double precision)");
}

void
postgres_fixture_teardown (PostgresFixture *self, gconstpointer data)
{
  g_clear_object (&self->store);
  g_clear_object (&self->registry);
  config_root_remove (self->root);
}

gint64
postgres_get_backend (KmsStore *store)
{
  g_autofree char *pid = store_select (store, "SELECT pg_backend_pid()");
  return g_ascii_strtoll (pid, NULL, 10);
}

void
postgres_wait_until_waiting (KmsStore *observer, gint64 backend)
{
  g_autofree char *sql = g_strdup_printf ("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND "
                                          "wait_event_type IN ('Lock', 'Timeout') AND pid = %" G_GINT64_FORMAT,
                                          backend);
  for (;;)
    {
      g_autofree char *n_waiting = store_select (observer, sql);
      if (g_str_equal (n_waiting, "1 "))
        return;
      g_usleep (POLL_MICROSECONDS);
    }
}
