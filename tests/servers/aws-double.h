/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* An AWS inside a test program: a KMS that really encrypts and recomputes every signature, policies that really refuse,
 * sessions that end, and what hands out credentials: STS, containers, instances and single sign-on.
 *
 *   g_autoptr (TestServer) server = test_server_new (TEST_SERVER_PLAIN);
 *   g_autoptr (AwsDouble) aws = aws_double_new (server);
 *   g_autofree char *arn = aws_double_create_key (aws, "alias/orders", NULL);
 *   aws_double_add_access_key (aws, "AKIAENCRYPTONLY00000", "its secret", "{\"Statement\":[{\"Effect\":\"Allow\",…}]}");
 *   … talk to test_server_get_address (server) as if it were kms.eu-west-1.amazonaws.com …
 *   g_assert_cmpstr (aws_double_get_entry (aws, 0)->operation, ==, "Encrypt");
 *
 * All services are at the one address, told apart by what is asked. A region is what a signature says. Faults of the
 * network are the server's, see test_server_add_fault(). All functions may be called from any thread while the server
 * runs; free the double before the server. Misuse is a failed assertion. */
#pragma once

#include "test-server.h"

G_BEGIN_DECLS

typedef struct _AwsDouble AwsDouble;

AwsDouble *aws_double_new (TestServer *server);
void aws_double_free (AwsDouble *self);

#define AWS_DOUBLE_ACCOUNT "111122223333"
/* Where keys are made unless something else is said. */
#define AWS_DOUBLE_REGION "eu-west-1"
/* May do everything; does not end. */
#define AWS_DOUBLE_ADMIN "AKIADOUBLEADMIN00000"
#define AWS_DOUBLE_ADMIN_SECRET "admin/secret+of/the+double/EXAMPLEKEY0000"

/* Its clock: that of this machine, and so much more. It stamps answers with it, and ends sessions by it. */
void aws_double_advance (AwsDouble *self, gint seconds);
/* Whether what is signed at a wrong time is RequestTimeTooSkewed, instead of KMS's own InvalidSignatureException. */
void aws_double_set_says_skewed (AwsDouble *self, gboolean skewed);
/* Whether answers have a Date. */
void aws_double_set_has_date (AwsDouble *self, gboolean has_date);

/* Policies are JSON as IAM has it: Effect, Action, Resource and the conditions of encryption contexts and aliases. A policy
 * of NULL allows everything. */
void aws_double_add_access_key (AwsDouble *self, const char *id, const char *secret, const char *policy);
void aws_double_remove_access_key (AwsDouble *self, const char *id);

/* Keys */

typedef struct
{
  /* NULL: AWS_DOUBLE_REGION. */
  const char *region;
  /* NULL: "SYMMETRIC_DEFAULT". "RSA_2048" is one that binds no context. */
  const char *spec;
  gboolean multi_region;
} AwsDoubleKeyOptions;

/* Alias and options are nullable. Returns: the ARN; free with g_free(). */
char *aws_double_create_key (AwsDouble *self, const char *alias, const AwsDoubleKeyOptions *options);
/* In the key's region. */
void aws_double_move_alias (AwsDouble *self, const char *alias, const char *arn);
/* "Enabled", "Disabled", "PendingDeletion", "PendingImport", "Unavailable" and so on. */
void aws_double_set_key_state (AwsDouble *self, const char *arn, const char *state);
/* The ARN of what an alias names, or NULL; free with g_free(). */
char *aws_double_find_alias (AwsDouble *self, const char *region, const char *alias);
guint aws_double_count_keys (AwsDouble *self);
/* The next keys are LimitExceededException past this many; 0: no limit. */
void aws_double_set_key_quota (AwsDouble *self, guint quota);
/* Pages of lists hold no more than this; 0: what is asked for. */
void aws_double_set_page_size (AwsDouble *self, guint size);

/* What KMS says where it has nothing to say. */
typedef enum {
  AWS_DOUBLE_VOID_EMPTY,
  AWS_DOUBLE_VOID_OBJECT,
  AWS_DOUBLE_VOID_NULL,
} AwsDoubleVoid;

void aws_double_set_void (AwsDouble *self, AwsDoubleVoid kind);

/* An answer that KMS gives instead of its own, after it looked at the signature. */
typedef struct
{
  /* NULL: any. */
  const char *operation;
  guint status;
  /* "ThrottlingException". It stands in the body unless there is a body. */
  const char *code;
  const char *message;
  /* NULL, or the value of x-amzn-errortype: "ThrottlingException:http://internal.amazon.com/coral/". */
  const char *error_type;
  const char *body;
} AwsDoubleAnswer;

/* For the next `times`, 0: all. The one that was added first comes first. */
void aws_double_add_answer (AwsDouble *self, const AwsDoubleAnswer *answer, guint times);
void aws_double_clear_answers (AwsDouble *self);

/* What was asked of any service. */
typedef struct
{
  /* "Encrypt", "AssumeRole", "imds", "container", "sso", "oidc". */
  char *operation;
  /* Nullable: what did not come so far. */
  char *access_key_id;
  char *region;
  char *key_id;
  /* JSON with its members in order; nullable. */
  char *context;
  guint status;
  /* Of an error; nullable. */
  char *code;
} AwsDoubleEntry;

guint aws_double_count_entries (AwsDouble *self);
guint aws_double_count_entries_of (AwsDouble *self, const char *operation);
/* Counted from 0; valid until they are forgotten. */
const AwsDoubleEntry *aws_double_get_entry (AwsDouble *self, guint index);
void aws_double_forget_entries (AwsDouble *self);

/* Credentials */

typedef struct
{
  /* Of those who come with the credentials; NULL: may do everything. */
  const char *policy;
  /* 0: 3600. */
  guint seconds;
  /* They are handed out so long after their end. */
  gint expired_seconds;
} AwsDoubleSession;

/* A session by itself, as if some service had handed it out: its access key id, and what goes with it, both of which the
 * caller frees. */
char *aws_double_add_session (AwsDouble *self, const AwsDoubleSession *session, char **secret, char **token);

/* AssumeRole, for who may sts:AssumeRole and knows the external id, if there is one; AssumeRoleWithWebIdentity, for who
 * has this token, if there is one. Name is that behind "role/". */
typedef struct
{
  AwsDoubleSession session;
  const char *external_id;
  const char *web_identity;
} AwsDoubleRole;

void aws_double_add_role (AwsDouble *self, const char *name, const AwsDoubleRole *role);
#define AWS_DOUBLE_ROLE(name) "arn:aws:iam::" AWS_DOUBLE_ACCOUNT ":role/" name

/* GET /v2/credentials, for who sends this in the header Authorization; NULL: whatever it says. */
#define AWS_DOUBLE_CONTAINER_PATH "/v2/credentials"
void aws_double_set_container (AwsDouble *self, const char *authorization, const AwsDoubleSession *session);

typedef enum {
  AWS_DOUBLE_IMDS_NORMAL = 0,
  /* Answers without a token, too. */
  AWS_DOUBLE_IMDS_V1 = 1 << 0,
  /* Has no tokens: 404 for PUT, as old ones and what imitates them. */
  AWS_DOUBLE_IMDS_NO_TOKENS = 1 << 1,
  /* Has no role. */
  AWS_DOUBLE_IMDS_NO_ROLE = 1 << 2,
  /* Says 200, and in there that it failed. */
  AWS_DOUBLE_IMDS_FAILS = 1 << 3,
  /* Tokens end with their first use. */
  AWS_DOUBLE_IMDS_TOKENS_END = 1 << 4,
  /* PUT is 400. */
  AWS_DOUBLE_IMDS_BAD_REQUEST = 1 << 5,
} AwsDoubleImdsFlags;

/* The metadata of an instance with the role "instance-role" in this region. Role names and keys are below
 * /latest/meta-data/iam/security-credentials/. */
void aws_double_set_imds (AwsDouble *self, AwsDoubleImdsFlags flags, const char *region,
                          const AwsDoubleSession *session);
/* All tokens are of yesterday. */
void aws_double_end_imds_tokens (AwsDouble *self);

/* The portal: GET /federation/credentials gives these to who has the access token. */
void aws_double_add_sso (AwsDouble *self, const char *access_token, const char *account, const char *role,
                         const AwsDoubleSession *session);
/* POST /token gives a new access token for all that the old one is for. */
void aws_double_add_sso_refresh (AwsDouble *self, const char *client_id, const char *client_secret,
                                 const char *refresh_token, const char *old_access_token, const char *new_access_token);
void aws_double_end_sso_token (AwsDouble *self, const char *access_token);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AwsDouble, aws_double_free)

G_END_DECLS
