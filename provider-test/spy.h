/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sees what passes between the core and the module, which no caller of the public functions sees. */
#pragma once

#include <libkms/kms-module.h>

G_BEGIN_DECLS

typedef struct
{
  const char *name;
  KmsSettingType type;
  const char *range;
  const char *description;
} DeclaredSetting;

/* What the module's class declared, in its order. */
GPtrArray *spy_get_settings (void);

/* From now on, the calls of this provider's class are counted. */
void spy_attach (KmsProvider *provider);
guint spy_get_n_calls (void);
guint spy_get_largest_call (void);
/* Whether a call had items with and without a context. */
gboolean spy_get_mixed_contexts (void);

/* Texts: errors that the module made outside of KMS_ERROR, which the core then translates. */
GPtrArray *spy_dup_foreign_errors (void);

G_END_DECLS
