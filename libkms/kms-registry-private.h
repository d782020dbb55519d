/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What boxes and providers need of the registry besides its public face. */
#pragma once

#include "kms-box.h"
#include "kms-registry.h"

G_BEGIN_DECLS

/* Cheap enough for every call: one relaxed atomic load. */
gboolean _kms_registry_wants_operations (KmsRegistry *self);

/* Emits "operation"; duration in microseconds; error is NULL for success. */
void _kms_registry_report_operation (KmsRegistry *self, const char *provider_name, const char *key_id,
                                     KmsOperation operation, guint n_items, const GError *error, gint64 duration);

/* Asks through what kms_registry_set_ask_secret_func() set; NOT_SUPPORTED with advice where nothing was set. */
KmsSecret *_kms_registry_ask_secret (KmsRegistry *self, KmsProvider *provider, const char *prompt, gboolean confirm,
                                     GCancellable *cancellable, GError **error);

/* A box as its file describes it; in kms-box-file.c. */
KmsBox *_kms_box_new_from_config (KmsRegistry *registry, KmsConfigInfo *info, GError **error);

/* While the info is not shared yet: what is wrong with the file becomes its state, its error and its warnings. */
void _kms_box_check_config (KmsRegistry *registry, KmsConfigInfo *info);

G_END_DECLS
