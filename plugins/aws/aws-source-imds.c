/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The metadata service of an EC2 instance, version 2:
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html */
#include "aws-answer.h"
#include "aws-key-document.h"
#include "aws-metadata.h"
#include "aws-region.h"
#include "aws-secret-file.h"
#include "aws-source.h"

#include <string.h>

#define IPV4 "http://169.254.169.254"
#define IPV6 "http://[fd00:ec2::254]"
#define SOURCE "the instance's metadata service"
#define TTL_HEADER "X-aws-ec2-metadata-token-ttl-seconds"
#define TOKEN_HEADER "X-aws-ec2-metadata-token"
#define CREDENTIALS "/latest/meta-data/iam/security-credentials/"
#define MAX_NAME 128
#define MAX_TOKEN 1024

/* Keys that it hands out although they end soon are good on: it can't get others just now. */
#define SOON (15 * 60 * G_USEC_PER_SEC)
#define LOOK_AGAIN_MIN (2 * 60)
#define LOOK_AGAIN_MAX (10 * 60)

typedef struct
{
  char *base;
  char *token; /* of the service, which is a secret of this machine only; NULL: version 1 */
  gint64 timeout, attempts;
  gboolean version_1, disabled;
} Service;

static void
service_clear (Service *self)
{
  g_free (self->base);
  g_free (self->token);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Service, service_clear)

static char *
find_base (const AwsSettings *settings)
{
  const char *base =
    aws_settings_get_either (settings, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
  const char *mode =
    aws_settings_get_either (settings, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode");

  if (base == NULL)
    return g_strdup (mode != NULL && g_ascii_strcasecmp (mode, "ipv6") == 0 ? IPV6 : IPV4);
  gsize length = strlen (base);
  while (length > 0 && base[length - 1] == '/')
    length--;
  return g_strndup (base, length);
}

static gboolean
load_service (Service *self, const AwsSettings *settings, GError **error)
{
  const AwsEnvironment *environment = settings->environment;
  const char *text = aws_settings_get_either (settings, "AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled");
  gboolean version_1_disabled = TRUE;
  gint64 seconds = 1;

  self->attempts = 1;
  if (!aws_environment_get_boolean (environment, "AWS_EC2_METADATA_DISABLED", &self->disabled, error)
      || (text != NULL
          && !aws_parse_boolean (text, "AWS_EC2_METADATA_V1_DISABLED, or ec2_metadata_v1_disabled of the profile,",
                                 &version_1_disabled, error))
      || !aws_environment_get_number (environment, "AWS_METADATA_SERVICE_TIMEOUT", 1, 60, &seconds, error)
      || !aws_environment_get_number (environment, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", 1, 10, &self->attempts, error))
    return FALSE;
  self->version_1 = !version_1_disabled;
  self->timeout = seconds * 1000;
  self->base = find_base (settings);
  return TRUE;
}

static char *
dup_line (KmsSecret *body, gsize max)
{
  gsize length;
  const char *text = (const char *) kms_secret_get_data (body, &length);
  const char *end = memchr (text, '\n', length);

  if (end != NULL)
    length = (gsize) (end - text);
  if (length > 0 && text[length - 1] == '\r')
    length--;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isgraph (text[i]))
      return NULL;
  return length > 0 && length <= max ? g_strndup (text, length) : NULL;
}

static gboolean
ask (const Service *self, const char *path, AwsMetadataRequest *request, AwsChain *chain, GError **error)
{
  g_autofree char *url = g_strconcat (self->base, path, NULL);

  request->method = "GET";
  request->url = url;
  request->header = self->token != NULL ? TOKEN_HEADER : NULL;
  request->header_value = self->token;
  request->timeout = self->timeout;
  request->attempts = self->attempts;
  gboolean answered = aws_metadata_ask (request, chain->cancellable, error);
  request->url = NULL;
  request->header_value = NULL;
  if (!answered)
    g_prefix_error_literal (error, SOURCE ": ");
  return answered;
}

/* FALSE without an error: nothing is there, for `*why`. */
static gboolean
get_token (Service *self, AwsChain *chain, char **why, GError **error)
{
  g_autofree char *url = g_strconcat (self->base, "/latest/api/token", NULL);
  g_auto (AwsMetadataRequest) request = { .method = "PUT",
                                          .url = url,
                                          .header = TTL_HEADER,
                                          .header_value = "21600",
                                          .timeout = self->timeout,
                                          .attempts = self->attempts };
  g_autoptr (GError) local = NULL;
  gboolean answered = aws_metadata_ask (&request, chain->cancellable, &local);

  g_clear_pointer (&self->token, g_free);
  if (answered && request.status == 200 && (self->token = dup_line (request.body, MAX_TOKEN)) != NULL)
    return TRUE;
  if (g_cancellable_set_error_if_cancelled (chain->cancellable, error))
    return FALSE;
  if (self->version_1 && (!answered || request.status == 403 || request.status == 404 || request.status == 405))
    return TRUE;
  if (!answered)
    *why = g_strdup_printf ("it does not answer: %s", local->message);
  else if (request.status == 404)
    *why = g_strdup ("it knows no version 2 (HTTP status 404); AWS_EC2_METADATA_V1_DISABLED=false allows version 1");
  else
    g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, SOURCE " gives no token (HTTP status %u)%s", request.status,
                 request.status == 403 ? "; is it turned off, or is a proxy between?" : "");
  return FALSE;
}

/* Gets a new token once where the one there is has ended. */
static gboolean
ask_anew (Service *self, const char *path, AwsMetadataRequest *request, AwsChain *chain, GError **error)
{
  g_autofree char *why = NULL;

  if (!ask (self, path, request, chain, error))
    return FALSE;
  if (request->status != 401 || self->token == NULL)
    return TRUE;
  if (get_token (self, chain, &why, error))
    return ask (self, path, request, chain, error);
  if (why != NULL)
    g_set_error (error, KMS_ERROR, KMS_ERROR_UNAVAILABLE, SOURCE ": %s", why);
  return FALSE;
}

static void
find_region (Service *self, AwsChain *chain)
{
  g_auto (AwsMetadataRequest) request = { NULL };

  if (kms_aws_provider_get_region (chain->provider) != NULL
      || !ask_anew (self, "/latest/meta-data/placement/region", &request, chain, NULL) || request.status != 200)
    return;
  g_autofree char *region = dup_line (request.body, MAX_NAME);
  if (region != NULL && aws_region_check (region, SOURCE, NULL))
    kms_aws_provider_set_found_region (chain->provider, region);
}

static AwsKeys *
refuse (GError **error, const char *words, guint status)
{
  g_set_error (error, KMS_ERROR, status == 429 || status >= 500 ? KMS_ERROR_UNAVAILABLE : KMS_ERROR_CREDENTIALS,
               SOURCE " %s (HTTP status %u)", words, status);
  return NULL;
}

/* Status 200 is no promise: an answer may say that it failed. */
static AwsKeys *
read_keys (KmsSecret *body, GError **error)
{
  gsize length;
  guint8 *bytes;
  const guint8 *data = kms_secret_get_data (body, &length);
  AwsField code = { "Code" };
  g_autoptr (KmsSecret) first = aws_secret_dup_writable (data, length, &bytes, error);

  if (first == NULL)
    return NULL;
  if (aws_answer_read (bytes, length, &code, 1) && code.text != NULL && strcmp (code.text, "Success") != 0)
    {
      g_autofree char *shown = g_strescape (code.text, NULL);
      g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS,
                   SOURCE " gives no keys: %.64s; look at the role of the instance profile", shown);
      return NULL;
    }
  g_autoptr (KmsSecret) second = aws_secret_dup_writable (data, length, &bytes, error);
  return second != NULL ? aws_keys_parse_json (bytes, length, "Token", SOURCE, error) : NULL;
}

static AwsKeys *
get_keys (Service *self, AwsChain *chain, char **why, GError **error)
{
  g_auto (AwsMetadataRequest) list = { NULL };
  g_auto (AwsMetadataRequest) answer = { NULL };

  if (!ask_anew (self, CREDENTIALS, &list, chain, error))
    return NULL;
  if (list.status == 404)
    {
      *why = g_strdup ("the instance has no role; attach an instance profile");
      return NULL;
    }
  g_autofree char *role = list.status == 200 ? dup_line (list.body, MAX_NAME) : NULL;
  g_autofree char *escaped = role != NULL ? g_uri_escape_string (role, NULL, FALSE) : NULL;
  g_autofree char *path = g_strconcat (CREDENTIALS, escaped, NULL);
  if (role == NULL)
    return refuse (error, "does not tell the instance's role", list.status);
  if (!ask_anew (self, path, &answer, chain, error))
    return NULL;
  if (answer.status != 200)
    return refuse (error, "gives no keys", answer.status);
  return read_keys (answer.body, error);
}

AwsKeys *
aws_source_imds (AwsChain *chain, char **why, GError **error)
{
  g_auto (Service) service = { NULL };

  if (!load_service (&service, chain->provider->settings, error))
    return NULL;
  if (service.disabled)
    {
      *why = g_strdup ("AWS_EC2_METADATA_DISABLED turns it off");
      return NULL;
    }
  if (!get_token (&service, chain, why, error))
    return NULL;
  AwsKeys *keys = get_keys (&service, chain, why, error);
  if (keys == NULL)
    return NULL;
  find_region (&service, chain);
  if (keys->expires_at != 0 && keys->expires_at - aws_clock_now (&chain->provider->clock) < SOON)
    keys->look_again = g_random_int_range (LOOK_AGAIN_MIN, LOOK_AGAIN_MAX) * G_USEC_PER_SEC;
  return keys;
}
