/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The grammar of stored strings: which version and format, and where the provider's bytes stand. */
#pragma once

#include "kms-box.h"

G_BEGIN_DECLS

/* Larger ones are refused before any work. */
#define KMS_STORED_MAX_LENGTH (4 * 1024 * 1024)

/* A longer version can't be active anywhere; it is named, cut off, in the error. */
#define KMS_VERSION_MAX_DIGITS 256

typedef struct
{
  KmsStoredFormat format;
  const char *version; /* digits without leading zeros, not NUL-terminated */
  gsize version_length;
  gboolean is_damaged; /* "v01:": names a version, but can't be decrypted (the gem strips only "v1:") */
  const char *payload; /* base64, or for LEGACY_VAULT and LEGACY_TEST the provider's bytes themselves */
  gsize payload_length;
  const char *short_key_id; /* LEGACY_GOOGLE: base64 */
  gsize short_key_id_length;
} KmsStored;

/* Points into the text. Fails only for what is too large. */
gboolean _kms_stored_parse (const char *text, gsize length, KmsStored *stored, GError **error);

/* Room for the provider's bytes, and the bytes themselves; lenient as Ruby's unpack1("m"). */
gsize _kms_stored_max_bytes (const KmsStored *stored);
gsize _kms_stored_decode (const KmsStored *stored, guint8 *out);

/* LEGACY_GOOGLE: "projects/…", or NULL if the short id is not one. */
char *_kms_stored_dup_google_key_id (const KmsStored *stored);

G_END_DECLS
