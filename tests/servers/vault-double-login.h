/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How clients of the Vault double get a token: what the routes of the methods do. */
#pragma once

#include "vault-double-call.h"

G_BEGIN_DECLS

typedef struct
{
  char *id;
  GHashTable *secrets; /* secret id → what is left of it */
  /* NULL: those of all logins. */
  char *policies;
} DoubleRole;

DoubleRole *double_role_new (void);
void double_role_free (DoubleRole *self);
/* The secret id belongs to the role. */
const char *double_role_add_secret (DoubleRole *self, guint num_uses);

void double_login_approle (DoubleCall *call);
void double_login_make_role (DoubleCall *call);
void double_login_read_role_id (DoubleCall *call);
void double_login_make_secret_id (DoubleCall *call);
void double_login_userpass (DoubleCall *call);
void double_login_make_user (DoubleCall *call);
void double_login_jwt (DoubleCall *call);
void double_login_certificate (DoubleCall *call);

void double_token_call_lookup_self (DoubleCall *call);
void double_token_call_renew_self (DoubleCall *call);
void double_token_call_revoke_self (DoubleCall *call);
void double_token_call_create (DoubleCall *call);
void double_token_call_capabilities_self (DoubleCall *call);

G_END_DECLS
