/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* STS of the AWS double: AssumeRole, which is signed, and AssumeRoleWithWebIdentity, which is not.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
#include "aws-double-signature.h"

#include <string.h>

#define FORM_TYPE "application/x-www-form-urlencoded"
#define NAMESPACE "https://sts.amazonaws.com/doc/2011-06-15/"
#define ROLE_PREFIX "arn:aws:iam::" AWS_DOUBLE_ACCOUNT ":role/"

typedef struct
{
  AwsDouble *aws;
  const TestRequest *request;
  TestResponse *response;
  AwsDoubleEntry *entry;
  char *form;
} Call;

void
aws_double_add_role (AwsDouble *self, const char *name, const AwsDoubleRole *role)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  AwsDoublePlace *place = aws_double_place_new (&role->session);

  place->external_id = g_strdup (role->external_id);
  place->web_identity = g_strdup (role->web_identity);
  g_hash_table_replace (self->roles, g_strdup (name), place);
}

static void
answer_xml (Call *call, guint status, const char *text)
{
  call->entry->status = status;
  call->response->status = status;
  g_byte_array_append (call->response->body, (const guint8 *) text, (guint) strlen (text));
  test_response_add_header (call->response, "Content-Type", "text/xml");
  test_response_add_header (call->response, "x-amzn-RequestId", "5ff6c2a8-7d4d-4a4e-8f0f-111122223333");
}

static void
refuse (Call *call, guint status, const char *code, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *words = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_autofree char *text =
    g_markup_printf_escaped ("<ErrorResponse xmlns=\"" NAMESPACE "\">\n  <Error>\n    <Type>Sender</Type>\n"
                             "    <Code>%s</Code>\n    <Message>%s</Message>\n  </Error>\n"
                             "  <RequestId>5ff6c2a8-7d4d-4a4e-8f0f-111122223333</RequestId>\n</ErrorResponse>\n",
                             code, words);
  call->entry->code = g_strdup (code);
  answer_xml (call, status, text);
}

static void
answer_session (Call *call, const AwsDoublePlace *place, const char *role, const char *session, guint seconds)
{
  const char *action = call->entry->operation;
  g_autofree char *principal =
    g_strdup_printf ("arn:aws:sts::" AWS_DOUBLE_ACCOUNT ":assumed-role/%s/%s", role, session);
  const AwsDoubleIdentity *identity = aws_double_place_issue (call->aws, place, principal, seconds);
  g_autofree char *end = aws_double_format_time (identity->expires_at);
  g_autofree char *text = g_markup_printf_escaped (
    "<%sResponse xmlns=\"" NAMESPACE "\">\n  <%sResult>\n    <AssumedRoleUser>\n      <Arn>%s</Arn>\n"
    "      <AssumedRoleId>AROADOUBLE:%s</AssumedRoleId>\n    </AssumedRoleUser>\n    <Credentials>\n"
    "      <AccessKeyId>%s</AccessKeyId>\n      <SecretAccessKey>%s</SecretAccessKey>\n"
    "      <SessionToken>%s</SessionToken>\n      <Expiration>%s</Expiration>\n    </Credentials>\n"
    "  </%sResult>\n  <ResponseMetadata><RequestId>5ff6c2a8</RequestId></ResponseMetadata>\n</%sResponse>\n",
    action, action, principal, session, identity->id, identity->secret, identity->token, end, action, action);

  answer_xml (call, 200, text);
}

/* What both calls say of the role; NULL after a refusal. */
static const AwsDoublePlace *
read_role (Call *call, char **role, char **session, guint *seconds)
{
  g_autofree char *arn = aws_double_form_get (call->form, "RoleArn");
  g_autofree char *duration = aws_double_form_get (call->form, "DurationSeconds");
  guint64 number = 0;

  *session = aws_double_form_get (call->form, "RoleSessionName");
  if (arn == NULL || *session == NULL || !g_regex_match_simple ("^[\\w+=,.@-]{2,64}$", *session, 0, 0))
    refuse (call, 400, "ValidationError", "RoleArn or RoleSessionName is missing, or no name.");
  else if (duration != NULL && !g_ascii_string_to_unsigned (duration, 10, 900, 43200, &number, NULL))
    refuse (call, 400, "ValidationError", "Member must have value greater than or equal to 900");
  else if (!g_str_has_prefix (arn, ROLE_PREFIX)
           || g_hash_table_lookup (call->aws->roles, arn + strlen (ROLE_PREFIX)) == NULL)
    refuse (call, 403, "AccessDenied", "User is not authorized to perform: sts:%s on resource: %s",
            call->entry->operation, arn);
  else
    {
      *seconds = (guint) number;
      *role = g_strdup (arn + strlen (ROLE_PREFIX));
      return g_hash_table_lookup (call->aws->roles, *role);
    }
  return NULL;
}

static gboolean
may_assume (Call *call, const AwsDoubleSigner *signer, const char *role)
{
  g_autofree char *arn = g_strconcat (ROLE_PREFIX, role, NULL);
  AwsDoubleAct act = { .action = "sts:AssumeRole", .resource = arn };

  return aws_double_policy_allows (signer->identity->policy, &act);
}

static void
assume_role (Call *call)
{
  g_auto (AwsDoubleSigner) signer = { NULL };
  AwsDoubleRefusal refusal = { NULL };
  g_autofree char *role = NULL;
  g_autofree char *session = NULL;
  g_autofree char *external_id = aws_double_form_get (call->form, "ExternalId");
  guint seconds = 0;

  if (!aws_double_check_signature (call->aws, call->request, "sts", &signer, &refusal))
    {
      /* The same under the names that services of this protocol have for it. */
      const char *code = g_str_equal (refusal.code, "UnrecognizedClientException") ? "InvalidClientTokenId"
                         : g_str_equal (refusal.code, "ExpiredTokenException")     ? "ExpiredToken"
                         : g_str_equal (refusal.code, "InvalidSignatureException") ? "SignatureDoesNotMatch"
                                                                                   : refusal.code;
      refuse (call, 403, code, "%s", refusal.message);
      g_free (refusal.message);
      return;
    }
  call->entry->access_key_id = g_strdup (signer.identity->id);
  call->entry->region = g_strdup (signer.region);
  const AwsDoublePlace *place = read_role (call, &role, &session, &seconds);
  if (place == NULL)
    return;
  if (place->web_identity != NULL || g_strcmp0 (place->external_id, external_id) != 0
      || !may_assume (call, &signer, role))
    refuse (call, 403, "AccessDenied", "User: %s is not authorized to perform: sts:AssumeRole on resource: %s%s",
            signer.identity->principal, ROLE_PREFIX, role);
  else
    answer_session (call, place, role, session, seconds);
}

static void
assume_role_with_web_identity (Call *call)
{
  g_autofree char *token = aws_double_form_get (call->form, "WebIdentityToken");
  g_autofree char *role = NULL;
  g_autofree char *session = NULL;
  guint seconds = 0;
  const AwsDoublePlace *place = read_role (call, &role, &session, &seconds);

  if (place == NULL)
    return;
  if (place->web_identity == NULL)
    refuse (call, 403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");
  else if (g_strcmp0 (token, "expired") == 0)
    refuse (call, 400, "ExpiredTokenException", "Token expired: current date/time must be before the expiration");
  else if (g_strcmp0 (place->web_identity, token) != 0)
    refuse (call, 400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account");
  else
    answer_session (call, place, role, session, seconds);
}

static const struct
{
  const char *action;
  void (*run) (Call *call);
} actions[] = {
  { "AssumeRole", assume_role },
  { "AssumeRoleWithWebIdentity", assume_role_with_web_identity },
};

static void
run_action (Call *call, const char *action)
{
  g_autofree char *version = aws_double_form_get (call->form, "Version");

  for (gsize i = 0; i < G_N_ELEMENTS (actions) && g_strcmp0 (version, "2011-06-15") == 0; i++)
    if (g_str_equal (actions[i].action, action))
      {
        actions[i].run (call);
        return;
      }
  refuse (call, 400, "InvalidAction", "Could not find operation %s for version %s", action, version);
}

gboolean
aws_double_sts_handle (AwsDouble *aws, const TestRequest *request, TestResponse *response)
{
  const char *type = test_request_get_header (request, "Content-Type");
  gsize length = 0;
  const char *body = request->body != NULL ? g_bytes_get_data (request->body, &length) : NULL;

  if (!g_str_equal (request->method, "POST") || !g_str_equal (request->path, "/") || type == NULL
      || !g_str_has_prefix (type, FORM_TYPE))
    return FALSE;
  g_autofree char *form = g_strndup (body, length);
  g_autofree char *action = aws_double_form_get (form, "Action");
  Call call = { aws, request, response, aws_double_add_entry (aws, action != NULL ? action : "sts"), form };
  run_action (&call, call.entry->operation);
  return TRUE;
}
