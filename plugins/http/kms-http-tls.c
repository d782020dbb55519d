/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whom a provider trusts and who it says it is: from its file, or from what its vendor's own variables say. */
#include "kms-http-provider-private.h"

/**
 * kms_http_provider_class_add_tls_settings: (skip)
 * @klass: a class that is being initialised
 *
 * Declares the settings CaFile, CaDirectory, ClientCertificate, ClientKey and ServerName, which the base's `open()` reads.
 *
 * Since: 1.0
 */
void
kms_http_provider_class_add_tls_settings (KmsHttpProviderClass *klass)
{
  static const struct
  {
    const char *name;
    KmsSettingType type;
    const char *description;
  } settings[] = {
    { "CaFile", KMS_SETTING_PATH, "file of certificate authorities in PEM format, instead of the system's" },
    { "CaDirectory", KMS_SETTING_PATH, "directory of such files" },
    { "ClientCertificate", KMS_SETTING_PATH, "certificate to show to the server, in PEM format" },
    { "ClientKey", KMS_SETTING_CREDENTIAL_FILE, "private key of that certificate, in PEM format" },
    { "ServerName", KMS_SETTING_STRING, "name that the server's certificate must be for, instead of the address's" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    kms_provider_class_add_setting (KMS_PROVIDER_CLASS (klass), settings[i].name, settings[i].type, NULL, NULL,
                                    settings[i].description);
  klass->has_tls_settings = TRUE;
}

gboolean
_kms_http_provider_load_tls (KmsHttpProvider *self, GError **error)
{
  KmsProvider *provider = KMS_PROVIDER (self);
  const char *ca_file = kms_provider_get_setting_string (provider, "CaFile");
  const char *ca_directory = kms_provider_get_setting_string (provider, "CaDirectory");
  const char *certificate = kms_provider_get_setting_string (provider, "ClientCertificate");
  const char *key = kms_provider_get_setting_string (provider, "ClientKey");
  const char *server_name = kms_provider_get_setting_string (provider, "ServerName");

  if (server_name != NULL)
    kms_http_provider_set_server_name (self, server_name);
  if ((certificate == NULL) != (key == NULL))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "%s= is set without %s=; a client certificate takes both",
                   certificate != NULL ? "ClientCertificate" : "ClientKey",
                   certificate != NULL ? "ClientKey" : "ClientCertificate");
      return FALSE;
    }
  if (ca_file != NULL && ca_directory != NULL)
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_CONFIG, "CaFile= and CaDirectory= are both set; leave one out");
      return FALSE;
    }
  if (certificate != NULL && !kms_http_provider_set_client_certificate (self, certificate, key, error))
    return FALSE;
  if (ca_file != NULL)
    return kms_http_provider_set_ca_file (self, ca_file, error);
  return ca_directory == NULL || kms_http_provider_set_ca_directory (self, ca_directory, error);
}

/**
 * kms_http_provider_set_unix_socket: (skip)
 * @self: a provider that is being opened
 * @path: an absolute path
 *
 * Has all connections go to a UNIX socket. Requests name a host all the same, which the server is told.
 *
 * Since: 1.0
 */
void
kms_http_provider_set_unix_socket (KmsHttpProvider *self, const char *path)
{
  KmsHttpNetwork *network = &_kms_http_provider_get_private (self)->network;
  g_free (network->unix_socket);
  network->unix_socket = g_strdup (path);
}

/**
 * kms_http_provider_set_proxy: (skip)
 * @self: a provider that is being opened
 * @url: the proxy's URL, or `HOST:PORT`
 *
 * Sets a proxy for all requests, instead of those of the environment (`https_proxy`, `http_proxy`, `all_proxy`, `no_proxy`).
 *
 * Since: 1.0
 */
void
kms_http_provider_set_proxy (KmsHttpProvider *self, const char *url)
{
  KmsHttpNetwork *network = &_kms_http_provider_get_private (self)->network;
  g_free (network->proxy);
  network->proxy = g_strdup (url);
}

/**
 * kms_http_provider_set_ca_file: (skip)
 * @self: a provider that is being opened
 * @path: a file of certificates in PEM format
 * @error: return location for an error
 *
 * Trusts these certificate authorities instead of the system's.
 *
 * Returns: %FALSE with %KMS_ERROR_CONFIG if there are none in it
 *
 * Since: 1.0
 */
gboolean
kms_http_provider_set_ca_file (KmsHttpProvider *self, const char *path, GError **error)
{
  return _kms_http_network_set_ca_file (&_kms_http_provider_get_private (self)->network, path, error);
}

/**
 * kms_http_provider_set_ca_directory: (skip)
 * @self: a provider that is being opened
 * @path: a directory of files in PEM format
 * @error: return location for an error
 *
 * Trusts the certificate authorities of all its files instead of the system's.
 *
 * Returns: %FALSE with %KMS_ERROR_CONFIG if there are none in it
 *
 * Since: 1.0
 */
gboolean
kms_http_provider_set_ca_directory (KmsHttpProvider *self, const char *path, GError **error)
{
  return _kms_http_network_set_ca_directory (&_kms_http_provider_get_private (self)->network, path, error);
}

/**
 * kms_http_provider_set_ca_pem: (skip)
 * @self: a provider that is being opened
 * @pem: certificates in PEM format
 * @length: their length in bytes, or -1 if they end in NUL
 * @error: return location for an error
 *
 * Trusts these certificate authorities instead of the system's.
 *
 * Returns: %FALSE with %KMS_ERROR_CONFIG if there are none in it
 *
 * Since: 1.0
 */
gboolean
kms_http_provider_set_ca_pem (KmsHttpProvider *self, const char *pem, gssize length, GError **error)
{
  gsize n = length < 0 ? strlen (pem) : (gsize) length;
  return _kms_http_network_set_ca_pem (&_kms_http_provider_get_private (self)->network, pem, n, error);
}

/**
 * kms_http_provider_set_client_certificate: (skip)
 * @self: a provider that is being opened
 * @certificate_path: a file with the certificate in PEM format
 * @key_path: a file with its private key in PEM format
 * @error: return location for an error
 *
 * Shows a certificate to servers that ask for one.
 *
 * Returns: %FALSE with %KMS_ERROR_CONFIG if they can't be used
 *
 * Since: 1.0
 */
gboolean
kms_http_provider_set_client_certificate (KmsHttpProvider *self, const char *certificate_path, const char *key_path,
                                          GError **error)
{
  return _kms_http_network_set_client_certificate (&_kms_http_provider_get_private (self)->network, certificate_path,
                                                   key_path, error);
}

/**
 * kms_http_provider_has_client_certificate: (skip)
 * @self: a provider
 *
 * Tells whether there is a certificate to show.
 *
 * Returns: %TRUE if so
 *
 * Since: 1.0
 */
gboolean
kms_http_provider_has_client_certificate (KmsHttpProvider *self)
{
  return _kms_http_provider_get_private (self)->network.certificate != NULL;
}

/**
 * kms_http_provider_set_server_name: (skip)
 * @self: a provider that is being opened
 * @name: a host name
 *
 * Expects a certificate for this name, instead of the one in the requests' URLs.
 *
 * Since: 1.0
 */
void
kms_http_provider_set_server_name (KmsHttpProvider *self, const char *name)
{
  KmsHttpNetwork *network = &_kms_http_provider_get_private (self)->network;
  g_free (network->server_name);
  network->server_name = g_strdup (name);
}

/**
 * kms_http_provider_skip_verification: (skip)
 * @self: a provider that is being opened
 * @because_of: what says so, for people: the name of a variable
 *
 * Accepts any certificate. For a vendor's variable that says so, never for a setting of ours: it warns in the log each
 * time that a provider is opened, and a provider's `diagnose()` should report it.
 *
 * Since: 1.0
 */
void
kms_http_provider_skip_verification (KmsHttpProvider *self, const char *because_of)
{
  _kms_http_provider_get_private (self)->network.skip_verification = TRUE;
  g_warning ("%s: the server's certificate is not verified, because of %s: whoever can come between reads everything",
             kms_provider_get_name (KMS_PROVIDER (self)), because_of);
}
