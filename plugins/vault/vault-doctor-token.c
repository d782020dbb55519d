/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be wrong with the token: how long it lives, and what it may do. */
#include <string.h>

#include "vault-doctor.h"

/* Less than that is said to be soon. */
#define SOON (3600)

typedef struct
{
  gint64 ttl, num_uses;
  gboolean renewable;
  GPtrArray *policies;
} TokenFacts;

static void
read_fact (KmsHttpJson *json, const char *name, gpointer data)
{
  TokenFacts *facts = data;

  if (strcmp (name, "ttl") == 0)
    vault_json_read_integer (json, &facts->ttl);
  else if (strcmp (name, "num_uses") == 0)
    vault_json_read_integer (json, &facts->num_uses);
  else if (strcmp (name, "renewable") == 0)
    vault_json_read_boolean (json, &facts->renewable);
  else if (strcmp (name, "policies") == 0)
    vault_json_read_texts (json, facts->policies);
}

static char *
join_policies (GPtrArray *policies)
{
  g_autoptr (GString) joined = g_string_new (NULL);

  for (guint i = 0; i < policies->len; i++)
    {
      g_autofree char *shown = g_strescape (g_ptr_array_index (policies, i), NULL);
      g_string_append_printf (joined, "%s%s", i > 0 ? ", " : "", shown);
    }
  return g_string_free (g_steal_pointer (&joined), FALSE);
}

static gboolean
is_root (GPtrArray *policies)
{
  for (guint i = 0; i < policies->len; i++)
    if (strcmp (g_ptr_array_index (policies, i), "root") == 0)
      return TRUE;
  return FALSE;
}

static void
report_facts (const TokenFacts *facts, const VaultToken *token, KmsReport *report)
{
  g_autofree char *policies = join_policies (facts->policies);

  vault_doctor_add (report, KMS_SEVERITY_OK, "token", NULL, "the server takes the token of %s; its policies: %s",
                    token->source, policies);
  if (is_root (facts->policies))
    vault_doctor_add (report, KMS_SEVERITY_WARNING, "token",
                      "make a token whose policy allows this use and nothing else",
                      "it is a root token, which may do everything");
  if (facts->num_uses > 0)
    vault_doctor_add (report, KMS_SEVERITY_WARNING, "token", "use a token without a limit of uses",
                      "it is good for %" G_GINT64_FORMAT " more requests, and is not looked at further",
                      facts->num_uses);
  if (facts->ttl > 0 && facts->ttl < SOON && !token->from_login)
    vault_doctor_add (report, KMS_SEVERITY_WARNING, "token",
                      "renew it, or let the provider log in: Auth=", "it expires in %" G_GINT64_FORMAT " s",
                      facts->ttl);
  else if (facts->ttl > 0)
    vault_doctor_add (report, KMS_SEVERITY_INFO, "token", NULL, "it is good for %" G_GINT64_FORMAT " s", facts->ttl);
}

static gboolean
look_up (KmsVaultProvider *self, const VaultToken *token, KmsReport *report, GCancellable *cancellable)
{
  g_autoptr (GPtrArray) policies = g_ptr_array_new_with_free_func (g_free);
  TokenFacts facts = { .policies = policies };
  VaultSection section = { "data", read_fact, &facts };
  VaultExchange exchange = { .method = "GET",
                             .path = "auth/token/lookup-self",
                             .token = token->text,
                             .secret = TRUE,
                             .any_status = TRUE,
                             .sections = &section,
                             .n_sections = 1 };
  g_autoptr (GError) error = NULL;

  if (!vault_exchange_run (&exchange, self, cancellable, &error))
    {
      vault_doctor_add (report, KMS_SEVERITY_ERROR, "token", NULL, "%s", error->message);
      return FALSE;
    }
  if (exchange.status == 200)
    {
      report_facts (&facts, token, report);
      return facts.num_uses == 0;
    }
  if (exchange.status == 403 && !exchange.blames_token)
    {
      vault_doctor_add (report, KMS_SEVERITY_INFO, "token", "the policy \"default\", which the token lacks, allows it",
                        "the token of %s may not look at itself", token->source);
      return TRUE;
    }
  vault_doctor_add (report, KMS_SEVERITY_ERROR, "token",
                    "get a new one; if it is new, see whether it is of this server and this namespace",
                    "the server refuses the token of %s (HTTP status %u): it expired or was revoked", token->source,
                    exchange.status);
  return FALSE;
}

gboolean
vault_doctor_examine_token (KmsVaultProvider *self, KmsReport *report, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsHttpCredentials)
    credentials = kms_http_provider_dup_credentials (KMS_HTTP_PROVIDER (self), cancellable, &error);

  if (credentials == NULL)
    {
      vault_doctor_add (report, KMS_SEVERITY_ERROR, "token", NULL, "%s", error->message);
      return FALSE;
    }
  const VaultToken *token = kms_http_credentials_get_data (credentials);
  if (token->text == NULL)
    {
      vault_doctor_add (report, KMS_SEVERITY_INFO, "token", NULL, "none is sent: the agent has to put in its own");
      return TRUE;
    }
  if (token->num_uses > 0)
    {
      vault_doctor_add (report, KMS_SEVERITY_INFO, "token", NULL,
                        "it is good for %" G_GINT64_FORMAT " requests, and is not looked at, since that would be one",
                        token->num_uses);
      return FALSE;
    }
  return look_up (self, token, report, cancellable);
}

/* Paths that a use of a key takes, and what a policy must allow there. */
static const struct
{
  const char *word;
  const char *capability;
  const char *use;
} uses[] = {
  { "encrypt", "update", "encrypt" },
  { "decrypt", "update", "decrypt" },
  { "rewrap", "update", "rewrap" },
  { "keys", "read", "read what kind of key it is" },
};

typedef struct
{
  const VaultSettings *settings;
  const char *name;
  GPtrArray *capabilities[G_N_ELEMENTS (uses)];
} Policy;

static char *
dup_path (const Policy *policy, guint use)
{
  return g_strconcat (policy->settings->mount, "/", uses[use].word, "/", policy->name, NULL);
}

static void
write_paths (KmsHttpBuffer *body, gpointer data)
{
  const Policy *policy = data;

  kms_http_buffer_append_text (body, "\"paths\":[");
  for (guint i = 0; i < G_N_ELEMENTS (uses); i++)
    {
      g_autofree char *path = dup_path (policy, i);
      kms_http_buffer_append_text (body, i > 0 ? "," : "");
      kms_http_buffer_append_json_string (body, path, -1);
    }
  kms_http_buffer_append_text (body, "]");
}

static void
read_capabilities (KmsHttpJson *json, const char *name, gpointer data)
{
  Policy *policy = data;

  for (guint i = 0; i < G_N_ELEMENTS (uses); i++)
    {
      g_autofree char *path = dup_path (policy, i);
      if (strcmp (path, name) == 0)
        {
          vault_json_read_texts (json, policy->capabilities[i]);
          return;
        }
    }
}

static gboolean
allows (GPtrArray *capabilities, const char *wanted)
{
  for (guint i = 0; i < capabilities->len; i++)
    if (strcmp (g_ptr_array_index (capabilities, i), wanted) == 0
        || strcmp (g_ptr_array_index (capabilities, i), "root") == 0)
      return TRUE;
  return FALSE;
}

static void
report_use (const Policy *policy, guint use, KmsReport *report)
{
  g_autofree char *path = dup_path (policy, use);
  gboolean allowed = allows (policy->capabilities[use], uses[use].capability);
  g_autofree char *advice = g_strdup_printf ("if it should, add to its policy: path \"%s\" { capabilities = [\"%s\"] }",
                                             path, uses[use].capability);

  vault_doctor_add (report, allowed ? KMS_SEVERITY_OK : KMS_SEVERITY_INFO, "policy", allowed ? NULL : advice,
                    "the token may %s%s", allowed ? "" : "not ", uses[use].use);
}

static void
report_policy (const Policy *policy, KmsReport *report)
{
  if (!allows (policy->capabilities[0], "update") && !allows (policy->capabilities[1], "update"))
    vault_doctor_add (report, KMS_SEVERITY_ERROR, "policy", NULL,
                      "the token may neither encrypt nor decrypt with \"%s\"", policy->name);
  for (guint i = 0; i < G_N_ELEMENTS (uses); i++)
    report_use (policy, i, report);
  if (allows (policy->capabilities[0], "create"))
    vault_doctor_add (report, KMS_SEVERITY_WARNING, "policy",
                      "allow \"update\" alone there, or set disable_upsert in config/keys of the mount (OpenBao)",
                      "the token may make a key by encrypting under a wrong name");
}

void
vault_doctor_examine_policy (KmsVaultProvider *self, const char *name, KmsReport *report, GCancellable *cancellable)
{
  Policy policy = { .settings = self->settings, .name = name };
  VaultSection section = { "data", read_capabilities, &policy };
  VaultExchange exchange = {
    .path = "sys/capabilities-self", .write = write_paths, .data = &policy, .sections = &section, .n_sections = 1
  };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (uses); i++)
    policy.capabilities[i] = g_ptr_array_new_with_free_func (g_free);
  if (vault_exchange_run (&exchange, self, cancellable, &error))
    report_policy (&policy, report);
  else
    vault_doctor_add (report, KMS_SEVERITY_INFO, "policy",
                      "the policy \"default\", which the token lacks, allows to ask for that",
                      "what the token may do can't be seen: %s", error->message);
  for (guint i = 0; i < G_N_ELEMENTS (uses); i++)
    g_ptr_array_unref (policy.capabilities[i]);
}
