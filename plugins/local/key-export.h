/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A key with all its versions, encrypted under a passphrase, as text that can be mailed or printed. */
#pragma once

#include "local-key.h"

G_BEGIN_DECLS

#define KEY_EXPORT_MAX_SIZE (1024 * 1024)

GBytes *key_export_write (const LocalKey *key, KmsSecret *passphrase, GError **error);

/* The key gets the name `name`, whatever it was called before. */
LocalKey *key_export_read (const char *text, gsize length, const char *name, KmsSecret *passphrase, GError **error);

G_END_DECLS
