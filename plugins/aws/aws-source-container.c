/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agents of ECS and of EKS: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html */
#include "aws-key-document.h"
#include "aws-metadata.h"
#include "aws-secret-file.h"
#include "aws-source.h"

#include <gnutls/crypto.h>
#include <string.h>

#define ECS "http://169.254.170.2"
#define SOURCE "the container's agent"
#define TIMEOUT 2000
#define ATTEMPTS 3
#define PAUSE 1000
#define MAX_AUTHORIZATION 65536

/* A token would be read on the way to anybody else. */
static gboolean
may_be_plain (const char *host)
{
  static const char *const hosts[] = { "localhost", "169.254.170.2", "169.254.170.23", "fd00:ec2::23" };
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    if (g_ascii_strcasecmp (hosts[i], host) == 0)
      return TRUE;
  return address != NULL && g_inet_address_get_is_loopback (address);
}

static char *
find_url (const AwsEnvironment *environment, char **why, GError **error)
{
  const char *relative = aws_environment_get (environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const char *full = aws_environment_get (environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI");

  if (relative != NULL && relative[0] == '/')
    return g_strconcat (ECS, relative, NULL);
  if (relative == NULL && full == NULL)
    {
      *why = g_strdup ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set");
      return NULL;
    }
  g_autoptr (GUri) uri = relative == NULL ? g_uri_parse (full, G_URI_FLAGS_ENCODED, NULL) : NULL;
  const char *host = uri != NULL ? g_uri_get_host (uri) : NULL;
  if (host != NULL && host[0] != '\0'
      && (strcmp (g_uri_get_scheme (uri), "https") == 0
          || (strcmp (g_uri_get_scheme (uri), "http") == 0 && may_be_plain (host))))
    return g_strdup (full);
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "%s: %s", SOURCE,
               relative != NULL
                 ? "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must begin with \"/\""
                 : "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or http to this machine or to AWS's agents");
  return NULL;
}

/* TRUE with NULL for none. */
static gboolean
find_authorization (AwsChain *chain, KmsSecret **authorization, GError **error)
{
  const AwsEnvironment *environment = chain->provider->settings->environment;
  const char *path = aws_environment_get (environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  KmsSecret *given = aws_environment_get_secret (environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
  gsize length = 0;

  if (path != NULL)
    {
      *authorization = aws_secret_file_read_line (path, SOURCE, MAX_AUTHORIZATION, chain->cancellable, error);
      return *authorization != NULL;
    }
  *authorization = given != NULL ? kms_secret_ref (given) : NULL;
  const guint8 *data = given != NULL ? kms_secret_get_data (given, &length) : NULL;
  for (gsize i = 0; i < length; i++)
    if (data[i] < 0x20 || data[i] >= 0x7f)
      {
        g_set_error_literal (error, KMS_ERROR, KMS_ERROR_CREDENTIALS,
                             SOURCE ": AWS_CONTAINER_AUTHORIZATION_TOKEN holds more than one line of plain characters");
        return FALSE;
      }
  return TRUE;
}

static AwsKeys *
read_keys (const AwsMetadataRequest *request, GError **error)
{
  gsize length;
  guint8 *bytes;

  if (request->status != 200)
    {
      g_set_error (error, KMS_ERROR,
                   request->status == 429 || request->status >= 500 ? KMS_ERROR_UNAVAILABLE : KMS_ERROR_CREDENTIALS,
                   SOURCE " answers with HTTP status %u%s", request->status,
                   request->status == 401 || request->status == 403
                     ? "; look at AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE and AWS_CONTAINER_AUTHORIZATION_TOKEN"
                     : "; look at the role of the task or of the service account");
      return NULL;
    }
  const guint8 *data = kms_secret_get_data (request->body, &length);
  g_autoptr (KmsSecret) copy = aws_secret_dup_writable (data, length, &bytes, error);
  return copy != NULL ? aws_keys_parse_json (bytes, length, "Token", SOURCE, error) : NULL;
}

AwsKeys *
aws_source_container (AwsChain *chain, char **why, GError **error)
{
  g_autoptr (KmsSecret) authorization = NULL;
  g_autofree char *url = find_url (chain->provider->settings->environment, why, error);
  g_auto (AwsMetadataRequest)
    request = { .method = "GET", .url = url, .timeout = TIMEOUT, .attempts = ATTEMPTS, .pause = PAUSE };
  gsize length;

  if (url == NULL || !find_authorization (chain, &authorization, error))
    return NULL;
  if (authorization != NULL)
    {
      const char *text = (const char *) kms_secret_get_data (authorization, &length);
      request.header = "Authorization";
      request.header_value = g_strndup (text, length);
    }
  gboolean answered = aws_metadata_ask (&request, chain->cancellable, error);
  if (request.header_value != NULL)
    {
      gnutls_memset ((char *) request.header_value, 0, length);
      g_free ((char *) request.header_value);
    }
  if (answered)
    return read_keys (&request, error);
  g_prefix_error_literal (error, SOURCE ": ");
  return NULL;
}
