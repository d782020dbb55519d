/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Boxes of kmsd: as targets of this process, and as they are shown. */
#pragma once

#include "target.h"

G_BEGIN_DECLS

/* A box with a version for each that kmsd's has, whose key ids are those of the provider that speaks to kmsd. What it
 * encrypts looks as if kmsd's box had. */
gboolean kmsctl_daemon_take_box (Kmsctl *self, const char *name, KmsctlTarget *target, GError **error);

gboolean kmsctl_daemon_print_boxes (Kmsctl *self, GError **error);
gboolean kmsctl_daemon_print_box (Kmsctl *self, const char *name, GError **error);

/* The master keys of a provider of kmsd, or of all. */
gboolean kmsctl_daemon_print_keys (Kmsctl *self, const char *provider, GError **error);

G_END_DECLS
