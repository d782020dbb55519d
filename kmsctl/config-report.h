/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What config check and doctor find in the configuration files. */
#pragma once

#include "kmsctl.h"

G_BEGIN_DECLS

/* FALSE only where it was cancelled. */
gboolean kmsctl_report_config (Kmsctl *self, gboolean load, KmsReport *report, GError **error);

G_END_DECLS
