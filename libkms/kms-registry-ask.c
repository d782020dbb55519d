/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who asks the user, and whether anybody may: the library itself never does. */
#include "kms-error.h"
#include "kms-registry-object-private.h"
#include "kms-registry-private.h"

static void
asker_clear (gpointer data)
{
  KmsAsker *asker = data;
  if (asker->destroy != NULL)
    asker->destroy (asker->data);
}

void
_kms_asker_unref (KmsAsker *asker)
{
  g_atomic_rc_box_release_full (asker, asker_clear);
}

/**
 * kms_registry_set_ask_secret_func:
 * @self: a registry
 * @func: (nullable) (scope notified) (closure user_data): who asks; %NULL for nobody
 * @user_data: what @func gets
 * @destroy: (nullable): called when @func is not needed any more
 *
 * Sets who asks the user for passphrases. The library itself never does.
 *
 * Since: 1.0
 */
void
kms_registry_set_ask_secret_func (KmsRegistry *self, KmsAskSecretFunc func, gpointer user_data, GDestroyNotify destroy)
{
  g_return_if_fail (KMS_IS_REGISTRY (self));

  KmsAsker *asker = NULL;
  if (func != NULL)
    {
      asker = g_atomic_rc_box_new0 (KmsAsker);
      *asker = (KmsAsker){ func, user_data, destroy };
    }
  g_mutex_lock (&self->lock);
  KmsAsker *old = self->asker;
  self->asker = asker;
  g_mutex_unlock (&self->lock);
  if (old != NULL)
    _kms_asker_unref (old);
}

KmsSecret *
_kms_registry_ask_secret (KmsRegistry *self, KmsProvider *provider, const char *prompt, gboolean confirm,
                          GCancellable *cancellable, GError **error)
{
  KmsAsker *asker = NULL;

  if (self != NULL)
    {
      g_mutex_lock (&self->lock);
      asker = self->asker == NULL ? NULL : g_atomic_rc_box_acquire (self->asker);
      g_mutex_unlock (&self->lock);
    }
  if (asker != NULL)
    {
      KmsSecret *secret = asker->func (provider, prompt, confirm, cancellable, asker->data, error);
      _kms_asker_unref (asker);
      return secret;
    }
  g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS,
               "a passphrase is needed, and this program has nobody to ask; name a file with PassphraseFile=");
  return NULL;
}

/**
 * kms_registry_set_interactive:
 * @self: a registry
 * @interactive: whether the user may be asked; %TRUE at first
 *
 * Says whether providers may have programs outside of this one ask the user, as polkit does on a desktop. A program that
 * nobody sits at, or that was told to ask nothing, says %FALSE before its first call. What
 * [method@Registry.set_ask_secret_func] set is not touched by this.
 *
 * Since: 1.0
 */
void
kms_registry_set_interactive (KmsRegistry *self, gboolean interactive)
{
  g_return_if_fail (KMS_IS_REGISTRY (self));

  g_atomic_int_set (&self->is_silent, !interactive);
}

/**
 * kms_registry_get_interactive:
 * @self: a registry
 *
 * Gets whether providers may have the user asked, as [method@Registry.set_interactive] says.
 *
 * Returns: %TRUE if the user may be asked
 *
 * Since: 1.0
 */
gboolean
kms_registry_get_interactive (KmsRegistry *self)
{
  g_return_val_if_fail (KMS_IS_REGISTRY (self), FALSE);

  return !g_atomic_int_get (&self->is_silent);
}
