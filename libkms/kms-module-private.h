/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loads modules: once a process, and never again out of it. */
#pragma once

#include "kms-config-info-private.h"
#include "kms-provider-config-private.h"

G_BEGIN_DECLS

/* Where a bare name is found, or the absolute path itself; NULL if there is no such file. Every place that was looked
 * at gets a stamp. */
char *_kms_module_find (const KmsConfigRoots *roots, const char *module, KmsConfigStamps *stamps, struct stat *info);

/* Whether the module is loaded, and the file is not the one any more that it was loaded from. */
gboolean _kms_module_is_outdated (const char *path, const struct stat *info);

/* Loads what is not loaded yet, step by step; returns its type, which is derived from `parent`, or 0 with an error of its
 * own for each step and the state that it means. No lock is held while the module's code runs: other threads that want
 * the module wait, and a module that asks for itself meanwhile gets an error. */
GType _kms_module_load (const char *path, GType parent, const char *const *needs, KmsPermissions permissions,
                        KmsState *state, GError **error);

/* Whether it is a whole shared object for this machine: reads headers, loads nothing. */
gboolean _kms_module_file_check (const char *path, GError **error);

G_END_DECLS
