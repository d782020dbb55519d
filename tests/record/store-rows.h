/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows into stores and out of them, in the tests of every database. */
#pragma once

#include <libkms/kms.h>

#include "record/kms-store-private.h"

KmsCell store_text_cell (const char *text);
KmsCell store_blob_cell (const char *bytes, gsize length);
KmsCell store_integer_cell (gint64 integer);

/* Runs text that has to succeed. */
void store_execute (KmsStore *store, const char *sql);

void store_insert (KmsStore *store, const char *table, const KmsCell *cells, guint n_cells);

/* All cells, each with a blank behind it; bytes have an "x" in front. */
char *store_select (KmsStore *store, const char *sql);
