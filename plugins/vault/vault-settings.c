/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings of the file and of the environment, merged and checked once, when the provider opens. */
#include "vault-settings.h"

#include <string.h>

#include "vault-values.h"

#define DEFAULT_ADDRESS "https://127.0.0.1:8200"
#define KUBERNETES_TOKEN "/var/run/secrets/kubernetes.io/serviceaccount/token"

/* In the order of VaultAuth. A method needs its settings, and `or_else` where the one before it is not set. */
static const struct
{
  const char *name;
  const char *mount;
  const char *needs[2];
  const char *or_else;
} methods[] = {
  [VAULT_AUTH_TOKEN] = { "token", NULL, { NULL }, NULL },
  [VAULT_AUTH_APPROLE] = { "approle", "approle", { "RoleId" }, "RoleIdFile" },
  [VAULT_AUTH_KUBERNETES] = { "kubernetes", "kubernetes", { "Role" }, NULL },
  [VAULT_AUTH_JWT] = { "jwt", "jwt", { "JwtFile" }, NULL },
  [VAULT_AUTH_CERT] = { "cert", "cert", { NULL }, NULL },
  [VAULT_AUTH_USERPASS] = { "userpass", "userpass", { "UserName", "PasswordFile" }, NULL },
};

static const struct
{
  const char *name;
  KmsSettingType type;
  const char *default_value;
  const char *range;
  const char *description;
} declarations[] = {
  { "Address", KMS_SETTING_STRING, NULL, NULL, "the server: https://HOST:PORT, or unix:///PATH of an agent" },
  { "Namespace", KMS_SETTING_STRING, NULL, NULL, "the namespace that everything happens in" },
  { "Mount", KMS_SETTING_STRING, "transit", NULL, "where the transit engine is mounted" },
  { "ContextAs", KMS_SETTING_CHOICE, "context", "context|associated-data", "how the context is sent" },
  { "Auth", KMS_SETTING_CHOICE, "token", "token|approle|kubernetes|jwt|cert|userpass", "how to log in" },
  { "AuthMount", KMS_SETTING_STRING, NULL, NULL, "where that method is mounted, if not under its name" },
  { "TokenFile", KMS_SETTING_CREDENTIAL_FILE, NULL, NULL, "file with the token" },
  { "Renew", KMS_SETTING_BOOLEAN, "false", NULL, "whether to renew a token that was given" },
  { "Role", KMS_SETTING_STRING, NULL, NULL, "the role of kubernetes, jwt and cert" },
  { "RoleId", KMS_SETTING_STRING, NULL, NULL, "the role id of approle" },
  { "RoleIdFile", KMS_SETTING_PATH, NULL, NULL, "file with the role id" },
  { "SecretIdFile", KMS_SETTING_CREDENTIAL_FILE, NULL, NULL, "file with the secret id of approle" },
  { "SecretIdIsWrapped", KMS_SETTING_BOOLEAN, "false", NULL, "whether that file holds a wrapping token instead" },
  { "JwtFile", KMS_SETTING_PATH, NULL, NULL, "file with the JWT of jwt and kubernetes" },
  { "UserName", KMS_SETTING_STRING, NULL, NULL, "the user of userpass" },
  { "PasswordFile", KMS_SETTING_CREDENTIAL_FILE, NULL, NULL, "file with the user's password" },
};

void
vault_settings_declare (KmsProviderClass *klass)
{
  for (guint i = 0; i < G_N_ELEMENTS (declarations); i++)
    kms_provider_class_add_setting (klass, declarations[i].name, declarations[i].type, declarations[i].default_value,
                                    declarations[i].range, declarations[i].description);
}

const char *
vault_auth_get_name (VaultAuth auth)
{
  return methods[auth].name;
}

void
vault_settings_free (VaultSettings *self)
{
  char **texts[] = { &self->base,           &self->unix_socket,   &self->address_from, &self->namespace,
                     &self->mount,          &self->role,          &self->auth_mount,   &self->role_id,
                     &self->role_id_file,   &self->jwt_file,      &self->user_name,    &self->password_file,
                     &self->secret_id_file, &self->helper_config, &self->token_file,   &self->home_token_file };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (*texts[i]);
  g_clear_pointer (&self->token, kms_secret_unref);
  g_free (self);
}

static char *
dup_setting (KmsProvider *provider, const char *name)
{
  const char *value = kms_provider_get_setting_string (provider, name);
  return value == NULL || value[0] == '\0' ? NULL : g_strdup (value);
}

/* A proxy of Vault's, or an agent, which is asked instead of the server. */
static gboolean
load_address (VaultSettings *self, KmsProvider *provider, const VaultEnvironment *environment, GError **error)
{
  const char *variable = NULL;
  g_autofree char *address = dup_setting (provider, "Address");

  if (address != NULL)
    self->address_from = g_strdup_printf ("Address= in %s.provider", self->label);
  else if ((address = vault_environment_dup (environment, "AGENT_ADDR", &variable)) != NULL)
    self->may_lack_token = TRUE;
  else
    address = vault_environment_dup (environment, "ADDR", &variable);
  self->is_unset = address == NULL;
  if (self->address_from == NULL)
    self->address_from = g_strdup (address != NULL ? variable : "the default");
  if (!vault_parse_address (address != NULL ? address : DEFAULT_ADDRESS, &self->base, &self->unix_socket, error))
    {
      g_prefix_error (error, "%s: ", self->address_from);
      return FALSE;
    }
  self->may_lack_token = self->may_lack_token || self->unix_socket != NULL;
  return TRUE;
}

/* Without slashes at the ends; "root" is none. */
static gboolean
load_namespace (VaultSettings *self, KmsProvider *provider, const VaultEnvironment *environment, GError **error)
{
  g_autofree char *given = dup_setting (provider, "Namespace");
  if (given == NULL)
    given = vault_environment_dup (environment, "NAMESPACE", NULL);
  if (given == NULL)
    return TRUE;

  char *start = g_strstrip (given);
  while (*start == '/')
    start++;
  for (gsize length = strlen (start); length > 0 && start[length - 1] == '/'; length--)
    start[length - 1] = '\0';
  if (*start == '\0' || g_str_equal (start, "root"))
    return TRUE;
  self->namespace = g_strdup (start);
  return vault_check_path ("the namespace", self->namespace, error);
}

static gboolean
load_token (VaultSettings *self, const VaultEnvironment *environment, GError **error)
{
  g_autofree char *home = vault_environment_dup_home (environment);
  g_autofree char *token = vault_environment_dup (environment, "TOKEN", &self->token_from);

  if (token != NULL)
    {
      const char *start = g_strstrip (token);
      self->token = kms_secret_new ((const guint8 *) start, strlen (start));
      if (!vault_check_token ((const guint8 *) start, strlen (start)))
        {
          g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS, "the variable %s holds no token: it has to be one word",
                       self->token_from);
          return FALSE;
        }
    }
  self->helper_config = vault_environment_dup (environment, "CONFIG_PATH", NULL);
  for (guint i = 0; self->helper_config == NULL && home != NULL && i < 2; i++)
    {
      g_autofree char *path = g_build_filename (home, i == 0 ? ".bao" : ".vault", NULL);
      if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
        self->helper_config = g_steal_pointer (&path);
    }
  self->home_token_file = environment->read ("BAO_TOKEN_PATH", environment->data);
  if (self->home_token_file == NULL && home != NULL)
    self->home_token_file = g_build_filename (home, ".vault-token", NULL);
  return TRUE;
}

static gboolean
check_method (VaultSettings *self, KmsProvider *provider, GError **error)
{
  const char *or_else = methods[self->auth].or_else;

  for (guint i = 0; i < 2 && methods[self->auth].needs[i] != NULL; i++)
    {
      const char *name = methods[self->auth].needs[i];
      g_autofree char *value = dup_setting (provider, name);
      g_autofree char *other = or_else != NULL ? dup_setting (provider, or_else) : NULL;
      if (value != NULL || other != NULL)
        continue;
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "Auth=%s takes %s=%s%s%s in %s.provider",
                   methods[self->auth].name, name, or_else != NULL ? " or " : "", or_else != NULL ? or_else : "",
                   or_else != NULL ? "=" : "", self->label);
      return FALSE;
    }
  return TRUE;
}

static gboolean
load_method (VaultSettings *self, KmsProvider *provider, GError **error)
{
  const char *name = kms_provider_get_setting_string (provider, "Auth");

  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    if (g_strcmp0 (name, methods[i].name) == 0)
      self->auth = (VaultAuth) i;
  self->auth_mount = dup_setting (provider, "AuthMount");
  if (self->auth_mount == NULL)
    self->auth_mount = g_strdup (methods[self->auth].mount);
  self->token_file = dup_setting (provider, "TokenFile");
  self->role = dup_setting (provider, "Role");
  self->role_id = dup_setting (provider, "RoleId");
  self->role_id_file = dup_setting (provider, "RoleIdFile");
  self->secret_id_file = dup_setting (provider, "SecretIdFile");
  self->jwt_file = dup_setting (provider, "JwtFile");
  self->user_name = dup_setting (provider, "UserName");
  self->password_file = dup_setting (provider, "PasswordFile");
  self->wrapped_secret_id = kms_provider_get_setting_boolean (provider, "SecretIdIsWrapped");
  self->renew_token = kms_provider_get_setting_boolean (provider, "Renew");
  if (self->jwt_file == NULL && self->auth == VAULT_AUTH_KUBERNETES)
    self->jwt_file = g_strdup (KUBERNETES_TOKEN);
  if (self->user_name != NULL)
    {
      g_autofree char *given = g_steal_pointer (&self->user_name);
      self->user_name = g_ascii_strdown (given, -1); /* as the server does */
      if (!vault_check_path ("UserName=", self->user_name, error))
        return FALSE;
    }
  return check_method (self, provider, error)
         && (self->auth_mount == NULL || vault_check_path ("AuthMount=", self->auth_mount, error));
}

VaultSettings *
vault_settings_load (KmsProvider *provider, const VaultEnvironment *environment, GError **error)
{
  g_autoptr (VaultSettings) self = g_new0 (VaultSettings, 1);
  gboolean skip_verify, no_redirects;

  self->label = kms_provider_get_name (provider);
  self->mount = dup_setting (provider, "Mount");
  self->associated_data = g_strcmp0 (kms_provider_get_setting_string (provider, "ContextAs"), "associated-data") == 0;
  self->allow_unbound = kms_provider_get_allow_unbound_context (provider);
  if (self->mount == NULL)
    self->mount = g_strdup ("transit");
  if (!vault_check_path ("Mount=", self->mount, error) || !load_address (self, provider, environment, error)
      || !load_namespace (self, provider, environment, error) || !load_method (self, provider, error)
      || !load_token (self, environment, error)
      || !vault_environment_get_boolean (environment, "SKIP_VERIFY", &skip_verify, &self->skip_verify, error)
      || !vault_environment_get_boolean (environment, "DISABLE_REDIRECTS", &no_redirects, NULL, error))
    return NULL;
  if (!skip_verify)
    self->skip_verify = NULL;
  self->follow_redirects = !no_redirects;
  return g_steal_pointer (&self);
}
