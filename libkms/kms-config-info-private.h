/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a configured thing looks inside, while it is read and merged; immutable afterwards but for its state. */
#pragma once

#include "kms-config-info.h"
#include "kms-config-roots-private.h"
#include "kms-permissions-private.h"

G_BEGIN_DECLS

typedef struct
{
  char *group;
  char *key;
  char *value;
  const char *origin; /* one of the files */
} KmsConfigValue;

struct _KmsConfigInfo
{
  gatomicrefcount refs;
  KmsConfigKind kind;
  char *name;
  gint state;           /* atomic, a KmsState */
  GError *error;        /* atomic: once set, it stays, since callers borrow it */
  GPtrArray *files;     /* NULL-terminated at the end */
  GPtrArray *warnings;  /* atomic, NULL-terminated at the end; never changed, but replaced by a longer one */
  GPtrArray *withdrawn; /* earlier lists of warnings, which callers may have borrowed */
  GArray *values;       /* of KmsConfigValue */
  char *module_path;
  char *fingerprint; /* of all files: another one is another configuration */
};

/* All of a kind, by name, merged over the layers; never fails. */
GHashTable *_kms_config_scan (const KmsConfigRoots *roots, KmsConfigKind kind, KmsPermissions permissions);

/* kms.conf, merged. */
KmsConfigInfo *_kms_config_read_global (const KmsConfigRoots *roots, KmsPermissions permissions);

/* The first error is the one that people should read. Takes the error. */
void _kms_config_info_fail (KmsConfigInfo *self, KmsState state, GError *error);
void _kms_config_info_warn (KmsConfigInfo *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* "FILE: [group] key", for messages about a value; NULL-safe. */
char *_kms_config_info_describe (KmsConfigInfo *self, const char *group, const char *key);

/* Its module was loaded, or refused to be: later than the reading, while others may hold the info. */
void _kms_config_info_set_loaded (KmsConfigInfo *self);

G_END_DECLS
