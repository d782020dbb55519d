/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of errors, and what finds the error's code in an answer. Most have HTTP status 400: the code counts. */
#include "aws-errors.h"

#include "aws-answer.h"

#include <string.h>

#define MAX_CODE 128
#define MAX_WORDS 400

typedef enum {
  EXACT = 0,
  PREFIX = 1 << 0,     /* codes that begin so */
  SHOW = 1 << 1,       /* the service's own words, which say who and what */
  CLOCK = 1 << 2,      /* the time is wrong */
  MAYBE_CLOCK = 1 << 3 /* or the signature */
} RuleFlags;

typedef struct
{
  const char *code;
  KmsError error;
  KmsHttpVerdict verdict;
  RuleFlags flags;
  const char *words;
} Rule;

#define DENIED "not allowed, or there is no such key or role; a policy of the key, the role or IAM must allow it"
#define BAD_KEYS "the keys are refused: they were deleted, or are of another partition or of a session that ended"
#define BAD_SIGNATURE "the signature is refused: the secret access key is wrong, or a proxy changes requests"
#define ENDED "the session, or the token that one is asked for with, has ended, and there is no newer one"
#define SLOW "the service gets too many requests from this account"
#define AWAY "the service is not available"
#define WRONG_CLOCK "the time of this machine and that of the service are too far apart; set the clock"

/* Exact codes first; of prefixes the longer ones. */
static const Rule rules[] = {
  { "AccessDeniedException", KMS_ERROR_NOT_AUTHORIZED, KMS_HTTP_FAILED, SHOW, DENIED },
  { "AccessDenied", KMS_ERROR_NOT_AUTHORIZED, KMS_HTTP_FAILED, SHOW, DENIED },
  { "KMSAccessDeniedException", KMS_ERROR_NOT_AUTHORIZED, KMS_HTTP_FAILED, SHOW, DENIED },
  { "NotAuthorized", KMS_ERROR_NOT_AUTHORIZED, KMS_HTTP_FAILED, SHOW, DENIED },
  { "OptInRequired", KMS_ERROR_NOT_AUTHORIZED, KMS_HTTP_FAILED, SHOW,
    "the account is not enabled for this region; enable it in the account's settings" },

  { "UnrecognizedClientException", KMS_ERROR_CREDENTIALS, KMS_HTTP_REFUSED, EXACT, BAD_KEYS },
  { "InvalidClientTokenId", KMS_ERROR_CREDENTIALS, KMS_HTTP_REFUSED, EXACT, BAD_KEYS },
  { "ExpiredTokenException", KMS_ERROR_CREDENTIALS, KMS_HTTP_REFUSED, EXACT, ENDED },
  { "ExpiredToken", KMS_ERROR_CREDENTIALS, KMS_HTTP_REFUSED, EXACT, ENDED },
  { "MissingAuthenticationTokenException", KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED, EXACT,
    "the service saw no signature; does a proxy take it away?" },
  { "MissingAuthenticationToken", KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED, EXACT,
    "the service saw no signature; does a proxy take it away?" },
  { "IncompleteSignatureException", KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED, EXACT, BAD_SIGNATURE },
  { "IncompleteSignature", KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED, EXACT, BAD_SIGNATURE },
  { "InvalidSignatureException", KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED, MAYBE_CLOCK, BAD_SIGNATURE },
  { "SignatureDoesNotMatch", KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED, MAYBE_CLOCK, BAD_SIGNATURE },
  { "AuthFailure", KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED, MAYBE_CLOCK, BAD_SIGNATURE },
  { "RequestTimeTooSkewed", KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED, CLOCK, WRONG_CLOCK },
  { "RequestExpired", KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED, CLOCK, WRONG_CLOCK },
  { "RequestInTheFuture", KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED, CLOCK, WRONG_CLOCK },

  { "NotFoundException", KMS_ERROR_NOT_FOUND, KMS_HTTP_FAILED, SHOW,
    "there is no such key in this account and region" },
  { "InvalidArnException", KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED, SHOW, "this is no ARN that belongs here" },
  { "DisabledException", KMS_ERROR_KEY_DISABLED, KMS_HTTP_FAILED, SHOW,
    "the key is disabled; enable it with: kmsctl key enable" },
  { "KMSInvalidStateException", KMS_ERROR_KEY_DISABLED, KMS_HTTP_FAILED, SHOW,
    "the key can't be used in the state it is in; look at it with: kmsctl key show" },

  { "InvalidCiphertextException", KMS_ERROR_INVALID_CIPHERTEXT, KMS_HTTP_FAILED, EXACT,
    "wrong context, wrong key, or damaged ciphertext" },
  { "IncorrectKeyException", KMS_ERROR_INVALID_CIPHERTEXT, KMS_HTTP_FAILED, EXACT,
    "the ciphertext is of another key; StrictKeyId=true allows only the key that is named" },

  { "InvalidKeyUsageException", KMS_ERROR_NOT_SUPPORTED, KMS_HTTP_FAILED, SHOW,
    "the key does not encrypt symmetrically, and other keys bind no context; use a symmetric key" },
  { "UnsupportedOperationException", KMS_ERROR_NOT_SUPPORTED, KMS_HTTP_FAILED, SHOW,
    "keys of this kind can't do that" },
  { "UnknownOperationException", KMS_ERROR_NOT_SUPPORTED, KMS_HTTP_FAILED, EXACT,
    "the service does not know this operation; check the endpoint" },
  { "InvalidGrantTokenException", KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED, EXACT, "a grant token is refused" },
  { "ValidationException", KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED, SHOW, "the service refuses the request" },
  { "ValidationError", KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED, SHOW, "the service refuses the request" },
  { "SerializationException", KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED, EXACT,
    "the service can't read the request; check the endpoint" },
  { "InvalidAliasNameException", KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED, SHOW, "this is no name for an alias" },
  { "TagException", KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED, SHOW, "the tags are refused" },
  { "MalformedPolicyDocumentException", KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED, SHOW, "the policy is refused" },
  { "InvalidMarkerException", KMS_ERROR_INTEGRITY, KMS_HTTP_FAILED, EXACT,
    "the service refuses its own mark of a page" },
  { "AlreadyExistsException", KMS_ERROR_ALREADY_EXISTS, KMS_HTTP_FAILED, SHOW, "there is one of that name already" },
  { "ConflictException", KMS_ERROR_CONFLICT, KMS_HTTP_FAILED, SHOW,
    "something else is being done with the key; try again later" },
  /* A quota, although clients of other services take it for too many requests. */
  { "LimitExceededException", KMS_ERROR_QUOTA, KMS_HTTP_FAILED, SHOW,
    "a quota of the account or of the key is used up" },

  { "ThrottlingException", KMS_ERROR_THROTTLED, KMS_HTTP_RETRY, EXACT, SLOW },
  { "Throttling", KMS_ERROR_THROTTLED, KMS_HTTP_RETRY, EXACT, SLOW },
  { "ThrottledException", KMS_ERROR_THROTTLED, KMS_HTTP_RETRY, EXACT, SLOW },
  { "RequestThrottledException", KMS_ERROR_THROTTLED, KMS_HTTP_RETRY, EXACT, SLOW },
  { "RequestThrottled", KMS_ERROR_THROTTLED, KMS_HTTP_RETRY, EXACT, SLOW },
  { "TooManyRequestsException", KMS_ERROR_THROTTLED, KMS_HTTP_RETRY, EXACT, SLOW },
  { "RequestLimitExceeded", KMS_ERROR_THROTTLED, KMS_HTTP_RETRY, EXACT, SLOW },
  { "SlowDown", KMS_ERROR_THROTTLED, KMS_HTTP_RETRY, EXACT, SLOW },
  { "PriorRequestNotComplete", KMS_ERROR_THROTTLED, KMS_HTTP_RETRY, EXACT, SLOW },
  { "BandwidthLimitExceeded", KMS_ERROR_THROTTLED, KMS_HTTP_RETRY, EXACT, SLOW },
  { "ProvisionedThroughputExceededException", KMS_ERROR_THROTTLED, KMS_HTTP_RETRY, EXACT, SLOW },
  { "TransactionInProgressException", KMS_ERROR_THROTTLED, KMS_HTTP_RETRY, EXACT, SLOW },

  { "KeyUnavailableException", KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, EXACT, "the key is not available just now" },
  { "DependencyTimeoutException", KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, EXACT, AWAY },
  { "KMSInternalException", KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, EXACT, AWAY },
  { "InternalFailure", KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, EXACT, AWAY },
  { "InternalServerError", KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, EXACT, AWAY },
  { "ServiceUnavailableException", KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, EXACT, AWAY },
  { "ServiceUnavailable", KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, EXACT, AWAY },
  { "RequestTimeoutException", KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, EXACT, AWAY },
  { "RequestTimeout", KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, EXACT, AWAY },
  { "IDPCommunicationError", KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, EXACT,
    "AWS can't reach the identity provider just now" },

  { "IDPRejectedClaim", KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED, SHOW, "the identity provider refuses the token" },
  { "InvalidIdentityToken", KMS_ERROR_CREDENTIALS, KMS_HTTP_FAILED, SHOW, "the web identity token is refused" },
  { "RegionDisabledException", KMS_ERROR_CONFIG, KMS_HTTP_FAILED, SHOW,
    "sessions are not handed out in this region; activate it in the account's settings" },
  { "PackedPolicyTooLarge", KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED, SHOW, "the session's policy is too large" },
  { "MalformedPolicyDocument", KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED, SHOW, "the policy is refused" },

  { "XksProxyUriUnreachableException", KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, EXACT,
    "AWS can't reach the proxy of the external key store" },
  { "XksProxyVpcEndpointServiceNotFoundException", KMS_ERROR_CONFIG, KMS_HTTP_FAILED, SHOW,
    "the external key store is not set up right" },
  { "CloudHsm", KMS_ERROR_CONFIG, KMS_HTTP_FAILED, PREFIX | SHOW, "the key store in CloudHSM is not set up right" },
  { "CustomKeyStore", KMS_ERROR_CONFIG, KMS_HTTP_FAILED, PREFIX | SHOW, "the custom key store is not set up right" },
  { "Xks", KMS_ERROR_CONFIG, KMS_HTTP_FAILED, PREFIX | SHOW, "the external key store is not set up right" },
};

const char *
aws_get_request_id (KmsHttpResponse *response)
{
  return kms_http_response_get_header (response, "x-amzn-requestid");
}

static const Rule *
find_rule (const char *code)
{
  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    if ((rules[i].flags & PREFIX) != 0 ? g_str_has_prefix (code, rules[i].code) : strcmp (code, rules[i].code) == 0)
      return &rules[i];
  return NULL;
}

/* "com.amazonaws.kms#NotFoundException:http://…" has its name in the middle. NULL if that is none. */
static char *
make_code (const char *text)
{
  gsize length = strcspn (text, ":");
  const char *hash = memrchr (text, '#', length);
  const char *start = hash != NULL ? hash + 1 : text;

  length -= (gsize) (start - text);
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (start[i]) && strchr ("._-", start[i]) == NULL)
      return NULL;
  return length > 0 && length <= MAX_CODE ? g_strndup (start, length) : NULL;
}

/* In XML, which some services and what stands before them speak. */
static char *
find_element (const char *body, gsize length, const char *name)
{
  g_autofree char *open = g_strdup_printf ("<%s>", name);
  const char *start = g_strstr_len (body, (gssize) length, open);
  const char *end;

  if (start == NULL)
    return NULL;
  start += strlen (open);
  end = memchr (start, '<', length - (gsize) (start - body));
  return end != NULL ? g_strndup (start, (gsize) (end - start)) : NULL;
}

/* What people can read of it, in one line. */
static char *
filter_words (const char *words)
{
  g_autoptr (GString) plain = g_string_new (NULL);

  for (const char *at = words; *at != '\0' && plain->len < MAX_WORDS; at++)
    g_string_append_c (plain, g_ascii_isprint (*at) ? *at : ' ');
  return g_strstrip (g_string_free (g_steal_pointer (&plain), FALSE));
}

typedef struct
{
  char *code;  /* NULL: none is told */
  char *words; /* nullable */
} Told;

static void
read_json (KmsHttpResponse *response, Told *told)
{
  AwsField fields[] = { { "__type", NULL, 0 }, { "code", NULL, 0 }, { "message", NULL, 0 }, { "Message", NULL, 0 } };
  const char *header = kms_http_response_get_header (response, "x-amzn-errortype");
  gsize length;
  guint8 *body = kms_http_response_get_body (response, &length);
  g_autofree char *xml_code = find_element ((const char *) body, length, "Code");
  g_autofree char *xml_words = find_element ((const char *) body, length, "Message");
  gboolean is_json = aws_answer_read (body, length, fields, G_N_ELEMENTS (fields));
  const char *type = fields[0].text != NULL ? fields[0].text : fields[1].text;
  const char *words = fields[2].text != NULL ? fields[2].text : fields[3].text;

  if (header != NULL)
    told->code = make_code (header);
  if (told->code == NULL && is_json && type != NULL)
    told->code = make_code (type);
  else if (told->code == NULL && !is_json && xml_code != NULL)
    told->code = make_code (xml_code);
  if (is_json && words != NULL)
    told->words = filter_words (words);
  else if (!is_json && xml_words != NULL)
    told->words = filter_words (xml_words);
}

/* "Signature expired: …" is told of the time, others are of the signature itself, and of both the Date may tell. */
static gboolean
set_clock (KmsHttpResponse *response, const Rule *rule, const AwsScene *scene)
{
  const char *url = kms_http_request_get_url (kms_http_response_get_request (response));

  if ((rule->flags & (CLOCK | MAYBE_CLOCK)) == 0 || scene->clock == NULL || *scene->clock_corrected)
    return FALSE;
  if (!aws_clock_may_trust (url)
      || !aws_clock_correct (scene->clock, kms_http_response_get_header (response, "Date"), scene->signed_at))
    return FALSE;
  *scene->clock_corrected = TRUE;
  return TRUE;
}

static gboolean
blames_clock (const Rule *rule, const Told *told)
{
  return (rule->flags & MAYBE_CLOCK) != 0 && told->words != NULL
         && (g_str_has_prefix (told->words, "Signature expired")
             || g_str_has_prefix (told->words, "Signature not yet current"));
}

static char *
describe_scene (const AwsScene *scene)
{
  return scene->object != NULL ? g_strdup_printf ("%s with \"%s\"", scene->operation, scene->object)
                               : g_strdup (scene->operation);
}

static void
set_error (const Rule *rule, const Told *told, guint status, const AwsScene *scene, GError **error)
{
  g_autofree char *what = describe_scene (scene);
  gboolean shows = (rule->flags & SHOW) != 0 && told->words != NULL && told->words[0] != '\0';
  const char *words = blames_clock (rule, told) ? WRONG_CLOCK : rule->words;

  g_set_error (error, KMS_ERROR, (gint) rule->error, "%s: %s (%s, HTTP status %u)%s%s", what, words, told->code, status,
               shows ? "; the service says: " : "", shows ? told->words : "");
}

KmsHttpVerdict
aws_errors_judge (KmsHttpResponse *response, const AwsScene *scene, GError **error)
{
  guint status = kms_http_response_get_status (response);
  const char *request_id = aws_get_request_id (response);
  Told told = { NULL };
  KmsHttpVerdict verdict;

  read_json (response, &told);
  const Rule *rule = told.code != NULL ? find_rule (told.code) : NULL;
  if (rule == NULL)
    {
      g_autofree char *what = describe_scene (scene);
      verdict = kms_http_provider_judge_status (NULL, status, told.code, request_id, error);
      g_prefix_error (error, "%s: ", what);
    }
  else if (set_clock (response, rule, scene))
    verdict = KMS_HTTP_AGAIN;
  else
    {
      verdict = rule->verdict;
      set_error (rule, &told, status, scene, error);
      if (error != NULL)
        kms_error_set_service (*error, status, told.code, request_id);
    }
  g_free (told.code);
  g_free (told.words);
  return verdict;
}

KmsHttpVerdict
aws_errors_refuse (KmsHttpResponse *response, const AwsScene *scene, const char *what, GError **error)
{
  guint status = kms_http_response_get_status (response);
  g_autofree char *where = describe_scene (scene);

  g_set_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY, "%s: %s (HTTP status %u)", where, what, status);
  if (error != NULL)
    kms_error_set_service (*error, status, NULL, aws_get_request_id (response));
  return KMS_HTTP_FAILED;
}
