/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of a master key. */
#pragma once

#if !defined(KMS_INSIDE) && !defined(KMS_COMPILATION)
#error "Only <libkms/kms.h> and <libkms/kms-module.h> can be included directly"
#endif

#include <libkms/kms-types.h>

G_BEGIN_DECLS

/**
 * KmsKeyState:
 * @KMS_KEY_STATE_ENABLED: encrypts and decrypts
 * @KMS_KEY_STATE_DISABLED: does nothing until it is enabled again
 * @KMS_KEY_STATE_PENDING_DELETION: will be deleted at #KmsKey:deletion-time; can be restored until then
 * @KMS_KEY_STATE_UNAVAILABLE: exists, but can't be used (the service's words are in #KmsKey:details)
 *
 * What can be done with a master key.
 *
 * Since: 1.0
 */
typedef enum {
  KMS_KEY_STATE_ENABLED,
  KMS_KEY_STATE_DISABLED,
  KMS_KEY_STATE_PENDING_DELETION,
  KMS_KEY_STATE_UNAVAILABLE,
} KmsKeyState;

#define KMS_TYPE_KEY (kms_key_get_type ())
KMS_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (KmsKey, kms_key, KMS, KEY, GObject)

KMS_AVAILABLE_IN_1_0
KmsKey *kms_key_new (const char *id, KmsKeyState state);

KMS_AVAILABLE_IN_1_0
const char *kms_key_get_id (KmsKey *self);
KMS_AVAILABLE_IN_1_0
KmsKeyState kms_key_get_state (KmsKey *self);
KMS_AVAILABLE_IN_1_0
const char *kms_key_get_description (KmsKey *self);
KMS_AVAILABLE_IN_1_0
const char *kms_key_get_version (KmsKey *self);
KMS_AVAILABLE_IN_1_0
gint64 kms_key_get_creation_time (KmsKey *self);
KMS_AVAILABLE_IN_1_0
gint64 kms_key_get_deletion_time (KmsKey *self);
KMS_AVAILABLE_IN_1_0
KmsBinding kms_key_get_binding (KmsKey *self);
KMS_AVAILABLE_IN_1_0
GVariant *kms_key_get_details (KmsKey *self);
KMS_AVAILABLE_IN_1_0
guint kms_key_get_n_versions (KmsKey *self);
KMS_AVAILABLE_IN_1_0
const char *kms_key_get_nth_version (KmsKey *self, guint index, KmsKeyState *state, gint64 *creation_time);

/* For providers, while they alone hold the key. */
KMS_AVAILABLE_IN_1_0
void kms_key_set_description (KmsKey *self, const char *description);
KMS_AVAILABLE_IN_1_0
void kms_key_set_times (KmsKey *self, gint64 creation_time, gint64 deletion_time);
KMS_AVAILABLE_IN_1_0
void kms_key_set_binding (KmsKey *self, KmsBinding binding);
KMS_AVAILABLE_IN_1_0
void kms_key_set_details (KmsKey *self, GVariant *details);
KMS_AVAILABLE_IN_1_0
void kms_key_add_version (KmsKey *self, const char *version, KmsKeyState state, gint64 creation_time);

G_END_DECLS
