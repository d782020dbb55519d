/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes ready what a case needs, and takes it down. */
#include "fixture.h"

#include "verdict.h"

static const struct
{
  FixtureNeeds need;
  KmsCapability capability;
  const char *lack;
} capabilities[] = {
  { FIXTURE_ENCRYPT, KMS_CAPABILITY_ENCRYPT, "the provider does not encrypt" },
  { FIXTURE_DECRYPT, KMS_CAPABILITY_DECRYPT, "the provider does not decrypt" },
  { FIXTURE_REWRAP, KMS_CAPABILITY_REWRAP, "the provider does not rewrap" },
};

static gboolean
open_provider (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  if (provider_file_install (self->file, self->root, self->file->name, NULL, NULL, &error))
    self->registry = kms_registry_new_default (&error);
  /* Once more, where a case dropped it. */
  g_clear_pointer (&self->key_id, g_free);
  if (self->registry != NULL)
    self->provider =
      kms_registry_dup_provider_for_key (self->registry, self->file->key_id, self->name, &self->key_id, &error);
  return verdict_check (self->provider != NULL, "the provider does not open: %s",
                        error == NULL ? "without a reason" : error->message);
}

static gboolean
has_capabilities (Fixture *self, FixtureNeeds needs)
{
  KmsCapability has = kms_provider_get_capabilities (self->provider);

  for (guint i = 0; i < G_N_ELEMENTS (capabilities); i++)
    if ((needs & capabilities[i].need) != 0 && (has & capabilities[i].capability) == 0)
      {
        verdict_skip ("%s", capabilities[i].lack);
        return FALSE;
      }
  return TRUE;
}

static gboolean
may_administer (Fixture *self)
{
  if (!KMS_IS_KEY_ADMIN (self->provider))
    verdict_skip ("the provider has no key administration");
  else if (self->options->key_id != NULL)
    verdict_skip ("with --key-id, no keys are made or changed");
  else if (self->file->prefix == NULL)
    verdict_skip ("the provider's file has no Prefixes=, so there are no names for new keys");
  else
    return TRUE;
  return FALSE;
}

/* Who has no administration has keys that are there already, or none that need to be. */
static gboolean
ensure_key (Fixture *self, const char *key_id)
{
  g_autoptr (GError) error = NULL;

  if (!KMS_IS_KEY_ADMIN (self->provider) || self->options->key_id != NULL || self->file->prefix == NULL
      || fixture_create_key (self, key_id, &error) || g_error_matches (error, KMS_ERROR, KMS_ERROR_ALREADY_EXISTS)
      || g_error_matches (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED))
    return TRUE;
  verdict_fail ("the key \"%s\" can't be created: %s", key_id, error->message);
  return FALSE;
}

static gboolean
ensure_second_key (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  if (self->file->second_key_id == NULL)
    {
      verdict_skip ("there is no second key; name one with --second-key-id");
      return FALSE;
    }
  g_autoptr (KmsProvider) same = kms_registry_dup_provider_for_key (self->registry, self->file->second_key_id,
                                                                    self->name, &self->second_key_id, &error);
  return verdict_check (same != NULL, "%s", same != NULL ? "" : error->message)
         && ensure_key (self, self->second_key_id);
}

static gboolean
has_binding (Fixture *self)
{
  KmsBinding binding = kms_provider_get_binding (self->provider, self->key_id, NULL, NULL);

  if (binding == KMS_BINDING_VERIFIED)
    return TRUE;
  verdict_skip ("the provider does not say that the key binds the context");
  return FALSE;
}

gboolean
fixture_open (Fixture *self, const Options *options, const ProviderFile *file, FixtureNeeds needs)
{
  *self = (Fixture){ .options = options, .file = file, .root = g_getenv ("KMS_CONFIG_ROOT"), .name = file->name };
  self->created = g_ptr_array_new_with_free_func (g_free);
  if (needs == FIXTURE_NOTHING)
    return TRUE;
  if (!open_provider (self) || !has_capabilities (self, needs)
      || ((needs & FIXTURE_KEY_ADMIN) != 0 && !may_administer (self))
      || ((needs & FIXTURE_KEY) != 0 && !ensure_key (self, self->key_id))
      || ((needs & FIXTURE_SECOND_KEY) != 0 && !ensure_second_key (self))
      || ((needs & FIXTURE_BINDING) != 0 && !has_binding (self)))
    return FALSE;
  if ((needs & (FIXTURE_KEY | FIXTURE_KEY_ADMIN)) != 0
      && kms_provider_get_binding (self->provider, self->key_id, NULL, NULL) != KMS_BINDING_IGNORED)
    self->context = kms_context_new ("purpose", "conformance", "id", "1", NULL);
  return TRUE;
}

static void
delete_created (Fixture *self)
{
  g_autoptr (GVariant) options = g_variant_ref_sink (g_variant_new_parsed ("{'force': <true>}"));

  /* A case may have deleted it already. */
  for (guint i = 0; i < self->created->len; i++)
    {
      g_autoptr (GPtrArray) deleted = kms_key_admin_run (KMS_KEY_ADMIN (self->provider), KMS_KEY_VERB_DELETE,
                                                         g_ptr_array_index (self->created, i), options, NULL, NULL);
    }
}

void
fixture_drop_provider (Fixture *self)
{
  g_clear_object (&self->provider);
  g_clear_object (&self->registry);
}

void
fixture_close (Fixture *self)
{
  /* A case that dropped the provider has left its keys. */
  if (self->created->len > 0 && (self->provider != NULL || open_provider (self)))
    delete_created (self);
  fixture_drop_provider (self);
  g_clear_pointer (&self->created, g_ptr_array_unref);
  g_clear_pointer (&self->context, kms_context_unref);
  g_free (self->key_id);
  g_free (self->second_key_id);
}

KmsProvider *
fixture_open_another (Fixture *self, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (KmsRegistry) registry = NULL;
  KmsProvider *provider = NULL;

  if (provider_file_install (self->file, self->root, name, NULL, NULL, &error))
    registry = kms_registry_new_default (&error);
  if (registry != NULL)
    provider = kms_registry_dup_provider (registry, name, &error);
  if (provider == NULL)
    verdict_fail ("another provider object does not open: %s", error->message);
  return provider;
}

gboolean
fixture_create_key (Fixture *self, const char *key_id, GError **error)
{
  g_autoptr (GPtrArray)
    made = kms_key_admin_run (KMS_KEY_ADMIN (self->provider), KMS_KEY_VERB_CREATE, key_id, NULL, NULL, error);

  if (made == NULL)
    return FALSE;
  g_ptr_array_add (self->created, g_strdup (key_id));
  return TRUE;
}

char *
fixture_make_key_id (Fixture *self)
{
  return g_strdup_printf ("conformance-%08x", g_random_int ());
}
