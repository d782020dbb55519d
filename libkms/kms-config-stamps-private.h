/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times and identities of everything that was read or looked for, to notice a change without reading it again. */
#pragma once

#include <gio/gio.h>
#include <sys/stat.h>

G_BEGIN_DECLS

typedef struct _KmsConfigStamps KmsConfigStamps;

KmsConfigStamps *_kms_config_stamps_new (void);
void _kms_config_stamps_free (KmsConfigStamps *self);

/* Before it is read, so that a change during the reading is seen at the next look. An info of NULL: it is not there. */
void _kms_config_stamps_add (KmsConfigStamps *self, const char *path, const struct stat *info);

/* Looks by itself, and tells whether there is something; whatever comes into a directory or goes counts as a change. */
gboolean _kms_config_stamps_add_path (KmsConfigStamps *self, const char *path, struct stat *info);
gboolean _kms_config_stamps_add_directory (KmsConfigStamps *self, const char *path);

/* Whether something is not as it was, or can't be told from what it was. */
gboolean _kms_config_stamps_changed (KmsConfigStamps *self);

/* Which directories have to be watched: path → set of the names in it that matter, NULL where all do. What is not there
 * yet is waited for in the nearest directory above it that is. */
GHashTable *_kms_config_stamps_list_watches (KmsConfigStamps *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsConfigStamps, _kms_config_stamps_free)

G_END_DECLS
