/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One request to the Vault double on its way: what was asked, and what is going to be answered. */
#pragma once

#include <json-glib/json-glib.h>

#include "vault-double-state.h"
#include "vault-double-token.h"

G_BEGIN_DECLS

typedef struct
{
  VaultDouble *vault;
  const TestRequest *http;
  char *path;            /* with the namespace, without /v1/ */
  char *mount;           /* the path of the engine */
  char *name;            /* what stands for "*" in the route */
  char *kind;            /* and for "+" */
  const char *operation; /* "create", "read", "update", "delete" or "list" */
  JsonObject *body;      /* never NULL */
  char *token_id;
  DoubleToken *token;
  /* A field that can't be read is told as what the framework found. */
  gboolean is_validated;
  /* The answer. */
  guint status;
  JsonObject *data;
  JsonObject *auth;
  GPtrArray *warnings;
  GPtrArray *errors;
  /* The data is the whole body. */
  gboolean bare;
} DoubleCall;

DoubleCall *double_call_new (VaultDouble *vault, const TestRequest *http);
void double_call_free (DoubleCall *self);

/* Errors as the server's front or an engine's framework writes them; each ends the answer. FALSE, to return it at once. */
gboolean double_call_fail (DoubleCall *self, guint status, const char *format, ...) G_GNUC_PRINTF (3, 4);
gboolean double_call_fail_inside (DoubleCall *self, guint status, const char *format, ...) G_GNUC_PRINTF (3, 4);
gboolean double_call_deny (DoubleCall *self);
/* 404 without a word. */
gboolean double_call_fail_missing (DoubleCall *self);
void double_call_warn (DoubleCall *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* Takes the object. */
void double_call_answer (DoubleCall *self, JsonObject *data);
void double_call_answer_auth (DoubleCall *self, JsonObject *auth);
void double_call_answer_nothing (DoubleCall *self);

gboolean double_call_has (const DoubleCall *self, const char *field);
/* The fields of the body as the framework reads them: numbers pass as strings and the other way round; without the field
 * the value stays as it is. FALSE with the answer set if it can't be read. The string lives as long as the call. */
gboolean double_call_get_string (DoubleCall *self, const char *field, const char **value);
gboolean double_call_get_integer (DoubleCall *self, const char *field, gint64 *value);
gboolean double_call_get_boolean (DoubleCall *self, const char *field, gboolean *value);
/* Seconds: a number, "90", "90s", "2m", "1h". */
gboolean double_call_get_seconds (DoubleCall *self, const char *field, gint64 *value);

/* The names in a list of strings, or in a string between commas, separated by blanks; free with g_free(). */
char *double_call_join_names (const DoubleCall *self, const char *field);

gboolean double_seconds_parse (const char *text, gint64 *seconds);

/* The value of a parameter of the query, or NULL; free with g_free(). */
char *double_call_get_query (const DoubleCall *self, const char *name);

/* How many strings a request may have is counted by the server's front: keys and values. */
guint double_call_count_strings (JsonNode *node);
/* What the engine leaves as the body of an answer. */
char *double_call_get_json (const DoubleCall *self, const char *request_id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DoubleCall, double_call_free)

G_END_DECLS
