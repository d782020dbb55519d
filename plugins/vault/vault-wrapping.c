/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Response wrapping: a secret id travels in a token that gives it out once. If it was given out before us, somebody else
 * has it; and what it holds is looked at first, lest somebody passes off a wrapping token of his own. */
#include "vault-login.h"

#include <string.h>

#include "vault-exchange.h"
#include "vault-values.h"

static void
write_token (KmsHttpBuffer *body, gpointer data)
{
  gboolean first = TRUE;
  vault_body_add_secret (body, &first, "token", data);
}

static void
read_path (KmsHttpJson *json, const char *name, gpointer data)
{
  char **path = data;
  const char *text = NULL;

  if (strcmp (name, "creation_path") == 0 && vault_json_read_text (json, &text, NULL) && text != NULL)
    {
      g_free (*path);
      *path = g_strdup (text);
    }
}

static void
read_secret_id (KmsHttpJson *json, const char *name, gpointer data)
{
  KmsSecret **secret = data;
  const char *text = NULL;
  gsize length = 0;

  if (strcmp (name, "secret_id") != 0 || !vault_json_read_text (json, &text, &length) || text == NULL)
    return;
  g_clear_pointer (secret, kms_secret_unref);
  *secret = kms_secret_new ((const guint8 *) text, length);
}

/* "auth/approle/role/ROLE/secret-id", behind a namespace where there is one. */
static gboolean
is_of_secret_id (const char *path, const VaultSettings *settings)
{
  g_autofree char *start = g_strconcat ("auth/", settings->auth_mount, "/role/", NULL);
  const char *at = path;

  if (settings->namespace != NULL && g_str_has_prefix (at, settings->namespace)
      && at[strlen (settings->namespace)] == '/')
    at += strlen (settings->namespace) + 1;
  if (!g_str_has_prefix (at, start))
    return FALSE;
  at += strlen (start);
  gsize role = strcspn (at, "/");
  return role > 0 && (strcmp (at + role, "/secret-id") == 0 || strcmp (at + role, "/custom-secret-id") == 0);
}

static gboolean
check_origin (KmsVaultProvider *self, KmsSecret *wrapping_token, GCancellable *cancellable, GError **error)
{
  g_autofree char *path = NULL;
  VaultSection section = { "data", read_path, &path };
  VaultExchange exchange = { .path = "sys/wrapping/lookup",
                             .write = write_token,
                             .data = wrapping_token,
                             .anonymous = TRUE,
                             .secret = TRUE,
                             .sections = &section,
                             .n_sections = 1 };

  if (!vault_exchange_run (&exchange, self, cancellable, error))
    return FALSE;
  if (path != NULL && is_of_secret_id (path, self->settings))
    return TRUE;
  g_autofree char *shown = g_strescape (path != NULL ? path : "", NULL);
  g_set_error (
    error, KMS_ERROR, KMS_ERROR_CREDENTIALS,
    "the wrapping token was made by \"%.160s\", not by auth/%s/role/NAME/secret-id: SOMEBODY MAY HAVE PUT IT IN "
    "THE PLACE OF YOURS; it was not used",
    shown, self->settings->auth_mount);
  return FALSE;
}

static KmsSecret *
unwrap (KmsVaultProvider *self, KmsSecret *wrapping_token, GCancellable *cancellable, GError **error)
{
  g_autoptr (KmsSecret) secret_id = NULL;
  VaultSection section = { "data", read_secret_id, &secret_id };
  VaultExchange exchange = { .path = "sys/wrapping/unwrap",
                             .token = wrapping_token,
                             .once = TRUE,
                             .secret = TRUE,
                             .sections = &section,
                             .n_sections = 1 };

  if (!vault_exchange_run (&exchange, self, cancellable, error))
    return NULL;
  if (secret_id == NULL)
    g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INTEGRITY, "the wrapping token holds no secret id");
  return g_steal_pointer (&secret_id);
}

KmsSecret *
vault_unwrap_secret_id (KmsVaultProvider *self, KmsSecret *wrapping_token, GCancellable *cancellable, GError **error)
{
  gsize length;
  const guint8 *text = kms_secret_get_data (wrapping_token, &length);

  /* The same file again: what came out of it is kept, as long as the process lives. */
  if (self->unwrapped != NULL && kms_secret_equal (self->wrapping_token, wrapping_token))
    return kms_secret_ref (self->unwrapped);
  if (!vault_check_token (text, length))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "\"%s\" holds no wrapping token: it has to be one word",
                   self->settings->secret_id_file);
      return NULL;
    }
  if (!check_origin (self, wrapping_token, cancellable, error))
    {
      g_prefix_error (error, "\"%s\": ", self->settings->secret_id_file);
      return NULL;
    }
  KmsSecret *secret_id = unwrap (self, wrapping_token, cancellable, error);
  if (secret_id == NULL)
    return NULL;
  g_clear_pointer (&self->wrapping_token, kms_secret_unref);
  g_clear_pointer (&self->unwrapped, kms_secret_unref);
  self->wrapping_token = kms_secret_ref (wrapping_token);
  self->unwrapped = kms_secret_ref (secret_id);
  return secret_id;
}
