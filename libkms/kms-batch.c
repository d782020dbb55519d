/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Batches: many values in one call, with options, and what came out of each besides. */
#include "kms-batch-private.h"

#include "kms-context-private.h"
#include "kms-error.h"
#include "kms-secret.h"

struct _KmsBatch
{
  GObject parent_instance;
  KmsOperation operation;
  gint64 timeout; /* microseconds */
  gboolean has_dialect;
  KmsJsonDialect dialect;
  gboolean has_form;
  KmsContextForm form;
  GArray *entries; /* of KmsBatchEntry */
};

/**
 * KmsBatch:
 *
 * Many values that are encrypted, decrypted or rewrapped in one call. Values are added, the batch is given to kms_box_run()
 * or kms_provider_run(), and is asked afterwards what came out of each: one that fails does not keep the others from being
 * done.
 *
 * It belongs to one thread until its call is over, asynchronous ones included.
 *
 * Since: 1.0
 */
G_DEFINE_FINAL_TYPE (KmsBatch, kms_batch, G_TYPE_OBJECT)

static void
entry_reset (KmsBatchEntry *entry)
{
  g_clear_pointer (&entry->plaintext, kms_secret_unref);
  g_clear_pointer (&entry->new_stored, g_free);
  g_clear_pointer (&entry->new_ciphertext, g_bytes_unref);
  g_clear_error (&entry->error);
  g_clear_pointer (&entry->remarks, _kms_item_remarks_unref);
  entry->binding = KMS_BINDING_UNKNOWN;
}

static void
entry_clear (gpointer data)
{
  KmsBatchEntry *entry = data;

  entry_reset (entry);
  g_clear_pointer (&entry->secret, kms_secret_unref);
  g_clear_pointer (&entry->stored, g_free);
  g_clear_pointer (&entry->ciphertext, g_bytes_unref);
  g_clear_pointer (&entry->context, kms_context_unref);
  g_clear_pointer (&entry->new_context, kms_context_unref);
}

static void
kms_batch_init (KmsBatch *self)
{
  self->timeout = -1;
  self->entries = g_array_new (FALSE, TRUE, sizeof (KmsBatchEntry));
  g_array_set_clear_func (self->entries, entry_clear);
}

static void
kms_batch_finalize (GObject *object)
{
  g_array_unref (KMS_BATCH (object)->entries);
  G_OBJECT_CLASS (kms_batch_parent_class)->finalize (object);
}

static void
kms_batch_class_init (KmsBatchClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = kms_batch_finalize;
}

KmsBatchEntry *
_kms_batch_get_entry (KmsBatch *self, guint index)
{
  return &g_array_index (self->entries, KmsBatchEntry, index);
}

KmsContext *
_kms_batch_entry_get_new_context (const KmsBatchEntry *entry)
{
  return entry->new_context == NULL ? entry->context : _kms_context_or_null (entry->new_context);
}

gint64
_kms_batch_get_timeout (KmsBatch *self)
{
  return self->timeout;
}

gboolean
_kms_batch_get_json_dialect (KmsBatch *self, KmsJsonDialect *dialect)
{
  if (self->has_dialect)
    *dialect = self->dialect;
  return self->has_dialect;
}

gboolean
_kms_batch_get_context_form (KmsBatch *self, KmsContextForm *form)
{
  if (self->has_form)
    *form = self->form;
  return self->has_form;
}

void
_kms_batch_reset (KmsBatch *self)
{
  for (guint i = 0; i < self->entries->len; i++)
    entry_reset (_kms_batch_get_entry (self, i));
}

static void
entry_copy (const KmsBatchEntry *from, KmsBatchEntry *to)
{
  *to = (KmsBatchEntry){ .secret = from->secret == NULL ? NULL : kms_secret_ref (from->secret),
                         .stored = g_memdup2 (from->stored, from->stored == NULL ? 0 : from->stored_length + 1),
                         .stored_length = from->stored_length,
                         .ciphertext = from->ciphertext == NULL ? NULL : g_bytes_ref (from->ciphertext),
                         .context = from->context == NULL ? NULL : kms_context_ref (from->context),
                         .new_context = from->new_context == NULL ? NULL : kms_context_ref (from->new_context) };
}

KmsBatch *
_kms_batch_new_slice (KmsBatch *self, const guint *indices, guint n)
{
  KmsBatch *slice = kms_batch_new (self->operation);

  slice->timeout = self->timeout;
  slice->has_dialect = self->has_dialect;
  slice->dialect = self->dialect;
  slice->has_form = self->has_form;
  slice->form = self->form;
  g_array_set_size (slice->entries, n);
  for (guint i = 0; i < n; i++)
    entry_copy (_kms_batch_get_entry (self, indices[i]), _kms_batch_get_entry (slice, i));
  return slice;
}

void
_kms_batch_take_slice (KmsBatch *self, const guint *indices, KmsBatch *slice)
{
  for (guint i = 0; i < slice->entries->len; i++)
    {
      KmsBatchEntry *from = _kms_batch_get_entry (slice, i), *to = _kms_batch_get_entry (self, indices[i]);
      entry_reset (to);
      to->plaintext = g_steal_pointer (&from->plaintext);
      to->new_stored = g_steal_pointer (&from->new_stored);
      to->new_ciphertext = g_steal_pointer (&from->new_ciphertext);
      to->error = g_steal_pointer (&from->error);
      to->remarks = g_steal_pointer (&from->remarks);
      to->binding = from->binding;
    }
}

gboolean
_kms_batch_conclude (KmsBatch *self, GError **error)
{
  guint n_failed = kms_batch_get_n_failed (self);
  guint first = 0;

  if (n_failed == 0)
    return TRUE;
  while (_kms_batch_get_entry (self, first)->error == NULL)
    first++;
  if (error == NULL)
    return FALSE;
  *error = g_error_copy (_kms_batch_get_entry (self, first)->error);
  if (self->entries->len > 1)
    {
      g_autofree char *message = g_steal_pointer (&(*error)->message);
      (*error)->message =
        g_strdup_printf ("%s (item %u; %u of %u items failed)", message, first, n_failed, self->entries->len);
    }
  return FALSE;
}

/**
 * kms_batch_new:
 * @operation: what to do to all values
 *
 * Creates an empty batch.
 *
 * Returns: (transfer full): a batch
 *
 * Since: 1.0
 */
KmsBatch *
kms_batch_new (KmsOperation operation)
{
  g_return_val_if_fail (operation <= KMS_OPERATION_REWRAP, NULL);

  KmsBatch *self = g_object_new (KMS_TYPE_BATCH, NULL);
  self->operation = operation;
  return self;
}

/**
 * kms_batch_set_timeout:
 * @self: a batch
 * @milliseconds: how long to wait without progress; 0 for ever, -1 for what the provider says
 *
 * Sets the deadline. For one value it counts from the start, for many from the last that was finished.
 *
 * Since: 1.0
 */
void
kms_batch_set_timeout (KmsBatch *self, gint64 milliseconds)
{
  g_return_if_fail (KMS_IS_BATCH (self));
  g_return_if_fail (milliseconds >= -1);

  self->timeout = milliseconds < 0 ? -1 : MIN (milliseconds, KMS_MAX_TIMEOUT) * G_TIME_SPAN_MILLISECOND;
}

/**
 * kms_batch_set_json_dialect:
 * @self: a batch
 * @dialect: how contexts become JSON
 *
 * Chooses another dialect than the box's.
 *
 * Since: 1.0
 */
void
kms_batch_set_json_dialect (KmsBatch *self, KmsJsonDialect dialect)
{
  g_return_if_fail (KMS_IS_BATCH (self));

  self->has_dialect = TRUE;
  self->dialect = dialect;
}

/**
 * kms_batch_set_context_form:
 * @self: a batch
 * @form: %KMS_CONTEXT_FORM_MAP or %KMS_CONTEXT_FORM_LEGACY
 *
 * Says how contexts that are maps are written; without it that follows from each stored string.
 *
 * Since: 1.0
 */
void
kms_batch_set_context_form (KmsBatch *self, KmsContextForm form)
{
  g_return_if_fail (KMS_IS_BATCH (self));
  g_return_if_fail (form == KMS_CONTEXT_FORM_MAP || form == KMS_CONTEXT_FORM_LEGACY);

  self->has_form = TRUE;
  self->form = form;
}

static KmsBatchEntry *
add_entry (KmsBatch *self, KmsContext *context, KmsContext *new_context)
{
  g_array_set_size (self->entries, self->entries->len + 1);
  KmsBatchEntry *entry = _kms_batch_get_entry (self, self->entries->len - 1);
  entry->context = _kms_context_or_null (context) == NULL ? NULL : kms_context_ref (context);
  entry->new_context = new_context == NULL ? NULL : kms_context_ref (new_context);
  return entry;
}

/**
 * kms_batch_add_secret:
 * @self: a batch that encrypts
 * @plaintext: the value
 * @context: (nullable): its context
 *
 * Adds a value to encrypt.
 *
 * Returns: its index
 *
 * Since: 1.0
 */
guint
kms_batch_add_secret (KmsBatch *self, KmsSecret *plaintext, KmsContext *context)
{
  g_return_val_if_fail (KMS_IS_BATCH (self), 0);
  g_return_val_if_fail (self->operation == KMS_OPERATION_ENCRYPT, 0);
  g_return_val_if_fail (plaintext != NULL, 0);

  add_entry (self, context, NULL)->secret = kms_secret_ref (plaintext);
  return self->entries->len - 1;
}

/**
 * kms_batch_add_stored:
 * @self: a batch that decrypts or rewraps
 * @stored: (array length=length) (element-type guint8): a stored string; may contain NUL if @length says so
 * @length: its length in bytes; -1 if it is NUL-terminated
 * @context: (nullable): its context
 * @new_context: (nullable): for a rewrap, the context from now on; %NULL keeps @context, kms_context_new_none() takes it
 *   away
 *
 * Adds a stored string, for a box.
 *
 * Returns: its index
 *
 * Since: 1.0
 */
guint
kms_batch_add_stored (KmsBatch *self, const char *stored, gssize length, KmsContext *context, KmsContext *new_context)
{
  g_return_val_if_fail (KMS_IS_BATCH (self), 0);
  g_return_val_if_fail (self->operation != KMS_OPERATION_ENCRYPT, 0);
  g_return_val_if_fail (stored != NULL, 0);

  KmsBatchEntry *entry = add_entry (self, context, new_context);
  entry->stored_length = length < 0 ? strlen (stored) : (gsize) length;
  entry->stored = g_malloc (entry->stored_length + 1);
  memcpy (entry->stored, stored, entry->stored_length);
  entry->stored[entry->stored_length] = '\0';
  return self->entries->len - 1;
}

/**
 * kms_batch_add_ciphertext:
 * @self: a batch that decrypts or rewraps
 * @ciphertext: a provider's bytes
 * @context: (nullable): its context
 * @new_context: (nullable): for a rewrap, the context from now on; %NULL keeps @context, kms_context_new_none() takes it
 *   away
 *
 * Adds a provider's ciphertext, for kms_provider_run().
 *
 * Returns: its index
 *
 * Since: 1.0
 */
guint
kms_batch_add_ciphertext (KmsBatch *self, GBytes *ciphertext, KmsContext *context, KmsContext *new_context)
{
  g_return_val_if_fail (KMS_IS_BATCH (self), 0);
  g_return_val_if_fail (self->operation != KMS_OPERATION_ENCRYPT, 0);
  g_return_val_if_fail (ciphertext != NULL, 0);

  add_entry (self, context, new_context)->ciphertext = g_bytes_ref (ciphertext);
  return self->entries->len - 1;
}

/**
 * kms_batch_get_operation:
 * @self: a batch
 *
 * Gets what is done to all values.
 *
 * Returns: the operation
 *
 * Since: 1.0
 */
KmsOperation
kms_batch_get_operation (KmsBatch *self)
{
  g_return_val_if_fail (KMS_IS_BATCH (self), KMS_OPERATION_ENCRYPT);

  return self->operation;
}

/**
 * kms_batch_get_n_items:
 * @self: a batch
 *
 * Counts the values.
 *
 * Returns: how many were added
 *
 * Since: 1.0
 */
guint
kms_batch_get_n_items (KmsBatch *self)
{
  g_return_val_if_fail (KMS_IS_BATCH (self), 0);

  return self->entries->len;
}

/**
 * kms_batch_get_n_failed:
 * @self: a batch that was run
 *
 * Counts the values that failed.
 *
 * Returns: how many have an error
 *
 * Since: 1.0
 */
guint
kms_batch_get_n_failed (KmsBatch *self)
{
  g_return_val_if_fail (KMS_IS_BATCH (self), 0);
  guint n_failed = 0;

  for (guint i = 0; i < self->entries->len; i++)
    n_failed += _kms_batch_get_entry (self, i)->error != NULL;
  return n_failed;
}
