/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directory of all keys, and what changes in it. */
#pragma once

#include "acme-key.h"

G_BEGIN_DECLS

gboolean acme_keydir_check (const char *directory, GError **error);
GPtrArray *acme_keydir_list (const char *directory, GError **error); /* of AcmeKey */
AcmeKey *acme_keydir_create_key (const char *directory, const char *name, GError **error);
AcmeKey *acme_keydir_rotate_key (const char *directory, const char *name, GError **error);

G_END_DECLS
