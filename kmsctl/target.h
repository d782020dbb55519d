/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a command works on: a box, or a bare key id. */
#pragma once

#include "kmsctl.h"

G_BEGIN_DECLS

typedef struct
{
  KmsBox *box; /* of that name, or made for the key id */
  char *name;  /* as it was typed */
  gboolean is_box;
  const char *key_id; /* of the version that encrypts */
  const char *pinned; /* the provider's name, where the box pins it */
} KmsctlTarget;

void kmsctl_target_clear (KmsctlTarget *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KmsctlTarget, kmsctl_target_clear)

/* The first argument, --box or --key, or KMS_KEY_ID where allow_default is TRUE. */
gboolean kmsctl_target_resolve (Kmsctl *self, gboolean allow_default, KmsctlTarget *target, GError **error);

/* Refuses a key id that nobody claims and that does not look like AWS's. NOT_FOUND is nobody; another error says why who
 * claims it can't be used. */
gboolean kmsctl_check_claimed (Kmsctl *self, const char *key_id, GError **error);

gboolean kmsctl_has_box (Kmsctl *self, const char *name);

/* -c and --context-file; NULL without an error is no context. */
gboolean kmsctl_read_context (Kmsctl *self, KmsContext **context, GError **error);
gboolean kmsctl_build_context (GPtrArray *assignments, KmsContext **context, GError **error);

G_END_DECLS
