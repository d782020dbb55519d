/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a provider reaches its server: proxy, socket, TLS. Settled when it is opened; a session is made of it at need. */
#pragma once

#include <libkms/kms-module.h>

#include <libsoup/soup.h>

G_BEGIN_DECLS

typedef struct
{
  char *unix_socket;
  char *proxy;
  GProxyResolver *proxies;
  GTlsDatabase *database;
  int ca_bundle; /* a descriptor that the database reads, or -1 */
  GTlsCertificate *certificate;
  char *server_name;
  gboolean skip_verification;
} KmsHttpNetwork;

void _kms_http_network_clear (KmsHttpNetwork *self);

/* Proxies of the environment, as the provider may read that; called once, before sessions are made. */
void _kms_http_network_find_proxies (KmsHttpNetwork *self, KmsProvider *provider);

/* Roots that replace the system's: a file of PEM, a directory of such files, or the PEM itself. */
gboolean _kms_http_network_set_ca_file (KmsHttpNetwork *self, const char *path, GError **error);
gboolean _kms_http_network_set_ca_directory (KmsHttpNetwork *self, const char *path, GError **error);
gboolean _kms_http_network_set_ca_pem (KmsHttpNetwork *self, const char *pem, gsize length, GError **error);
gboolean _kms_http_network_set_client_certificate (KmsHttpNetwork *self, const char *certificate_path,
                                                   const char *key_path, GError **error);

SoupSession *_kms_http_network_make_session (KmsHttpNetwork *self, guint max_connections);

/* What each message needs besides its session. */
void _kms_http_network_prepare_message (KmsHttpNetwork *self, SoupMessage *message);

G_END_DECLS
