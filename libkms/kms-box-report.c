/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a box did with a batch, told to who listens to the registry: who decrypts a table hears of each key that it was
 * encrypted with, not only of the one that encrypts today. */
#include "kms-box-run-private.h"
#include "kms-operation-private.h"

/* What was done with one key. */
typedef struct
{
  KmsProvider *provider; /* a reference */
  char *key_id;          /* as the provider knows it */
  guint n_items;
  const GError *error; /* the first, borrowed from the batch */
} KmsUse;

static void
use_clear (gpointer data)
{
  KmsUse *use = data;

  g_object_unref (use->provider);
  g_free (use->key_id);
}

static void
add_use (GArray *uses, KmsProvider *provider, const char *key_id, const GError *error)
{
  guint i = 0;

  while (i < uses->len
         && (g_array_index (uses, KmsUse, i).provider != provider
             || strcmp (g_array_index (uses, KmsUse, i).key_id, key_id) != 0))
    i++;
  if (i == uses->len)
    {
      KmsUse made = { g_object_ref (provider), g_strdup (key_id), 0, NULL };
      g_array_append_val (uses, made);
    }
  KmsUse *use = &g_array_index (uses, KmsUse, i);
  use->n_items++;
  if (use->error == NULL)
    use->error = error;
}

static void
add_version (GArray *uses, KmsBoxVersion *version, const GError *error)
{
  KmsProvider *provider = version == NULL ? NULL : g_atomic_pointer_get (&version->provider);

  if (provider != NULL)
    add_use (uses, provider, version->provider_key_id, error);
}

/* Which names its key itself, and goes to nobody who merely takes the rest. */
static void
add_google (KmsBox *self, GArray *uses, const KmsStored *stored, const GError *error)
{
  g_autofree char *key_id = _kms_stored_dup_google_key_id (stored);
  g_autofree char *bare = NULL;
  gboolean is_fallback = FALSE;
  g_autofree char *name =
    key_id == NULL ? NULL : kms_registry_find_provider_for_key (self->registry, key_id, &is_fallback, NULL);
  g_autoptr (KmsProvider) provider = NULL;

  if (name != NULL && !is_fallback)
    provider = kms_registry_dup_provider_for_key (self->registry, key_id, name, &bare, NULL);
  if (provider != NULL)
    add_use (uses, provider, bare, error);
}

/* What names no key of ours was done with no provider, and is told by its error alone. */
static void
add_decryption (KmsBox *self, GArray *uses, KmsBatchEntry *entry)
{
  KmsStored stored;

  if (entry->stored == NULL || !_kms_stored_parse (entry->stored, entry->stored_length, &stored, NULL))
    return;
  if (stored.format == KMS_STORED_FORMAT_LEGACY_GOOGLE)
    add_google (self, uses, &stored, entry->error);
  else
    add_version (uses, _kms_box_find_version (self, stored.version, stored.version_length, NULL), entry->error);
}

void
_kms_box_report_batch (KmsBox *self, KmsBatch *batch, gint64 started)
{
  g_autoptr (GArray) uses = g_array_new (FALSE, FALSE, sizeof (KmsUse));
  KmsOperation operation = kms_batch_get_operation (batch);

  g_array_set_clear_func (uses, use_clear);
  for (guint i = 0; i < kms_batch_get_n_items (batch); i++)
    {
      KmsBatchEntry *entry = _kms_batch_get_entry (batch, i);
      if (operation == KMS_OPERATION_DECRYPT)
        add_decryption (self, uses, entry);
      else
        add_version (uses, self->encrypting, entry->error);
    }
  for (guint i = 0; i < uses->len; i++)
    {
      KmsUse *use = &g_array_index (uses, KmsUse, i);
      _kms_operation_report (use->provider, use->key_id, operation, use->n_items, use->error, started);
    }
}
