/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which provider a key id belongs to. */
#pragma once

#include "kms-provider-config-private.h"

G_BEGIN_DECLS

/* The configuration among `configs` (of KmsProviderConfig) that claims the key id: exactly, else by the longest prefix,
 * else as the fallback; ties go to the higher priority, then to the name. NULL if nobody does. */
KmsProviderConfig *_kms_routing_find (GPtrArray *configs, const char *key_id, gboolean *is_fallback);

/* Whether `a` was meant to get the key id before `b`: by a longer match, or by a higher Priority=. Not by its name. */
gboolean _kms_routing_is_stronger (KmsProviderConfig *a, KmsProviderConfig *b, const char *key_id);
gboolean _kms_routing_matches_longer (KmsProviderConfig *a, KmsProviderConfig *b, const char *key_id);

/* Where two claim the same, the one that does not get it has a warning that says so. */
void _kms_routing_warn_of_shared (GPtrArray *configs);

/* The key id as the provider knows it: without the prefix that claimed it. NULL where that stands there twice. */
const char *_kms_routing_strip (KmsProviderConfig *config, const char *key_id, GError **error);

/* Whether a key id belongs to a provider of this project by its looks, so that no fallback may have it. */
gboolean _kms_routing_is_reserved (const char *key_id);

G_END_DECLS
