/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is told while a rotation runs: how far it is, how fast, how long it will take, and which rows failed. */
#pragma once

#include "kmsctl.h"

G_BEGIN_DECLS

typedef struct
{
  Kmsctl *kmsctl;
  const char *key;
  gboolean is_line; /* one line of a terminal, which is written over */
  gboolean has_line;
  gint64 started, told, told_waiting; /* monotonic time */
  guint n_failed_told;
} KmsctlRecordProgress;

/* Until the rotation is gone. */
void kmsctl_record_progress_watch (KmsctlRecordProgress *self, Kmsctl *kmsctl, KmsRotation *rotation, const char *key);

/* Makes room for other lines on a terminal. */
void kmsctl_record_progress_end (KmsctlRecordProgress *self);

/* The counts, and how fast it was; a floating a{sv}. */
GVariant *kmsctl_record_progress_describe (KmsctlRecordProgress *self, KmsRotation *rotation, const char *state);

G_END_DECLS
