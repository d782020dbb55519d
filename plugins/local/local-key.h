/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A key of the local keystore with all its versions, opened: what a key file or an export says once it is decrypted. */
#pragma once

#include <libkms/kms.h>

G_BEGIN_DECLS

#define LOCAL_KEY_UID_SIZE 8
#define LOCAL_KEY_SIZE 32
#define LOCAL_KEY_MAX_NAME 127
#define LOCAL_KEY_MAX_DESCRIPTION 256
#define LOCAL_KEY_MAX_VERSIONS 4096

typedef struct
{
  guint32 number;
  gint64 created; /* Unix seconds */
  KmsSecret *secret;
} LocalKeyVersion;

/* Reference-counted; changed only while one alone holds it. */
typedef struct
{
  char *name;
  guint8 uid[LOCAL_KEY_UID_SIZE]; /* random: tells a key from a later one of the same name */
  gboolean disabled;
  gint64 created;
  gint64 deletion; /* 0: not scheduled */
  char *description;
  GArray *versions; /* of LocalKeyVersion, numbers rising */
} LocalKey;

LocalKey *local_key_new (const char *name);
LocalKey *local_key_new_random (const char *name, const char *description, GError **error);
LocalKey *local_key_ref (LocalKey *self);
void local_key_unref (LocalKey *self);
LocalKey *local_key_copy (LocalKey *self);

/* Takes the secret. */
void local_key_take_version (LocalKey *self, guint32 number, gint64 created, KmsSecret *secret);
gboolean local_key_add_random_version (LocalKey *self, GError **error);
const LocalKeyVersion *local_key_get_newest (const LocalKey *self);
const LocalKeyVersion *local_key_find_version (const LocalKey *self, guint32 number);
gboolean local_key_is_expired (const LocalKey *self);
KmsKeyState local_key_get_state (const LocalKey *self);
KmsKey *local_key_describe (const LocalKey *self);

gboolean local_key_check_name (const char *name, GError **error);
gboolean local_key_check_description (const char *description, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LocalKey, local_key_unref)

G_END_DECLS
