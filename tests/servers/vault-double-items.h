/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a request wants encrypted or decrypted: one value, or a batch of them. */
#pragma once

#include "vault-double-call.h"
#include "vault-double-cipher.h"

G_BEGIN_DECLS

typedef struct
{
  char *value; /* plaintext or ciphertext as sent; NULL: not sent */
  char *context;
  char *associated_data;
  char *reference;
  gint64 version;
  DoubleTrouble trouble;
  JsonObject *result; /* NULL until it is done */
} DoubleItem;

typedef struct
{
  /* The field of the value: "plaintext" or "ciphertext". */
  const char *field;
  const char *missing;
  /* A batch with a value of another type or without one is refused as a whole. */
  gboolean is_strict;
  /* An empty value is a value. */
  gboolean may_be_empty;
  /* Status 200 whatever happened to the items. */
  gboolean tolerates_errors;
} DoubleItemRules;

/* NULL with the answer set. */
GPtrArray *double_items_read (DoubleCall *call, const DoubleItemRules *rules);
/* Notes what an item lacks before any key is looked at: a value, contexts that are base64. FALSE with the answer set. */
gboolean double_items_check (DoubleCall *call, const DoubleItemRules *rules, GPtrArray *items);
DoubleBinding double_item_get_binding (const DoubleCall *call, GPtrArray *items, guint index);
/* Answers with the results and troubles of all. */
void double_items_answer (DoubleCall *call, const DoubleItemRules *rules, GPtrArray *items);

G_END_DECLS
