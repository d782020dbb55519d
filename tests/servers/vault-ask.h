/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks a Vault double for its own tests, without libkms. */
#pragma once

#include "vault-double.h"

G_BEGIN_DECLS

typedef struct
{
  TestServer *server;
  VaultDouble *vault;
} VaultAsk;

VaultAsk *vault_ask_new (TestServerFlags flags);
void vault_ask_free (VaultAsk *self);

/* The answer from its status on: "200 OK\r\nLocation: …\r\n\r\nBODY". Headers ("Name: value\r\n…") and body may be NULL; a
 * token of NULL sends none. Over TLS the client's certificate is shown. */
char *vault_ask_for_head (VaultAsk *self, const char *method, const char *path, const char *token, const char *headers,
                          const char *body);
/* "200 BODY". */
char *vault_ask (VaultAsk *self, const char *method, const char *path, const char *token, const char *body);

/* Asserts that the answer has the status and contains the text. */
void vault_ask_expect (VaultAsk *self, const char *method, const char *path, const char *token, const char *body,
                       guint status, const char *text);

/* The value of a string of the answer: "ciphertext" of {"ciphertext":"x"}. */
char *vault_ask_find (const char *answer, const char *name);

#define assert_contains(text, part) vault_ask_assert_contains (G_STRLOC, text, part)
void vault_ask_assert_contains (const char *where, const char *text, const char *part);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VaultAsk, vault_ask_free)

G_END_DECLS
