/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The transit engine of the Vault double: what its routes do. */
#pragma once

#include "vault-double-call.h"
#include "vault-double-key.h"

G_BEGIN_DECLS

/* NULL with the answer set. */
DoubleKey *double_transit_find_key (DoubleCall *call);
gboolean double_transit_key_exists (DoubleCall *call);
/* NULL with the answer set; the one that is there already if there is one. */
DoubleKey *double_transit_create_key (DoubleCall *call, const char *type, gboolean derived, gboolean convergent);

void double_transit_encrypt (DoubleCall *call);
void double_transit_decrypt (DoubleCall *call);
void double_transit_rewrap (DoubleCall *call);
void double_transit_make_data_key (DoubleCall *call);

void double_transit_list_keys (DoubleCall *call);
void double_transit_make_key (DoubleCall *call);
void double_transit_read_key (DoubleCall *call);
void double_transit_delete_key (DoubleCall *call);
void double_transit_configure_key (DoubleCall *call);
void double_transit_rotate_key (DoubleCall *call);
void double_transit_trim_key (DoubleCall *call);
void double_transit_soft_delete_key (DoubleCall *call);
void double_transit_restore_key (DoubleCall *call);
void double_transit_read_config (DoubleCall *call);
void double_transit_write_config (DoubleCall *call);

G_END_DECLS
