/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where configuration, modules and keys are looked for, by environment and by who runs the program. */
#pragma once

#include "kms-config-info.h"

G_BEGIN_DECLS

typedef enum {
  KMS_LAYER_PACKAGE,
  KMS_LAYER_ADMIN,
  KMS_LAYER_USER,
  KMS_N_LAYERS,
} KmsLayer;

typedef struct
{
  char *layers[KMS_N_LAYERS];      /* a layer that does not count is NULL */
  char *keys;                      /* of providers that keep keys themselves */
  char **module_directories;       /* in the order in which they are searched */
  gboolean environment;            /* whether variables count at all */
  gboolean environment_by_default; /* whether vendors' do where Environment= is not set: not for the daemon */
} KmsConfigRoots;

/* NULL: what KMS_CONFIG_ROOT says, else the system's own directories. The program is not NULL. */
KmsConfigRoots *_kms_config_roots_new (const char *config_root, const char *program);
void _kms_config_roots_free (KmsConfigRoots *self);

/* "providers.d" and so on; NULL for kms.conf. */
const char *_kms_config_kind_directory (KmsConfigKind kind);
const char *_kms_config_kind_suffix (KmsConfigKind kind);

/* As secure_getenv(), which answers nothing to a program with privileges that its caller does not have. */
const char *_kms_environment_get (const char *variable);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsConfigRoots, _kms_config_roots_free)

G_END_DECLS
