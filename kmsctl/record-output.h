/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records as JSON, as CSV and for people. */
#pragma once

#include "secret-output.h"

G_BEGIN_DECLS

/* An attribute of a row: its value (NULL is NULL), or why there is none. */
typedef struct
{
  const char *name;
  KmsValue *value;
  GError *error;
} KmsctlCell;

void kmsctl_cell_clear (gpointer cell);

typedef struct
{
  KmsctlSecretOutput output;
  gboolean json, csv, is_list;
  guint64 n_rows;
} KmsctlRecordOutput;

/* --json, --csv. A list has a frame, or a first line, around or above its rows. */
gboolean kmsctl_record_output_begin (KmsctlRecordOutput *self, Kmsctl *kmsctl, gboolean is_list,
                                     const char *const *names, GError **error);

/* `cells` is an array of KmsctlCell. */
void kmsctl_record_output_add (KmsctlRecordOutput *self, const char *id, gboolean is_id_integer, GArray *cells);
gboolean kmsctl_record_output_end (KmsctlRecordOutput *self, GError **error);

void kmsctl_record_output_clear (KmsctlRecordOutput *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KmsctlRecordOutput, kmsctl_record_output_clear)

G_END_DECLS
