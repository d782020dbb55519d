/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an HTTP status means where the service says no more. */
#include "kms-http-provider.h"

typedef struct
{
  guint status;
  KmsError error;
  KmsHttpVerdict verdict;
  const char *words;
} StatusRule;

static const StatusRule rules[] = {
  { 401, KMS_ERROR_CREDENTIALS, KMS_HTTP_REFUSED, "the credentials were refused" },
  { 403, KMS_ERROR_NOT_AUTHORIZED, KMS_HTTP_FAILED, "not allowed" },
  { 404, KMS_ERROR_NOT_FOUND, KMS_HTTP_FAILED, "there is no such thing; check address and key id" },
  { 405, KMS_ERROR_NOT_SUPPORTED, KMS_HTTP_FAILED, "the server does not support it" },
  { 407, KMS_ERROR_CONFIG, KMS_HTTP_FAILED, "the proxy wants a user and a password" },
  { 408, KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, "the server lost patience" },
  { 413, KMS_ERROR_TOO_LARGE, KMS_HTTP_FAILED, "the request is larger than the server takes" },
  { 425, KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, "too early" },
  { 429, KMS_ERROR_THROTTLED, KMS_HTTP_RETRY, "the server gets too many requests" },
  { 500, KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, "the server failed" },
  { 501, KMS_ERROR_NOT_SUPPORTED, KMS_HTTP_FAILED, "the server does not support it" },
  { 502, KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, "what stands before the server can't reach it" },
  { 503, KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, "the server is not available" },
  { 504, KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, "what stands before the server got no answer from it" },
};

/* By the first digit. */
static const StatusRule families[] = {
  [1] = { 100, KMS_ERROR_INTEGRITY, KMS_HTTP_FAILED, "no final answer" },
  [2] = { 200, KMS_ERROR_INTEGRITY, KMS_HTTP_FAILED, "an answer that is not what was asked for" },
  [3] = { 300, KMS_ERROR_UNAVAILABLE, KMS_HTTP_FAILED, "the server sends one elsewhere; check the address" },
  [4] = { 400, KMS_ERROR_INVALID_ARGUMENT, KMS_HTTP_FAILED, "the server refuses the request" },
  [5] = { 500, KMS_ERROR_UNAVAILABLE, KMS_HTTP_RETRY, "the server failed" },
};

static const StatusRule no_status = { 0, KMS_ERROR_INTEGRITY, KMS_HTTP_FAILED, "an answer with a status that is none" };

static const StatusRule *
find_rule (guint status)
{
  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    if (rules[i].status == status)
      return &rules[i];
  return status >= 100 && status < 600 ? &families[status / 100] : &no_status;
}

/**
 * kms_http_provider_judge_status: (skip)
 * @self: a provider
 * @status: an HTTP status
 * @code: (nullable): what the service calls the error, for kms_error_get_service_code()
 * @request_id: (nullable): the service's name for the request
 * @error: return location for an error
 *
 * Says what a status means where no table of the service says more.
 *
 * Returns: the verdict, never %KMS_HTTP_DONE, with @error set
 *
 * Since: 1.0
 */
KmsHttpVerdict
kms_http_provider_judge_status (KmsHttpProvider *self, guint status, const char *code, const char *request_id,
                                GError **error)
{
  const StatusRule *rule = find_rule (status);

  g_set_error (error, KMS_ERROR, rule->error, "%s (HTTP status %u%s%s)", rule->words, status, code != NULL ? ", " : "",
               code != NULL ? code : "");
  if (error != NULL)
    kms_error_set_service (*error, status, code, request_id);
  return rule->verdict;
}
