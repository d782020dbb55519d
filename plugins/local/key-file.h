/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text of a key file. key_file_parse() needs no keys and touches no files; what it returns is not yet authentic. */
#pragma once

#include "local-key.h"
#include "master-key.h"

G_BEGIN_DECLS

#define KEY_FILE_MAX_SIZE (1024 * 1024)

typedef struct
{
  guint32 number;
  gint64 created;
  guint8 wrapped[LOCAL_KEY_SIZE + XAES_OVERHEAD];
} WrappedVersion;

typedef struct
{
  char *text;
  gsize mac_offset; /* the bytes before it are authenticated */
  guint8 master_id[MASTER_ID_SIZE];
  guint8 mac[XAES_OVERHEAD];
  LocalKey *key;    /* without versions */
  GArray *versions; /* of WrappedVersion */
} KeyFile;

KeyFile *key_file_parse (const char *text, gsize length, GError **error);
void key_file_free (KeyFile *self);
LocalKey *key_file_open (const KeyFile *self, const MasterKey *master, GError **error);
char *key_file_write (const LocalKey *key, const MasterKey *master, gsize *length, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KeyFile, key_file_free)

G_END_DECLS
