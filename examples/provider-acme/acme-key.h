/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A master key that is open: a directory with a file for each of its versions. */
#pragma once

#include "acme-sealer.h"

G_BEGIN_DECLS

#define ACME_MAX_VERSION 9999

typedef struct
{
  guint32 number;
  gint64 created; /* seconds since 1970 */
} AcmeVersion;

typedef struct
{
  char *name;
  char *path;
  int fd;              /* of the directory */
  GArray *versions;    /* of AcmeVersion, the oldest first; may be empty while a key is made */
  GHashTable *sealers; /* by version: what was needed of the key since it was opened */
} AcmeKey;

typedef enum {
  ACME_KEY_MUST_EXIST,
  ACME_KEY_MAKE, /* its directory, if it is not there */
} AcmeKeyMode;

gboolean acme_key_check_name (const char *name, GError **error);
AcmeKey *acme_key_open (const char *directory, const char *name, AcmeKeyMode mode, GError **error);
void acme_key_free (AcmeKey *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AcmeKey, acme_key_free)

const AcmeVersion *acme_key_get_newest (AcmeKey *self);
AcmeSealer *acme_key_get_sealer (AcmeKey *self, guint32 version, GCancellable *cancellable, GError **error);

G_END_DECLS
