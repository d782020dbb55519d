/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Boxes: which key a version means, who may use it how, and what a box says of itself. */
#include "kms-box-private.h"

#include "kms-context.h"
#include "kms-error.h"
#include "kms-provider-dispatch-private.h"

#define KMS_SHOWN_DIGITS 20

/**
 * KmsBox:
 *
 * A named key with versions. What it encrypts is a stored string, `v2:…`, which says which version wrote it, so that a box
 * can move to another master key, or to another service, and still decrypt everything.
 *
 * A box comes from kms_registry_dup_box(), from a #KmsBoxBuilder, or from kms_box_new_for_key(). It does not change: where
 * its file did, the registry gives out another box. It may be used by several threads at once.
 *
 * Since: 1.0
 */
G_DEFINE_FINAL_TYPE (KmsBox, kms_box, G_TYPE_OBJECT)

KmsBoxVersion *
_kms_box_version_new (const char *version, const char *key_id, const char *provider_name)
{
  KmsBoxVersion *self = g_new0 (KmsBoxVersion, 1);

  self->version = g_strdup (version);
  self->version_length = strlen (version);
  self->prefix = g_strdup_printf ("v%s:", version);
  self->prefix_length = strlen (self->prefix);
  self->key_id = g_strdup (key_id);
  /* Empty in a file of a higher layer: pinned no more. */
  self->provider_name = provider_name == NULL || provider_name[0] == '\0' ? NULL : g_strdup (provider_name);
  return self;
}

void
_kms_box_version_free (KmsBoxVersion *self)
{
  g_free (self->version);
  g_free (self->prefix);
  g_free (self->key_id);
  g_free (self->provider_name);
  g_free (self->provider_key_id);
  g_clear_object (&self->provider);
  g_free (self);
}

static void
kms_box_init (KmsBox *self)
{
  g_mutex_init (&self->lock);
  self->versions = g_ptr_array_new_with_free_func ((GDestroyNotify) _kms_box_version_free);
}

static void
kms_box_finalize (GObject *object)
{
  KmsBox *self = KMS_BOX (object);

  g_clear_pointer (&self->encrypting, _kms_box_version_free);
  g_ptr_array_unref (self->versions);
  g_clear_object (&self->registry);
  g_free (self->name);
  g_free (self->description);
  g_strfreev (self->require_context);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (kms_box_parent_class)->finalize (object);
}

static void
kms_box_class_init (KmsBoxClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kms_box_finalize;
}

const char *
_kms_box_get_noun (KmsBox *self)
{
  return self->is_key ? "key" : "box";
}

static KmsProvider *
resolve_slowly (KmsBox *self, KmsBoxVersion *version, GError **error)
{
  g_autofree char *provider_key_id = NULL;
  g_autoptr (KmsProvider) provider = kms_registry_dup_provider_for_key (
    self->registry, version->key_id, version->provider_name, &provider_key_id, error);
  if (provider == NULL)
    {
      /* Where it is but a key, it is named in there. */
      if (!self->is_key)
        g_prefix_error (error, "box \"%s\": ", self->name);
      return NULL;
    }

  /* No lock is held across the module's code; who comes second drops what it found. */
  g_mutex_lock (&self->lock);
  if (version->provider == NULL)
    {
      version->provider_key_id = g_steal_pointer (&provider_key_id);
      g_atomic_pointer_set (&version->provider, g_steal_pointer (&provider));
    }
  g_mutex_unlock (&self->lock);
  return version->provider;
}

KmsProvider *
_kms_box_resolve (KmsBox *self, KmsBoxVersion *version, const char **key_id, GError **error)
{
  KmsProvider *provider = g_atomic_pointer_get (&version->provider);

  if (G_UNLIKELY (provider == NULL))
    provider = resolve_slowly (self, version, error);
  if (provider != NULL)
    *key_id = version->provider_key_id;
  return provider;
}

static gboolean
version_is (KmsBoxVersion *version, const char *digits, gsize length)
{
  return version->version_length == length && memcmp (version->version, digits, length) == 0;
}

/* A string that somebody sent may have a "number" of any length. */
static void
set_not_active (KmsBox *self, const char *digits, gsize length, GError **error)
{
  if (length <= KMS_SHOWN_DIGITS)
    g_set_error (
      error, KMS_ERROR, KMS_ERROR_NOT_ACTIVE,
      "box \"%s\": version not active: %.*s; add it with \"kmsctl box new-version\" or in [Version %.*s] of %s.box",
      self->name, (int) length, digits, (int) length, digits, self->name);
  else
    g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_ACTIVE,
                 "box \"%s\": version not active: %.*s… (%" G_GSIZE_FORMAT " digits); is this a string of this box?",
                 self->name, KMS_SHOWN_DIGITS, digits, length);
}

KmsBoxVersion *
_kms_box_find_version (KmsBox *self, const char *digits, gsize length, GError **error)
{
  for (guint i = 0; i < self->versions->len; i++)
    if (version_is (g_ptr_array_index (self->versions, i), digits, length))
      return g_ptr_array_index (self->versions, i);
  if (self->any_version)
    return self->encrypting;
  set_not_active (self, digits, length, error);
  return NULL;
}

static gboolean
check_state (KmsBox *self, KmsOperation operation, GError **error)
{
  if (G_LIKELY (self->state == KMS_BOX_STATE_ENABLED)
      || (self->state == KMS_BOX_STATE_ENCRYPT_ONLY && operation == KMS_OPERATION_ENCRYPT))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_KEY_DISABLED, "box \"%s\" is %s; \"kmsctl box enable %s\" changes that",
               self->name, self->state == KMS_BOX_STATE_DISABLED ? "disabled" : "for encryption only", self->name);
  return FALSE;
}

/* No context has no names, as an empty one. */
static gboolean
has_required_names (KmsBox *self, KmsContext *context)
{
  KmsContextForm form = kms_context_get_form (context);

  if (form == KMS_CONTEXT_FORM_RAW || form == KMS_CONTEXT_FORM_LEGACY
      || kms_context_get_n_pairs (context) != self->n_require_context)
    return FALSE;
  for (guint i = 0; i < self->n_require_context; i++)
    if (kms_context_lookup (context, self->require_context[i]) == NULL)
      return FALSE;
  return TRUE;
}

gboolean
_kms_box_check (KmsBox *self, KmsOperation operation, KmsContext *context, GError **error)
{
  if (!check_state (self, operation, error))
    return FALSE;
  if (self->require_context == NULL || !kms_context_check (context, NULL) || has_required_names (self, context))
    return TRUE;

  g_autofree char *names = g_strjoinv (", ", self->require_context);
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONTEXT_REQUIRED, "box \"%s\" wants a context of exactly these names: %s",
               self->name, self->n_require_context == 0 ? "(none)" : names);
  return FALSE;
}

gboolean
_kms_box_is_inline (KmsBox *self)
{
  for (guint i = 0; i < self->versions->len; i++)
    {
      const char *key_id;
      KmsProvider *provider = _kms_box_resolve (self, g_ptr_array_index (self->versions, i), &key_id, NULL);
      if (provider == NULL || !_kms_provider_is_inline (provider))
        return FALSE;
    }
  return TRUE;
}

/**
 * kms_box_get_name:
 * @self: a box
 *
 * Gets the box's name.
 *
 * Returns: (transfer none): the stem of its file, or what its maker called it
 *
 * Since: 1.0
 */
const char *
kms_box_get_name (KmsBox *self)
{
  g_return_val_if_fail (KMS_IS_BOX (self), NULL);

  return self->name;
}

/**
 * kms_box_get_description:
 * @self: a box
 *
 * Gets what the box is for, in one line.
 *
 * Returns: (transfer none) (nullable): the description
 *
 * Since: 1.0
 */
const char *
kms_box_get_description (KmsBox *self)
{
  g_return_val_if_fail (KMS_IS_BOX (self), NULL);

  return self->description;
}

/**
 * kms_box_get_state:
 * @self: a box
 *
 * Gets what the box may be used for.
 *
 * Returns: the state
 *
 * Since: 1.0
 */
KmsBoxState
kms_box_get_state (KmsBox *self)
{
  g_return_val_if_fail (KMS_IS_BOX (self), KMS_BOX_STATE_DISABLED);

  return self->state;
}

/**
 * kms_box_get_version:
 * @self: a box
 *
 * Gets the version that encrypts.
 *
 * Returns: (transfer none): decimal digits; a version may have any number of them
 *
 * Since: 1.0
 */
const char *
kms_box_get_version (KmsBox *self)
{
  g_return_val_if_fail (KMS_IS_BOX (self), NULL);

  return self->encrypting->version;
}

/**
 * kms_box_list_versions:
 * @self: a box
 *
 * Lists the versions that can be decrypted.
 *
 * Returns: (transfer full) (array zero-terminated=1): versions, as decimal digits, each once
 *
 * Since: 1.0
 */
char **
kms_box_list_versions (KmsBox *self)
{
  g_return_val_if_fail (KMS_IS_BOX (self), NULL);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (guint i = 0; i < self->versions->len; i++)
    {
      KmsBoxVersion *version = g_ptr_array_index (self->versions, i);
      if (_kms_box_find_version (self, version->version, version->version_length, NULL) == version)
        g_strv_builder_add (names, version->version);
    }
  return g_strv_builder_end (names);
}

/**
 * kms_box_get_key_id:
 * @self: a box
 * @version: a version, as decimal digits
 * @provider_name: (out) (optional) (nullable) (transfer none): the provider that the version is pinned to
 *
 * Gets the master key of a version.
 *
 * Returns: (transfer none) (nullable): the key id, or %NULL if the version is not active
 *
 * Since: 1.0
 */
const char *
kms_box_get_key_id (KmsBox *self, const char *version, const char **provider_name)
{
  g_return_val_if_fail (KMS_IS_BOX (self), NULL);
  g_return_val_if_fail (version != NULL, NULL);
  KmsBoxVersion *found = _kms_box_find_version (self, version, strlen (version), NULL);

  if (provider_name != NULL)
    *provider_name = found == NULL ? NULL : found->provider_name;
  return found == NULL ? NULL : found->key_id;
}

/**
 * kms_box_get_require_context:
 * @self: a box
 *
 * Gets the names that every context must have, no more and no fewer.
 *
 * Returns: (transfer none) (nullable) (array zero-terminated=1): names, none where a context has no pairs; %NULL where any
 *   context will do, which some languages can't tell from none: see kms_box_get_any_context()
 *
 * Since: 1.0
 */
const char *const *
kms_box_get_require_context (KmsBox *self)
{
  g_return_val_if_fail (KMS_IS_BOX (self), NULL);

  return (const char *const *) self->require_context;
}

/**
 * kms_box_get_any_context:
 * @self: a box
 *
 * Tells whether the box takes any context, and none.
 *
 * Returns: %FALSE if kms_box_get_require_context() says which names a context must have
 *
 * Since: 1.0
 */
gboolean
kms_box_get_any_context (KmsBox *self)
{
  g_return_val_if_fail (KMS_IS_BOX (self), FALSE);

  return self->require_context == NULL;
}

/**
 * kms_box_get_json_dialect:
 * @self: a box
 *
 * Gets how contexts become JSON.
 *
 * Returns: the dialect
 *
 * Since: 1.0
 */
KmsJsonDialect
kms_box_get_json_dialect (KmsBox *self)
{
  g_return_val_if_fail (KMS_IS_BOX (self), KMS_JSON_DIALECT_RAILS);

  return self->dialect;
}
