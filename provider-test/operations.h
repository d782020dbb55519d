/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Encrypting and decrypting as applications do, where what should not happen is told to the verdict. */
#pragma once

#include "fixture.h"

G_BEGIN_DECLS

KmsSecret *make_secret (gsize length);
/* A context that no other call made. */
KmsContext *make_context (const char *name, guint value);

/* NULL: the verdict has failed. `what` says what is encrypted. */
GBytes *encrypt_value (KmsProvider *provider, const char *key_id, KmsSecret *plaintext, KmsContext *context,
                       const char *what);
/* Whether it decrypts to this; else the verdict has failed. */
gboolean check_decrypts (KmsProvider *provider, const char *key_id, GBytes *ciphertext, KmsContext *context,
                         KmsSecret *plaintext, const char *what);
gboolean check_round_trip (KmsProvider *provider, const char *key_id, KmsSecret *plaintext, KmsContext *context,
                           const char *what);

/* Fails unless the error is one of KMS_ERROR that a person can read, and no bug of the module. */
gboolean check_error (KmsProvider *provider, const GError *error, const char *what);

/* Fails unless the error says that the ciphertext is wrong; NULL for an operation that succeeded. */
gboolean check_refusal (KmsProvider *provider, const GError *error, const char *what);
void check_refused (KmsProvider *provider, const char *key_id, GBytes *ciphertext, KmsContext *context,
                    const char *what);
/* All in one batch, each with a text that says what it is. */
void check_all_refused (KmsProvider *provider, const char *key_id, GPtrArray *ciphertexts, GPtrArray *texts,
                        KmsContext *context);

/* n random plaintexts. */
GPtrArray *make_secrets (guint n, gsize length);
/* What came of them, all encrypted in one batch; NULL where that failed. */
KmsBatch *encrypt_all (KmsProvider *provider, const char *key_id, GPtrArray *plaintexts, KmsContext *context,
                       const char *what);
/* Whether each decrypts to the plaintext at its place. */
gboolean check_all_decrypt (KmsProvider *provider, const char *key_id, KmsBatch *encrypted, GPtrArray *plaintexts,
                            KmsContext *context, const char *what);

/* Whether an error's code is in a list that ends with -1. */
gboolean error_is_one_of (const GError *error, ...);

G_END_DECLS
