/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call on its way through one request or several: what each of its items needs next. */
#pragma once

#include "vault-provider.h"

G_BEGIN_DECLS

/* In the order in which they are made. */
typedef enum {
  VAULT_STEP_READ_KEY,
  VAULT_STEP_DECRYPT,
  VAULT_STEP_ENCRYPT,
  VAULT_STEP_REWRAP,
  VAULT_STEP_OVER,
} VaultStep;

typedef struct
{
  VaultRoute route;
  VaultStep step; /* of the request that is under way */
  guint n_items;
  VaultStep *steps;       /* the next of each item */
  KmsSecret **plaintexts; /* of items that are rewrapped by decrypting and encrypting */
  guint *sent;            /* items of the request that is under way */
  guint n_sent;
  gboolean may_renew; /* the token of the request that is under way might be bad */
  gboolean wants_key;
  VaultKeyInfo *key; /* that encrypts */
} VaultCall;

VaultCall *vault_call_new (const VaultSettings *settings, KmsCall *call);
void vault_call_free (gpointer self);

/* The items of the next step become those that are sent; at most one where `only_one` says so. */
VaultStep vault_call_choose (VaultCall *self, KmsCall *call, gboolean only_one);

/* What the key says to the items that it shall encrypt: some may be refused. */
void vault_call_apply_key (VaultCall *self, const VaultSettings *settings, KmsCall *call, VaultKeyInfo *key);

/* The key of the request that is under way. */
const char *vault_call_get_key_name (const VaultCall *self, KmsCall *call);
/* The one that encrypts. */
const char *vault_call_get_encrypting_key (KmsCall *call);

/* What goes to the server for an item; in JSON, and NULL for no context. */
const char *vault_call_get_context (const VaultCall *self, KmsItem *item, gsize *length);
const guint8 *vault_call_get_input (const VaultCall *self, KmsItem *item, guint index, gsize *length);

/* "transit/encrypt/orders", for the request that is under way. */
char *vault_call_dup_path (const VaultCall *self, const VaultSettings *settings, KmsCall *call);

/* The body for what was chosen. */
void vault_call_write (const VaultCall *self, const VaultSettings *settings, KmsCall *call, KmsHttpBuffer *body);

G_END_DECLS
