/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* One table for what libsoup and GIO report when no answer comes. */
#include "kms-http-failure.h"

typedef struct
{
  GQuark (*domain) (void);
  int code; /* -1: any of the domain */
  KmsError error;
  gboolean passing;
  const char *advice;
} FailureRule;

/* From the special to the general. */
static const FailureRule rules[] = {
  { g_tls_error_quark, G_TLS_ERROR_BAD_CERTIFICATE, KMS_ERROR_CONFIG, FALSE, NULL },
  { g_tls_error_quark, G_TLS_ERROR_CERTIFICATE_REQUIRED, KMS_ERROR_CONFIG, FALSE,
    "the server wants a client certificate; name one with ClientCertificate= and ClientKey=" },
  /* Also where a balancer without a server behind it hangs up in the middle of the handshake. */
  { g_tls_error_quark, G_TLS_ERROR_NOT_TLS, KMS_ERROR_UNAVAILABLE, TRUE,
    "the server broke off the TLS handshake, or does not speak TLS; check its port, or write http:// if it is meant to "
    "be "
    "so" },
  { g_tls_error_quark, -1, KMS_ERROR_UNAVAILABLE, FALSE,
    "the TLS handshake failed; check the port and the certificates" },
  { g_resolver_error_quark, G_RESOLVER_ERROR_NOT_FOUND, KMS_ERROR_UNAVAILABLE, FALSE,
    "there is no such host; check the address" },
  { g_resolver_error_quark, -1, KMS_ERROR_UNAVAILABLE, TRUE, "the host's address can't be found now" },
  { soup_session_error_quark, SOUP_SESSION_ERROR_PARSING, KMS_ERROR_INTEGRITY, FALSE,
    "what answers there does not speak HTTP; check the address" },
  { soup_session_error_quark, SOUP_SESSION_ERROR_ENCODING, KMS_ERROR_INTEGRITY, FALSE, "the answer is no proper HTTP" },
  { g_io_error_quark, G_IO_ERROR_CONNECTION_REFUSED, KMS_ERROR_UNAVAILABLE, TRUE,
    "nothing listens there; check the address, and whether the server runs" },
  { g_io_error_quark, G_IO_ERROR_PROXY_AUTH_FAILED, KMS_ERROR_CONFIG, FALSE, "the proxy refuses the user" },
  { g_io_error_quark, G_IO_ERROR_PROXY_NEED_AUTH, KMS_ERROR_CONFIG, FALSE, "the proxy wants a user and a password" },
  { g_io_error_quark, G_IO_ERROR_PROXY_NOT_ALLOWED, KMS_ERROR_CONFIG, FALSE, "the proxy does not allow it" },
  { g_io_error_quark, G_IO_ERROR_NOT_FOUND, KMS_ERROR_UNAVAILABLE, FALSE,
    "there is no such socket; check the address" },
  { g_io_error_quark, G_IO_ERROR_PERMISSION_DENIED, KMS_ERROR_UNAVAILABLE, FALSE, "the connection is not allowed" },
  { g_io_error_quark, G_IO_ERROR_TIMED_OUT, KMS_ERROR_TIMED_OUT, TRUE, "the connection timed out" },
  { g_io_error_quark, -1, KMS_ERROR_UNAVAILABLE, TRUE, "the connection broke" },
};

static const FailureRule otherwise = { NULL, -1, KMS_ERROR_UNAVAILABLE, TRUE, "the exchange failed" };

static const FailureRule *
find_rule (const GError *cause)
{
  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    if (rules[i].domain () == cause->domain && (rules[i].code < 0 || rules[i].code == cause->code))
      return &rules[i];
  return &otherwise;
}

/* All that a certificate can be wrong in, in words that say what to do. */
static const struct
{
  GTlsCertificateFlags flag;
  const char *words;
} certificate_faults[] = {
  { G_TLS_CERTIFICATE_UNKNOWN_CA, "no authority that is trusted here signed it; name that authority with CaFile=" },
  { G_TLS_CERTIFICATE_BAD_IDENTITY, "it is for another name; check the address, or set ServerName=" },
  { G_TLS_CERTIFICATE_NOT_ACTIVATED, "it is not valid yet; check the clocks" },
  { G_TLS_CERTIFICATE_EXPIRED, "it has expired; renew it on the server" },
  { G_TLS_CERTIFICATE_REVOKED, "it was revoked" },
  { G_TLS_CERTIFICATE_INSECURE, "its algorithm is insecure" },
};

static char *
describe_certificate (SoupMessage *message)
{
  GTlsCertificateFlags errors = soup_message_get_tls_peer_certificate_errors (message);
  g_autoptr (GString) text = g_string_new ("the server's certificate is not accepted");
  const char *between = ": ";

  for (guint i = 0; i < G_N_ELEMENTS (certificate_faults); i++)
    if ((errors & certificate_faults[i].flag) != 0)
      {
        g_string_append_printf (text, "%s%s", between, certificate_faults[i].words);
        between = "; ";
      }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
_kms_http_failure_dup_server (SoupMessage *message)
{
  GUri *uri = soup_message_get_uri (message);
  return g_strdup_printf ("%s:%d", g_uri_get_host (uri), g_uri_get_port (uri));
}

KmsHttpFailure
_kms_http_failure_classify (SoupMessage *message, const GError *cause, gboolean sent, GError **error)
{
  const FailureRule *rule = find_rule (cause);
  g_autofree char *server = _kms_http_failure_dup_server (message);

  if (g_error_matches (cause, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE))
    {
      g_autofree char *certificate = describe_certificate (message);
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG, "%s: %s", server, certificate);
      return KMS_HTTP_FAILURE_FINAL;
    }
  g_set_error (error, KMS_ERROR, rule->error, "%s: %s (%s)", server, rule->advice, cause->message);
  if (!rule->passing)
    return KMS_HTTP_FAILURE_FINAL;
  return sent ? KMS_HTTP_FAILURE_PASSING : KMS_HTTP_FAILURE_NOT_SENT;
}
