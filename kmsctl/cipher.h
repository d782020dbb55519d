/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the commands that encrypt and decrypt share. */
#pragma once

#include "result.h"
#include "target.h"

G_BEGIN_DECLS

/* Runs a batch of one item, so that its error is the item's own. */
gboolean kmsctl_run_one (Kmsctl *self, KmsBox *box, KmsBatch *batch, GError **error);

/* What came out besides: box or key, version, the provider's words. */
void kmsctl_add_outcome (KmsctlFields *fields, KmsctlTarget *target, KmsBatch *batch);

/* A stored string on stdout or in --out, or in the JSON document. */
gboolean kmsctl_print_stored (Kmsctl *self, KmsctlTarget *target, KmsBatch *batch, GError **error);

/* Reads a stored string; the newline that a shell adds is dropped. */
KmsSecret *kmsctl_read_stored (Kmsctl *self, const char **stored, gsize *length, GError **error);

/* Writes { …fields, "plaintext": base64, "encoding": "base64" } without a copy in plain memory. */
gboolean kmsctl_print_plaintext_json (Kmsctl *self, KmsctlFields *fields, KmsSecret *plaintext, GError **error);

G_END_DECLS
