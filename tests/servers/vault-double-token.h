/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tokens of the Vault double, and what ends them. */
#pragma once

#include <json-glib/json-glib.h>

#include "vault-double-state.h"

G_BEGIN_DECLS

typedef struct
{
  char *id;
  char *accessor;
  char *creation_path;
  char **policies;
  gint64 created;
  guint creation_ttl;
  gint64 expires;  /* 0: does not */
  gint64 max_time; /* 0: renewals reach as far as they want */
  guint uses_left;
  gboolean is_limited;
  gboolean renewable;
  gboolean is_root;
  gboolean is_batch;
  guint renewals;
  /* Of a wrapping token: the body that it stands for. */
  char *wrapped;
} DoubleToken;

void double_token_free (DoubleToken *self);

/* Policies are the names in options->policies. The token belongs to the double. */
DoubleToken *double_token_add (VaultDouble *vault, const VaultTokenOptions *options, const char *creation_path);
void double_token_remove (VaultDouble *vault, const char *id);
/* NULL without one that is valid; one that has ended is removed. */
DoubleToken *double_token_find (VaultDouble *vault, const char *id);
/* Takes one of its uses. */
void double_token_use (DoubleToken *self);
/* Whether it was the last. */
gboolean double_token_is_used_up (const DoubleToken *self);
/* In seconds; 0 if it does not end. */
guint double_token_get_ttl (VaultDouble *vault, const DoubleToken *self);
gboolean double_token_renew (VaultDouble *vault, DoubleToken *self, gint64 increment);
/* "capability" of "path", by its policies. */
gboolean double_token_may (VaultDouble *vault, const DoubleToken *self, const char *path, const char *capability);
/* The "auth" of an answer that gives it out; metadata may be NULL. */
JsonObject *double_token_describe (VaultDouble *vault, const DoubleToken *self, const char *key, const char *value);

/* "2026-11-24T13:25:51Z"; free with g_free(). */
char *double_time_format (gint64 time);
/* A random name of this many letters and digits; free with g_free(). */
char *double_random_name (const char *prefix, guint length);

G_END_DECLS
