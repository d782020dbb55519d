/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The error domain: one table with the names and the exit code of every error, and what a service said besides. */
#include "kms-error.h"

#include <string.h>

/**
 * KmsError:
 * @KMS_ERROR_FAILED: something else went wrong; the message says what
 * @KMS_ERROR_INVALID_ARGUMENT: the caller's input can't be used
 * @KMS_ERROR_NOT_SUPPORTED: the provider can't do this
 * @KMS_ERROR_NOT_FOUND: no such box, key or provider
 * @KMS_ERROR_ALREADY_EXISTS: there is one of that name
 * @KMS_ERROR_NOT_ACTIVE: the box has no such version
 * @KMS_ERROR_KEY_DISABLED: the key or box is switched off
 * @KMS_ERROR_INVALID_CIPHERTEXT: wrong key, context or bytes: one code for all, so that nobody learns which
 * @KMS_ERROR_INTEGRITY: a service's answer, or a stored file, fails its check
 * @KMS_ERROR_CONTEXT_REQUIRED: the box wants a context with other names
 * @KMS_ERROR_CONTEXT_UNBOUND: the key would ignore the context
 * @KMS_ERROR_TOO_LARGE: more than the limit that the message names
 * @KMS_ERROR_NOT_AUTHORIZED: the caller may not
 * @KMS_ERROR_NOT_AUTHORIZED_CAN_OBTAIN: the caller may not yet, but could by authentication
 * @KMS_ERROR_NOT_AUTHORIZED_DISMISSED: the user dismissed the authentication
 * @KMS_ERROR_CREDENTIALS: no credentials, or the service refuses them
 * @KMS_ERROR_LOCKED_DOWN: decryption is stopped
 * @KMS_ERROR_UNAVAILABLE: the service can't be reached; try again
 * @KMS_ERROR_THROTTLED: the service wants fewer requests; try again later
 * @KMS_ERROR_QUOTA: a quota is used up
 * @KMS_ERROR_TIMED_OUT: no answer within the deadline
 * @KMS_ERROR_CONFIG: a configuration file can't be used
 * @KMS_ERROR_MODULE: a module can't be loaded, or breaks the contract
 * @KMS_ERROR_FORKED: the process was forked, and the provider or secret stayed with the parent
 * @KMS_ERROR_AUDIT: the audit record can't be written
 * @KMS_ERROR_PARTIAL: some items failed, the rest is done
 * @KMS_ERROR_CONFLICT: somebody else changed it meanwhile; read it again, and try again
 *
 * Errors of this library. Cancellation is %G_IO_ERROR_CANCELLED, as everywhere in GIO.
 *
 * Since: 1.0
 */

typedef struct
{
  char *provider;
  guint http_status;
  char *service_code;
  char *request_id;
} KmsErrorPrivate;

static void
kms_error_private_init (KmsErrorPrivate *priv)
{
}

static void
kms_error_private_copy (const KmsErrorPrivate *from, KmsErrorPrivate *to)
{
  to->provider = g_strdup (from->provider);
  to->http_status = from->http_status;
  to->service_code = g_strdup (from->service_code);
  to->request_id = g_strdup (from->request_id);
}

static void
kms_error_private_clear (KmsErrorPrivate *priv)
{
  g_free (priv->provider);
  g_free (priv->service_code);
  g_free (priv->request_id);
}

G_DEFINE_EXTENDED_ERROR (KmsError, kms_error)

typedef struct
{
  const char *id;
  const char *dbus_name;
  int exit_code;
} KmsErrorNames;

#define DBUS(name) "org.libkms.Kms1.Error." name

static const KmsErrorNames names[] = {
  [KMS_ERROR_FAILED] = { "failed", DBUS ("Failed"), 1 },
  [KMS_ERROR_INVALID_ARGUMENT] = { "invalid-argument", DBUS ("InvalidArgument"), 2 },
  [KMS_ERROR_NOT_SUPPORTED] = { "not-supported", DBUS ("NotSupported"), 1 },
  [KMS_ERROR_NOT_FOUND] = { "not-found", DBUS ("NotFound"), 3 },
  [KMS_ERROR_ALREADY_EXISTS] = { "already-exists", DBUS ("AlreadyExists"), 1 },
  [KMS_ERROR_NOT_ACTIVE] = { "not-active", DBUS ("NotActive"), 3 },
  [KMS_ERROR_KEY_DISABLED] = { "key-disabled", DBUS ("KeyDisabled"), 1 },
  [KMS_ERROR_INVALID_CIPHERTEXT] = { "invalid-ciphertext", DBUS ("InvalidCiphertext"), 6 },
  [KMS_ERROR_INTEGRITY] = { "integrity", DBUS ("Integrity"), 6 },
  [KMS_ERROR_CONTEXT_REQUIRED] = { "context-required", DBUS ("ContextRequired"), 6 },
  [KMS_ERROR_CONTEXT_UNBOUND] = { "context-unbound", DBUS ("ContextUnbound"), 6 },
  [KMS_ERROR_TOO_LARGE] = { "too-large", DBUS ("TooLarge"), 1 },
  [KMS_ERROR_NOT_AUTHORIZED] = { "not-authorized", DBUS ("NotAuthorized"), 4 },
  [KMS_ERROR_NOT_AUTHORIZED_CAN_OBTAIN] = { "not-authorized-can-obtain", DBUS ("NotAuthorized.CanObtain"), 4 },
  [KMS_ERROR_NOT_AUTHORIZED_DISMISSED] = { "not-authorized-dismissed", DBUS ("NotAuthorized.Dismissed"), 4 },
  [KMS_ERROR_CREDENTIALS] = { "credentials", DBUS ("Credentials"), 4 },
  [KMS_ERROR_LOCKED_DOWN] = { "locked-down", DBUS ("LockedDown"), 5 },
  [KMS_ERROR_UNAVAILABLE] = { "unavailable", DBUS ("Unavailable"), 7 },
  [KMS_ERROR_THROTTLED] = { "throttled", DBUS ("Throttled"), 7 },
  [KMS_ERROR_QUOTA] = { "quota", DBUS ("Quota"), 7 },
  [KMS_ERROR_TIMED_OUT] = { "timed-out", DBUS ("TimedOut"), 7 },
  [KMS_ERROR_CONFIG] = { "config", DBUS ("Config"), 1 },
  [KMS_ERROR_MODULE] = { "module", DBUS ("Module"), 1 },
  [KMS_ERROR_FORKED] = { "forked", DBUS ("Forked"), 1 },
  [KMS_ERROR_AUDIT] = { "audit", DBUS ("Audit"), 8 },
  [KMS_ERROR_PARTIAL] = { "partial", DBUS ("Partial"), 9 },
  [KMS_ERROR_CONFLICT] = { "conflict", DBUS ("Conflict"), 7 },
};

G_STATIC_ASSERT (G_N_ELEMENTS (names) == KMS_N_ERRORS);

static const KmsErrorNames cancelled = { "cancelled", DBUS ("Cancelled"), 130 };

static const KmsErrorNames *
find_names (const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return &cancelled;
  if (error->domain == KMS_ERROR && error->code >= 0 && (guint) error->code < G_N_ELEMENTS (names))
    return &names[error->code];
  return &names[KMS_ERROR_FAILED];
}

/**
 * kms_error_get_id:
 * @error: an error of any domain
 *
 * Gets the stable id of an error, as JSON output and scripts use it: `invalid-ciphertext`. Errors of other domains are
 * `failed`, but for cancellation, which is `cancelled`.
 *
 * Returns: (transfer none): the id
 *
 * Since: 1.0
 */
const char *
kms_error_get_id (const GError *error)
{
  g_return_val_if_fail (error != NULL, NULL);

  return find_names (error)->id;
}

/**
 * kms_error_get_dbus_name:
 * @error: an error of any domain
 *
 * Gets the name under which an error goes over D-Bus.
 *
 * Returns: (transfer none): the name
 *
 * Since: 1.0
 */
const char *
kms_error_get_dbus_name (const GError *error)
{
  g_return_val_if_fail (error != NULL, NULL);

  return find_names (error)->dbus_name;
}

/**
 * kms_error_get_exit_code:
 * @error: an error of any domain
 *
 * Gets the exit code with which a command ends that failed so.
 *
 * Returns: 1 to 9, or 130 for cancellation
 *
 * Since: 1.0
 */
int
kms_error_get_exit_code (const GError *error)
{
  g_return_val_if_fail (error != NULL, 1);

  return find_names (error)->exit_code;
}

static gboolean
is_named (const KmsErrorNames *self, const char *name)
{
  return strcmp (self->id, name) == 0 || strcmp (self->dbus_name, name) == 0;
}

/**
 * kms_error_new_named:
 * @name: an id, as kms_error_get_id() tells it, or a name, as kms_error_get_dbus_name() does
 * @message: what it says
 *
 * Makes the error that has such an id or D-Bus name: what a daemon or a script said becomes what the library would have.
 *
 * Returns: (transfer full) (nullable): the error; %NULL if no error is called so
 *
 * Since: 1.0
 */
GError *
kms_error_new_named (const char *name, const char *message)
{
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (message != NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (is_named (&names[i], name))
      return g_error_new_literal (KMS_ERROR, (int) i, message);
  return is_named (&cancelled, name) ? g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, message) : NULL;
}

static KmsErrorPrivate *
get_private (const GError *error)
{
  return error != NULL && error->domain == KMS_ERROR ? kms_error_get_private (error) : NULL;
}

/**
 * kms_error_get_provider:
 * @error: (nullable): an error
 *
 * Gets the provider that the error comes from.
 *
 * Returns: (transfer none) (nullable): its name, or %NULL
 *
 * Since: 1.0
 */
const char *
kms_error_get_provider (const GError *error)
{
  KmsErrorPrivate *priv = get_private (error);
  return priv == NULL ? NULL : priv->provider;
}

/**
 * kms_error_get_http_status:
 * @error: (nullable): an error
 *
 * Gets the HTTP status with which a service answered.
 *
 * Returns: the status, or 0
 *
 * Since: 1.0
 */
guint
kms_error_get_http_status (const GError *error)
{
  KmsErrorPrivate *priv = get_private (error);
  return priv == NULL ? 0 : priv->http_status;
}

/**
 * kms_error_get_service_code:
 * @error: (nullable): an error
 *
 * Gets the service's own name of the error.
 *
 * Returns: (transfer none) (nullable): the code, or %NULL
 *
 * Since: 1.0
 */
const char *
kms_error_get_service_code (const GError *error)
{
  KmsErrorPrivate *priv = get_private (error);
  return priv == NULL ? NULL : priv->service_code;
}

/**
 * kms_error_get_request_id:
 * @error: (nullable): an error
 *
 * Gets the service's name for the request that failed.
 *
 * Returns: (transfer none) (nullable): the request id, or %NULL
 *
 * Since: 1.0
 */
const char *
kms_error_get_request_id (const GError *error)
{
  KmsErrorPrivate *priv = get_private (error);
  return priv == NULL ? NULL : priv->request_id;
}

static void
replace_text (char **text, const char *with)
{
  char *copy = g_strdup (with); /* first: it may be the old one */
  g_free (*text);
  *text = copy;
}

/**
 * kms_error_set_provider:
 * @error: an error of %KMS_ERROR
 * @provider: (nullable): a provider's name
 *
 * Sets where the error comes from. The core does that for every error of a provider.
 *
 * Since: 1.0
 */
void
kms_error_set_provider (GError *error, const char *provider)
{
  KmsErrorPrivate *priv = get_private (error);
  g_return_if_fail (priv != NULL);

  replace_text (&priv->provider, provider);
}

/**
 * kms_error_set_service:
 * @error: an error of %KMS_ERROR
 * @http_status: the HTTP status, or 0
 * @service_code: (nullable): the service's own name of the error
 * @request_id: (nullable): the service's name for the request
 *
 * Sets what a service said besides the message.
 *
 * Since: 1.0
 */
void
kms_error_set_service (GError *error, guint http_status, const char *service_code, const char *request_id)
{
  KmsErrorPrivate *priv = get_private (error);
  g_return_if_fail (priv != NULL);

  priv->http_status = http_status;
  replace_text (&priv->service_code, service_code);
  replace_text (&priv->request_id, request_id);
}
