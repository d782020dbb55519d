/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recomputes a signature from the request that came in:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
#include "aws-double-signature.h"

#include <gnutls/crypto.h>
#include <string.h>

#define ALGORITHM "AWS4-HMAC-SHA256"
#define TOLERATED 300
#define SHA256_SIZE 32

typedef struct
{
  char **scope;   /* access key id, day, region, service, "aws4_request" */
  char **headers; /* that are signed */
  char *signature;
} Claim;

static void
claim_clear (Claim *self)
{
  g_strfreev (self->scope);
  g_strfreev (self->headers);
  g_free (self->signature);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Claim, claim_clear)

void
aws_double_signer_clear (AwsDoubleSigner *self)
{
  g_clear_pointer (&self->region, g_free);
}

static gboolean
refuse (AwsDoubleRefusal *refusal, const char *code, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  refusal->code = code;
  refusal->message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return FALSE;
}

static gboolean
read_claim (const char *authorization, Claim *claim, AwsDoubleRefusal *refusal)
{
  g_auto (GStrv) parts = g_strsplit (authorization + strlen (ALGORITHM), ",", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    {
      char *part = g_strstrip (parts[i]);
      if (g_str_has_prefix (part, "Credential=") && claim->scope == NULL)
        claim->scope = g_strsplit (strchr (part, '=') + 1, "/", -1);
      else if (g_str_has_prefix (part, "SignedHeaders=") && claim->headers == NULL)
        claim->headers = g_strsplit (strchr (part, '=') + 1, ";", -1);
      else if (g_str_has_prefix (part, "Signature=") && claim->signature == NULL)
        claim->signature = g_strdup (strchr (part, '=') + 1);
      else
        return refuse (refusal, "IncompleteSignatureException", "Unknown part of Authorization: %s", part);
    }
  if (claim->scope != NULL && g_strv_length (claim->scope) == 5 && claim->headers != NULL && claim->signature != NULL
      && g_str_equal (claim->scope[4], "aws4_request"))
    return TRUE;
  return refuse (refusal, "IncompleteSignatureException",
                 "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters.");
}

/* All values of a header, each trimmed, with runs of blanks made one. */
static char *
join_values (const TestRequest *request, const char *name)
{
  GString *joined = NULL;

  for (guint i = 0; i < request->header_names->len; i++)
    {
      if (g_ascii_strcasecmp (request->header_names->pdata[i], name) != 0)
        continue;
      g_autoptr (GRegex) blanks = g_regex_new ("[ \t\r\n]+", 0, 0, NULL);
      g_autofree char *value = g_regex_replace_literal (blanks, request->header_values->pdata[i], -1, 0, " ", 0, NULL);
      if (joined == NULL)
        joined = g_string_new (g_strstrip (value));
      else
        g_string_append_printf (joined, ",%s", g_strstrip (value));
    }
  return joined != NULL ? g_string_free (joined, FALSE) : NULL;
}

/* Sorted, small, each of them there, and all that must be signed among them. */
static gboolean
check_names (const TestRequest *request, char **names, AwsDoubleRefusal *refusal)
{
  static const char *const needed[] = { "host", "x-amz-date" };

  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autofree char *small = g_ascii_strdown (names[i], -1);
      if (strcmp (small, names[i]) != 0 || (i > 0 && strcmp (names[i - 1], names[i]) >= 0)
          || test_request_get_header (request, names[i]) == NULL)
        return refuse (refusal, "IncompleteSignatureException", "SignedHeaders has '%s', out of order or not sent",
                       names[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (needed); i++)
    if (!g_strv_contains ((const char *const *) names, needed[i]))
      return refuse (refusal, "InvalidSignatureException", "'%s' must be a 'SignedHeader' in the AWS Authorization.",
                     needed[i]);
  for (guint i = 0; i < request->header_names->len; i++)
    {
      g_autofree char *small = g_ascii_strdown (request->header_names->pdata[i], -1);
      gboolean must = g_str_has_prefix (small, "x-amz-") || g_str_equal (small, "content-type");
      if (must && !g_strv_contains ((const char *const *) names, small))
        return refuse (refusal, "InvalidSignatureException", "'%s' must be a 'SignedHeader' in the AWS Authorization.",
                       small);
    }
  return TRUE;
}

static char *
encode (const char *text, const char *besides)
{
  GString *encoded = g_string_new (NULL);

  for (const char *at = text; *at != '\0'; at++)
    {
      if (g_ascii_isalnum (*at) || strchr ("-_.~", *at) != NULL || strchr (besides, *at) != NULL)
        g_string_append_c (encoded, *at);
      else
        g_string_append_printf (encoded, "%%%02X", (guchar) *at);
    }
  return g_string_free (encoded, FALSE);
}

static gint
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static char *
make_canonical_query (const char *query)
{
  g_auto (GStrv) pairs = g_strsplit (query != NULL ? query : "", "&", -1);
  g_autoptr (GPtrArray) made = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; pairs[i] != NULL; i++)
    {
      g_auto (GStrv) halves = g_strsplit (pairs[i], "=", 2);
      if (halves[0] == NULL || halves[0][0] == '\0')
        continue;
      g_autofree char *name = g_uri_unescape_string (halves[0], NULL);
      g_autofree char *value = g_uri_unescape_string (halves[1] != NULL ? halves[1] : "", NULL);
      g_autofree char *name_again = encode (name, "");
      g_autofree char *value_again = encode (value, "");
      g_ptr_array_add (made, g_strdup_printf ("%s=%s", name_again, value_again));
    }
  g_ptr_array_sort (made, compare_texts);
  g_ptr_array_add (made, NULL);
  return g_strjoinv ("&", (char **) made->pdata);
}

static char *
hash_body (const TestRequest *request)
{
  gsize length = 0;
  const guchar *body = request->body != NULL ? g_bytes_get_data (request->body, &length) : NULL;

  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, body != NULL ? body : (const guchar *) "", length);
}

static char *
make_canonical_request (const TestRequest *request, char **names)
{
  GString *text = g_string_new (request->method);
  g_autofree char *path = encode (request->path, "/");
  g_autofree char *query = make_canonical_query (request->query);
  g_autofree char *hash = hash_body (request);
  g_autofree char *joined = g_strjoinv (";", names);

  g_string_append_printf (text, "\n%s\n%s\n", path, query);
  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autofree char *values = join_values (request, names[i]);
      g_string_append_printf (text, "%s:%s\n", names[i], values);
    }
  g_string_append_printf (text, "\n%s\n%s", joined, hash);
  return g_string_free (text, FALSE);
}

static void
hmac (guint8 key[SHA256_SIZE], gsize key_length, const char *text)
{
  guint8 result[SHA256_SIZE];

  g_assert_cmpint (gnutls_hmac_fast (GNUTLS_MAC_SHA256, key, key_length, text, strlen (text), result), ==, 0);
  memcpy (key, result, sizeof result);
}

static char *
sign (const char *secret, const Claim *claim, const char *text)
{
  g_autofree char *first = g_strconcat ("AWS4", secret, NULL);
  guint8 key[SHA256_SIZE];
  GString *digits = g_string_new (NULL);

  g_assert_cmpint (
    gnutls_hmac_fast (GNUTLS_MAC_SHA256, first, strlen (first), claim->scope[1], strlen (claim->scope[1]), key), ==, 0);
  for (guint i = 2; i < 5; i++)
    hmac (key, sizeof key, claim->scope[i]);
  hmac (key, sizeof key, text);
  for (guint i = 0; i < sizeof key; i++)
    g_string_append_printf (digits, "%02x", key[i]);
  return g_string_free (digits, FALSE);
}

static gboolean
read_date (const char *text, gint64 *seconds)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();

  if (text == NULL || strlen (text) != 16 || text[8] != 'T' || text[15] != 'Z')
    return FALSE;
  g_autoptr (GDateTime) date = g_date_time_new_from_iso8601 (text, utc);
  if (date == NULL)
    return FALSE;
  *seconds = g_date_time_to_unix (date);
  return TRUE;
}

/* KMS's own words begin so: clients go by them. */
static gboolean
check_date (AwsDouble *aws, const TestRequest *request, const Claim *claim, AwsDoubleRefusal *refusal)
{
  const char *text = test_request_get_header (request, "X-Amz-Date");
  gint64 date, now = aws_double_now (aws);

  if (!read_date (text, &date))
    return refuse (refusal, "IncompleteSignatureException", "Date must be in ISO-8601 'basic format'.");
  if (strlen (claim->scope[1]) != 8 || strncmp (text, claim->scope[1], 8) != 0)
    return refuse (refusal, "InvalidSignatureException", "Date in Credential scope does not match X-Amz-Date.");
  if (ABS (date - now) <= TOLERATED)
    return TRUE;
  if (aws->says_skewed)
    return refuse (refusal, "RequestTimeTooSkewed",
                   "The difference between the request time and the current time is too large.");
  g_autofree char *there = aws_double_format_time (now);
  return refuse (refusal, "InvalidSignatureException", "Signature %s: %s is now %s than %s (5 min.)",
                 date < now ? "expired" : "not yet current", text, date < now ? "earlier" : "later", there);
}

static gboolean
check_identity (AwsDouble *aws, const TestRequest *request, const Claim *claim, AwsDoubleSigner *signer,
                AwsDoubleRefusal *refusal)
{
  const char *token = test_request_get_header (request, "X-Amz-Security-Token");

  signer->identity = g_hash_table_lookup (aws->identities, claim->scope[0]);
  if (signer->identity == NULL || g_strcmp0 (signer->identity->token, token) != 0)
    return refuse (refusal, "UnrecognizedClientException", "The security token included in the request is invalid.");
  if (signer->identity->expires_at != 0 && signer->identity->expires_at <= aws_double_now (aws))
    return refuse (refusal, "ExpiredTokenException", "The security token included in the request is expired");
  return TRUE;
}

static gboolean
check_digest (const TestRequest *request, AwsDoubleRefusal *refusal)
{
  const char *told = test_request_get_header (request, "X-Amz-Content-Sha256");
  g_autofree char *hash = hash_body (request);

  if (told == NULL || strcmp (told, hash) == 0)
    return TRUE;
  return refuse (refusal, "InvalidSignatureException", "x-amz-content-sha256 is not that of the body.");
}

gboolean
aws_double_check_signature (AwsDouble *aws, const TestRequest *request, const char *service, AwsDoubleSigner *signer,
                            AwsDoubleRefusal *refusal)
{
  const char *authorization = test_request_get_header (request, "Authorization");
  g_auto (Claim) claim = { NULL };

  if (authorization == NULL)
    return refuse (refusal, "MissingAuthenticationTokenException", "Missing Authentication Token");
  if (!g_str_has_prefix (authorization, ALGORITHM " "))
    return refuse (refusal, "IncompleteSignatureException", "Unsupported algorithm.");
  if (!read_claim (authorization, &claim, refusal) || !check_identity (aws, request, &claim, signer, refusal))
    return FALSE;
  signer->region = g_strdup (claim.scope[2]);
  if (!check_names (request, claim.headers, refusal) || !check_digest (request, refusal))
    return FALSE;
  if (strcmp (claim.scope[3], service) != 0)
    return refuse (refusal, "InvalidSignatureException", "Credential should be scoped to correct service: '%s'.",
                   service);
  g_autofree char *canonical = make_canonical_request (request, claim.headers);
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, canonical, -1);
  g_autofree char *scope = g_strjoinv ("/", claim.scope + 1);
  g_autofree char *text =
    g_strdup_printf (ALGORITHM "\n%s\n%s\n%s", test_request_get_header (request, "X-Amz-Date"), scope, hash);
  g_autofree char *expected = sign (signer->identity->secret, &claim, text);
  if (strcmp (expected, claim.signature) != 0)
    return refuse (refusal, "InvalidSignatureException",
                   "The request signature we calculated does not match the signature you provided. Check your AWS "
                   "Secret Access Key and signing method. Consult the service documentation for details.");
  return check_date (aws, request, &claim, refusal);
}
