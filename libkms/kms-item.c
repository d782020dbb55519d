/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Items: one value of a call, its context, and the room for what comes out. */
#include "kms-item-private.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "kms-context-private.h"
#include "kms-run-private.h"
#include "kms-secret.h"

void
_kms_item_remarks_unref (KmsItemRemarks *remarks)
{
  if (--remarks->refs > 0)
    return;
  g_free (remarks->key_version);
  g_free (remarks->used_key_id);
  g_free (remarks->request_id);
  g_free (remarks);
}

static void
item_drop_output (KmsItem *self)
{
  g_clear_pointer (&self->secret, kms_secret_unref);
  if (self->output != NULL && self->operation != KMS_OPERATION_DECRYPT && self->output != self->output_scratch)
    g_free (self->output);
  self->output = NULL;
  self->capacity = 0;
  self->length = 0;
}

/* What only some items own. */
static void
item_free_extras (KmsItem *self)
{
  g_free (self->new_json);
  g_free (self->owned_input);
  g_free (self->owned_key_id);
  g_clear_object (&self->owned_provider);
  g_clear_pointer (&self->owned_context, kms_context_unref);
  g_clear_pointer (&self->owned_plaintext, kms_secret_unref);
  g_clear_error (&self->error);
}

void
_kms_item_clear (KmsItem *self)
{
  if (self->secret != NULL
      || (self->operation != KMS_OPERATION_DECRYPT && self->output != NULL && self->output != self->output_scratch))
    item_drop_output (self);
  if (self->json != NULL && self->json != self->json_scratch)
    g_free (self->json);
  if (self->new_json != NULL || self->owned_input != NULL || self->owned_key_id != NULL || self->owned_provider != NULL
      || self->owned_context != NULL || self->owned_plaintext != NULL || self->error != NULL)
    item_free_extras (self);
  if (self->remarks != NULL)
    _kms_item_remarks_unref (self->remarks);
}

void
_kms_item_set_context (KmsItem *self, KmsContext *context, KmsContextForm form, KmsJsonDialect dialect)
{
  self->context = _kms_context_or_null (context);
  self->form = self->context == NULL ? KMS_CONTEXT_FORM_NONE : form;
  self->dialect = dialect;
}

guint8 *
_kms_item_make_input (KmsItem *self, gsize length)
{
  /* Decryption reserves locked memory, and a rewrap's output takes the heap when the scratch is taken. */
  if (length <= sizeof self->output_scratch && self->operation == KMS_OPERATION_DECRYPT)
    self->input = self->output_scratch;
  else
    self->input = self->owned_input = g_malloc (length);
  self->input_length = length;
  return (guint8 *) self->input;
}

void
_kms_item_settle (KmsItem *self, KmsItemState state, gsize length, GError *error)
{
  if (state == KMS_ITEM_DONE && self->secret != NULL)
    kms_secret_commit (self->secret, length);
  self->length = length;
  self->error = error;
  self->state = state;
}

KmsSecret *
_kms_item_steal_secret (KmsItem *self)
{
  if (self->secret == NULL)
    return kms_secret_new (NULL, 0);
  return g_steal_pointer (&self->secret);
}

GBytes *
_kms_item_dup_ciphertext (KmsItem *self)
{
  return g_bytes_new (self->output, self->length);
}

/**
 * kms_item_get_operation:
 * @self: an item
 *
 * Gets what is to be done to the item.
 *
 * Returns: the operation
 *
 * Since: 1.0
 */
KmsOperation
kms_item_get_operation (KmsItem *self)
{
  return self->operation;
}

/**
 * kms_item_get_key_id:
 * @self: an item
 *
 * Gets the master key's id as the provider knows it, without the provider's prefix.
 *
 * Returns: the key id, never empty
 *
 * Since: 1.0
 */
const char *
kms_item_get_key_id (KmsItem *self)
{
  return self->key_id;
}

/**
 * kms_item_get_version:
 * @self: an item
 *
 * Gets the version of the box that the item belongs to: the one that encrypts, or the one that the stored string names.
 * It is nothing that a service knows; a provider that hands items on to another libkms hands this on with them.
 *
 * Returns: (transfer none) (nullable): digits, without the "v" of a stored string; %NULL where there is no box, or where
 *   the ciphertext names its key itself
 *
 * Since: 1.0
 */
const char *
kms_item_get_version (KmsItem *self)
{
  return self->version;
}

/**
 * kms_item_get_input:
 * @self: an item
 * @length: (out): the number of bytes
 *
 * Gets the plaintext to encrypt, or the ciphertext to decrypt or rewrap. Plaintext stands in locked memory: do not copy
 * it elsewhere.
 *
 * Returns: (array length=length) (transfer none): the bytes, never %NULL
 *
 * Since: 1.0
 */
const guint8 *
kms_item_get_input (KmsItem *self, gsize *length)
{
  *length = self->input_length;
  return self->input;
}

/**
 * kms_item_get_context:
 * @self: an item
 *
 * Gets the context to authenticate.
 *
 * Returns: (transfer none) (nullable): the context; %NULL for none, which is not the same as an empty one
 *
 * Since: 1.0
 */
KmsContext *
kms_item_get_context (KmsItem *self)
{
  return self->context;
}

/**
 * kms_item_get_context_form:
 * @self: an item
 *
 * Gets the form in which the context is meant: a map may have to be written the legacy way.
 *
 * Returns: the form
 *
 * Since: 1.0
 */
KmsContextForm
kms_item_get_context_form (KmsItem *self)
{
  return self->form;
}

/* A context that could not be written was refused before the provider saw the item. */
static char *
write_context_json (KmsContext *context, KmsJsonDialect dialect, KmsContextForm form, char *scratch, gsize *length)
{
  gsize max = kms_context_json_max (context);
  char *json = scratch != NULL && max <= KMS_ITEM_JSON_SCRATCH ? scratch : g_malloc (MAX (max, 1));

  *length = kms_context_write_json (context, dialect, form, json);
  return json;
}

/**
 * kms_item_get_context_json:
 * @self: an item
 * @length: (out): the number of bytes
 *
 * Gets the canonical bytes of the context, as services that take bytes want them: sorted JSON in the dialect of the
 * caller, JSON in the order given for the legacy form, the text itself for the raw form. They are not NUL-terminated.
 *
 * Returns: (transfer none) (nullable) (array length=length): the bytes, valid as long as the item; %NULL for no
 *   context, with a @length of 0
 *
 * Since: 1.0
 */
const char *
kms_item_get_context_json (KmsItem *self, gsize *length)
{
  if (self->json == NULL && self->context != NULL)
    self->json = write_context_json (self->context, self->dialect, self->form, self->json_scratch, &self->json_length);
  *length = self->json_length;
  return self->json;
}

/**
 * kms_item_get_new_key_id:
 * @self: an item to rewrap
 *
 * Gets the master key's id under which the item is to be encrypted again.
 *
 * Returns: the key id, without the provider's prefix
 *
 * Since: 1.0
 */
const char *
kms_item_get_new_key_id (KmsItem *self)
{
  return self->new_key_id;
}

/**
 * kms_item_get_new_version:
 * @self: an item to rewrap
 *
 * Gets the version of the box under which the item is to be encrypted again: see kms_item_get_version().
 *
 * Returns: (transfer none) (nullable): digits, or %NULL
 *
 * Since: 1.0
 */
const char *
kms_item_get_new_version (KmsItem *self)
{
  return self->new_version;
}

/**
 * kms_item_get_new_context:
 * @self: an item to rewrap
 *
 * Gets the context with which the item is to be encrypted again.
 *
 * Returns: (transfer none) (nullable): the context; %NULL for none, also where there was one
 *
 * Since: 1.0
 */
KmsContext *
kms_item_get_new_context (KmsItem *self)
{
  return self->new_context;
}

/**
 * kms_item_get_new_context_json:
 * @self: an item to rewrap
 * @length: (out): the number of bytes
 *
 * Gets the canonical bytes of the new context: see kms_item_get_context_json().
 *
 * Returns: (transfer none) (nullable) (array length=length): the bytes, valid as long as the item
 *
 * Since: 1.0
 */
const char *
kms_item_get_new_context_json (KmsItem *self, gsize *length)
{
  if (self->new_json == NULL && self->new_context != NULL)
    self->new_json = write_context_json (self->new_context, self->dialect, kms_context_get_form (self->new_context),
                                         NULL, &self->new_json_length);
  *length = self->new_json_length;
  return self->new_json;
}

static guint8 *
reserve_plaintext (KmsItem *self, gsize capacity)
{
  self->secret = kms_secret_reserve (capacity, &self->output);
  if (self->secret != NULL)
    return self->output;
  self->output = NULL;
  kms_item_fail (self, KMS_ERROR_QUOTA,
                 "locked memory is used up; raise LimitMEMLOCK= or the hard limit of \"ulimit -l\"");
  return NULL;
}

/**
 * kms_item_reserve:
 * @self: an item
 * @capacity: how many bytes may come out
 *
 * Makes room for what comes out: locked memory where that is plaintext. Reserving again drops what was there.
 *
 * Returns: (nullable): where to write, or %NULL where locked memory is used up; the item has failed then
 *
 * Since: 1.0
 */
guint8 *
kms_item_reserve (KmsItem *self, gsize capacity)
{
  if (G_UNLIKELY (self->output != NULL))
    item_drop_output (self);
  self->capacity = capacity;
  if (self->operation == KMS_OPERATION_DECRYPT)
    return reserve_plaintext (self, capacity);
  self->output = capacity <= sizeof self->output_scratch ? self->output_scratch : g_malloc (capacity);
  return self->output;
}

/**
 * kms_item_commit:
 * @self: an item
 * @length: how many of the reserved bytes came out
 *
 * Settles the item: it is done, and its result is what was written to the reserved bytes. What else is known of it
 * must have been set before.
 *
 * Since: 1.0
 */
void
kms_item_commit (KmsItem *self, gsize length)
{
  g_return_if_fail (length <= self->capacity);

  if (G_UNLIKELY (self->run != NULL))
    {
      _kms_run_settle (self->run, self, KMS_ITEM_DONE, length, NULL);
      return;
    }
  g_return_if_fail (self->state == KMS_ITEM_PENDING);
  _kms_item_settle (self, KMS_ITEM_DONE, length, NULL);
}

/**
 * kms_item_fail:
 * @self: an item
 * @code: what went wrong
 * @format: a message for people, in the manner of printf(): which object, and the way out
 * @...: the values for @format
 *
 * Settles the item: it failed. The others of its call are not touched. The core puts the provider's name in front.
 *
 * Since: 1.0
 */
void
kms_item_fail (KmsItem *self, KmsError code, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  GError *error = g_error_new_valist (KMS_ERROR, (int) code, format, arguments);
  va_end (arguments);
  kms_item_take_error (self, error);
}

/**
 * kms_item_take_error:
 * @self: an item
 * @error: (transfer full): why it failed
 *
 * Settles the item: it failed. See kms_item_fail().
 *
 * Since: 1.0
 */
void
kms_item_take_error (KmsItem *self, GError *error)
{
  g_return_if_fail (error != NULL);

  if (self->run != NULL)
    {
      _kms_run_settle (self->run, self, KMS_ITEM_FAILED, 0, error);
      return;
    }
  if (self->state != KMS_ITEM_PENDING)
    {
      g_critical ("an item was settled twice; the second time by: %s", error->message);
      g_error_free (error);
      return;
    }
  _kms_item_settle (self, KMS_ITEM_FAILED, 0, error);
}

/* The caller may read and free what belongs to an item as soon as that is settled: too late to change any. An item of a
 * run may be settled behind the provider's back, when its caller is gone: no fault of the provider's. */
static gboolean
begin_change (KmsItem *self)
{
  if (self->run != NULL)
    return _kms_run_begin_change (self->run, self);
  g_return_val_if_fail (self->state == KMS_ITEM_PENDING, FALSE);
  return TRUE;
}

static void
end_change (KmsItem *self)
{
  if (self->run != NULL)
    _kms_run_end_change (self->run);
}

/**
 * kms_item_reset:
 * @self: an item that is not settled
 *
 * Drops what was reserved, so that the item can be tried again.
 *
 * Since: 1.0
 */
void
kms_item_reset (KmsItem *self)
{
  if (!begin_change (self))
    return;
  item_drop_output (self);
  end_change (self);
}

/**
 * kms_item_is_settled:
 * @self: an item
 *
 * Tells whether the item is done or failed.
 *
 * Returns: %TRUE if it is
 *
 * Since: 1.0
 */
gboolean
kms_item_is_settled (KmsItem *self)
{
  if (self->run != NULL)
    return _kms_run_item_is_settled (self->run, self);
  return self->state != KMS_ITEM_PENDING;
}

static void
replace_string (char **where, const char *value)
{
  g_free (*where);
  *where = g_strdup (value);
}

static KmsItemRemarks *
remarks_new (const KmsItemRemarks *like)
{
  KmsItemRemarks *remarks = g_new0 (KmsItemRemarks, 1);

  remarks->refs = 1;
  if (like == NULL)
    return remarks;
  remarks->key_version = g_strdup (like->key_version);
  remarks->used_key_id = g_strdup (like->used_key_id);
  remarks->request_id = g_strdup (like->request_id);
  remarks->binding = like->binding;
  return remarks;
}

static KmsItemRemarks *
get_remarks (KmsItem *self)
{
  if (self->remarks == NULL)
    self->remarks = remarks_new (NULL);
  else if (self->remarks->refs > 1)
    {
      KmsItemRemarks *shared = self->remarks;
      self->remarks = remarks_new (shared);
      _kms_item_remarks_unref (shared);
    }
  return self->remarks;
}

/* Those of the item before, if they say this and no more. */
static gboolean
share_remarks (KmsItem *self, const char *key_version)
{
  KmsItemRemarks *other = self->before == NULL ? NULL : self->before->remarks;

  if (self->remarks != NULL || other == NULL || g_strcmp0 (other->key_version, key_version) != 0
      || other->used_key_id != NULL || other->request_id != NULL || other->binding != KMS_BINDING_UNKNOWN)
    return FALSE;
  other->refs++;
  self->remarks = other;
  return TRUE;
}

/**
 * kms_item_set_key_version:
 * @self: an item that is not settled
 * @key_version: the version of the master key that was used, as the service names it
 *
 * Reports the master key's version.
 *
 * Since: 1.0
 */
void
kms_item_set_key_version (KmsItem *self, const char *key_version)
{
  if (self->is_single || share_remarks (self, key_version) || !begin_change (self))
    return;
  replace_string (&get_remarks (self)->key_version, key_version);
  end_change (self);
}

/**
 * kms_item_set_used_key_id:
 * @self: an item that is not settled
 * @key_id: the id of the master key that was used, as the service names it
 *
 * Reports the master key, where the service names it otherwise than the caller did.
 *
 * Since: 1.0
 */
void
kms_item_set_used_key_id (KmsItem *self, const char *key_id)
{
  if (self->is_single || !begin_change (self))
    return;
  replace_string (&get_remarks (self)->used_key_id, key_id);
  end_change (self);
}

/**
 * kms_item_set_request_id:
 * @self: an item that is not settled
 * @request_id: the service's name for the request
 *
 * Reports the request, so that it can be found in the service's own log.
 *
 * Since: 1.0
 */
void
kms_item_set_request_id (KmsItem *self, const char *request_id)
{
  if (self->is_single || !begin_change (self))
    return;
  replace_string (&get_remarks (self)->request_id, request_id);
  end_change (self);
}

/**
 * kms_item_set_binding:
 * @self: an item that is not settled
 * @binding: how the context was bound
 *
 * Reports how strongly the context of this item is bound, where that depends on the key.
 *
 * Since: 1.0
 */
void
kms_item_set_binding (KmsItem *self, KmsBinding binding)
{
  if (self->is_single || !begin_change (self))
    return;
  get_remarks (self)->binding = binding;
  end_change (self);
}
