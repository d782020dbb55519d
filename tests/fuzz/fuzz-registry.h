/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A configuration root for fuzz targets, in memory where the machine has that, gone when the process ends well. */
#pragma once

#include <libkms/kms.h>

G_BEGIN_DECLS

/* The same directory at each call, with the providers test and local and nothing else in it. */
const char *fuzz_root (void);
KmsRegistry *fuzz_registry_new (void);

G_END_DECLS
