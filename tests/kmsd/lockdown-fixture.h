/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A store of lockdown in a temporary directory. */
#pragma once

#include <lockdown-file.h>

G_BEGIN_DECLS

#define REASON "odd decryptions at night"

typedef struct
{
  char *root;
  char *file;
  LockdownStore *store;
} LockdownFixture;

void lockdown_fixture_set_up (LockdownFixture *self, gconstpointer data);
void lockdown_fixture_tear_down (LockdownFixture *self, gconstpointer data);

/* As after a restart. */
void lockdown_fixture_open (LockdownFixture *self);

/* Stops the test if that fails. */
void lockdown_fixture_set (LockdownFixture *self, const char *box, LockdownMode mode);
void lockdown_fixture_assert_mode (LockdownFixture *self, const char *box, LockdownMode mode);
void lockdown_fixture_assert_permits (LockdownFixture *self, const char *box, Operation operation, gboolean expected);

/* A directory in the place of the new file: nobody can write there, root included. */
void lockdown_fixture_block_disk (LockdownFixture *self);
void lockdown_fixture_unblock_disk (LockdownFixture *self);

/* A GAsyncReadyCallback that keeps the result where the data points to, and the end of waiting for it. */
void lockdown_fixture_keep_result (GObject *source, GAsyncResult *result, gpointer user_data);
gboolean lockdown_fixture_wait_for (LockdownStore *store, GAsyncResult **result, GError **error);

G_END_DECLS
