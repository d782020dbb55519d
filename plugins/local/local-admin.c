/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Administration of local keys: the two interfaces, over the keystore. */
#include "key-export.h"
#include "local-provider.h"

#include <string.h>

#define DEFAULT_DELETION_DAYS 30
#define MAX_DELETION_DAYS 3650
#define SECONDS_A_DAY 86400

/* Takes the key. What this process remembers of keys is wiped now, not when it is next looked at. */
static KmsKey *
finish_change (KeyCache *cache, LocalKey *key)
{
  KmsKey *described = key != NULL ? local_key_describe (key) : NULL;

  key_cache_clear (cache);
  g_clear_pointer (&key, local_key_unref);
  return described;
}

/* It is there, and the words say why nobody can use it. */
static KmsKey *
describe_problem (KmsLocalProvider *self, const KeyProblem *problem)
{
  KmsKey *key = kms_key_new (problem->name, KMS_KEY_STATE_UNAVAILABLE);
  GVariantDict details;

  g_variant_dict_init (&details, NULL);
  g_variant_dict_insert (&details, "problem", "s", problem->error->message);
  kms_key_set_details (key, g_variant_dict_end (&details));
  g_warning ("%s: %s", kms_provider_get_name (KMS_PROVIDER (self)), problem->error->message);
  return key;
}

static GPtrArray *
list_keys (KmsKeyAdmin *admin, GVariant *options, GCancellable *cancellable, GError **error)
{
  KmsLocalProvider *self = KMS_LOCAL_PROVIDER (admin);
  g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func ((GDestroyNotify) key_problem_free);
  g_autoptr (GPtrArray) keys = keystore_list_keys (self->keystore, problems, cancellable, error);
  GPtrArray *described;

  if (keys == NULL)
    return NULL;
  /* Nothing can be shown: then the reason is worth more than an empty list. */
  if (keys->len == 0 && problems->len > 0)
    {
      g_propagate_error (error, g_error_copy (((KeyProblem *) g_ptr_array_index (problems, 0))->error));
      return NULL;
    }
  described = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < keys->len; i++)
    g_ptr_array_add (described, local_key_describe (g_ptr_array_index (keys, i)));
  for (guint i = 0; i < problems->len; i++)
    g_ptr_array_add (described, describe_problem (self, g_ptr_array_index (problems, i)));
  return described;
}

static KmsKey *
show_key (KmsKeyAdmin *admin, const char *name, GVariant *options, GCancellable *cancellable, GError **error)
{
  KmsLocalProvider *self = KMS_LOCAL_PROVIDER (admin);
  g_autoptr (LocalKey) key = keystore_read_key (self->keystore, name, NULL, cancellable, error);

  return key != NULL ? local_key_describe (key) : NULL;
}

static KmsKey *
create_key (KmsKeyAdmin *admin, const char *name, GVariant *options, GCancellable *cancellable, GError **error)
{
  KmsLocalProvider *self = KMS_LOCAL_PROVIDER (admin);
  const char *description = NULL;

  if (options != NULL)
    g_variant_lookup (options, "description", "&s", &description);
  if (options != NULL && g_variant_n_children (options) > (description != NULL))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "local keys have no option but a description");
      return NULL;
    }
  return finish_change (self->cache, keystore_create_key (self->keystore, name, description, cancellable, error));
}

static KmsKey *
change_key (KmsKeyAdmin *admin, const char *name, KeystoreChangeFunc change, gpointer data, GCancellable *cancellable,
            GError **error)
{
  KmsLocalProvider *self = KMS_LOCAL_PROVIDER (admin);

  return finish_change (self->cache, keystore_change_key (self->keystore, name, change, data, cancellable, error));
}

static gboolean
fail_pending (const LocalKey *key, const char *label, GError **error)
{
  g_set_error (error, KMS_ERROR, KMS_ERROR_KEY_DISABLED,
               "the key \"%s\" is to be deleted: keep it first with: kmsctl key restore %s/%s", key->name, label,
               key->name);
  return FALSE;
}

static gboolean
rotate (LocalKey *key, gpointer data, GError **error)
{
  if (key->deletion != 0)
    return fail_pending (key, data, error);
  return local_key_add_random_version (key, error);
}

static gboolean
enable (LocalKey *key, gpointer data, GError **error)
{
  if (key->deletion != 0)
    return fail_pending (key, data, error);
  key->disabled = FALSE;
  return TRUE;
}

static gboolean
disable (LocalKey *key, gpointer data, GError **error)
{
  if (key->deletion != 0)
    return fail_pending (key, data, error);
  key->disabled = TRUE;
  return TRUE;
}

static gboolean
restore (LocalKey *key, gpointer data, GError **error)
{
  key->deletion = 0;
  return TRUE;
}

static gboolean
schedule (LocalKey *key, gpointer data, GError **error)
{
  guint32 days = *(guint32 *) data;

  key->deletion = g_get_real_time () / G_USEC_PER_SEC + (gint64) days * SECONDS_A_DAY;
  return TRUE;
}

static KmsKey *
rotate_key (KmsKeyAdmin *admin, const char *name, GVariant *options, GCancellable *cancellable, GError **error)
{
  return change_key (admin, name, rotate, (gpointer) kms_provider_get_name (KMS_PROVIDER (admin)), cancellable, error);
}

static KmsKey *
enable_key (KmsKeyAdmin *admin, const char *name, GVariant *options, GCancellable *cancellable, GError **error)
{
  return change_key (admin, name, enable, (gpointer) kms_provider_get_name (KMS_PROVIDER (admin)), cancellable, error);
}

static KmsKey *
disable_key (KmsKeyAdmin *admin, const char *name, GVariant *options, GCancellable *cancellable, GError **error)
{
  return change_key (admin, name, disable, (gpointer) kms_provider_get_name (KMS_PROVIDER (admin)), cancellable, error);
}

static KmsKey *
restore_key (KmsKeyAdmin *admin, const char *name, GVariant *options, GCancellable *cancellable, GError **error)
{
  return change_key (admin, name, restore, NULL, cancellable, error);
}

static KmsKey *
delete_key (KmsKeyAdmin *admin, const char *name, GVariant *options, GCancellable *cancellable, GError **error)
{
  KmsLocalProvider *self = KMS_LOCAL_PROVIDER (admin);
  guint32 days = DEFAULT_DELETION_DAYS;
  gboolean force = FALSE;

  if (options != NULL)
    {
      g_variant_lookup (options, "days", "u", &days);
      g_variant_lookup (options, "force", "b", &force);
    }
  if (force)
    return finish_change (self->cache, keystore_delete_key (self->keystore, name, cancellable, error));
  if (days >= 1 && days <= MAX_DELETION_DAYS)
    return change_key (admin, name, schedule, &days, cancellable, error);
  g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT,
               "a key is deleted after 1 to %d days, not %u; to delete \"%s\" at once, use --force", MAX_DELETION_DAYS,
               days, name);
  return NULL;
}

void
kms_local_provider_key_admin_init (KmsKeyAdminInterface *iface)
{
  iface->list_keys = list_keys;
  iface->show_key = show_key;
  iface->create_key = create_key;
  iface->rotate_key = rotate_key;
  iface->enable_key = enable_key;
  iface->disable_key = disable_key;
  iface->delete_key = delete_key;
  iface->restore_key = restore_key;
}

static GBytes *
export_key (KmsKeyStore *store, const char *name, KmsSecret *passphrase, GCancellable *cancellable, GError **error)
{
  KmsLocalProvider *self = KMS_LOCAL_PROVIDER (store);
  g_autoptr (LocalKey) key = keystore_read_key (self->keystore, name, NULL, cancellable, error);

  return key != NULL ? key_export_write (key, passphrase, error) : NULL;
}

static KmsKey *
import_key (KmsKeyStore *store, const char *name, GBytes *exported, KmsSecret *passphrase, GCancellable *cancellable,
            GError **error)
{
  KmsLocalProvider *self = KMS_LOCAL_PROVIDER (store);
  gsize length;
  const char *text = g_bytes_get_data (exported, &length);
  g_autoptr (LocalKey) key = NULL;

  if (!local_key_check_name (name, error))
    return NULL;
  key = key_export_read (text, length, name, passphrase, error);
  return key != NULL ? finish_change (self->cache, keystore_add_key (self->keystore, key, cancellable, error)) : NULL;
}

static gboolean
change_root (KmsKeyStore *store, const char *root, GCancellable *cancellable, GError **error)
{
  KmsLocalProvider *self = KMS_LOCAL_PROVIDER (store);
  gboolean changed = keystore_change_root (self->keystore, root, cancellable, error);

  key_cache_clear (self->cache);
  return changed;
}

static char *
describe_root (KmsKeyStore *store, GCancellable *cancellable, GError **error)
{
  return keystore_describe_root (KMS_LOCAL_PROVIDER (store)->keystore, NULL, error);
}

void
kms_local_provider_key_store_init (KmsKeyStoreInterface *iface)
{
  iface->export_key = export_key;
  iface->import_key = import_key;
  iface->change_root = change_root;
  iface->describe_root = describe_root;
}
