/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands in the place of a store's function. */
#include "store-hook.h"

static gboolean (*real_run) (KmsStore *self, KmsStatement *statement, GCancellable *cancellable, GError **error);
static StoreHookFunc hook;
static gpointer hook_data;
static guint n_statements;
static gboolean is_inside;

static gboolean
run (KmsStore *self, KmsStatement *statement, GCancellable *cancellable, GError **error)
{
  if (!is_inside)
    {
      is_inside = TRUE;
      gboolean go_on = hook (kms_statement_get_sql (statement), ++n_statements, hook_data, error);
      is_inside = FALSE;
      if (!go_on)
        return FALSE;
    }
  return real_run (self, statement, cancellable, error);
}

void
store_hook_set (KmsStore *store, StoreHookFunc func, gpointer user_data)
{
  KmsStoreClass *klass = KMS_STORE_GET_CLASS (store);

  g_assert_null (real_run);
  hook = func;
  hook_data = user_data;
  n_statements = 0;
  real_run = klass->run;
  klass->run = run;
}

void
store_hook_clear (KmsStore *store)
{
  g_assert_nonnull (real_run);
  KMS_STORE_GET_CLASS (store)->run = real_run;
  real_run = NULL;
}
