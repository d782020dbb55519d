/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done to master keys: for Provider's methods, and for Box.RotateKey. */
#pragma once

#include "call.h"

G_BEGIN_DECLS

/* Asks the provider; the call is answered with the key, or with all keys for LIST, as XML says, when the outcome stands
 * in the audit log. The key id is with the provider's prefix, and NULL for LIST. The operation is for the audit log. */
void key_methods_run (Call *call, const char *provider_name, const char *key_id, KmsKeyVerb verb, GVariant *options,
                      const char *operation);

G_END_DECLS
