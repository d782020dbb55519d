/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Administration of keys: list, show, create and rotate.
 *
 * What is NULL in the interface is answered with NOT_SUPPORTED. Keys here are not disabled or deleted: whoever may
 * remove files can do that without us, and a "delete" that looks safe and is not would be worse than none. */
#include "acme-provider.h"

#include "acme-keydir.h"

/* Ids stand without the provider's prefix, here and in what is returned; libkms puts it back. */
static KmsKey *
describe (AcmeKey *key)
{
  KmsKey *described = kms_key_new (key->name, KMS_KEY_STATE_ENABLED);
  const AcmeVersion *versions = (const AcmeVersion *) (gpointer) key->versions->data;

  for (guint i = 0; i < key->versions->len; i++)
    {
      g_autofree char *number = g_strdup_printf ("%" G_GUINT32_FORMAT, versions[i].number);
      kms_key_add_version (described, number, KMS_KEY_STATE_ENABLED, versions[i].created);
    }
  kms_key_set_times (described, versions[0].created, -1);
  kms_key_set_binding (described, KMS_BINDING_VERIFIED);
  return described;
}

static GPtrArray *
list_keys (KmsKeyAdmin *admin, GVariant *options, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) keys = acme_keydir_list (ACME_PROVIDER (admin)->directory, error);

  if (keys == NULL)
    return NULL;
  GPtrArray *described = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < keys->len; i++)
    g_ptr_array_add (described, describe (g_ptr_array_index (keys, i)));
  return described;
}

static KmsKey *
show_key (KmsKeyAdmin *admin, const char *name, GVariant *options, GCancellable *cancellable, GError **error)
{
  g_autoptr (AcmeKey) key = acme_key_open (ACME_PROVIDER (admin)->directory, name, ACME_KEY_MUST_EXIST, error);

  return key != NULL ? describe (key) : NULL;
}

static gboolean
may_change (AcmeProvider *self, GError **error)
{
  if (!self->read_only)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED,
               "keys are only used here: make them where they come from, or remove ReadOnly=true from %s.provider",
               kms_provider_get_name (KMS_PROVIDER (self)));
  return FALSE;
}

static KmsKey *
create_key (KmsKeyAdmin *admin, const char *name, GVariant *options, GCancellable *cancellable, GError **error)
{
  AcmeProvider *self = ACME_PROVIDER (admin);

  if (!may_change (self, error))
    return NULL;
  /* Somebody asked for something that can't be kept: say so, rather than drop it. */
  if (options != NULL && g_variant_lookup (options, "description", "s", NULL))
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_NOT_SUPPORTED, "keys have no descriptions here: leave it out");
      return NULL;
    }
  g_autoptr (AcmeKey) key = acme_keydir_create_key (self->directory, name, error);
  return key != NULL ? describe (key) : NULL;
}

static KmsKey *
rotate_key (KmsKeyAdmin *admin, const char *name, GVariant *options, GCancellable *cancellable, GError **error)
{
  AcmeProvider *self = ACME_PROVIDER (admin);

  if (!may_change (self, error))
    return NULL;
  g_autoptr (AcmeKey) key = acme_keydir_rotate_key (self->directory, name, error);
  return key != NULL ? describe (key) : NULL;
}

void
acme_provider_key_admin_init (KmsKeyAdminInterface *iface)
{
  iface->list_keys = list_keys;
  iface->show_key = show_key;
  iface->create_key = create_key;
  iface->rotate_key = rotate_key;
}
