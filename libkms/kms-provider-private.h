/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the registry and the boxes need of a provider besides its public face, and what its own files share. */
#pragma once

#include "kms-item-private.h"
#include "kms-provider-class.h"
#include "kms-provider-config-private.h"
#include "kms-provider-queue-private.h"
#include "kms-provider-thread-private.h"

G_BEGIN_DECLS

#define KMS_N_LIMITS (KMS_LIMIT_ITEMS_WITH_CONTEXT + 1)

/* Settled when the provider is opened, and read without a lock from then on; only what stands behind `lock` changes. */
typedef struct
{
  KmsProviderConfig *config;
  const char *name;
  KmsCapability capabilities;
  KmsBinding binding;
  gboolean allow_unbound_context;
  gint64 limits[KMS_N_LIMITS];
  guint fork_generation; /* atomic */
  KmsProviderQueue *queue;
  GMutex lock;
  KmsProviderThread *thread; /* for providers with submit(); starts with the first call */
} KmsProviderPrivate;

KmsProviderPrivate *_kms_provider_get_private (KmsProvider *self);

/* Constructs with the construct-only property "config", binds the settings that the class declares to what the file
 * says, and opens. The caller owns the result. */
KmsProvider *_kms_provider_new (GType type, KmsProviderConfig *config, GError **error);

/* Borrowed; lives as long as the provider. */
KmsProviderConfig *_kms_provider_get_config (KmsProvider *self);

/* A failure without a GError gets one; a foreign domain becomes ours; the provider's name stands in front. */
void _kms_provider_name_error (KmsProvider *self, GError **error);

/* Full transfer of an item's error, with the provider's name in front. */
GError *_kms_item_steal_error (KmsItem *item);

/* Refuses in a child that was forked after the provider was opened; what is INLINE gets a chance to load its keys. */
gboolean _kms_provider_check_fork (KmsProvider *self, GError **error);

/* Waits a moment until the provider's own thread has let go of calls that ended. Who drops the last reference then is the
 * caller, and what a provider does when it goes (giving back a token) is done before a program ends. */
void _kms_provider_settle_down (KmsProvider *self);

G_END_DECLS
