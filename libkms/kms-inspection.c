/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be told of a stored string without decrypting it. */
#include "kms-box-private.h"

#include "kms-error.h"

struct _KmsInspection
{
  gatomicrefcount refs;
  KmsStoredFormat format;
  char *version;
  char *key_id;
  char *provider;
  gboolean is_damaged; /* "v01:": names a version, and is never decrypted */
  gboolean is_active;
  gboolean is_current;
  GBytes *ciphertext;
  GVariant *details;
};

/**
 * KmsInspection:
 *
 * What a stored string tells of itself without being decrypted, see kms_inspect(). It does not change.
 *
 * Since: 1.0
 */
G_DEFINE_BOXED_TYPE (KmsInspection, kms_inspection, kms_inspection_ref, kms_inspection_unref)

/**
 * kms_inspection_ref:
 * @self: an inspection
 *
 * Adds a reference.
 *
 * Returns: (transfer full): the inspection
 *
 * Since: 1.0
 */
KmsInspection *
kms_inspection_ref (KmsInspection *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);
  return self;
}

/**
 * kms_inspection_unref:
 * @self: (transfer full): an inspection
 *
 * Drops a reference.
 *
 * Since: 1.0
 */
void
kms_inspection_unref (KmsInspection *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_free (self->version);
  g_free (self->key_id);
  g_free (self->provider);
  g_clear_pointer (&self->ciphertext, g_bytes_unref);
  g_clear_pointer (&self->details, g_variant_unref);
  g_free (self);
}

static GBytes *
decode (const KmsStored *stored)
{
  guint8 *bytes = g_malloc (MAX (_kms_stored_max_bytes (stored), 1));
  gsize length = _kms_stored_decode (stored, bytes);

  return g_bytes_new_take (bytes, length);
}

/**
 * kms_inspect:
 * @stored: (array length=length) (element-type guint8): a stored string
 * @length: its length in bytes; -1 if it is NUL-terminated
 * @error: return location for an error
 *
 * Takes a stored string apart, without a box: format, version and the provider's bytes are known.
 *
 * Returns: (transfer full): an inspection, or %NULL with %KMS_ERROR_TOO_LARGE
 *
 * Since: 1.0
 */
KmsInspection *
kms_inspect (const char *stored, gssize length, GError **error)
{
  g_return_val_if_fail (stored != NULL, NULL);
  KmsStored parsed;

  if (!_kms_stored_parse (stored, length < 0 ? strlen (stored) : (gsize) length, &parsed, error))
    return NULL;
  KmsInspection *self = g_new0 (KmsInspection, 1);
  g_atomic_ref_count_init (&self->refs);
  self->format = parsed.format;
  if (parsed.version != NULL)
    self->version = g_strndup (parsed.version, parsed.version_length);
  self->ciphertext = decode (&parsed);
  if (parsed.format == KMS_STORED_FORMAT_LEGACY_GOOGLE)
    self->key_id = _kms_stored_dup_google_key_id (&parsed);
  self->is_damaged = parsed.is_damaged;
  return self;
}

static gboolean
inspect_at_provider (KmsInspection *self, KmsProvider *provider, const char *key_id, GCancellable *cancellable,
                     GError **error)
{
  GError *local = NULL;

  self->provider = g_strdup (kms_provider_get_name (provider));
  self->details = kms_provider_inspect (provider, key_id, self->ciphertext, cancellable, &local);
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, local);
  return FALSE;
}

static gboolean
inspect_version (KmsInspection *self, KmsBox *box, GCancellable *cancellable, GError **error)
{
  KmsBoxVersion *version = _kms_box_find_version (box, self->version, strlen (self->version), NULL);
  const char *key_id;

  if (version == NULL)
    return TRUE;
  self->key_id = g_strdup (version->key_id);
  self->is_active = !self->is_damaged;
  self->is_current = self->is_active && strcmp (self->version, box->encrypting->version) == 0;
  KmsProvider *provider = _kms_box_resolve (box, version, &key_id, error);
  return provider != NULL && inspect_at_provider (self, provider, key_id, cancellable, error);
}

/* The string names its key: no version of the box matters. */
static gboolean
inspect_named_key (KmsInspection *self, KmsBox *box, GCancellable *cancellable, GError **error)
{
  g_autofree char *name = NULL, *key_id = NULL;

  gboolean is_fallback = FALSE;

  if (self->key_id != NULL)
    name = kms_registry_find_provider_for_key (box->registry, self->key_id, &is_fallback, NULL);
  if (name == NULL || is_fallback)
    return TRUE;
  g_autoptr (KmsProvider)
    provider = kms_registry_dup_provider_for_key (box->registry, self->key_id, NULL, &key_id, error);
  self->is_active = provider != NULL;
  return provider != NULL && inspect_at_provider (self, provider, key_id, cancellable, error);
}

/**
 * kms_box_inspect:
 * @self: a box
 * @stored: (array length=length) (element-type guint8): a stored string
 * @length: its length in bytes; -1 if it is NUL-terminated
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for an error
 *
 * Tells what a stored string is to a box, without decrypting it: which key and provider its version means, and whether
 * that is the current version. May block, no longer than the provider's deadline.
 *
 * Returns: (transfer full): an inspection, or %NULL with @error set
 *
 * Since: 1.0
 */
KmsInspection *
kms_box_inspect (KmsBox *self, const char *stored, gssize length, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (KMS_IS_BOX (self), NULL);
  g_autoptr (KmsInspection) inspection = kms_inspect (stored, length, error);

  if (inspection == NULL)
    return NULL;
  gboolean success = inspection->version != NULL ? inspect_version (inspection, self, cancellable, error)
                                                 : inspect_named_key (inspection, self, cancellable, error);
  return success ? g_steal_pointer (&inspection) : NULL;
}

/**
 * kms_inspection_get_format:
 * @self: an inspection
 *
 * Gets what kind of stored string it is.
 *
 * Returns: the format
 *
 * Since: 1.0
 */
KmsStoredFormat
kms_inspection_get_format (KmsInspection *self)
{
  g_return_val_if_fail (self != NULL, KMS_STORED_FORMAT_LEGACY);

  return self->format;
}

/**
 * kms_inspection_get_version:
 * @self: an inspection
 *
 * Gets the version; strings without one are version 1.
 *
 * Returns: (transfer none) (nullable): decimal digits without leading zeros; %NULL where versions do not matter
 *
 * Since: 1.0
 */
const char *
kms_inspection_get_version (KmsInspection *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->version;
}

/**
 * kms_inspection_get_key_id:
 * @self: an inspection
 *
 * Gets the master key that the version means, or that the string itself names.
 *
 * Returns: (transfer none) (nullable): the key id, or %NULL if neither is known
 *
 * Since: 1.0
 */
const char *
kms_inspection_get_key_id (KmsInspection *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->key_id;
}

/**
 * kms_inspection_get_provider:
 * @self: an inspection
 *
 * Gets the provider that the version means.
 *
 * Returns: (transfer none) (nullable): its name, or %NULL if no box was asked, or the version is not active
 *
 * Since: 1.0
 */
const char *
kms_inspection_get_provider (KmsInspection *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->provider;
}

/**
 * kms_inspection_get_is_active:
 * @self: an inspection
 *
 * Tells whether the box has the version, or whether somebody takes the key id that stands in the string itself.
 *
 * Returns: whether the box would try to decrypt it
 *
 * Since: 1.0
 */
gboolean
kms_inspection_get_is_active (KmsInspection *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->is_active;
}

/**
 * kms_inspection_get_is_current:
 * @self: an inspection
 *
 * Tells whether the string has the version that encrypts now.
 *
 * Returns: whether it has
 *
 * Since: 1.0
 */
gboolean
kms_inspection_get_is_current (KmsInspection *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->is_current;
}

/**
 * kms_inspection_get_ciphertext:
 * @self: an inspection
 *
 * Gets the provider's bytes.
 *
 * Returns: (transfer none): the ciphertext
 *
 * Since: 1.0
 */
GBytes *
kms_inspection_get_ciphertext (KmsInspection *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->ciphertext;
}

/**
 * kms_inspection_get_details:
 * @self: an inspection
 *
 * Gets what the provider reads in its own bytes.
 *
 * Returns: (transfer none) (nullable): an `a{sv}`, or %NULL
 *
 * Since: 1.0
 */
GVariant *
kms_inspection_get_details (KmsInspection *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->details;
}
