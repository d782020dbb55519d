/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a provider's file says, parsed: immutable once the provider is constructed. */
#pragma once

#include "kms-config-info-private.h"
#include "kms-registry.h"
#include "kms-provider-class.h"

G_BEGIN_DECLS

typedef struct _KmsProviderConfig KmsProviderConfig;

#define KMS_TYPE_PROVIDER_CONFIG (_kms_provider_config_get_type ())
GType _kms_provider_config_get_type (void);
KmsProviderConfig *_kms_provider_config_ref (KmsProviderConfig *self);
void _kms_provider_config_unref (KmsProviderConfig *self);

/* A configuration with a name and nothing else, for providers that no file describes (tests). */
KmsProviderConfig *_kms_provider_config_new (const char *name);
const char *_kms_provider_config_get_name (KmsProviderConfig *self);
KmsConfigInfo *_kms_provider_config_get_info (KmsProviderConfig *self); /* borrowed; NULL without a file */
gboolean _kms_provider_config_get_allow_unbound_context (KmsProviderConfig *self);
/* ConnectTimeout, AttemptTimeout, CallTimeout in milliseconds, Retries, MaxInFlight; -1 where the file says nothing. */
gint64 _kms_provider_config_get_option (KmsProviderConfig *self, const char *name);
/* The first of Prefixes=, which key ids lose on their way to the provider; NULL where there is none. */
char *_kms_provider_config_dup_prefix (KmsProviderConfig *self);
/* A strong reference, or NULL when the registry is gone or there never was one. */
KmsRegistry *_kms_provider_config_dup_registry (KmsProviderConfig *self);

/* Parses [Settings] by what the class declares with kms_provider_class_add_setting(). */
gboolean _kms_provider_config_bind (KmsProviderConfig *self, KmsProviderClass *klass, GError **error);

/* From what a provider's file says; the first thing that is wrong with it is the error. */
KmsProviderConfig *_kms_provider_config_new_from_info (KmsRegistry *registry, const KmsConfigRoots *roots,
                                                       KmsConfigInfo *info, GError **error);
/* Of a file that can't be used: which key ids it claims all the same. */
KmsProviderConfig *_kms_provider_config_new_claims (KmsConfigInfo *info);
const char *const *_kms_provider_config_get_prefixes (KmsProviderConfig *self);
const char *const *_kms_provider_config_get_matches (KmsProviderConfig *self);
const char *const *_kms_provider_config_get_exact (KmsProviderConfig *self);
gboolean _kms_provider_config_get_fallback (KmsProviderConfig *self);
gint64 _kms_provider_config_get_priority (KmsProviderConfig *self);
gboolean _kms_provider_config_get_critical (KmsProviderConfig *self);
gboolean _kms_provider_config_is_enabled_in (KmsProviderConfig *self, const char *program);
const char *_kms_provider_config_get_module (KmsProviderConfig *self);
const char *const *_kms_provider_config_get_needs (KmsProviderConfig *self);
const char *_kms_provider_config_get_data_directory (KmsProviderConfig *self);
gboolean _kms_provider_config_get_environment (KmsProviderConfig *self);

/* What kms_provider_class_add_setting() declared and the file says. */
typedef struct
{
  KmsSettingType type;
  char *text; /* NULL: not set, and no default */
  gint64 number;
  char **list;
} KmsSettingValue;

const KmsSettingValue *_kms_provider_config_get_setting (KmsProviderConfig *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (KmsProviderConfig, _kms_provider_config_unref)

G_END_DECLS
