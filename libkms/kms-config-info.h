/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One configured thing as the files say it: merged values, the file that each came from, state and error. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-types.h>

G_BEGIN_DECLS

/**
 * KmsConfigKind:
 * @KMS_CONFIG_KIND_GLOBAL: `kms.conf`
 * @KMS_CONFIG_KIND_PROVIDER: `NAME.provider`
 * @KMS_CONFIG_KIND_BOX: `NAME.box`
 * @KMS_CONFIG_KIND_MODEL: `NAME.model`
 *
 * What can be configured.
 *
 * Since: 1.0
 */
typedef enum {
  KMS_CONFIG_KIND_GLOBAL,
  KMS_CONFIG_KIND_PROVIDER,
  KMS_CONFIG_KIND_BOX,
  KMS_CONFIG_KIND_MODEL,
} KmsConfigKind;

#define KMS_TYPE_CONFIG_INFO (kms_config_info_get_type ())
typedef struct _KmsConfigInfo KmsConfigInfo;

KMS_AVAILABLE_IN_1_0
GType kms_config_info_get_type (void);
KMS_AVAILABLE_IN_1_0
KmsConfigInfo *kms_config_info_ref (KmsConfigInfo *self);
KMS_AVAILABLE_IN_1_0
void kms_config_info_unref (KmsConfigInfo *self);

KMS_AVAILABLE_IN_1_0
KmsConfigKind kms_config_info_get_kind (KmsConfigInfo *self);
KMS_AVAILABLE_IN_1_0
const char *kms_config_info_get_name (KmsConfigInfo *self);
KMS_AVAILABLE_IN_1_0
KmsState kms_config_info_get_state (KmsConfigInfo *self);
KMS_AVAILABLE_IN_1_0
const GError *kms_config_info_get_error (KmsConfigInfo *self);
KMS_AVAILABLE_IN_1_0
const char *const *kms_config_info_get_files (KmsConfigInfo *self);
KMS_AVAILABLE_IN_1_0
const char *const *kms_config_info_get_warnings (KmsConfigInfo *self);
KMS_AVAILABLE_IN_1_0
guint kms_config_info_get_n_values (KmsConfigInfo *self);
KMS_AVAILABLE_IN_1_0
const char *kms_config_info_get_nth_value (KmsConfigInfo *self, guint index, const char **group, const char **key,
                                           const char **origin);
KMS_AVAILABLE_IN_1_0
const char *kms_config_info_get_value (KmsConfigInfo *self, const char *group, const char *key);
/* For a provider, the path of its module; NULL where it is unknown. */
KMS_AVAILABLE_IN_1_0
const char *kms_config_info_get_module_path (KmsConfigInfo *self);
/* For a provider, the settings that its module declares; none before that was loaded. */
KMS_AVAILABLE_IN_1_0
guint kms_config_info_get_n_settings (KmsConfigInfo *self);
KMS_AVAILABLE_IN_1_0
const char *kms_config_info_get_nth_setting (KmsConfigInfo *self, guint index, KmsSettingType *type,
                                             const char **default_value, const char **range, const char **description);
KMS_AVAILABLE_IN_1_0
const char *kms_state_to_string (KmsState state);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsConfigInfo, kms_config_info_unref)

G_END_DECLS
