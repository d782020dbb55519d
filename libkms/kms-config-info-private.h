/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a configured thing looks inside, while it is read and merged; immutable afterwards but for its state. */
#pragma once

#include "kms-config-info.h"
#include "kms-config-roots-private.h"
#include "kms-config-stamps-private.h"
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
  GPtrArray *settings; /* atomic: what the module declares, for ever; NULL before it was loaded */
  char *fingerprint;   /* of what the files say, and of the state that follows: another one is another configuration */
};

/* One reading of all files. */
typedef struct
{
  const KmsConfigRoots *roots;
  KmsPermissions permissions;
  KmsConfigStamps *stamps; /* gets everything that was looked at */
  KmsConfigInfo *global;   /* gets what is wrong with directories */
} KmsConfigReading;

/* All of a kind, by name, merged over the layers. Fails only where the system is short of something for a moment: half a
 * configuration is worse than the old one, since key ids would go to other providers. */
GHashTable *_kms_config_scan (KmsConfigReading *reading, KmsConfigKind kind, GError **error);

/* kms.conf, merged. */
KmsConfigInfo *_kms_config_read_global (KmsConfigReading *reading, GError **error);

/* The first error is the one that people should read. Takes the error. */
void _kms_config_info_fail (KmsConfigInfo *self, KmsState state, GError *error);
void _kms_config_info_warn (KmsConfigInfo *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* The same about a value, with where it stands in front. */
void _kms_config_info_warn_of (KmsConfigInfo *self, const char *group, const char *key, const char *what);

/* "FILE, line 3: [group] key", for messages about a value. */
char *_kms_config_info_describe (KmsConfigInfo *self, const char *group, const char *key);
char *_kms_config_info_describe_in (const char *path, const char *group, const char *key);

/* The same in front of what is wrong with the value. */
void _kms_config_info_prefix_error (KmsConfigInfo *self, const char *group, const char *key, GError **error);

/* Whether a value comes from a file in that directory or below it; FALSE for a directory of NULL. */
gboolean _kms_config_info_is_from (KmsConfigInfo *self, const char *group, const char *key, const char *directory);

/* What its module declares, which belongs to the class of the provider. */
void _kms_config_info_set_settings (KmsConfigInfo *self, GPtrArray *settings);

/* Its module was loaded, or refused to be: later than the reading, while others may hold the info. */
void _kms_config_info_set_loaded (KmsConfigInfo *self);

G_END_DECLS
