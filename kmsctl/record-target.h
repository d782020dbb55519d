/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the commands of records work on: a model, and the database that its table is in. */
#pragma once

#include "kmsctl.h"

G_BEGIN_DECLS

typedef struct
{
  KmsModel *model;
  KmsStore *store;
} KmsctlRecordTarget;

void kmsctl_record_target_clear (KmsctlRecordTarget *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KmsctlRecordTarget, kmsctl_record_target_clear)

/* The model that the first argument names, with the boxes of kmsd where the command line says so, and the database of
 * --db or of the model's file. */
gboolean kmsctl_record_target_open (Kmsctl *self, KmsctlRecordTarget *target, GError **error);

G_END_DECLS
