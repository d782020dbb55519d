/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One question to the server outside of calls, and its answer: for logins, administration and diagnosis. Blocking. */
#pragma once

#include "vault-errors.h"
#include "vault-provider.h"

G_BEGIN_DECLS

typedef struct _VaultExchange VaultExchange;

/* Writes the body. */
typedef void (*VaultBodyFunc) (KmsHttpBuffer *body, gpointer data);

struct _VaultExchange
{
  const char *method; /* NULL: "POST" */
  const char *path;   /* behind "/v1/" */
  VaultBodyFunc write;
  VaultHeadFlags head;
  KmsHttpSendFlags send;
  KmsSecret *token;    /* instead of the provider's credentials: these are not asked for then */
  gboolean anonymous;  /* without any */
  gboolean once;       /* must not be repeated once it is sent */
  gboolean secret;     /* the server's words may echo secrets, and are not shown */
  gboolean any_status; /* an answer in JSON is none to judge, whatever its status */
  const VaultSection *sections;
  guint n_sections;
  gpointer data; /* of `write` */

  /* What came; texts that are read through sections must be copied by who reads them. */
  guint status;
  gboolean blames_token;
  guint n_errors;
  VaultRoute route;
  gboolean may_renew;
};

gboolean vault_exchange_run (VaultExchange *self, KmsVaultProvider *provider, GCancellable *cancellable,
                             GError **error);

/* Members of an object in JSON: `first` is cleared by the first. */
void vault_body_add_text (KmsHttpBuffer *body, gboolean *first, const char *name, const char *value);
void vault_body_add_secret (KmsHttpBuffer *body, gboolean *first, const char *name, KmsSecret *value);
void vault_body_add_word (KmsHttpBuffer *body, gboolean *first, const char *name, const char *value); /* true, 17 */

G_END_DECLS
