/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cells on their way to PostgreSQL and back. */
#pragma once

#include <libkms/kms-module.h>
#include <libpq-fe.h>

G_BEGIN_DECLS

/* The parameters of a statement, as libpq takes them. */
typedef struct
{
  int n;
  const char **values;
  int *lengths, *formats;
  GPtrArray *texts; /* what had to be copied */
} PgParameters;

/* The types are the server's, which knows from a parameter's place what it has to be. Where the server would take other
 * bytes than were given, it is not asked: KMS_ERROR_INVALID_ARGUMENT. */
gboolean pg_parameters_init (PgParameters *self, KmsStatement *statement, const Oid *types, GError **error);
void pg_parameters_clear (PgParameters *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PgParameters, pg_parameters_clear)

/* Adds the cells of a row to the statement. What had to be decoded is kept in `decoded`, which is emptied first. */
void pg_row_add (const PGresult *result, int row, KmsStatement *statement, GPtrArray *decoded);

G_END_DECLS
