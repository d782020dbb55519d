/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of a master key: filled in by a provider, read by everybody else. */
#include "kms-key.h"

#include "kms-enums.h"
#include "kms-key-private.h"

typedef struct
{
  char *version;
  KmsKeyState state;
  gint64 creation_time;
} KmsKeyVersion;

struct _KmsKey
{
  GObject parent_instance;
  char *id;
  KmsKeyState state;
  char *description;
  gint64 creation_time;
  gint64 deletion_time;
  KmsBinding binding;
  GVariant *details;
  GArray *versions; /* of KmsKeyVersion */
};

/**
 * KmsKey:
 *
 * A master key as its provider describes it, at the moment when it was asked. The key itself stays with the provider. It
 * does not change, and may be used by several threads.
 *
 * Since: 1.0
 */
G_DEFINE_FINAL_TYPE (KmsKey, kms_key, G_TYPE_OBJECT)

static void
version_clear (gpointer data)
{
  g_free (((KmsKeyVersion *) data)->version);
}

static void
kms_key_init (KmsKey *self)
{
  self->creation_time = -1;
  self->deletion_time = -1;
  self->versions = g_array_new (FALSE, TRUE, sizeof (KmsKeyVersion));
  g_array_set_clear_func (self->versions, version_clear);
}

static void
kms_key_finalize (GObject *object)
{
  KmsKey *self = KMS_KEY (object);

  g_free (self->id);
  g_free (self->description);
  g_clear_pointer (&self->details, g_variant_unref);
  g_array_unref (self->versions);
  G_OBJECT_CLASS (kms_key_parent_class)->finalize (object);
}

enum {
  PROP_ID = 1,
  PROP_STATE,
  PROP_DESCRIPTION,
  PROP_VERSION,
  PROP_CREATION_TIME,
  PROP_DELETION_TIME,
  PROP_BINDING,
  PROP_DETAILS,
  N_PROPS
};

static void
kms_key_get_property (GObject *object, guint property, GValue *value, GParamSpec *spec)
{
  KmsKey *self = KMS_KEY (object);

  switch (property)
    {
    case PROP_ID:
      g_value_set_string (value, self->id);
      break;
    case PROP_STATE:
      g_value_set_enum (value, (gint) self->state);
      break;
    case PROP_DESCRIPTION:
      g_value_set_string (value, self->description);
      break;
    case PROP_VERSION:
      g_value_set_string (value, kms_key_get_version (self));
      break;
    case PROP_CREATION_TIME:
      g_value_set_int64 (value, self->creation_time);
      break;
    case PROP_DELETION_TIME:
      g_value_set_int64 (value, self->deletion_time);
      break;
    case PROP_BINDING:
      g_value_set_enum (value, (gint) self->binding);
      break;
    case PROP_DETAILS:
      g_value_set_variant (value, self->details);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property, spec);
    }
}

/**
 * KmsKey:id:
 *
 * The key id, as boxes and commands name it.
 *
 * Since: 1.0
 */

/**
 * KmsKey:state:
 *
 * Whether the key can be used.
 *
 * Since: 1.0
 */

/**
 * KmsKey:description:
 *
 * What the key is for.
 *
 * Since: 1.0
 */

/**
 * KmsKey:version:
 *
 * The version that encrypts, as the service names it.
 *
 * Since: 1.0
 */

/**
 * KmsKey:creation-time:
 *
 * When the key was created, in seconds since 1970, UTC; -1 if unknown.
 *
 * Since: 1.0
 */

/**
 * KmsKey:deletion-time:
 *
 * When the key will be deleted, in seconds since 1970, UTC; -1 if it will not.
 *
 * Since: 1.0
 */

/**
 * KmsKey:binding:
 *
 * How strongly the key binds the context.
 *
 * Since: 1.0
 */

/**
 * KmsKey:details:
 *
 * What else the service says of the key.
 *
 * Since: 1.0
 */

static void
kms_key_class_init (KmsKeyClass *klass)
{
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;
  GParamSpec *specs[N_PROPS] = { NULL };

  G_OBJECT_CLASS (klass)->finalize = kms_key_finalize;
  G_OBJECT_CLASS (klass)->get_property = kms_key_get_property;

  specs[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);
  specs[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, KMS_TYPE_KEY_STATE, KMS_KEY_STATE_ENABLED, flags);
  specs[PROP_DESCRIPTION] = g_param_spec_string ("description", NULL, NULL, NULL, flags);
  specs[PROP_VERSION] = g_param_spec_string ("version", NULL, NULL, NULL, flags);
  specs[PROP_CREATION_TIME] = g_param_spec_int64 ("creation-time", NULL, NULL, -1, G_MAXINT64, -1, flags);
  specs[PROP_DELETION_TIME] = g_param_spec_int64 ("deletion-time", NULL, NULL, -1, G_MAXINT64, -1, flags);
  specs[PROP_BINDING] = g_param_spec_enum ("binding", NULL, NULL, KMS_TYPE_BINDING, KMS_BINDING_UNKNOWN, flags);
  specs[PROP_DETAILS] = g_param_spec_variant ("details", NULL, NULL, G_VARIANT_TYPE_VARDICT, NULL, flags);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPS, specs);
}

void
_kms_key_prefix_id (KmsKey *self, const char *prefix)
{
  g_autofree char *id = g_steal_pointer (&self->id);
  self->id = g_strconcat (prefix, id, NULL);
}

/**
 * kms_key_new:
 * @id: the key id, without the provider's prefix
 * @state: its state
 *
 * Creates a description of a key, for a provider to fill in.
 *
 * Returns: (transfer full): a key
 *
 * Since: 1.0
 */
KmsKey *
kms_key_new (const char *id, KmsKeyState state)
{
  g_return_val_if_fail (id != NULL, NULL);

  KmsKey *self = g_object_new (KMS_TYPE_KEY, NULL);
  self->id = g_strdup (id);
  self->state = state;
  return self;
}

/**
 * kms_key_get_id:
 * @self: a key
 *
 * Gets the key id, as boxes and commands name it.
 *
 * Returns: (transfer none): the key id
 *
 * Since: 1.0
 */
const char *
kms_key_get_id (KmsKey *self)
{
  g_return_val_if_fail (KMS_IS_KEY (self), NULL);

  return self->id;
}

/**
 * kms_key_get_state:
 * @self: a key
 *
 * Gets whether the key can be used.
 *
 * Returns: the state
 *
 * Since: 1.0
 */
KmsKeyState
kms_key_get_state (KmsKey *self)
{
  g_return_val_if_fail (KMS_IS_KEY (self), KMS_KEY_STATE_UNAVAILABLE);

  return self->state;
}

/**
 * kms_key_get_description:
 * @self: a key
 *
 * Gets what the key is for.
 *
 * Returns: (transfer none) (nullable): the description
 *
 * Since: 1.0
 */
const char *
kms_key_get_description (KmsKey *self)
{
  g_return_val_if_fail (KMS_IS_KEY (self), NULL);

  return self->description;
}

/**
 * kms_key_get_version:
 * @self: a key
 *
 * Gets the version that encrypts: the last one.
 *
 * Returns: (transfer none) (nullable): the version as the service names it, or %NULL if it does not say
 *
 * Since: 1.0
 */
const char *
kms_key_get_version (KmsKey *self)
{
  g_return_val_if_fail (KMS_IS_KEY (self), NULL);

  if (self->versions->len == 0)
    return NULL;
  return g_array_index (self->versions, KmsKeyVersion, self->versions->len - 1).version;
}

/**
 * kms_key_get_creation_time:
 * @self: a key
 *
 * Gets when the key was created.
 *
 * Returns: seconds since 1970, UTC; -1 if unknown
 *
 * Since: 1.0
 */
gint64
kms_key_get_creation_time (KmsKey *self)
{
  g_return_val_if_fail (KMS_IS_KEY (self), -1);

  return self->creation_time;
}

/**
 * kms_key_get_deletion_time:
 * @self: a key
 *
 * Gets when the key will be deleted.
 *
 * Returns: seconds since 1970, UTC; -1 if it will not
 *
 * Since: 1.0
 */
gint64
kms_key_get_deletion_time (KmsKey *self)
{
  g_return_val_if_fail (KMS_IS_KEY (self), -1);

  return self->deletion_time;
}

/**
 * kms_key_get_binding:
 * @self: a key
 *
 * Gets how strongly the key binds the context.
 *
 * Returns: the binding
 *
 * Since: 1.0
 */
KmsBinding
kms_key_get_binding (KmsKey *self)
{
  g_return_val_if_fail (KMS_IS_KEY (self), KMS_BINDING_UNKNOWN);

  return self->binding;
}

/**
 * kms_key_get_details:
 * @self: a key
 *
 * Gets what else the service says of the key.
 *
 * Returns: (transfer none) (nullable): an `a{sv}`
 *
 * Since: 1.0
 */
GVariant *
kms_key_get_details (KmsKey *self)
{
  g_return_val_if_fail (KMS_IS_KEY (self), NULL);

  return self->details;
}

/**
 * kms_key_get_n_versions:
 * @self: a key
 *
 * Counts the versions that are known.
 *
 * Returns: how many there are
 *
 * Since: 1.0
 */
guint
kms_key_get_n_versions (KmsKey *self)
{
  g_return_val_if_fail (KMS_IS_KEY (self), 0);

  return self->versions->len;
}

/**
 * kms_key_get_nth_version:
 * @self: a key
 * @index: which version, the oldest first
 * @state: (out) (optional): its state
 * @creation_time: (out) (optional): when it was created, in seconds since 1970, UTC; -1 if unknown
 *
 * Gets a version.
 *
 * Returns: (transfer none): the version as the service names it
 *
 * Since: 1.0
 */
const char *
kms_key_get_nth_version (KmsKey *self, guint index, KmsKeyState *state, gint64 *creation_time)
{
  g_return_val_if_fail (KMS_IS_KEY (self) && index < self->versions->len, NULL);
  KmsKeyVersion *version = &g_array_index (self->versions, KmsKeyVersion, index);

  if (state != NULL)
    *state = version->state;
  if (creation_time != NULL)
    *creation_time = version->creation_time;
  return version->version;
}

/**
 * kms_key_set_description:
 * @self: a key that nobody else has yet
 * @description: (nullable): what it is for
 *
 * Sets the description.
 *
 * Since: 1.0
 */
void
kms_key_set_description (KmsKey *self, const char *description)
{
  g_return_if_fail (KMS_IS_KEY (self));

  g_free (self->description);
  self->description = g_strdup (description);
}

/**
 * kms_key_set_times:
 * @self: a key that nobody else has yet
 * @creation_time: seconds since 1970, UTC; -1 if unknown
 * @deletion_time: seconds since 1970, UTC; -1 if it will not be deleted
 *
 * Sets when it was created and when it will be deleted.
 *
 * Since: 1.0
 */
void
kms_key_set_times (KmsKey *self, gint64 creation_time, gint64 deletion_time)
{
  g_return_if_fail (KMS_IS_KEY (self));

  self->creation_time = creation_time;
  self->deletion_time = deletion_time;
}

/**
 * kms_key_set_binding:
 * @self: a key that nobody else has yet
 * @binding: how strongly it binds the context
 *
 * Sets the binding.
 *
 * Since: 1.0
 */
void
kms_key_set_binding (KmsKey *self, KmsBinding binding)
{
  g_return_if_fail (KMS_IS_KEY (self));

  self->binding = binding;
}

/**
 * kms_key_set_details:
 * @self: a key that nobody else has yet
 * @details: (nullable): an `a{sv}`; a floating reference is taken
 *
 * Sets what else the service says.
 *
 * Since: 1.0
 */
void
kms_key_set_details (KmsKey *self, GVariant *details)
{
  g_return_if_fail (KMS_IS_KEY (self));
  g_return_if_fail (details == NULL || g_variant_is_of_type (details, G_VARIANT_TYPE_VARDICT));

  g_clear_pointer (&self->details, g_variant_unref);
  self->details = details == NULL ? NULL : g_variant_ref_sink (details);
}

/**
 * kms_key_add_version:
 * @self: a key that nobody else has yet
 * @version: the version as the service names it
 * @state: its state
 * @creation_time: seconds since 1970, UTC; -1 if unknown
 *
 * Adds a version, the oldest first.
 *
 * Since: 1.0
 */
void
kms_key_add_version (KmsKey *self, const char *version, KmsKeyState state, gint64 creation_time)
{
  g_return_if_fail (KMS_IS_KEY (self) && version != NULL);

  KmsKeyVersion made = { g_strdup (version), state, creation_time };
  g_array_append_val (self->versions, made);
}
