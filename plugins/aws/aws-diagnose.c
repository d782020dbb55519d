/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What "kmsctl doctor" is told: where KMS is, whose credentials are used, and the key. And how a key binds. */
#include "aws-chain.h"
#include "aws-endpoint.h"
#include "aws-key-info.h"

#include <string.h>

static void add (KmsReport *report, KmsSeverity severity, const char *topic, const char *advice, const char *format,
                 ...) G_GNUC_PRINTF (5, 6);

static void
add (KmsReport *report, KmsSeverity severity, const char *topic, const char *advice, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *finding = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  kms_report_add (report, severity, topic, finding, advice);
}

static gboolean
examine_endpoint (KmsAwsProvider *self, const char *region, KmsReport *report)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *from = NULL;
  g_autoptr (AwsEndpoint) endpoint = aws_endpoint_find (self->settings, AWS_SERVICE_KMS, region, &error);

  aws_endpoint_find_custom (self->settings, AWS_SERVICE_KMS, &from);
  if (endpoint == NULL)
    add (report, KMS_SEVERITY_ERROR, "endpoint", NULL, "%s", error->message);
  else
    add (report, KMS_SEVERITY_INFO, "endpoint", NULL, "KMS is at %s, region %s%s%s", endpoint->url, endpoint->region,
         from != NULL ? ", from " : "", from != NULL ? from : "");
  if (endpoint != NULL && g_str_has_prefix (endpoint->url, "http:") && !aws_clock_may_trust (endpoint->url))
    add (report, KMS_SEVERITY_WARNING, "endpoint", "use https://", "nothing on the way to it is encrypted");
  return endpoint != NULL;
}

static gboolean
examine_region (KmsAwsProvider *self, const char *key_id, KmsReport *report)
{
  const char *region = kms_aws_provider_get_region (self);
  g_autoptr (GError) error = NULL;
  g_autoptr (AwsKeyAddress)
    address = aws_key_address_new (self->settings, key_id != NULL ? key_id : "alias/any", region, &error);

  if (address != NULL)
    {
      if (strcmp (address->region, region != NULL ? region : "") == 0)
        add (report, KMS_SEVERITY_INFO, "region", NULL, "%s, from %s", address->region,
             self->settings->region_from != NULL ? self->settings->region_from : "the metadata service");
      return examine_endpoint (self, address->region, report);
    }
  /* A module that is installed need not be used, and keys may be named by ARNs. */
  add (report, key_id != NULL ? KMS_SEVERITY_ERROR : KMS_SEVERITY_INFO, "region", NULL, "%s", error->message);
  return FALSE;
}

static void
examine_key (KmsAwsProvider *self, const char *key_id, KmsReport *report, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AwsKeyInfo) info = aws_key_info_read (self, key_id, cancellable, &error);

  if (info == NULL && g_error_matches (error, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED))
    add (report, KMS_SEVERITY_INFO, "key", "allow kms:DescribeKey to see more",
         "the credentials may not look at \"%s\", which encrypting and decrypting do not need: %s", key_id,
         error->message);
  else if (info == NULL)
    add (report, KMS_SEVERITY_ERROR, "key", NULL, "%s", error->message);
  else if (!aws_key_info_is_symmetric (info))
    add (report, KMS_SEVERITY_ERROR, "key", "use a symmetric key: kmsctl key create alias/NAME",
         "\"%s\" is for %s with %s; only symmetric keys bind a context, and others are not used", key_id,
         info->usage != NULL ? info->usage : "?", info->spec != NULL ? info->spec : "?");
  else if (g_strcmp0 (info->state, "Enabled") != 0)
    add (report, KMS_SEVERITY_ERROR, "key", "kmsctl key enable, or kmsctl key restore first", "\"%s\" is %s", key_id,
         info->state != NULL ? info->state : "in no state that is known");
  else
    add (report, KMS_SEVERITY_OK, "key", NULL, "\"%s\" is %s, enabled, and binds the context", key_id,
         info->arn != NULL ? info->arn : info->id);
}

/* A module that is installed need not be used: where nobody said anything of AWS, no credentials are no fault. */
static gboolean
is_used (KmsAwsProvider *self, const char *key_id)
{
  const AwsSettings *settings = self->settings;

  return key_id != NULL || settings->region != NULL || settings->profile_from != NULL
         || aws_endpoint_find_custom (settings, AWS_SERVICE_KMS, NULL) != NULL;
}

static gboolean
examine_credentials (KmsAwsProvider *self, const char *key_id, KmsReport *report, GCancellable *cancellable)
{
  g_autoptr (KmsReport) own = kms_report_new ();
  gboolean used = is_used (self, key_id);

  kms_aws_provider_diagnose_credentials (self, own, cancellable);
  for (guint i = 0; i < kms_report_get_n_findings (own); i++)
    {
      const char *topic, *finding, *advice;
      KmsSeverity severity = kms_report_get_finding (own, i, &topic, &finding, &advice);
      kms_report_add (report, used ? severity : MIN (severity, KMS_SEVERITY_INFO), topic, finding, advice);
    }
  return kms_report_get_worst (own) != KMS_SEVERITY_ERROR;
}

void
kms_aws_provider_diagnose (KmsProvider *provider, const char *key_id, KmsReport *report, GCancellable *cancellable)
{
  KmsAwsProvider *self = KMS_AWS_PROVIDER (provider);
  gboolean may_ask = examine_credentials (self, key_id, report, cancellable);

  if (examine_region (self, key_id, report) && may_ask && key_id != NULL)
    examine_key (self, key_id, report, cancellable);
}

/* KMS itself refuses a context with other keys, so nothing has to be known of a key before it is used. */
KmsBinding
kms_aws_provider_get_binding (KmsProvider *provider, const char *key_id, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (AwsKeyInfo) info = aws_key_info_read (KMS_AWS_PROVIDER (provider), key_id, cancellable, &local);

  if (info != NULL)
    return aws_key_info_is_symmetric (info) ? KMS_BINDING_VERIFIED : KMS_BINDING_IGNORED;
  if (g_error_matches (local, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED))
    return KMS_BINDING_VERIFIED;
  g_propagate_error (error, g_steal_pointer (&local));
  return KMS_BINDING_UNKNOWN;
}

/* A ciphertext is opaque: of its bytes nothing is told, and which key made it, only by decrypting. */
GVariant *
kms_aws_provider_inspect (KmsProvider *provider, const char *key_id, GBytes *ciphertext, GCancellable *cancellable,
                          GError **error)
{
  GVariantDict details;

  g_variant_dict_init (&details, NULL);
  g_variant_dict_insert (&details, "format", "s", "aws-kms");
  g_variant_dict_insert (&details, "size", "t", (guint64) g_bytes_get_size (ciphertext));
  return g_variant_dict_end (&details);
}
