/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes boxes from code; files become boxes this way too. */
#include "kms-box-private.h"

#include "kms-error.h"

struct _KmsBoxBuilder
{
  gatomicrefcount refs;
  KmsBox *box;
  KmsBoxVersion *current;
  GPtrArray *previous;
  GError *error; /* the first thing that was wrong */
};

/**
 * KmsBoxBuilder:
 *
 * Makes a #KmsBox in code that is otherwise described by a file, NAME.box. What it refused is told by
 * kms_box_builder_end(). It belongs to one thread.
 *
 * Since: 1.0
 */
G_DEFINE_BOXED_TYPE (KmsBoxBuilder, kms_box_builder, kms_box_builder_ref, kms_box_builder_unref)

/**
 * kms_box_builder_new:
 * @registry: where the keys' providers are looked up
 * @name: the box's name, for messages
 *
 * Starts a box. What is wrong is kept and told by kms_box_builder_end().
 *
 * Returns: (transfer full): a builder
 *
 * Since: 1.0
 */
KmsBoxBuilder *
kms_box_builder_new (KmsRegistry *registry, const char *name)
{
  g_return_val_if_fail (KMS_IS_REGISTRY (registry), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  KmsBoxBuilder *self = g_new0 (KmsBoxBuilder, 1);
  g_atomic_ref_count_init (&self->refs);
  self->box = g_object_new (KMS_TYPE_BOX, NULL);
  self->box->registry = g_object_ref (registry);
  self->box->name = g_strdup (name);
  self->previous = g_ptr_array_new_with_free_func ((GDestroyNotify) _kms_box_version_free);
  return self;
}

/**
 * kms_box_builder_ref:
 * @self: a builder
 *
 * Adds a reference.
 *
 * Returns: (transfer full): the builder
 *
 * Since: 1.0
 */
KmsBoxBuilder *
kms_box_builder_ref (KmsBoxBuilder *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->refs);
  return self;
}

/**
 * kms_box_builder_unref:
 * @self: (transfer full): a builder
 *
 * Drops a reference.
 *
 * Since: 1.0
 */
void
kms_box_builder_unref (KmsBoxBuilder *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_object (&self->box);
  g_clear_pointer (&self->current, _kms_box_version_free);
  g_ptr_array_unref (self->previous);
  g_clear_error (&self->error);
  g_free (self);
}

static void note_error (KmsBoxBuilder *self, KmsError code, const char *format, ...) G_GNUC_PRINTF (3, 4);

static void
note_error (KmsBoxBuilder *self, KmsError code, const char *format, ...)
{
  va_list arguments;

  if (self->error != NULL)
    return;
  va_start (arguments, format);
  self->error = g_error_new_valist (KMS_ERROR, (int) code, format, arguments);
  va_end (arguments);
  g_prefix_error (&self->error, "%s \"%s\": ", _kms_box_get_noun (self->box), self->box->name);
}

/* Digits without leading zeros: how versions are compared. NULL if it is not a number. */
static const char *
canonical_version (const char *version)
{
  gsize length = strlen (version);

  if (length == 0 || length > KMS_VERSION_MAX_DIGITS || strspn (version, "0123456789") != length)
    return NULL;
  while (version[0] == '0' && version[1] != '\0')
    version++;
  return version;
}

static KmsBoxVersion *
make_version (KmsBoxBuilder *self, const char *version, const char *key_id, const char *provider_name)
{
  const char *canonical = canonical_version (version);

  if (canonical == NULL)
    {
      note_error (self, KMS_ERROR_INVALID_ARGUMENT, "version \"%s\" is not a number of 1 to %d digits", version,
                  KMS_VERSION_MAX_DIGITS);
      return NULL;
    }
  if (key_id == NULL || key_id[0] == '\0')
    {
      note_error (self, KMS_ERROR_INVALID_ARGUMENT, "missing key id of version %s", canonical);
      return NULL;
    }
  return _kms_box_version_new (canonical, key_id, provider_name);
}

/**
 * kms_box_builder_set_key:
 * @self: a builder
 * @version: the version that encrypts, as decimal digits
 * @key_id: its key id
 * @provider_name: (nullable): the provider to use; %NULL for whoever claims the key id
 *
 * Sets the version and key that encrypt.
 *
 * Since: 1.0
 */
void
kms_box_builder_set_key (KmsBoxBuilder *self, const char *version, const char *key_id, const char *provider_name)
{
  g_return_if_fail (self != NULL && self->box != NULL && version != NULL);

  g_clear_pointer (&self->current, _kms_box_version_free);
  self->current = make_version (self, version, key_id, provider_name);
}

/**
 * kms_box_builder_add_previous:
 * @self: a builder
 * @version: a version, as decimal digits
 * @key_id: its key id
 * @provider_name: (nullable): the provider to use; %NULL for whoever claims the key id
 *
 * Adds a version that can be decrypted. As in the Ruby gem, an entry for the current version goes before
 * kms_box_builder_set_key(): its key id encrypts too, while the provider for encryption stays the current one.
 *
 * Since: 1.0
 */
void
kms_box_builder_add_previous (KmsBoxBuilder *self, const char *version, const char *key_id, const char *provider_name)
{
  g_return_if_fail (self != NULL && self->box != NULL && version != NULL);
  KmsBoxVersion *made = make_version (self, version, key_id, provider_name);

  if (made != NULL)
    g_ptr_array_add (self->previous, made);
}

/**
 * kms_box_builder_set_any_version:
 * @self: a builder
 * @any_version: whether every version means the current key
 *
 * Makes a box that decrypts any version with its one key.
 *
 * Since: 1.0
 */
void
kms_box_builder_set_any_version (KmsBoxBuilder *self, gboolean any_version)
{
  g_return_if_fail (self != NULL && self->box != NULL);

  self->box->any_version = any_version;
}

/**
 * kms_box_builder_set_description:
 * @self: a builder
 * @description: (nullable): what the box is for, in one line
 *
 * Describes the box.
 *
 * Since: 1.0
 */
void
kms_box_builder_set_description (KmsBoxBuilder *self, const char *description)
{
  g_return_if_fail (self != NULL && self->box != NULL);

  g_free (self->box->description);
  self->box->description = g_strdup (description);
}

/**
 * kms_box_builder_set_require_context:
 * @self: a builder
 * @names: (nullable) (array zero-terminated=1): names; %NULL where any context will do
 *
 * Sets the names that every context must have, no more and no fewer.
 *
 * Since: 1.0
 */
void
kms_box_builder_set_require_context (KmsBoxBuilder *self, const char *const *names)
{
  g_return_if_fail (self != NULL && self->box != NULL);

  g_strfreev (self->box->require_context);
  self->box->require_context = g_strdupv ((char **) names);
  self->box->n_require_context = names == NULL ? 0 : g_strv_length ((char **) names);
  for (guint i = 0; i < self->box->n_require_context; i++)
    if (g_strv_contains (names + i + 1, names[i]))
      note_error (self, KMS_ERROR_INVALID_ARGUMENT, "the required context has the name \"%s\" twice", names[i]);
}

/**
 * kms_box_builder_set_json_dialect:
 * @self: a builder
 * @dialect: how contexts become JSON
 * @try_others: whether a failed decryption is tried in the other dialects too, where the context has characters to
 *   which that matters
 *
 * Sets the dialect.
 *
 * Since: 1.0
 */
void
kms_box_builder_set_json_dialect (KmsBoxBuilder *self, KmsJsonDialect dialect, gboolean try_others)
{
  g_return_if_fail (self != NULL && self->box != NULL);

  self->box->dialect = dialect;
  self->box->try_other_dialects = try_others;
}

/**
 * kms_box_builder_set_upgrade_context:
 * @self: a builder
 * @upgrade_context: whether strings without a version have the empty context
 *
 * Sets what the Ruby gem calls `upgrade_context`: data from before contexts were in use was encrypted with none.
 *
 * Since: 1.0
 */
void
kms_box_builder_set_upgrade_context (KmsBoxBuilder *self, gboolean upgrade_context)
{
  g_return_if_fail (self != NULL && self->box != NULL);

  self->box->upgrade_context = upgrade_context;
}

/**
 * kms_box_builder_set_state:
 * @self: a builder
 * @state: what the box may be used for
 *
 * Sets the state.
 *
 * Since: 1.0
 */
void
kms_box_builder_set_state (KmsBoxBuilder *self, KmsBoxState state)
{
  g_return_if_fail (self != NULL && self->box != NULL);

  self->box->state = state;
}

/**
 * kms_box_builder_end:
 * @self: a builder, which is of no use afterwards
 * @error: return location for an error
 *
 * Makes the box. No provider is looked up yet.
 *
 * Returns: (transfer full): the box, or %NULL with @error set to the first thing that was wrong
 *
 * Since: 1.0
 */
KmsBox *
kms_box_builder_end (KmsBoxBuilder *self, GError **error)
{
  g_return_val_if_fail (self != NULL && self->box != NULL, NULL);

  if (self->error == NULL && self->current == NULL)
    note_error (self, KMS_ERROR_INVALID_ARGUMENT, "missing key id: no version that encrypts was set");
  if (self->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->error));
      return NULL;
    }

  KmsBox *box = self->box;
  KmsBoxVersion *current = g_steal_pointer (&self->current);
  g_ptr_array_extend_and_steal (box->versions, g_steal_pointer (&self->previous));
  self->previous = g_ptr_array_new ();
  g_ptr_array_add (box->versions, current);
  KmsBoxVersion *first = _kms_box_find_version (box, current->version, current->version_length, NULL);
  box->encrypting = _kms_box_version_new (current->version, first->key_id, current->provider_name);
  return g_steal_pointer (&self->box);
}

/**
 * kms_box_new_for_key:
 * @registry: where the key's provider is looked up
 * @key_id: a key id
 * @version: (nullable): the version that is written, as decimal digits; %NULL for 1
 * @error: return location for an error
 *
 * Makes a box of a bare key: it decrypts any version and writes one.
 *
 * Returns: (transfer full): the box, or %NULL with @error set
 *
 * Since: 1.0
 */
KmsBox *
kms_box_new_for_key (KmsRegistry *registry, const char *key_id, const char *version, GError **error)
{
  g_return_val_if_fail (KMS_IS_REGISTRY (registry), NULL);
  g_return_val_if_fail (key_id != NULL, NULL);
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (registry, key_id);

  builder->box->is_key = TRUE;
  kms_box_builder_set_key (builder, version == NULL ? "1" : version, key_id, NULL);
  kms_box_builder_set_any_version (builder, TRUE);
  return kms_box_builder_end (builder, error);
}

KmsBox *
_kms_box_dup_upgrading (KmsBox *self, GError **error)
{
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->registry, self->name);
  guint last = self->versions->len - 1; /* the one that encrypts */

  builder->box->is_key = self->is_key;
  for (guint i = 0; i < last; i++)
    {
      const KmsBoxVersion *previous = g_ptr_array_index (self->versions, i);
      kms_box_builder_add_previous (builder, previous->version, previous->key_id, previous->provider_name);
    }
  const KmsBoxVersion *current = g_ptr_array_index (self->versions, last);
  kms_box_builder_set_key (builder, current->version, current->key_id, current->provider_name);
  kms_box_builder_set_any_version (builder, self->any_version);
  kms_box_builder_set_description (builder, self->description);
  kms_box_builder_set_require_context (builder, (const char *const *) self->require_context);
  kms_box_builder_set_json_dialect (builder, self->dialect, self->try_other_dialects);
  kms_box_builder_set_state (builder, self->state);
  kms_box_builder_set_upgrade_context (builder, TRUE);
  return kms_box_builder_end (builder, error);
}
