/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads one file into what it describes. */
#pragma once

#include "kms-config-info-private.h"

G_BEGIN_DECLS

KmsConfigInfo *_kms_config_info_new (KmsConfigKind kind, const char *name);

/* Opens for _kms_config_file_merge(); -1 with errno. */
int _kms_config_file_open (const char *path);

/* Whether the next try may well succeed (no descriptors or memory left): what is read now says nothing. */
gboolean _kms_config_file_is_passing (int saved_errno);

/* Puts the file's keys over those that the lower layers set, or its error into the info. Takes the descriptor; if that
 * is -1, saved_errno says why. */
void _kms_config_file_merge (KmsConfigReading *reading, KmsConfigInfo *info, const char *path, KmsLayer layer, int fd,
                             int saved_errno);

/* The line of the key in a file, 0 if it is not found: for messages only, the file may be another one by now. */
guint _kms_config_file_find_line (const char *path, const char *group, const char *key);

G_END_DECLS
