/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which requests a call takes: encrypting reads the key first, and what the server can't rewrap itself is decrypted and
 * encrypted again. */
#include "vault-call.h"

#include <string.h>

#include "vault-values.h"

/* The server's rewrap takes one key and one context, and no associated data. */
static gboolean
can_rewrap_there (const VaultSettings *settings, KmsItem *item)
{
  gsize length, new_length;
  const char *context = kms_item_get_context_json (item, &length);
  const char *new_context = kms_item_get_new_context_json (item, &new_length);

  if (!g_str_equal (kms_item_get_key_id (item), kms_item_get_new_key_id (item)))
    return FALSE;
  if (context == NULL || new_context == NULL)
    return context == new_context;
  return !settings->associated_data && length == new_length && memcmp (context, new_context, length) == 0;
}

static VaultStep
find_first_step (const VaultSettings *settings, KmsItem *item)
{
  switch (kms_item_get_operation (item))
    {
    case KMS_OPERATION_ENCRYPT:
      return VAULT_STEP_ENCRYPT;
    case KMS_OPERATION_REWRAP:
      return can_rewrap_there (settings, item) ? VAULT_STEP_REWRAP : VAULT_STEP_DECRYPT;
    case KMS_OPERATION_DECRYPT:
    default:
      return VAULT_STEP_DECRYPT;
    }
}

/* What can't be a ciphertext is not sent, since it might be anything. */
static gboolean
check_input (KmsItem *item)
{
  gsize length;
  guint64 version;
  const guint8 *input = kms_item_get_input (item, &length);

  if (kms_item_get_operation (item) == KMS_OPERATION_ENCRYPT
      || vault_ciphertext_parse ((const char *) input, length, &version))
    return TRUE;
  kms_item_fail (item, KMS_ERROR_INVALID_CIPHERTEXT,
                 "the ciphertext is none of Vault's or OpenBao's: it does not begin with "
                 "\"vault:v\", a number and a colon, with base64 behind it");
  return FALSE;
}

VaultCall *
vault_call_new (const VaultSettings *settings, KmsCall *call)
{
  VaultCall *self = g_new0 (VaultCall, 1);

  self->n_items = kms_call_get_n_items (call);
  self->steps = g_new0 (VaultStep, self->n_items);
  self->sent = g_new0 (guint, self->n_items);
  self->wants_key = kms_call_get_operation (call) == KMS_OPERATION_ENCRYPT;
  for (guint i = 0; i < self->n_items; i++)
    {
      KmsItem *item = kms_call_get_item (call, i);
      self->steps[i] = VAULT_STEP_OVER;
      if (kms_item_is_settled (item) || !check_input (item))
        continue;
      self->steps[i] = find_first_step (settings, item);
      if (kms_item_get_operation (item) == KMS_OPERATION_REWRAP
          && (self->steps[i] == VAULT_STEP_DECRYPT || kms_item_get_new_context (item) != NULL))
        self->wants_key = TRUE;
    }
  if (kms_call_get_operation (call) == KMS_OPERATION_REWRAP)
    self->plaintexts = g_new0 (KmsSecret *, self->n_items);
  return self;
}

void
vault_call_free (gpointer data)
{
  VaultCall *self = data;

  for (guint i = 0; self->plaintexts != NULL && i < self->n_items; i++)
    g_clear_pointer (&self->plaintexts[i], kms_secret_unref);
  g_free (self->plaintexts);
  g_free (self->steps);
  g_free (self->sent);
  g_clear_pointer (&self->key, vault_key_info_unref);
  vault_route_clear (&self->route);
  g_free (self);
}

VaultStep
vault_call_choose (VaultCall *self, KmsCall *call, gboolean only_one)
{
  VaultStep next = VAULT_STEP_OVER;

  self->n_sent = 0;
  for (guint i = 0; i < self->n_items; i++)
    {
      if (kms_item_is_settled (kms_call_get_item (call, i)))
        self->steps[i] = VAULT_STEP_OVER;
      next = MIN (next, self->steps[i]);
    }
  if (next != VAULT_STEP_OVER && self->wants_key && self->key == NULL)
    return self->step = VAULT_STEP_READ_KEY;
  for (guint i = 0; i < self->n_items && next != VAULT_STEP_OVER; i++)
    if (self->steps[i] == next && (!only_one || self->n_sent == 0))
      self->sent[self->n_sent++] = i;
  return self->step = next;
}

static KmsContext *
get_encrypting_context (KmsItem *item)
{
  return kms_item_get_operation (item) == KMS_OPERATION_REWRAP ? kms_item_get_new_context (item)
                                                               : kms_item_get_context (item);
}

void
vault_call_apply_key (VaultCall *self, const VaultSettings *settings, KmsCall *call, VaultKeyInfo *key)
{
  KmsBinding binding = vault_key_info_get_binding (key, settings);
  const char *name = vault_call_get_encrypting_key (call);

  g_clear_pointer (&self->key, vault_key_info_unref);
  self->key = vault_key_info_ref (key);
  for (guint i = 0; i < self->n_items; i++)
    {
      KmsItem *item = kms_call_get_item (call, i);
      KmsContext *context = get_encrypting_context (item);
      GError *error = NULL;
      if (kms_item_is_settled (item))
        continue;
      if (!vault_key_info_check (key, settings, name, context != NULL, &error))
        kms_item_take_error (item, error);
      else if (context != NULL)
        kms_item_set_binding (item, binding);
    }
}

const char *
vault_call_get_encrypting_key (KmsCall *call)
{
  KmsItem *first = kms_call_get_item (call, 0);
  return kms_call_get_operation (call) == KMS_OPERATION_REWRAP ? kms_item_get_new_key_id (first)
                                                               : kms_item_get_key_id (first);
}

const char *
vault_call_get_key_name (const VaultCall *self, KmsCall *call)
{
  if (self->step == VAULT_STEP_READ_KEY || self->step == VAULT_STEP_ENCRYPT)
    return vault_call_get_encrypting_key (call);
  return kms_item_get_key_id (kms_call_get_item (call, 0));
}

const char *
vault_call_get_context (const VaultCall *self, KmsItem *item, gsize *length)
{
  if (self->step == VAULT_STEP_ENCRYPT && kms_item_get_operation (item) == KMS_OPERATION_REWRAP)
    return kms_item_get_new_context_json (item, length);
  return kms_item_get_context_json (item, length);
}

const guint8 *
vault_call_get_input (const VaultCall *self, KmsItem *item, guint index, gsize *length)
{
  if (self->plaintexts != NULL && self->step == VAULT_STEP_ENCRYPT)
    return kms_secret_get_data (self->plaintexts[index], length);
  return kms_item_get_input (item, length);
}
