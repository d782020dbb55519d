/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Encryption with the transit keys of the Vault double. */
#pragma once

#include "vault-double-key.h"

G_BEGIN_DECLS

/* What went wrong with an item, as the answer tells it. */
typedef struct
{
  /* NULL: nothing; free with g_free(). */
  char *text;
  /* Not the fault of who asked: 500 instead of 400. */
  gboolean is_internal;
  /* One item of a batch may have it without the batch failing. */
  gboolean is_tolerated;
} DoubleTrouble;

typedef struct
{
  const char *context;         /* base64; NULL or empty: none */
  const char *associated_data; /* base64; NULL or empty: none */
  gint64 version;              /* 0: the latest */
  guint index;                 /* in the batch */
  gboolean is_old;             /* words of old servers */
} DoubleBinding;

/* base64 as Go's encoding/base64 reads it: line breaks are skipped. NULL with the trouble set. */
GBytes *double_base64_decode (const char *text, DoubleTrouble *trouble);

/* "vault:v1:…", or NULL with the trouble set. Version becomes the one that was taken. */
char *double_cipher_encrypt (const DoubleKey *key, GBytes *plaintext, const DoubleBinding *binding, guint *version,
                             DoubleTrouble *trouble);
/* NULL with the trouble set. */
GBytes *double_cipher_decrypt (const DoubleKey *key, const char *ciphertext, const DoubleBinding *binding,
                               DoubleTrouble *trouble);

G_END_DECLS
