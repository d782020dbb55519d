/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings that a provider's class declares, and what its file makes of them. */
#pragma once

#include "kms-provider-config-private.h"

G_BEGIN_DECLS

void _kms_setting_value_free (gpointer value);

/* Refuses names under which people would put a secret itself. */
gboolean _kms_settings_is_secret_name (const char *name);
gboolean _kms_settings_check_name (const char *name, GError **error);

/* Borrowed for ever: what the class declares, for _kms_config_info_set_settings(). */
GPtrArray *_kms_settings_get_declared (KmsProviderClass *klass);

/* Fills the table for all declared settings; an info of NULL leaves the defaults. */
gboolean _kms_settings_bind (KmsProviderClass *klass, KmsConfigInfo *info, GHashTable *settings, GError **error);

G_END_DECLS
