/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates made by GnuTLS when a test wants them: nothing that expires lies in the tree. */
#include "test-certificates.h"

#include <glib/gstdio.h>
#include <gnutls/x509.h>
#include <string.h>

#define DAY (24 * 60 * 60)

typedef struct
{
  gnutls_x509_crt_t certificate;
  gnutls_x509_privkey_t key;
} Identity;

static void
must (int status)
{
  if (status < 0)
    g_error ("test certificates: %s", gnutls_strerror (status));
}

static void
identity_clear (Identity *self)
{
  gnutls_x509_crt_deinit (self->certificate);
  gnutls_x509_privkey_deinit (self->key);
}

/* Valid from yesterday until tomorrow, or until yesterday. */
static void
identity_init (Identity *self, const char *common_name, guint8 serial, gboolean expired)
{
  time_t now = time (NULL);

  must (gnutls_x509_privkey_init (&self->key));
  must (
    gnutls_x509_privkey_generate (self->key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0));
  must (gnutls_x509_crt_init (&self->certificate));
  must (gnutls_x509_crt_set_version (self->certificate, 3));
  must (gnutls_x509_crt_set_serial (self->certificate, &serial, 1));
  must (gnutls_x509_crt_set_activation_time (self->certificate, now - 3 * DAY));
  must (gnutls_x509_crt_set_expiration_time (self->certificate, expired ? now - DAY : now + DAY));
  must (gnutls_x509_crt_set_dn_by_oid (self->certificate, GNUTLS_OID_X520_COMMON_NAME, 0, common_name,
                                       (unsigned) strlen (common_name)));
  must (gnutls_x509_crt_set_key (self->certificate, self->key));
}

static void
make_authority (Identity *self, const char *name)
{
  identity_init (self, name, 1, FALSE);
  must (gnutls_x509_crt_set_basic_constraints (self->certificate, 1, -1));
  must (gnutls_x509_crt_set_key_usage (self->certificate, GNUTLS_KEY_KEY_CERT_SIGN));
  must (gnutls_x509_crt_sign2 (self->certificate, self->certificate, self->key, GNUTLS_DIG_SHA256, 0));
}

static void
sign (Identity *self, Identity *authority)
{
  must (gnutls_x509_crt_set_basic_constraints (self->certificate, 0, -1));
  must (gnutls_x509_crt_set_key_usage (self->certificate, GNUTLS_KEY_DIGITAL_SIGNATURE));
  must (gnutls_x509_crt_sign2 (self->certificate, authority->certificate, authority->key, GNUTLS_DIG_SHA256, 0));
}

static void
make_server (Identity *self, Identity *authority, TestServerFlags flags)
{
  static const guint8 loopback[] = { 127, 0, 0, 1 };
  const char *name = (flags & TEST_SERVER_WRONG_NAME) != 0 ? TEST_SERVER_OTHER_NAME : "localhost";

  identity_init (self, name, 2, (flags & TEST_SERVER_EXPIRED) != 0);
  must (gnutls_x509_crt_set_subject_alt_name (self->certificate, GNUTLS_SAN_DNSNAME, name, (unsigned) strlen (name),
                                              GNUTLS_FSAN_SET));
  if ((flags & TEST_SERVER_WRONG_NAME) == 0)
    must (gnutls_x509_crt_set_subject_alt_name (self->certificate, GNUTLS_SAN_IPADDRESS, loopback, sizeof loopback,
                                                GNUTLS_FSAN_APPEND));
  must (gnutls_x509_crt_set_key_purpose_oid (self->certificate, GNUTLS_KP_TLS_WWW_SERVER, 0));
  sign (self, authority);
}

static void
make_client (Identity *self, Identity *authority)
{
  identity_init (self, "client", 3, FALSE);
  must (gnutls_x509_crt_set_key_purpose_oid (self->certificate, GNUTLS_KP_TLS_WWW_CLIENT, 0));
  sign (self, authority);
}

static void
append_certificate (GString *pem, Identity *identity)
{
  gnutls_datum_t text;

  must (gnutls_x509_crt_export2 (identity->certificate, GNUTLS_X509_FMT_PEM, &text));
  g_string_append_len (pem, (const char *) text.data, text.size);
  gnutls_free (text.data);
}

static void
append_key (GString *pem, Identity *identity)
{
  gnutls_datum_t text;

  must (gnutls_x509_privkey_export2_pkcs8 (identity->key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &text));
  g_string_append_len (pem, (const char *) text.data, text.size);
  gnutls_free (text.data);
}

static char *
write_file (TestCertificates *self, const char *name, GString *pem)
{
  g_autoptr (GError) error = NULL;
  char *path = g_build_filename (self->directory, name, NULL);

  g_file_set_contents_full (path, pem->str, (gssize) pem->len, G_FILE_SET_CONTENTS_NONE, 0600, &error);
  g_assert_no_error (error);
  g_string_free (pem, TRUE);
  return path;
}

static char *
write_identity (TestCertificates *self, const char *name, Identity *identity, gboolean with_certificate,
                gboolean with_key)
{
  GString *pem = g_string_new (NULL);

  if (with_certificate)
    append_certificate (pem, identity);
  if (with_key)
    append_key (pem, identity);
  return write_file (self, name, pem);
}

TestCertificates *
test_certificates_new (TestServerFlags flags)
{
  TestCertificates *self = g_new0 (TestCertificates, 1);
  Identity authority, other, server, client;
  g_autoptr (GError) error = NULL;

  self->directory = g_dir_make_tmp ("kms-certificates-XXXXXX", &error);
  g_assert_no_error (error);
  make_authority (&authority, "The authority of the tests");
  make_authority (&other, "Another authority");
  make_server (&server, (flags & TEST_SERVER_OTHER_CA) != 0 ? &other : &authority, flags);
  make_client (&client, &authority);
  self->ca_file = write_identity (self, "ca.pem", &authority, TRUE, FALSE);
  self->server_file = write_identity (self, "server.pem", &server, TRUE, TRUE);
  self->client_file = write_identity (self, "client.pem", &client, TRUE, FALSE);
  self->client_key_file = write_identity (self, "client-key.pem", &client, FALSE, TRUE);
  identity_clear (&authority);
  identity_clear (&other);
  identity_clear (&server);
  identity_clear (&client);
  return self;
}

void
test_certificates_free (TestCertificates *self)
{
  char *files[] = { self->ca_file, self->server_file, self->client_file, self->client_key_file };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_unlink (files[i]);
      g_free (files[i]);
    }
  g_rmdir (self->directory);
  g_free (self->directory);
  g_free (self);
}
