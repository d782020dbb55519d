/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* credential_process: https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html */
#include "aws-answer.h"
#include "aws-key-document.h"
#include "aws-process.h"
#include "aws-secret-file.h"
#include "aws-source.h"

#include <string.h>

static void
read_version (KmsHttpJson *json, const char *name, gpointer data)
{
  if (strcmp (name, "Version") == 0)
    aws_json_read_number (json, data);
  else
    kms_http_json_skip (json);
}

/* Reading changes the text, so each reading has its own. */
static gboolean
has_version (KmsSecret *output, GError **error)
{
  gint64 version = 0;
  gsize length;
  guint8 *bytes;
  const guint8 *data = kms_secret_get_data (output, &length);
  g_autoptr (KmsSecret) copy = aws_secret_dup_writable (data, length, &bytes, error);

  if (copy == NULL)
    return FALSE;
  if (length > 0 && aws_answer_walk (bytes, length, read_version, &version) && version == 1)
    return TRUE;
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_CREDENTIALS,
                       version != 0 ? "what it prints is of another Version than 1"
                                    : "what it prints is no JSON object with \"Version\": 1");
  return FALSE;
}

static AwsKeys *
parse_output (KmsSecret *output, const char *source, GError **error)
{
  gsize length;
  guint8 *bytes;
  const guint8 *data = kms_secret_get_data (output, &length);
  g_autoptr (KmsSecret) copy = aws_secret_dup_writable (data, length, &bytes, error);

  return copy != NULL ? aws_keys_parse_json (bytes, length, "SessionToken", source, error) : NULL;
}

AwsKeys *
aws_source_process (AwsChain *chain, char **why, GError **error)
{
  const char *command = aws_profile_get (chain->profiles, chain->profile, "credential_process");
  g_autofree char *source = g_strdup_printf ("credential_process of profile %s", chain->profile);
  gint64 timeout = chain->provider->settings->process_timeout;

  if (command == NULL)
    {
      *why = g_strdup_printf ("profile %s has no credential_process", chain->profile);
      return NULL;
    }
  g_autoptr (KmsSecret) output = aws_process_run (command, timeout, chain->cancellable, error);
  if (output != NULL && has_version (output, error))
    return parse_output (output, source, error);
  g_prefix_error (error, "%s: ", source);
  return NULL;
}
