/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a provider is asked besides its operations: how its keys bind a context, how it fares, what a ciphertext says. */
#include "kms-errand-private.h"
#include "kms-provider-class.h"
#include "kms-provider-private.h"
#include "kms-provider.h"

typedef struct
{
  char *key_id;
  GBytes *ciphertext;
  KmsBinding binding;
  KmsReport *report;
  GVariant *details;
  GError *error;
} KmsQuestion;

static KmsQuestion *
question_new (const char *key_id)
{
  KmsQuestion *self = g_atomic_rc_box_new0 (KmsQuestion);

  self->key_id = g_strdup (key_id);
  self->report = kms_report_new ();
  return self;
}

static void
question_clear (gpointer data)
{
  KmsQuestion *self = data;

  g_free (self->key_id);
  g_clear_pointer (&self->ciphertext, g_bytes_unref);
  kms_report_unref (self->report);
  g_clear_pointer (&self->details, g_variant_unref);
  g_clear_error (&self->error);
}

static void
ask_binding (KmsProvider *provider, gpointer data, GCancellable *cancellable)
{
  KmsQuestion *self = data;

  self->binding = KMS_PROVIDER_GET_CLASS (provider)->get_binding (provider, self->key_id, cancellable, &self->error);
}

/**
 * kms_provider_get_binding:
 * @self: a provider
 * @key_id: a key id, without the provider's prefix
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Asks how strongly a key binds the context of what it encrypts. May block, no longer than the provider's deadline.
 *
 * Returns: the binding; %KMS_BINDING_UNKNOWN with @error set where it can't be asked
 *
 * Since: 1.0
 */
KmsBinding
kms_provider_get_binding (KmsProvider *self, const char *key_id, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_PROVIDER (self), KMS_BINDING_UNKNOWN);
  g_return_val_if_fail (key_id != NULL, KMS_BINDING_UNKNOWN);
  KmsProviderClass *klass = KMS_PROVIDER_GET_CLASS (self);

  if (!_kms_provider_check_fork (self, error))
    return KMS_BINDING_UNKNOWN;
  if (klass->get_binding == NULL)
    return _kms_provider_get_private (self)->binding;

  KmsQuestion *question = question_new (key_id);
  KmsBinding binding = KMS_BINDING_UNKNOWN;
  if (_kms_errand_run (self, ask_binding, question, question_clear, cancellable, error))
    {
      binding = question->binding;
      if (question->error != NULL)
        {
          _kms_provider_name_error (self, &question->error);
          g_propagate_error (error, g_steal_pointer (&question->error));
          binding = KMS_BINDING_UNKNOWN;
        }
    }
  g_atomic_rc_box_release_full (question, question_clear);
  return binding;
}

static void
ask_diagnosis (KmsProvider *provider, gpointer data, GCancellable *cancellable)
{
  KmsQuestion *self = data;

  KMS_PROVIDER_GET_CLASS (provider)->diagnose (provider, self->key_id, self->report, cancellable);
}

/* A report has one writer at a time: a module that answers too late writes to one that nobody reads. */
static void
append_report (KmsReport *self, KmsReport *other)
{
  for (guint i = 0; i < kms_report_get_n_findings (other); i++)
    {
      const char *topic, *finding, *advice;
      KmsSeverity severity = kms_report_get_finding (other, i, &topic, &finding, &advice);
      kms_report_add (self, severity, topic, finding, advice);
    }
}

/**
 * kms_provider_diagnose:
 * @self: a provider
 * @key_id: (nullable): a key id, without the provider's prefix
 * @report: what the findings are added to
 * @cancellable: (nullable): a #GCancellable
 *
 * Lets the provider look at its credentials, its permissions and, if there is one, the key. May block, no longer than
 * the provider's deadline.
 *
 * Since: 1.0
 */
void
kms_provider_diagnose (KmsProvider *self, const char *key_id, KmsReport *report, GCancellable *cancellable)
{
  g_return_if_fail (KMS_IS_PROVIDER (self));
  g_return_if_fail (report != NULL);
  KmsProviderClass *klass = KMS_PROVIDER_GET_CLASS (self);
  g_autoptr (GError) error = NULL;

  if (!_kms_provider_check_fork (self, &error))
    kms_report_add (report, KMS_SEVERITY_ERROR, kms_provider_get_name (self), error->message, NULL);
  else if (klass->diagnose != NULL)
    {
      KmsQuestion *question = question_new (key_id);
      if (_kms_errand_run (self, ask_diagnosis, question, question_clear, cancellable, &error))
        append_report (report, question->report);
      else
        kms_report_add (report, KMS_SEVERITY_ERROR, kms_provider_get_name (self), error->message, NULL);
      g_atomic_rc_box_release_full (question, question_clear);
    }
}

static void
ask_details (KmsProvider *provider, gpointer data, GCancellable *cancellable)
{
  KmsQuestion *self = data;
  KmsProviderClass *klass = KMS_PROVIDER_GET_CLASS (provider);
  GVariant *details = klass->inspect (provider, self->key_id, self->ciphertext, cancellable, &self->error);

  self->details = details == NULL ? NULL : g_variant_take_ref (details);
}

/* NULL without an error is an answer, too. */
static GVariant *
take_details (KmsProvider *self, KmsQuestion *question, GError **error)
{
  if (question->details == NULL && question->error != NULL)
    {
      _kms_provider_name_error (self, &question->error);
      g_propagate_error (error, g_steal_pointer (&question->error));
    }
  return g_steal_pointer (&question->details);
}

/**
 * kms_provider_inspect:
 * @self: a provider
 * @key_id: a key id, without the provider's prefix
 * @ciphertext: what the provider once returned
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Reads what can be read of a ciphertext without decrypting it. May block, no longer than the provider's deadline.
 *
 * Returns: (transfer full) (nullable): an `a{sv}`; %NULL without @error where
 *   nothing can be read, %NULL with @error where the bytes can't be this provider's
 *
 * Since: 1.0
 */
GVariant *
kms_provider_inspect (KmsProvider *self, const char *key_id, GBytes *ciphertext, GCancellable *cancellable,
                      GError **error)
{
  g_return_val_if_fail (KMS_IS_PROVIDER (self), NULL);
  g_return_val_if_fail (key_id != NULL && ciphertext != NULL, NULL);

  if (!_kms_provider_check_fork (self, error) || KMS_PROVIDER_GET_CLASS (self)->inspect == NULL)
    return NULL;
  KmsQuestion *question = question_new (key_id);
  GVariant *details = NULL;
  question->ciphertext = g_bytes_ref (ciphertext);
  if (_kms_errand_run (self, ask_details, question, question_clear, cancellable, error))
    details = take_details (self, question, error);
  g_atomic_rc_box_release_full (question, question_clear);
  return details;
}
