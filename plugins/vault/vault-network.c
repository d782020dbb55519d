/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* TLS, proxies, timeouts and retries as Vault's and OpenBao's own clients take them from the environment. */
#include "vault-network.h"

#include "vault-values.h"

#define MAX_RETRIES 100

/* The clients' own default, for a request and all its retries. */
#define CALL_TIMEOUT (60 * 1000)

/* For 0, which is no limit there: a day. */
#define NO_TIMEOUT (24 * 3600 * 1000)

static gboolean
load_authorities (KmsHttpProvider *provider, const VaultEnvironment *environment, GError **error)
{
  const char *variable = NULL;
  g_autofree char *file = vault_environment_dup (environment, "CACERT", &variable);
  g_autofree char *pem = file == NULL ? vault_environment_dup (environment, "CACERT_BYTES", &variable) : NULL;
  g_autofree char *directory = NULL;
  gboolean loaded = TRUE;

  if (file != NULL)
    loaded = kms_http_provider_set_ca_file (provider, file, error);
  else if (pem != NULL)
    loaded = kms_http_provider_set_ca_pem (provider, pem, -1, error);
  else if ((directory = vault_environment_dup (environment, "CAPATH", &variable)) != NULL)
    loaded = kms_http_provider_set_ca_directory (provider, directory, error);
  if (!loaded)
    g_prefix_error (error, "the variable %s: ", variable);
  return loaded;
}

static gboolean
load_client_certificate (KmsHttpProvider *provider, const VaultEnvironment *environment, GError **error)
{
  const char *found = NULL;
  g_autofree char *certificate = vault_environment_dup (environment, "CLIENT_CERT", &found);
  g_autofree char *key = vault_environment_dup (environment, "CLIENT_KEY", &found);

  if (certificate == NULL && key == NULL)
    return TRUE;
  if (certificate == NULL || key == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
                   "the variable %s is set without the other one; a client certificate takes VAULT_CLIENT_CERT and "
                   "VAULT_CLIENT_KEY",
                   found);
      return FALSE;
    }
  if (kms_http_provider_set_client_certificate (provider, certificate, key, error))
    return TRUE;
  g_prefix_error (error, "the variable %s: ", found);
  return FALSE;
}

static void
load_proxy (KmsHttpProvider *provider, const VaultEnvironment *environment)
{
  g_autofree char *proxy = vault_environment_dup (environment, "PROXY_ADDR", NULL);
  if (proxy == NULL)
    proxy = vault_environment_dup (environment, "HTTP_PROXY", NULL);
  if (proxy != NULL)
    kms_http_provider_set_proxy (provider, proxy);
}

static gboolean
load_patience (KmsHttpProvider *provider, const VaultEnvironment *environment, GError **error)
{
  gint64 timeout, retries;

  if (!vault_environment_get_milliseconds (environment, "CLIENT_TIMEOUT", &timeout, error)
      || !vault_environment_get_number (environment, "MAX_RETRIES", MAX_RETRIES, &retries, error))
    return FALSE;
  if (timeout == 0)
    timeout = NO_TIMEOUT;
  if (timeout > 0)
    kms_http_provider_set_option (provider, KMS_HTTP_OPTION_ATTEMPT_TIMEOUT, timeout);
  if (retries >= 0)
    kms_http_provider_set_option (provider, KMS_HTTP_OPTION_RETRIES, retries);
  kms_provider_set_limit (KMS_PROVIDER (provider), KMS_LIMIT_CALL_TIMEOUT, timeout > 0 ? timeout : CALL_TIMEOUT);
  return TRUE;
}

gboolean
vault_network_load (KmsHttpProvider *provider, const VaultSettings *settings, const VaultEnvironment *environment,
                    GError **error)
{
  g_autofree char *server_name = vault_environment_dup (environment, "TLS_SERVER_NAME", NULL);

  if (settings->unix_socket != NULL)
    kms_http_provider_set_unix_socket (provider, settings->unix_socket);
  if (server_name != NULL)
    kms_http_provider_set_server_name (provider, server_name);
  if (settings->skip_verify != NULL)
    kms_http_provider_skip_verification (provider, settings->skip_verify);
  load_proxy (provider, environment);
  return load_authorities (provider, environment, error) && load_client_certificate (provider, environment, error)
         && load_patience (provider, environment, error);
}
