/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a provider's module can be loaded at all, for commands that look for what is wrong. */
#pragma once

#include "kmsctl.h"

G_BEGIN_DECLS

/* Opens the provider in a process of its own first: a module may end the process that loads it. FALSE with an error that
 * says so; whatever else is wrong is left to who loads it here. Each provider is tried once. */
gboolean kmsctl_probe (Kmsctl *self, const char *provider_name, GError **error);

/* The same for the provider that a key id belongs to, if any. */
gboolean kmsctl_probe_key (Kmsctl *self, const char *key_id, const char *pinned, GError **error);

/* What to do about it; free it. */
char *kmsctl_probe_advise (KmsConfigInfo *info);

G_END_DECLS
