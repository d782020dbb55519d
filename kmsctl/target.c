/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rule of targets: a box if there is one of that name, else a key id that somebody claims, else one that looks like
 * AWS's, else an error, because a typing error must not send plaintext to another service. */
#include "target.h"

#include <string.h>

#include "bytes.h"
#include "daemon-box.h"
#include "daemon-choice.h"

void
kmsctl_target_clear (KmsctlTarget *self)
{
  g_clear_object (&self->box);
  g_clear_pointer (&self->name, g_free);
}

gboolean
kmsctl_has_box (Kmsctl *self, const char *name)
{
  g_autoptr (KmsConfigInfo) info = kms_registry_lookup (self->registry, KMS_CONFIG_KIND_BOX, name, NULL);

  return info != NULL && kms_config_info_get_state (info) != KMS_STATE_MASKED;
}

static gboolean
looks_like_aws (const char *key_id)
{
  static const char *const prefixes[] = { "arn:", "alias/", "mrk-" };

  for (gsize i = 0; i < G_N_ELEMENTS (prefixes); i++)
    if (g_str_has_prefix (key_id, prefixes[i]))
      return TRUE;
  return g_uuid_string_is_valid (key_id);
}

static const char *
nearest_box (Kmsctl *self, const char *name)
{
  g_autoptr (GPtrArray) boxes = kms_registry_list (self->registry, KMS_CONFIG_KIND_BOX);
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; i < boxes->len; i++)
    g_ptr_array_add (names, (gpointer) kms_config_info_get_name (g_ptr_array_index (boxes, i)));
  g_ptr_array_add (names, NULL);
  return g_intern_string (kmsctl_nearest (name, (const char *const *) names->pdata));
}

gboolean
kmsctl_check_claimed (Kmsctl *self, const char *key_id, GError **error)
{
  gboolean is_fallback = FALSE;
  g_autoptr (GError) local = NULL;
  g_autofree char *provider = kms_registry_find_provider_for_key (self->registry, key_id, &is_fallback, &local);

  if ((provider != NULL && !is_fallback) || looks_like_aws (key_id))
    return TRUE;
  if (local != NULL && !g_error_matches (local, KMS_ERROR, KMS_ERROR_NOT_FOUND))
    g_propagate_error (error, g_steal_pointer (&local));
  else
    g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND,
                 _ ("no provider claims the key id \"%s\"; \"kmsctl provider list\" shows who claims what"), key_id);
  return FALSE;
}

static gboolean
fail_unknown (Kmsctl *self, const char *name, GError **error)
{
  const char *nearest = nearest_box (self, name);

  if (nearest != NULL)
    g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND,
                 _ ("there is no box \"%s\", and no provider claims such a key id; did you mean the box \"%s\"?"), name,
                 nearest);
  else
    g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND,
                 _ ("there is no box \"%s\", and no provider claims such a key id; \"kmsctl box list\" and "
                    "\"kmsctl provider list\" show what there is, --key=%s insists on a key id"),
                 name, name);
  return FALSE;
}

static gboolean
take_box (Kmsctl *self, const char *name, KmsctlTarget *target, GError **error)
{
  target->box = kms_registry_dup_box (self->registry, name, error);
  if (target->box == NULL)
    return FALSE;
  target->is_box = TRUE;
  target->name = g_strdup (name);
  target->key_id = kms_box_get_key_id (target->box, kms_box_get_version (target->box), &target->pinned);
  return TRUE;
}

static gboolean
take_key (Kmsctl *self, const char *key_id, KmsctlTarget *target, GError **error)
{
  target->box = kms_box_new_for_key (self->registry, key_id, kmsctl_text (self, "as-version"), error);
  if (target->box == NULL)
    return FALSE;
  target->name = g_strdup (key_id);
  target->key_id = target->name;
  return TRUE;
}

static gboolean
take_name (Kmsctl *self, const char *name, KmsctlTarget *target, GError **error)
{
  if (kmsctl_has_box (self, name))
    return take_box (self, name, target, error);
  g_autoptr (GError) local = NULL;
  if (kmsctl_check_claimed (self, name, &local))
    return take_key (self, name, target, error);
  if (g_error_matches (local, KMS_ERROR, KMS_ERROR_NOT_FOUND))
    return fail_unknown (self, name, error);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
take_default (Kmsctl *self, KmsctlTarget *target, GError **error)
{
  const char *key_id = g_getenv ("KMS_KEY_ID");

  if (key_id != NULL && key_id[0] != '\0')
    return take_key (self, key_id, target, error);
  return kmsctl_usage_error (
    error, _ ("\"kmsctl %s\" needs a target: a box or a key id, --box or --key, or KMS_KEY_ID"), self->command->name);
}

/* kmsd has boxes, and shows nobody their key ids. */
static gboolean
take_daemon_box (Kmsctl *self, const char *name, KmsctlTarget *target, GError **error)
{
  if (kmsctl_text (self, "key") != NULL)
    return kmsctl_usage_error (error,
                               _ ("--key: kmsd has boxes only; \"kmsctl --%s box list\" shows those that you may use"),
                               kmsctl_choice_to_option (kmsctl_get_choice (self)));
  if (name == NULL)
    return kmsctl_usage_error (error, _ ("\"kmsctl %s\" needs a box of kmsd: its name, or --box=NAME"),
                               self->command->name);
  return kmsctl_daemon_take_box (self, name, target, error);
}

gboolean
kmsctl_target_resolve (Kmsctl *self, gboolean allow_default, KmsctlTarget *target, GError **error)
{
  const char *box = kmsctl_text (self, "box"), *key = kmsctl_text (self, "key");
  const char *name = kmsctl_argument (self, 0);
  gboolean ok;

  if ((box != NULL) + (key != NULL) + (name != NULL) > 1)
    return kmsctl_usage_error (error, _ ("give one target: \"%s\", --box or --key"), name == NULL ? "TARGET" : name);
  if (kmsctl_open (self, error) == NULL)
    return FALSE;
  if (kmsctl_get_choice (self) != KMSCTL_DIRECT)
    ok = take_daemon_box (self, box != NULL ? box : name, target, error);
  else if (box != NULL)
    ok = take_box (self, box, target, error);
  else if (key != NULL)
    ok = take_key (self, key, target, error);
  else if (name != NULL)
    ok = take_name (self, name, target, error);
  else if (allow_default)
    ok = take_default (self, target, error);
  else
    return kmsctl_usage_error (error, _ ("\"kmsctl %s\" needs a target: a box or a key id, --box or --key"),
                               self->command->name);
  if (ok && target->is_box && kmsctl_text (self, "as-version") != NULL)
    return kmsctl_usage_error (error, _ ("--as-version is for a bare key id; box \"%s\" has its own version"),
                               target->name);
  return ok;
}

gboolean
kmsctl_build_context (GPtrArray *assignments, KmsContext **context, GError **error)
{
  if (assignments->len == 0)
    return TRUE;
  g_autoptr (KmsContextBuilder) builder = kms_context_builder_new ();
  for (guint i = 0; i < assignments->len; i++)
    if (!kms_context_builder_add_assignment (builder, g_ptr_array_index (assignments, i), error))
      return FALSE;
  *context = kms_context_builder_end (builder, error);
  return *context != NULL;
}

/* Whether JSON is anything but one object of strings and integers: nested values, floats and null stood in contexts before
 * stored strings had versions. Encrypting refuses such a context. */
static gboolean
is_more_than_a_map (const char *json, gsize length)
{
  gboolean in_string = FALSE;
  guint n_objects = 0;

  for (gsize i = 0; i < length; i++)
    if (in_string && json[i] == '\\')
      i++;
    else if (json[i] == '"')
      in_string = !in_string;
    else if (!in_string && (json[i] == '[' || json[i] == '.' || g_ascii_isalpha (json[i])))
      return TRUE;
    else if (!in_string && json[i] == '{')
      n_objects++;
  return n_objects != 1;
}

static gboolean
read_context_file (Kmsctl *self, const char *path, KmsContext **context, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (KmsSecret) json = kmsctl_read_file (self, path, KMSCTL_MAX_CONTEXT, &local);
  gsize length;

  if (g_error_matches (local, KMS_ERROR, KMS_ERROR_TOO_LARGE))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE, _ ("%s: a context has at most %d bytes"), path,
                   KMSCTL_MAX_CONTEXT);
      return FALSE;
    }
  if (json == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  const char *text = (const char *) kms_secret_get_data (json, &length);
  *context = kms_context_new_from_json (text, (gssize) length, &local);
  if (*context == NULL && is_more_than_a_map (text, length))
    *context = kms_context_new_legacy (text, (gssize) length, NULL);
  if (*context != NULL)
    return TRUE;
  g_propagate_prefixed_error (error, g_steal_pointer (&local), "%s: ", path);
  return FALSE;
}

gboolean
kmsctl_read_context (Kmsctl *self, KmsContext **context, GError **error)
{
  const char *path = kmsctl_text (self, "context-file");
  g_autoptr (GPtrArray) assignments = kmsctl_texts (self, "context");

  if (path != NULL && assignments->len > 0)
    return kmsctl_usage_error (error, _ ("give the context by -c or by --context-file, not by both"));
  if (path != NULL)
    return read_context_file (self, path, context, error);
  return kmsctl_build_context (assignments, context, error);
}
