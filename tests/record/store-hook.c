/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands in the place of a store's function. */
#include "store-hook.h"

static gboolean (*real_run) (KmsStore *self, KmsStatement *statement, GCancellable *cancellable, GError **error);
static gboolean (*real_run_all) (KmsStore *self, KmsStatement *const *statements, guint n_statements,
                                 GCancellable *cancellable, GError **error);
static StoreHookFunc hook;
static gpointer hook_data;
static guint n_statements;
static gboolean is_inside;

static gboolean
ask_hook (KmsStatement *statement, GError **error)
{
  if (is_inside)
    return TRUE;
  is_inside = TRUE;
  gboolean go_on = hook (kms_statement_get_sql (statement), ++n_statements, hook_data, error);
  is_inside = FALSE;
  return go_on;
}

static gboolean
run (KmsStore *self, KmsStatement *statement, GCancellable *cancellable, GError **error)
{
  return ask_hook (statement, error) && real_run (self, statement, cancellable, error);
}

/* What goes to the database at once is looked at before. */
static gboolean
run_all (KmsStore *self, KmsStatement *const *statements, guint n_statements_all, GCancellable *cancellable,
         GError **error)
{
  for (guint i = 0; i < n_statements_all; i++)
    if (!ask_hook (statements[i], error))
      return FALSE;
  return real_run_all (self, statements, n_statements_all, cancellable, error);
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
  real_run_all = klass->run_all;
  if (real_run_all != NULL)
    klass->run_all = run_all;
}

void
store_hook_clear (KmsStore *store)
{
  g_assert_nonnull (real_run);
  KMS_STORE_GET_CLASS (store)->run = real_run;
  KMS_STORE_GET_CLASS (store)->run_all = real_run_all;
  real_run = NULL;
}
