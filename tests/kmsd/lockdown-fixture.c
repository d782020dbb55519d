/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A store of lockdown in a temporary directory. */
#include "lockdown-fixture.h"

#include <glib/gstdio.h>

#include "../config-root.h"

void
lockdown_fixture_open (LockdownFixture *self)
{
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->store, lockdown_store_unref);
  self->store = lockdown_store_open (self->root, &error);
  g_assert_no_error (error);
}

void
lockdown_fixture_set_up (LockdownFixture *self, gconstpointer data)
{
  self->root = config_root_new ();
  self->file = g_build_filename (self->root, "lockdown.state", NULL);
  lockdown_fixture_open (self);
}

void
lockdown_fixture_tear_down (LockdownFixture *self, gconstpointer data)
{
  g_clear_pointer (&self->store, lockdown_store_unref);
  g_free (self->file);
  config_root_remove (self->root);
}

void
lockdown_fixture_set (LockdownFixture *self, const char *box, LockdownMode mode)
{
  g_autoptr (GError) error = NULL;

  lockdown_store_set (self->store, box, mode, REASON, "uid:0", &error);
  g_assert_no_error (error);
}

void
lockdown_fixture_assert_mode (LockdownFixture *self, const char *box, LockdownMode mode)
{
  g_auto (LockdownState) state = { 0 };

  lockdown_store_get (self->store, box, &state);
  g_assert_cmpstr (lockdown_mode_to_string (state.mode), ==, lockdown_mode_to_string (mode));
}

void
lockdown_fixture_assert_permits (LockdownFixture *self, const char *box, Operation operation, gboolean expected)
{
  g_autoptr (GError) error = NULL;
  gboolean permits = lockdown_permits (self->store, box, operation, &error);

  g_assert_cmpint (permits, ==, expected);
  if (expected)
    return;
  g_assert_error (error, KMS_ERROR, KMS_ERROR_LOCKED_DOWN);
  g_assert_nonnull (strstr (error->message, "kmsctl lockdown release"));
}

void
lockdown_fixture_keep_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

gboolean
lockdown_fixture_wait_for (LockdownStore *store, GAsyncResult **result, GError **error)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  gboolean ok = lockdown_store_set_finish (store, *result, error);
  g_clear_object (result);
  return ok;
}

void
lockdown_fixture_block_disk (LockdownFixture *self)
{
  g_autofree char *blocker = g_build_filename (self->root, "lockdown.state.new", NULL);
  g_assert_no_errno (g_mkdir (blocker, 0700));
}

void
lockdown_fixture_unblock_disk (LockdownFixture *self)
{
  g_autofree char *blocker = g_build_filename (self->root, "lockdown.state.new", NULL);
  g_assert_no_errno (g_rmdir (blocker));
}
