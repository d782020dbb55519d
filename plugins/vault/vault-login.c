/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The methods of logging in differ in their path and in what they send; what comes back is the same. */
#include "vault-login.h"

#include <string.h>

#include "vault-exchange.h"
#include "vault-secret-file.h"
#include "vault-values.h"

/* What is sent; all of it nullable. */
typedef struct
{
  const char *role, *name, *increment;
  KmsSecret *role_id, *secret_id, *jwt, *password;
} Login;

/* What came. */
typedef struct
{
  KmsSecret *token;
  gint64 lease, num_uses;
  gboolean renewable, is_batch, wants_mfa;
} Granted;

static void
granted_clear (Granted *self)
{
  g_clear_pointer (&self->token, kms_secret_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Granted, granted_clear)

static void
write_login (KmsHttpBuffer *body, gpointer data)
{
  const Login *login = data;
  gboolean first = TRUE;

  vault_body_add_text (body, &first, "role", login->role);
  vault_body_add_text (body, &first, "name", login->name);
  vault_body_add_text (body, &first, "increment", login->increment);
  vault_body_add_secret (body, &first, "role_id", login->role_id);
  vault_body_add_secret (body, &first, "secret_id", login->secret_id);
  vault_body_add_secret (body, &first, "jwt", login->jwt);
  vault_body_add_secret (body, &first, "password", login->password);
}

static void
take_token (Granted *granted, const char *text, gsize length)
{
  g_clear_pointer (&granted->token, kms_secret_unref);
  if (vault_check_token ((const guint8 *) text, length))
    granted->token = kms_secret_new ((const guint8 *) text, length);
}

static const struct
{
  const char *name;
  gboolean is_boolean;
  gsize field;
} members[] = {
  { "lease_duration", FALSE, G_STRUCT_OFFSET (Granted, lease) },
  { "ttl", FALSE, G_STRUCT_OFFSET (Granted, lease) },
  { "num_uses", FALSE, G_STRUCT_OFFSET (Granted, num_uses) },
  { "renewable", TRUE, G_STRUCT_OFFSET (Granted, renewable) },
};

/* Members of "auth", and of "data" in an answer to lookup-self. */
static void
read_granted (KmsHttpJson *json, const char *name, gpointer data)
{
  Granted *granted = data;
  const char *text = NULL;
  gsize length = 0;

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    if (strcmp (members[i].name, name) == 0 && members[i].is_boolean)
      vault_json_read_boolean (json, G_STRUCT_MEMBER_P (granted, members[i].field));
    else if (strcmp (members[i].name, name) == 0)
      vault_json_read_integer (json, G_STRUCT_MEMBER_P (granted, members[i].field));
  if (strcmp (name, "mfa_requirement") == 0)
    granted->wants_mfa = kms_http_json_peek (json) == KMS_HTTP_JSON_OBJECT;
  else if (strcmp (name, "client_token") == 0 && vault_json_read_text (json, &text, &length) && text != NULL)
    take_token (granted, text, length);
  else if (g_str_has_suffix (name, "type") && vault_json_read_text (json, &text, NULL))
    granted->is_batch = g_strcmp0 (text, "batch") == 0; /* "token_type" there, "type" here */
}

static VaultToken *
make_token (const Granted *granted, KmsSecret *text, const char *source)
{
  VaultToken *token = vault_token_new (text, source);

  token->from_login = TRUE;
  token->lease = MAX (granted->lease, 0);
  token->num_uses = granted->num_uses;
  token->renewable = granted->renewable && !granted->is_batch;
  token->revocable = !granted->is_batch;
  return token;
}

/* A refusal here is about the credentials, whatever the status says. */
static void
turn_into_credentials_error (GError **error)
{
  if (error != NULL && *error != NULL
      && (g_error_matches (*error, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED)
          || g_error_matches (*error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT)))
    (*error)->code = KMS_ERROR_CREDENTIALS;
}

static VaultToken *
log_in_at (KmsVaultProvider *self, const char *path, Login *login, GCancellable *cancellable, GError **error)
{
  g_auto (Granted) granted = { NULL };
  VaultSection section = { "auth", read_granted, &granted };
  const char *method = vault_auth_get_name (self->settings->auth);
  VaultExchange exchange = { .path = path,
                             .write = write_login,
                             .data = login,
                             .anonymous = TRUE,
                             .secret = TRUE,
                             /* A secret id may be good for one login. */
                             .once = login->secret_id != NULL,
                             .sections = &section,
                             .n_sections = 1 };

  if (!vault_exchange_run (&exchange, self, cancellable, error))
    {
      turn_into_credentials_error (error);
      g_prefix_error (error, "logging in by %s: ", method);
      return NULL;
    }
  if (granted.token != NULL)
    return make_token (&granted, granted.token, method);
  g_set_error (error, KMS_ERROR, granted.wants_mfa ? KMS_ERROR_NOT_SUPPORTED : KMS_ERROR_INTEGRITY,
               "logging in by %s: %s", method,
               granted.wants_mfa ? "a second factor is wanted, which a provider has not; use another method or role"
                                 : "the answer has no token");
  return NULL;
}

static gboolean
read_needed (const char *path, KmsSecret **secret, GCancellable *cancellable, GError **error)
{
  if (!vault_secret_file_read (path, secret, cancellable, error))
    return FALSE;
  if (*secret != NULL && kms_secret_get_length (*secret) > 0)
    return TRUE;
  g_clear_pointer (secret, kms_secret_unref);
  g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "\"%s\" %s", path,
               g_file_test (path, G_FILE_TEST_EXISTS) ? "is empty" : "does not exist");
  return FALSE;
}

static gboolean
read_secret_id (KmsVaultProvider *self, KmsSecret **secret_id, GCancellable *cancellable, GError **error)
{
  const VaultSettings *settings = self->settings;
  g_autoptr (KmsSecret) read = NULL;

  if (settings->secret_id_file == NULL) /* a role may want none */
    return TRUE;
  if (!read_needed (settings->secret_id_file, &read, cancellable, error))
    return FALSE;
  *secret_id = settings->wrapped_secret_id ? vault_unwrap_secret_id (self, read, cancellable, error)
                                           : g_steal_pointer (&read);
  return *secret_id != NULL;
}

static gboolean
gather (KmsVaultProvider *self, Login *login, GCancellable *cancellable, GError **error)
{
  const VaultSettings *settings = self->settings;

  switch (settings->auth)
    {
    case VAULT_AUTH_APPROLE:
      if (settings->role_id != NULL)
        login->role_id = kms_secret_new ((const guint8 *) settings->role_id, strlen (settings->role_id));
      else if (!read_needed (settings->role_id_file, &login->role_id, cancellable, error))
        return FALSE;
      return read_secret_id (self, &login->secret_id, cancellable, error);
    case VAULT_AUTH_KUBERNETES:
    case VAULT_AUTH_JWT:
      login->role = settings->role;
      return read_needed (settings->jwt_file, &login->jwt, cancellable, error);
    case VAULT_AUTH_USERPASS:
      return read_needed (settings->password_file, &login->password, cancellable, error);
    case VAULT_AUTH_CERT:
      login->name = settings->role;
      if (kms_http_provider_has_client_certificate (KMS_HTTP_PROVIDER (self)))
        return TRUE;
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
                   "Auth=cert takes ClientCertificate= and ClientKey= in %s.provider", settings->label);
      return FALSE;
    case VAULT_AUTH_TOKEN:
    default:
      g_return_val_if_reached (FALSE);
    }
}

VaultToken *
vault_login (KmsVaultProvider *self, GCancellable *cancellable, GError **error)
{
  const VaultSettings *settings = self->settings;
  gboolean named = settings->auth == VAULT_AUTH_USERPASS;
  g_autofree char *path =
    g_strconcat ("auth/", settings->auth_mount, "/login", named ? "/" : NULL, named ? settings->user_name : NULL, NULL);
  Login login = { NULL };
  VaultToken *token = NULL;

  if (gather (self, &login, cancellable, error))
    token = log_in_at (self, path, &login, cancellable, error);
  g_clear_pointer (&login.role_id, kms_secret_unref);
  g_clear_pointer (&login.secret_id, kms_secret_unref);
  g_clear_pointer (&login.jwt, kms_secret_unref);
  g_clear_pointer (&login.password, kms_secret_unref);
  return token;
}

VaultToken *
vault_login_renew (KmsVaultProvider *self, const VaultToken *token, GCancellable *cancellable, GError **error)
{
  g_auto (Granted) granted = { NULL };
  g_autofree char *increment = g_strdup_printf ("%" G_GINT64_FORMAT "s", token->lease);
  Login login = { .increment = increment };
  VaultSection section = { "auth", read_granted, &granted };
  VaultExchange exchange = { .path = "auth/token/renew-self",
                             .write = write_login,
                             .data = &login,
                             .token = token->text,
                             .secret = TRUE,
                             .sections = &section,
                             .n_sections = 1 };

  if (!vault_exchange_run (&exchange, self, cancellable, error))
    return NULL;
  VaultToken *renewed = make_token (&granted, granted.token != NULL ? granted.token : token->text, token->source);
  renewed->from_login = token->from_login;
  renewed->revocable = token->revocable;
  return renewed;
}

gboolean
vault_login_look_up (KmsVaultProvider *self, const VaultToken *token, gboolean *good, VaultToken **looked_up,
                     GCancellable *cancellable, GError **error)
{
  g_auto (Granted) granted = { NULL };
  VaultSection section = { "data", read_granted, &granted };
  VaultExchange exchange = { .method = "GET",
                             .path = "auth/token/lookup-self",
                             .token = token->text,
                             .secret = TRUE,
                             .any_status = TRUE,
                             .sections = &section,
                             .n_sections = 1 };

  if (!vault_exchange_run (&exchange, self, cancellable, error))
    return FALSE;
  *good = exchange.status == 200;
  if (looked_up == NULL)
    return TRUE;
  *looked_up = make_token (&granted, token->text, token->source);
  (*looked_up)->from_login = token->from_login;
  (*looked_up)->revocable = token->revocable;
  return TRUE;
}
