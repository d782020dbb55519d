/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notices changes of the configuration where a main loop runs. */
#pragma once

#include "kms-registry.h"

G_BEGIN_DECLS

typedef struct _KmsRegistryWatch KmsRegistryWatch;

/* Belongs to the thread-default main context. Costs one source until a loop runs there, and monitors from then on. */
KmsRegistryWatch *_kms_registry_watch_new (KmsRegistry *registry);
void _kms_registry_watch_free (KmsRegistryWatch *self);

/* Other directories may have to be watched now. Any thread. */
void _kms_registry_watch_refresh (KmsRegistryWatch *self);

G_END_DECLS
