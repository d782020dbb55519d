/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A master key to administer: the key that a box encrypts with, or the one of a key id. */
#pragma once

#include "kmsctl.h"

G_BEGIN_DECLS

typedef struct
{
  KmsProvider *provider;
  char *key_id; /* without the provider's prefix */
  char *full_id;
  char *of_box; /* the box that was named; NULL where a key id was */
} KmsctlKeyTarget;

gboolean kmsctl_key_target_resolve (Kmsctl *self, KmsctlKeyTarget *key, GError **error);
void kmsctl_key_target_clear (KmsctlKeyTarget *key);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KmsctlKeyTarget, kmsctl_key_target_clear)

G_END_DECLS
