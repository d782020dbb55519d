/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A box of kmsd as a target. */
#include "daemon-box.h"

#include "agent.h"
#include "daemon.h"
#include "result.h"

/* What each command asks of the box; others ask nothing that polkit would be asked about. */
static const struct
{
  const char *command, *decision;
  const char *without; /* with this option it is not asked */
} needs[] = {
  { "encrypt", "encrypt", NULL },
  { "datakey generate", "encrypt", NULL },
  { "decrypt", "decrypt", NULL },
  { "datakey unwrap", "decrypt", NULL },
  { "box test", "decrypt", NULL },
  { "rewrap", "rewrap", NULL },
  { "key rotate", "manage", NULL },
  { "record get", "decrypt", NULL },
  /* The row may have a data key, with which the value is encrypted; if it has none, it gets one. */
  { "record set", "decrypt", "new-key" },
  { "record set", "encrypt", NULL },
  { "record create", "encrypt", NULL },
  { "record list", "decrypt", NULL },
  { "record rewrap", "rewrap", "dry-run" },
  { "record rekey", "decrypt", "dry-run" },
  { "record rekey", "encrypt", "dry-run" },
  { "record verify", "decrypt", NULL },
};

static void
prepare_agent (Kmsctl *self, GVariant *info)
{
  gboolean asks = FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (needs); i++)
    {
      const char *decision = NULL;
      if (g_str_equal (self->command->name, needs[i].command)
          && (needs[i].without == NULL || !kmsctl_flag (self, needs[i].without)))
        g_variant_lookup (info, needs[i].decision, "&s", &decision);
      asks = asks || g_strcmp0 (decision, "ask") == 0;
    }
  if (asks)
    kmsctl_agent_start (self);
}

static KmsJsonDialect
read_dialect (GVariant *info)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (KMS_TYPE_JSON_DIALECT);
  const char *nick = "rails";

  g_variant_lookup (info, "json-dialect", "&s", &nick);
  const GEnumValue *value = g_enum_get_value_by_nick (class, nick);
  return value == NULL ? KMS_JSON_DIALECT_RAILS : (KmsJsonDialect) value->value;
}

static gboolean
read_versions (GVariant *info, guint32 *primary, GVariant **versions, const char *name, GError **error)
{
  *versions = g_variant_lookup_value (info, "versions", G_VARIANT_TYPE ("au"));
  if (*versions != NULL && g_variant_n_children (*versions) > 0 && g_variant_lookup (info, "version", "u", primary))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED,
               _ ("kmsd does not tell the versions of box \"%s\"; it has another version than this program"), name);
  return FALSE;
}

static KmsBox *
make_box (Kmsctl *self, const char *name, const char *key_id, GVariant *info, GError **error)
{
  g_autoptr (KmsBoxBuilder) builder = kms_box_builder_new (self->registry, name);
  g_autoptr (GVariant) versions = NULL;
  g_autofree const char **required = NULL;
  guint32 primary = 0;
  gsize n_versions;

  if (!read_versions (info, &primary, &versions, name, error))
    return NULL;
  const guint32 *numbers = g_variant_get_fixed_array (versions, &n_versions, sizeof (guint32));
  for (gsize i = 0; i < n_versions; i++)
    {
      g_autofree char *version = g_strdup_printf ("%u", numbers[i]);
      (numbers[i] == primary ? kms_box_builder_set_key : kms_box_builder_add_previous) (builder, version, key_id, NULL);
    }
  if (g_variant_lookup (info, "require-context", "^a&s", &required))
    kms_box_builder_set_require_context (builder, required);
  kms_box_builder_set_json_dialect (builder, read_dialect (info), FALSE);
  return kms_box_builder_end (builder, error);
}

/* The provider is a module like others, and may not be there. */
static gboolean
check_provider (Kmsctl *self, const char *key_id, GError **error)
{
  gboolean is_fallback = FALSE;
  g_autoptr (GError) local = NULL;
  g_autofree char *provider = kms_registry_find_provider_for_key (self->registry, key_id, &is_fallback, &local);

  if (provider != NULL && !is_fallback)
    return TRUE;
  if (local != NULL && !g_error_matches (local, KMS_ERROR, KMS_ERROR_NOT_FOUND))
    g_propagate_error (error, g_steal_pointer (&local));
  else
    g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND,
                 _ ("no provider speaks to kmsd here: none claims the key id \"%s\"; install the provider \"kmsd\" of "
                    "libkms, or see what keeps it away with \"kmsctl provider list\""),
                 key_id);
  return FALSE;
}

gboolean
kmsctl_daemon_take_box (Kmsctl *self, const char *name, KmsctlTarget *target, GError **error)
{
  g_auto (KmsdPlace) place = { 0 };

  kmsctl_daemon_get_place (self, &place);
  g_autofree char *prefix = kmsd_place_to_string (&place);
  g_autofree char *key_id = g_strconcat (prefix, name, NULL);
  if (kmsctl_open (self, error) == NULL || !check_provider (self, key_id, error))
    return FALSE;
  g_autoptr (GVariant) info = kmsctl_daemon_get_box (self, name, error);
  if (info == NULL)
    return FALSE;
  target->box = make_box (self, name, key_id, info, error);
  if (target->box == NULL)
    return FALSE;
  prepare_agent (self, info);
  target->is_box = TRUE;
  target->name = g_strdup (name);
  target->key_id = kms_box_get_key_id (target->box, kms_box_get_version (target->box), &target->pinned);
  return TRUE;
}
