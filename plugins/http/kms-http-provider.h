/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The base class of providers on HTTP: they write requests and read answers, it does everything between. */
#pragma once

#if !defined(KMS_HTTP_INSIDE) && !defined(KMS_HTTP_COMPILATION)
#error "Only <kms-http.h> can be included directly"
#endif

#include <kms-http-credentials.h>
#include <kms-http-message.h>

G_BEGIN_DECLS

#define KMS_HTTP_TYPE_PROVIDER (kms_http_provider_get_type ())
KMS_AVAILABLE_IN_1_0
G_DECLARE_DERIVABLE_TYPE (KmsHttpProvider, kms_http_provider, KMS_HTTP, PROVIDER, KmsProvider)

/**
 * KmsHttpVerdict:
 * @KMS_HTTP_DONE: the answer is complete; of a call, every item is settled
 * @KMS_HTTP_AGAIN: the next request of the same call, at once: prepare() is asked for it. At most
 *   %KMS_HTTP_MAX_REQUESTS requests make a call
 * @KMS_HTTP_RETRY: a passing failure, with the error set: the same again after a while, where the request may be repeated
 * @KMS_HTTP_REFUSED: the credentials were refused, with the error set: once more with new ones
 * @KMS_HTTP_FAILED: it failed for good, with the error set
 *
 * What an answer means for its call. With %KMS_HTTP_RETRY and %KMS_HTTP_REFUSED no item may have been settled that the
 * next answer would settle again.
 *
 * Since: 1.0
 */
typedef enum {
  KMS_HTTP_DONE,
  KMS_HTTP_AGAIN,
  KMS_HTTP_RETRY,
  KMS_HTTP_REFUSED,
  KMS_HTTP_FAILED,
} KmsHttpVerdict;

#define KMS_HTTP_MAX_REQUESTS 16

/**
 * KmsHttpOption:
 * @KMS_HTTP_OPTION_CONNECT_TIMEOUT: milliseconds until a connection stands
 * @KMS_HTTP_OPTION_ATTEMPT_TIMEOUT: milliseconds from the start of an attempt to the end of its answer
 * @KMS_HTTP_OPTION_RETRIES: attempts after the first
 * @KMS_HTTP_OPTION_RESPONSE_SIZE: the largest answer that is read, in bytes
 *
 * Since: 1.0
 */
typedef enum {
  KMS_HTTP_OPTION_CONNECT_TIMEOUT,
  KMS_HTTP_OPTION_ATTEMPT_TIMEOUT,
  KMS_HTTP_OPTION_RETRIES,
  KMS_HTTP_OPTION_RESPONSE_SIZE,
} KmsHttpOption;

/**
 * KmsHttpProviderClass:
 * @prepare: pure, on the provider's own thread: writes the next request of a call. Called anew for each attempt, with an
 *   empty request but for its state
 * @parse: pure, on the provider's own thread: reads an answer, settles items, and says what it means
 * @obtain_credentials: nullable: blocking, on a thread of its own, one at a time. @current are the ones there were,
 *   nullable; @refused tells that the server refuses them. May use kms_http_provider_send()
 * @prepare_farewell: nullable: writes a last request when the provider goes, for credentials that should not outlive it;
 *   %FALSE for none. What is answered does not matter
 *
 * A provider that derives from it implements these, and neither `submit()` nor `close()` of #KmsProviderClass. Its `open()`
 * chains up to the base's after it has set its options.
 *
 * Since: 1.0
 */
struct _KmsHttpProviderClass
{
  KmsProviderClass parent_class;

  gboolean (*prepare) (KmsHttpProvider *self, KmsCall *call, KmsHttpCredentials *credentials, KmsHttpRequest *request,
                       GError **error);
  KmsHttpVerdict (*parse) (KmsHttpProvider *self, KmsCall *call, KmsHttpResponse *response, GError **error);
  KmsHttpCredentials *(*obtain_credentials) (KmsHttpProvider *self, KmsHttpCredentials *current, gboolean refused,
                                             GCancellable *cancellable, GError **error);
  gboolean (*prepare_farewell) (KmsHttpProvider *self, KmsHttpCredentials *credentials, KmsHttpRequest *request);

  /*< private >*/
  gboolean has_tls_settings;
  gpointer _reserved[19];
};

/* In class_init(): CaFile, CaDirectory, ClientCertificate, ClientKey and ServerName as settings. */
KMS_AVAILABLE_IN_1_0
void kms_http_provider_class_add_tls_settings (KmsHttpProviderClass *klass);

/* In open(), before chaining up. What the provider's file says stands above an option's value; a TLS setting of the
 * file above what is set here. */
KMS_AVAILABLE_IN_1_0
void kms_http_provider_set_option (KmsHttpProvider *self, KmsHttpOption option, gint64 value);
KMS_AVAILABLE_IN_1_0
gint64 kms_http_provider_get_option (KmsHttpProvider *self, KmsHttpOption option);
KMS_AVAILABLE_IN_1_0
void kms_http_provider_set_unix_socket (KmsHttpProvider *self, const char *path);
KMS_AVAILABLE_IN_1_0
void kms_http_provider_set_proxy (KmsHttpProvider *self, const char *url);
KMS_AVAILABLE_IN_1_0
gboolean kms_http_provider_set_ca_file (KmsHttpProvider *self, const char *path, GError **error);
KMS_AVAILABLE_IN_1_0
gboolean kms_http_provider_set_ca_directory (KmsHttpProvider *self, const char *path, GError **error);
KMS_AVAILABLE_IN_1_0
gboolean kms_http_provider_set_ca_pem (KmsHttpProvider *self, const char *pem, gssize length, GError **error);
KMS_AVAILABLE_IN_1_0
gboolean kms_http_provider_set_client_certificate (KmsHttpProvider *self, const char *certificate_path,
                                                   const char *key_path, GError **error);
KMS_AVAILABLE_IN_1_0
void kms_http_provider_set_server_name (KmsHttpProvider *self, const char *name);
/* For a vendor's variable that says so; warns in the log, and whoever diagnoses should say it again. */
KMS_AVAILABLE_IN_1_0
void kms_http_provider_skip_verification (KmsHttpProvider *self, const char *because_of);
KMS_AVAILABLE_IN_1_0
gboolean kms_http_provider_has_client_certificate (KmsHttpProvider *self);

/**
 * KmsHttpSendFlags:
 * @KMS_HTTP_SEND_DEFAULT: with the provider's credentials and retries
 * @KMS_HTTP_SEND_ANONYMOUS: without credentials: prepare() gets %NULL
 * @KMS_HTTP_SEND_ONCE: without retries
 *
 * Since: 1.0
 */
typedef enum /*< flags >*/ {
  KMS_HTTP_SEND_DEFAULT = 0,
  KMS_HTTP_SEND_ANONYMOUS = 1 << 0,
  KMS_HTTP_SEND_ONCE = 1 << 1,
} KmsHttpSendFlags;

typedef gboolean (*KmsHttpPrepareFunc) (KmsHttpProvider *self, KmsHttpCredentials *credentials, KmsHttpRequest *request,
                                        gpointer data, GError **error);
typedef KmsHttpVerdict (*KmsHttpParseFunc) (KmsHttpProvider *self, KmsHttpResponse *response, gpointer data,
                                            GError **error);

/* One exchange outside of calls, for administration, diagnosis and credentials. Blocking: any thread but the provider's
 * own, where both functions run; @data is not touched any more once it returned. */
KMS_AVAILABLE_IN_1_0
gboolean kms_http_provider_send (KmsHttpProvider *self, KmsHttpPrepareFunc prepare, KmsHttpParseFunc parse,
                                 gpointer data, KmsHttpSendFlags flags, GCancellable *cancellable, GError **error);

/* Blocking, like kms_http_provider_send(): the credentials of now, obtained first if need be. */
KMS_AVAILABLE_IN_1_0
KmsHttpCredentials *kms_http_provider_dup_credentials (KmsHttpProvider *self, GCancellable *cancellable,
                                                       GError **error);

/* The class of an HTTP status that no table of the service says more about; never KMS_HTTP_DONE. Sets @error, with the
 * service's @code and @request_id (both nullable) in it. */
KMS_AVAILABLE_IN_1_0
KmsHttpVerdict kms_http_provider_judge_status (KmsHttpProvider *self, guint status, const char *code,
                                               const char *request_id, GError **error);

G_END_DECLS
