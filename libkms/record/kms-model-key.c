/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys of models: a box of the registry, or key ids of the model's own; and how contexts are made. */
#include "kms-model-reader-private.h"

#include <string.h>

#include "kms-error.h"

#define DEFAULT_CONTEXT "model_name;model_id"
#define DEFAULT_VERSION "1"

/* "Key kms_key" → "kms_key" */
static const char *
name_of (const char *group)
{
  return group + strlen ("Key ");
}

static KmsContextTemplate *
read_context (KmsModelReader *self, const char *group, const char *fallback, GError **error)
{
  const char *text = _kms_model_reader_get (self, group, "Context");
  KmsContextTemplate *context = _kms_context_template_new (text == NULL ? fallback : text, error);

  if (context == NULL)
    _kms_config_info_prefix_error (self->info, group, "Context", error);
  return context;
}

static gboolean
read_options (KmsModelReader *self, const char *group, KmsModelKey *key, GError **error)
{
  const char *column = _kms_model_reader_get (self, group, "Column");
  int eager = KMS_EAGER_FALSE;

  key->column = column == NULL ? g_strconcat ("encrypted_", key->name, NULL) : g_strdup (column);
  if (!_kms_model_reader_get_choice (self, group, "Eager", "false|true|try|fetch-id", &eager, error)
      || !_kms_model_reader_get_boolean (self, group, "UpgradeContext", &key->upgrade_context, error)
      || !_kms_model_reader_get_boolean (self, group, "Complete", &key->complete, error))
    return FALSE;
  key->eager = (KmsEager) eager;
  key->context = read_context (self, group, DEFAULT_CONTEXT, error);
  return key->context != NULL;
}

static gboolean
is_version (const char *text)
{
  return text[0] != '\0' && strspn (text, "0123456789") == strlen (text);
}

/* "Key kms_key/1" of the key "kms_key" → "1" */
static const char *
version_of (const char *group, const KmsModelKey *key)
{
  const char *name = g_str_has_prefix (group, "Key ") ? name_of (group) : "";
  gsize length = strlen (key->name);

  return strncmp (name, key->name, length) == 0 && name[length] == '/' ? name + length + 1 : NULL;
}

/* The first of a group's values is where the group is read. */
static gboolean
is_first (KmsConfigInfo *info, guint index, const char *group)
{
  for (guint i = 0; i < index; i++)
    {
      const char *other;
      kms_config_info_get_nth_value (info, i, &other, NULL, NULL);
      if (strcmp (other, group) == 0)
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_version (KmsModelReader *self, const char *group, const char *version, KmsModelKey *key, KmsBoxBuilder *builder,
              GError **error)
{
  const char *key_id = _kms_model_reader_get (self, group, "KeyId");
  KmsModelContext context = { NULL, NULL };

  if (!is_version (version))
    return _kms_model_reader_refuse (self, group, NULL, error, "\"%s\" is not a version; write [Key %s/1]", version,
                                     key->name);
  if (builder != NULL && key_id == NULL)
    return _kms_model_reader_refuse (self, group, NULL, error, "KeyId= is missing; it names the key of this version");
  if (builder == NULL && key_id != NULL)
    return _kms_model_reader_refuse (self, group, "KeyId", error, "the box \"%s\" has the keys of all versions",
                                     key->box_name);
  if (builder != NULL)
    kms_box_builder_add_previous (builder, version, key_id, _kms_model_reader_get (self, group, "Provider"));
  if (_kms_model_reader_get (self, group, "Context") == NULL)
    return TRUE;
  context.context = read_context (self, group, "", error);
  if (context.context == NULL)
    return FALSE;
  context.version = g_strdup (version);
  g_array_append_val (key->contexts, context);
  return TRUE;
}

static gboolean
read_versions (KmsModelReader *self, KmsModelKey *key, KmsBoxBuilder *builder, GError **error)
{
  for (guint i = 0; i < kms_config_info_get_n_values (self->info); i++)
    {
      const char *group;
      kms_config_info_get_nth_value (self->info, i, &group, NULL, NULL);
      const char *version = version_of (group, key);
      if (version != NULL && is_first (self->info, i, group)
          && !read_version (self, group, version, key, builder, error))
        return FALSE;
    }
  return TRUE;
}

/* A box of its own, with the model's and the key's name, which messages tell. */
static gboolean
make_box (KmsModelReader *self, const char *group, KmsModelKey *key, GError **error)
{
  const char *version = _kms_model_reader_get (self, group, "Version");
  const char *key_id = _kms_model_reader_get (self, group, "KeyId");
  g_autofree char *name = g_strconcat (self->model->file_name, ".", key->name, NULL);
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->model->registry, name);

  if (version != NULL && !is_version (version))
    return _kms_model_reader_refuse (self, group, "Version", error, "\"%s\" is not a version, which has digits only",
                                     version);
  kms_box_builder_set_key (builder, version == NULL ? DEFAULT_VERSION : version, key_id,
                           _kms_model_reader_get (self, group, "Provider"));
  kms_box_builder_set_upgrade_context (builder, key->upgrade_context);
  if (!read_versions (self, key, builder, error))
    return FALSE;
  key->box = kms_box_builder_end (builder, error);
  return key->box != NULL;
}

KmsModelKey *
_kms_model_reader_read_key (KmsModelReader *self, const char *group, GError **error)
{
  const char *box = _kms_model_reader_get (self, group, "Box");
  gboolean has_key_id = _kms_model_reader_get (self, group, "KeyId") != NULL;
  KmsModelKey *key = g_new0 (KmsModelKey, 1);

  key->name = g_strdup (name_of (group));
  key->box_name = g_strdup (box);
  key->contexts = _kms_model_contexts_new ();
  gboolean done = FALSE;
  if ((box != NULL) == has_key_id)
    _kms_model_reader_refuse (self, group, NULL, error,
                              "a key has either Box=, the name of a box, or KeyId= (and Version=, 1 by default)");
  else if (read_options (self, group, key, error))
    done = box == NULL ? make_box (self, group, key, error) : read_versions (self, key, NULL, error);
  if (done)
    return key;
  _kms_model_key_free (key);
  return NULL;
}
