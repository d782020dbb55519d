/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What "kmsctl doctor" is told: the way to the server first, then the token, its policy, and the key. */
#include <string.h>

#include "vault-doctor.h"

void
vault_doctor_add (KmsReport *report, KmsSeverity severity, const char *topic, const char *advice, const char *format,
                  ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *finding = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  kms_report_add (report, severity, topic, finding, advice);
}

static gboolean
is_here (const char *base)
{
  g_autoptr (GUri) uri = g_uri_parse (base, G_URI_FLAGS_ENCODED, NULL);
  const char *host = uri != NULL ? g_uri_get_host (uri) : "";
  return g_str_equal (host, "localhost") || g_str_equal (host, "::1") || g_str_has_prefix (host, "127.");
}

static void
examine_address (const VaultSettings *settings, KmsReport *report)
{
  const char *shown = settings->unix_socket != NULL ? settings->unix_socket : settings->base;

  vault_doctor_add (report, KMS_SEVERITY_INFO, "address", NULL, "the server is %s, from %s%s%s", shown,
                    settings->address_from, settings->namespace != NULL ? ", namespace " : "",
                    settings->namespace != NULL ? settings->namespace : "");
  if (g_str_has_prefix (settings->base, "http:") && !is_here (settings->base))
    vault_doctor_add (report, KMS_SEVERITY_WARNING, "address", "use https://", "nothing on the way to it is encrypted");
  if (settings->skip_verify != NULL)
    vault_doctor_add (report, KMS_SEVERITY_WARNING, "address", "unset it, and name the authority with CaFile=",
                      "its certificate is not verified, because of %s: whoever can come between reads everything",
                      settings->skip_verify);
}

typedef struct
{
  gboolean initialized, sealed, standby, seen;
  char *version;
} Health;

static void
read_health (KmsHttpJson *json, const char *name, gpointer data)
{
  Health *health = data;
  const char *text = NULL;

  if (strcmp (name, "initialized") == 0)
    health->seen = vault_json_read_boolean (json, &health->initialized);
  else if (strcmp (name, "sealed") == 0)
    vault_json_read_boolean (json, &health->sealed);
  else if (strcmp (name, "standby") == 0)
    vault_json_read_boolean (json, &health->standby);
  else if (strcmp (name, "version") == 0 && vault_json_read_text (json, &text, NULL) && text != NULL)
    {
      g_free (health->version);
      health->version = g_strescape (text, NULL);
    }
  else
    kms_http_json_skip (json);
}

static gboolean
report_health (const Health *health, guint status, KmsReport *report)
{
  if (!health->seen)
    vault_doctor_add (report, KMS_SEVERITY_ERROR, "server", "check the address, and what stands between",
                      "what answers there is neither Vault nor OpenBao (HTTP status %u)", status);
  else if (!health->initialized)
    vault_doctor_add (report, KMS_SEVERITY_ERROR, "server", "run there: vault operator init",
                      "the server is not set up yet");
  else if (health->sealed)
    vault_doctor_add (report, KMS_SEVERITY_ERROR, "server", "run there: vault operator unseal", "the server is sealed");
  else if (status == 472)
    vault_doctor_add (report, KMS_SEVERITY_ERROR, "server", "set the address to another one",
                      "the server is only there for disaster recovery");
  else
    vault_doctor_add (report, KMS_SEVERITY_OK, "server", NULL, "it answers, unsealed%s, version %s",
                      health->standby ? ", as a standby" : "", health->version != NULL ? health->version : "unknown");
  return kms_report_get_worst (report) != KMS_SEVERITY_ERROR;
}

/* Without a token, and outside of namespaces, where alone it exists. */
static gboolean
examine_server (KmsVaultProvider *self, KmsReport *report, GCancellable *cancellable)
{
  Health health = { FALSE };
  VaultSection section = { NULL, read_health, &health };
  VaultExchange exchange = { .method = "GET",
                             .path = "sys/health?standbyok=true&perfstandbyok=true",
                             .head = VAULT_HEAD_ROOT_NAMESPACE,
                             .send = KMS_HTTP_SEND_ONCE,
                             .anonymous = TRUE,
                             .any_status = TRUE,
                             .sections = &section,
                             .n_sections = 1 };
  g_autoptr (GError) error = NULL;
  gboolean well = FALSE;

  if (vault_exchange_run (&exchange, self, cancellable, &error))
    well = report_health (&health, exchange.status, report);
  else if (self->settings->is_unset) /* a module that is installed need not be used */
    vault_doctor_add (report, KMS_SEVERITY_INFO, "server", "set Address= in its provider file, or VAULT_ADDR",
                      "nothing says where a server is, and there is none at the default address");
  else
    vault_doctor_add (report, KMS_SEVERITY_ERROR, "server", NULL, "%s", error->message);
  g_free (health.version);
  return well;
}

static void
report_binding (const VaultSettings *settings, const VaultKeyInfo *key, const char *name, KmsReport *report)
{
  g_autoptr (GError) error = NULL;

  if (vault_key_info_get_binding (key, settings) == KMS_BINDING_VERIFIED)
    {
      vault_doctor_add (report, KMS_SEVERITY_OK, "key", NULL, "key \"%s\" binds the context (type %s%s)", name,
                        key->type, key->derived ? ", derived" : "");
      return;
    }
  if (!vault_key_info_check (key, settings, name, TRUE, &error))
    vault_doctor_add (report, KMS_SEVERITY_WARNING, "key", NULL, "%s", error->message);
  else
    vault_doctor_add (report, KMS_SEVERITY_WARNING, "key", "use a derived key, and take AllowUnboundContext= away",
                      "key \"%s\" ignores the context, as AllowUnboundContext=true allows", name);
}

static void
examine_key (KmsVaultProvider *self, const char *name, KmsReport *report, GCancellable *cancellable)
{
  const VaultSettings *settings = self->settings;
  g_autoptr (GError) error = NULL;
  g_autoptr (VaultKeyInfo) key = kms_vault_provider_read_key (self, name, cancellable, &error);
  g_autofree char *advice = NULL;

  if (key == NULL)
    {
      vault_doctor_add (report, KMS_SEVERITY_ERROR, "key", NULL, "%s", error->message);
      return;
    }
  if (!key->known)
    {
      advice =
        g_strdup_printf ("add to its policy: path \"%s/keys/%s\" { capabilities = [\"read\"] }", settings->mount, name);
      vault_doctor_add (
        report, KMS_SEVERITY_WARNING, "key", advice,
        "the token may not read key \"%s\": whether it exists, and whether it binds the context, can't be "
        "seen",
        name);
      return;
    }
  report_binding (settings, key, name, report);
  if (key->soft_deleted)
    vault_doctor_add (report, KMS_SEVERITY_ERROR, "key", "bring it back with: kmsctl key restore",
                      "key \"%s\" is deleted, and can be restored", name);
  if (key->min_decryption_version > 1)
    vault_doctor_add (report, KMS_SEVERITY_INFO, "key", NULL,
                      "versions of \"%s\" below %" G_GINT64_FORMAT " do not decrypt any more", name,
                      key->min_decryption_version);
}

void
kms_vault_provider_diagnose (KmsProvider *provider, const char *name, KmsReport *report, GCancellable *cancellable)
{
  KmsVaultProvider *self = KMS_VAULT_PROVIDER (provider);

  examine_address (self->settings, report);
  if (!examine_server (self, report, cancellable) || !vault_doctor_examine_token (self, report, cancellable)
      || name == NULL)
    return;
  vault_doctor_examine_policy (self, name, report, cancellable);
  examine_key (self, name, report, cancellable);
}
