/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ciphertext, and the cipher that makes and opens it. Knows nothing of files and calls. */
#pragma once

#include <libkms/kms-module.h>

G_BEGIN_DECLS

#define ACME_KEY_SIZE 32
#define ACME_OVERHEAD (1 + 4 + 12 + 16) /* format, version, nonce, tag */

typedef struct _AcmeSealer AcmeSealer;

AcmeSealer *acme_sealer_new (KmsSecret *key, guint32 version, GError **error);
void acme_sealer_free (AcmeSealer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AcmeSealer, acme_sealer_free)

guint32 acme_sealer_get_version (AcmeSealer *self);
/* "out" has room for the plaintext and ACME_OVERHEAD more. */
gboolean acme_sealer_seal (AcmeSealer *self, KmsContext *context, const guint8 *plaintext, gsize length, guint8 *out,
                           GError **error);
/* "out" has room for what is left without ACME_OVERHEAD. */
gboolean acme_sealer_open (AcmeSealer *self, KmsContext *context, const guint8 *sealed, gsize length, guint8 *out,
                           GError **error);

gboolean acme_sealed_get_version (const guint8 *sealed, gsize length, guint32 *version, GError **error);

G_END_DECLS
