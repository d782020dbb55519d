/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Single sign-on: the token that "aws sso login" got buys keys at the portal, and is renewed while that is possible. */
#include "aws-answer.h"
#include "aws-endpoint.h"
#include "aws-errors.h"
#include "aws-key-document.h"
#include "aws-message.h"
#include "aws-region.h"
#include "aws-source.h"
#include "aws-sso-cache.h"

#include <string.h>

#define RENEW_BEFORE (15 * 60 * G_USEC_PER_SEC)
#define MAX_LIFE (366 * 24 * 3600)

typedef struct
{
  const char *account, *role;
  const char *session; /* NULL: as older clients write it */
  const char *start_url, *region;
  char *source; /* for people */
} Login;

typedef struct
{
  const Login *login;
  AwsSsoToken *token;
  AwsEndpoint *endpoint;
  AwsKeys *keys;
  gint64 lifetime;
} Exchange;

static void
login_clear (Login *self)
{
  g_free (self->source);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Login, login_clear)

/* Whoever encrypts is not told that he may not: his credentials are what does not work. */
static KmsHttpVerdict
judge (KmsHttpResponse *response, const char *operation, GError **error)
{
  AwsScene scene = { .operation = operation };
  guint status = kms_http_response_get_status (response);

  if (status != 401 && status != 403)
    return aws_errors_judge (response, &scene, error);
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_CREDENTIALS,
                       status == 401 ? "the login has ended; run: aws sso login"
                                     : "the login is not for this account and role; look at sso_account_id and "
                                       "sso_role_name");
  return KMS_HTTP_FAILED;
}

static gboolean
prepare_portal (KmsHttpProvider *provider, KmsHttpCredentials *credentials, KmsHttpRequest *request, gpointer data,
                GError **error)
{
  const Exchange *self = data;
  g_autofree char *role = g_uri_escape_string (self->login->role, NULL, FALSE);
  g_autofree char *account = g_uri_escape_string (self->login->account, NULL, FALSE);
  g_autofree char *url =
    g_strdup_printf ("%sfederation/credentials?role_name=%s&account_id=%s", self->endpoint->url, role, account);
  g_autoptr (KmsHttpBuffer) text = kms_http_buffer_new ();
  gsize length;
  const guint8 *token = kms_secret_get_data (self->token->access_token, &length);

  kms_http_buffer_append (text, token, length);
  kms_http_request_set_method (request, "GET");
  kms_http_request_set_url (request, url);
  kms_http_request_add_header (request, "x-amz-sso_bearer_token",
                               (const char *) kms_http_buffer_get_data (text, &length));
  return TRUE;
}

typedef struct
{
  AwsKeyTexts texts;
  gint64 expiration;
} RoleCredentials;

static void
read_role_credential (KmsHttpJson *json, const char *name, gpointer data)
{
  RoleCredentials *self = data;

  if (kms_http_json_peek (json) == KMS_HTTP_JSON_STRING && strcmp (name, "accessKeyId") == 0)
    kms_http_json_read_string (json, &self->texts.id, &self->texts.id_length);
  else if (kms_http_json_peek (json) == KMS_HTTP_JSON_STRING && strcmp (name, "secretAccessKey") == 0)
    kms_http_json_read_string (json, &self->texts.secret, &self->texts.secret_length);
  else if (kms_http_json_peek (json) == KMS_HTTP_JSON_STRING && strcmp (name, "sessionToken") == 0)
    kms_http_json_read_string (json, &self->texts.token, &self->texts.token_length);
  else if (strcmp (name, "expiration") == 0)
    aws_json_read_number (json, &self->expiration);
  else
    kms_http_json_skip (json);
}

static void
read_portal (KmsHttpJson *json, const char *name, gpointer data)
{
  if (strcmp (name, "roleCredentials") == 0)
    aws_json_read_object (json, read_role_credential, data);
  else
    kms_http_json_skip (json);
}

static KmsHttpVerdict
parse_portal (KmsHttpProvider *provider, KmsHttpResponse *response, gpointer data, GError **error)
{
  Exchange *self = data;
  RoleCredentials read = { .expiration = 0 };
  gsize length;

  if (kms_http_response_get_status (response) != 200)
    return judge (response, "GetRoleCredentials", error);
  guint8 *body = kms_http_response_get_body (response, &length);
  if (!aws_answer_walk (body, length, read_portal, &read) || read.expiration <= 0)
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INTEGRITY, "the portal's answer holds no whole session");
      return KMS_HTTP_FAILED;
    }
  /* Milliseconds, unlike everywhere else. */
  self->keys = aws_key_texts_make_keys (&read.texts, read.expiration * 1000, self->login->source, error);
  return self->keys != NULL ? KMS_HTTP_DONE : KMS_HTTP_FAILED;
}

static void
add_secret (KmsHttpBuffer *body, const char *name, KmsSecret *secret)
{
  gsize length;
  const char *text = (const char *) kms_secret_get_data (secret, &length);

  kms_http_buffer_append_text (body, ",");
  kms_http_buffer_append_json_string (body, name, -1);
  kms_http_buffer_append_text (body, ":");
  kms_http_buffer_append_json_string (body, text, (gssize) length);
}

static gboolean
prepare_renewal (KmsHttpProvider *provider, KmsHttpCredentials *credentials, KmsHttpRequest *request, gpointer data,
                 GError **error)
{
  const Exchange *self = data;
  KmsHttpBuffer *body = kms_http_request_get_body (request);
  g_autofree char *url = g_strconcat (self->endpoint->url, "token", NULL);
  gboolean first = TRUE;

  kms_http_request_set_url (request, url);
  kms_http_request_set_content_type (request, "application/json");
  /* A token that renews may be good for once. */
  kms_http_request_set_repeatable (request, FALSE);
  kms_http_buffer_append (body, "{", 1);
  aws_body_add_text (body, &first, "grantType", "refresh_token");
  aws_body_add_text (body, &first, "clientId", self->token->client_id);
  add_secret (body, "clientSecret", self->token->client_secret);
  add_secret (body, "refreshToken", self->token->refresh_token);
  kms_http_buffer_append (body, "}", 1);
  return TRUE;
}

static void
replace (KmsHttpJson *json, KmsSecret **secret)
{
  const char *text;
  gsize length;

  if (!kms_http_json_read_string (json, &text, &length) || length == 0)
    return;
  g_clear_pointer (secret, kms_secret_unref);
  *secret = kms_secret_new ((const guint8 *) text, length);
}

static void
read_renewal (KmsHttpJson *json, const char *name, gpointer data)
{
  Exchange *self = data;
  gboolean is_text = kms_http_json_peek (json) == KMS_HTTP_JSON_STRING;

  if (is_text && strcmp (name, "accessToken") == 0)
    replace (json, &self->token->access_token);
  else if (is_text && strcmp (name, "refreshToken") == 0)
    replace (json, &self->token->refresh_token);
  else if (strcmp (name, "expiresIn") == 0)
    aws_json_read_number (json, &self->lifetime);
  else
    kms_http_json_skip (json);
}

static gboolean
has_plain_token (const AwsSsoToken *token)
{
  gsize length;
  const char *text = (const char *) kms_secret_get_data (token->access_token, &length);
  return aws_is_plain_text (text, length, length);
}

static KmsHttpVerdict
parse_renewal (KmsHttpProvider *provider, KmsHttpResponse *response, gpointer data, GError **error)
{
  Exchange *self = data;
  gsize length;

  if (kms_http_response_get_status (response) != 200)
    return judge (response, "CreateToken", error);
  guint8 *body = kms_http_response_get_body (response, &length);
  if (aws_answer_walk (body, length, read_renewal, self) && has_plain_token (self->token) && self->lifetime > 0
      && self->lifetime < MAX_LIFE)
    return KMS_HTTP_DONE;
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INTEGRITY, "the answer holds no new token");
  return KMS_HTTP_FAILED;
}

static gboolean
run (Exchange *self, AwsChain *chain, AwsService service, KmsHttpPrepareFunc prepare, KmsHttpParseFunc parse,
     GError **error)
{
  self->endpoint = aws_endpoint_find (chain->provider->settings, service, self->login->region, error);
  if (self->endpoint == NULL)
    return FALSE;
  gboolean done = kms_http_provider_send (KMS_HTTP_PROVIDER (chain->provider), prepare, parse, self,
                                          KMS_HTTP_SEND_ANONYMOUS, chain->cancellable, error);
  g_clear_pointer (&self->endpoint, aws_endpoint_free);
  return done;
}

/* While the old token is good, it does not matter whether that works. */
static gboolean
renew (Exchange *self, AwsChain *chain, gint64 now, GError **error)
{
  AwsSsoToken *token = self->token;
  g_autoptr (GError) local = NULL;

  if (!run (self, chain, AWS_SERVICE_SSO_OIDC, prepare_renewal, parse_renewal, &local))
    {
      if (token->expires_at > now)
        return TRUE;
      g_propagate_prefixed_error (error, g_steal_pointer (&local),
                                  "the login has ended and can't be renewed; run: aws sso login; ");
      return FALSE;
    }
  token->expires_at = now + self->lifetime * G_USEC_PER_SEC;
  g_autoptr (GDateTime) end = g_date_time_new_from_unix_utc (token->expires_at / G_USEC_PER_SEC);
  g_free (token->expires_at_text);
  token->expires_at_text = g_date_time_format (end, "%Y-%m-%dT%H:%M:%SZ");
  if (!aws_sso_cache_write (token, &local))
    g_warning ("%s; other clients will have to log in", local->message);
  return TRUE;
}

static gboolean
ensure_token (Exchange *self, AwsChain *chain, GError **error)
{
  const AwsSsoToken *token = self->token;
  gint64 now = aws_clock_now (&chain->provider->clock);
  gboolean renewable = self->login->session != NULL && token->refresh_token != NULL && token->client_id != NULL
                       && token->client_secret != NULL && token->registration_expires_at > now;

  if (renewable && token->expires_at - now < RENEW_BEFORE)
    return renew (self, chain, now, error);
  if (token->expires_at > now)
    return TRUE;
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "the login has ended; run: aws sso login");
  return FALSE;
}

static gboolean
refuse (AwsChain *chain, GError **error, const char *words)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "profile %s: %s", chain->profile, words);
  return FALSE;
}

/* What a session's section says may be repeated in the profile, and not be contradicted. */
static gboolean
take (AwsChain *chain, const char *session, const char *key, const char **value, GError **error)
{
  const char *own = aws_profile_get (chain->profiles, chain->profile, key);

  *value = session != NULL ? aws_profiles_get_section (chain->profiles, "sso-session", session, NULL, key) : own;
  if (*value == NULL)
    g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "profile %s: %s is missing%s%s", chain->profile, key,
                 session != NULL ? " in [sso-session " : "", session != NULL ? session : "");
  else if (own != NULL && strcmp (own, *value) != 0)
    g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "profile %s: %s is another one than that of sso_session",
                 chain->profile, key);
  else
    return TRUE;
  return FALSE;
}

static gboolean
load_login (AwsChain *chain, Login *login, GError **error)
{
  login->session = aws_profile_get (chain->profiles, chain->profile, "sso_session");
  login->source = g_strdup_printf ("single sign-on of profile %s", chain->profile);
  if (login->account == NULL || login->role == NULL)
    return refuse (chain, error, "single sign-on takes both sso_account_id and sso_role_name");
  return take (chain, login->session, "sso_region", &login->region, error)
         && take (chain, login->session, "sso_start_url", &login->start_url, error)
         && aws_region_check (login->region, "sso_region", error);
}

AwsKeys *
aws_source_sso (AwsChain *chain, char **why, GError **error)
{
  g_auto (Login) login = { .account = aws_profile_get (chain->profiles, chain->profile, "sso_account_id"),
                           .role = aws_profile_get (chain->profiles, chain->profile, "sso_role_name") };
  const char *home = aws_environment_get_home (chain->provider->settings->environment);
  Exchange exchange = { .login = &login };

  if (login.account == NULL && login.role == NULL)
    {
      *why = g_strdup_printf ("profile %s has no sso_account_id", chain->profile);
      return NULL;
    }
  if (!load_login (chain, &login, error))
    return NULL;
  if (home == NULL)
    {
      refuse (chain, error, "the token of single sign-on is in a home directory, and HOME is not set");
      return NULL;
    }
  g_autoptr (AwsSsoToken) token =
    aws_sso_cache_read (home, login.session != NULL ? login.session : login.start_url, chain->cancellable, error);
  exchange.token = token;
  if (token == NULL || !ensure_token (&exchange, chain, error)
      || !run (&exchange, chain, AWS_SERVICE_SSO, prepare_portal, parse_portal, error))
    g_prefix_error (error, "%s: ", login.source);
  return exchange.keys;
}
