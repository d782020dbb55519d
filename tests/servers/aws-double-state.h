/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the AWS double share. Everything is under the lock, which the handler and the public functions take. */
#pragma once

#include <json-glib/json-glib.h>

#include "aws-double-policy.h"
#include "aws-double.h"

G_BEGIN_DECLS

struct _AwsDouble
{
  TestServer *server;
  GMutex lock;
  gint64 ahead; /* seconds */
  gboolean says_skewed;
  gboolean has_date;
  GHashTable *identities; /* access key id → AwsDoubleIdentity */
  GHashTable *keys;       /* ARN → AwsDoubleKey */
  GHashTable *aliases;    /* "REGION alias/NAME" → AwsDoubleAlias */
  guint key_quota;
  guint page_size;
  AwsDoubleVoid void_kind;
  GPtrArray *answers; /* AwsDoubleScript */
  GPtrArray *entries; /* AwsDoubleEntry */
  GHashTable *roles;  /* name → AwsDoublePlace */
  struct _AwsDoublePlace *container;
  struct _AwsDoublePlace *instance;
  AwsDoubleImdsFlags imds_flags;
  char *imds_region;
  GHashTable *imds_tokens;
  GHashTable *sso_tokens;   /* "TOKEN ACCOUNT ROLE" → AwsDoublePlace */
  GHashTable *sso_refreshs; /* "CLIENT SECRET REFRESH" → "OLD NEW" */
};

/* Who signs. */
typedef struct
{
  char *id;
  char *secret;
  char *token;             /* NULL unless it is of a session */
  gint64 expires_at;       /* seconds since 1970; 0: never */
  AwsDoublePolicy *policy; /* NULL: may do everything */
  char *principal;         /* an ARN */
} AwsDoubleIdentity;

void aws_double_identity_free (AwsDoubleIdentity *self);

/* An answer that was told. */
typedef struct
{
  AwsDoubleAnswer answer;
  guint times; /* 0: all */
} AwsDoubleScript;

void aws_double_script_free (AwsDoubleScript *self);

/* What hands out sessions. */
typedef struct _AwsDoublePlace
{
  char *policy;
  guint seconds;
  gint expired_seconds;
  char *external_id;   /* of a role */
  char *web_identity;  /* of a role */
  char *authorization; /* of a container */
} AwsDoublePlace;

AwsDoublePlace *aws_double_place_new (const AwsDoubleSession *session);
void aws_double_place_free (AwsDoublePlace *self);
AwsDoublePlace *aws_double_place_copy (const AwsDoublePlace *self);

/* A new session of it, for this long if that is not 0; belongs to the double. */
const AwsDoubleIdentity *aws_double_place_issue (AwsDouble *aws, const AwsDoublePlace *place, const char *principal,
                                                 guint seconds);

gint64 aws_double_now (const AwsDouble *self);
/* "2030-01-01T00:00:00Z"; free with g_free(). */
char *aws_double_format_time (gint64 seconds);
/* So many random bytes as hexadecimal digits. */
char *aws_double_random_name (guint bytes);

void aws_double_entry_free (AwsDoubleEntry *self);
AwsDoubleEntry *aws_double_add_entry (AwsDouble *self, const char *operation);

/* Services, each of which answers and returns TRUE if the request is its own. */
gboolean aws_double_sts_handle (AwsDouble *aws, const TestRequest *request, TestResponse *response);
gboolean aws_double_container_handle (AwsDouble *aws, const TestRequest *request, TestResponse *response);
gboolean aws_double_imds_handle (AwsDouble *aws, const TestRequest *request, TestResponse *response);
gboolean aws_double_sso_handle (AwsDouble *aws, const TestRequest *request, TestResponse *response);
gboolean aws_double_kms_handle (AwsDouble *aws, const TestRequest *request, TestResponse *response);

/* The JSON of this object, which it takes over, with this status. */
void aws_double_answer_json (TestResponse *response, guint status, JsonObject *object);
/* The value of a name of a query, or a form; free with g_free(). NULL if it is not there. */
char *aws_double_form_get (const char *form, const char *name);

G_END_DECLS
