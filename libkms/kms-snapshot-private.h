/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything that the registry knows of the files at one time: read as a whole, replaced as a whole. */
#pragma once

#include "kms-provider-config-private.h"

G_BEGIN_DECLS

typedef struct
{
  gatomicrefcount refs;
  KmsConfigInfo *global;
  KmsPermissions permissions;
  gboolean has_user_layer;                      /* FALSE with UserConfig=none */
  GHashTable *infos[KMS_CONFIG_KIND_MODEL + 1]; /* name → KmsConfigInfo */
  GPtrArray *configs;                           /* of KmsProviderConfig, those that may be used */
  GPtrArray *unusable;                          /* of KmsProviderConfig, those that claim key ids, but can't be used */
  char *providers_fingerprint;                  /* of their files and states */
  KmsConfigStamps *stamps;                      /* of all that was looked at */
} KmsSnapshot;

/* Fails only for what is Critical, and where the system is short of something for a moment. */
KmsSnapshot *_kms_snapshot_new (KmsRegistry *registry, const KmsConfigRoots *roots, const char *program,
                                GError **error);
KmsSnapshot *_kms_snapshot_ref (KmsSnapshot *self);
void _kms_snapshot_unref (KmsSnapshot *self);

/* Whether they say the same, and all is in the same state. */
gboolean _kms_snapshot_equal (KmsSnapshot *self, KmsSnapshot *other);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsSnapshot, _kms_snapshot_unref)

G_END_DECLS
