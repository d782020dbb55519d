/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* From stored strings and secrets to items, and back. */
#include "kms-box-private.h"

#include "kms-base64.h"
#include "kms-context.h"
#include "kms-error.h"
#include "kms-provider-class.h"
#include "kms-secret.h"

static gboolean
fill_plaintext (KmsItem *item, KmsSecret *plaintext, GError **error)
{
  item->input = kms_secret_get_data (plaintext, &item->input_length);
  if (G_LIKELY (item->input != NULL))
    return TRUE;
  g_set_error_literal (error, KMS_ERROR, KMS_ERROR_FORKED,
                       "the plaintext is gone in this forked child; make it again here");
  return FALSE;
}

/* What is written must be read again: by the box, and by the provider, which may declare two limits that do not fit. */
static gboolean
check_size (KmsBox *self, KmsProvider *provider, gsize n_bytes, GError **error)
{
  gsize length = self->encrypting->prefix_length + kms_base64_encoded_size (n_bytes);
  gint64 limit = kms_provider_get_limit (provider, KMS_LIMIT_CIPHERTEXT);

  if (G_LIKELY (length <= KMS_STORED_MAX_LENGTH && n_bytes <= (guint64) limit))
    return TRUE;
  if (length > KMS_STORED_MAX_LENGTH)
    g_set_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE,
                 "%s \"%s\": the value would need a stored string of %" G_GSIZE_FORMAT
                 " bytes, which is larger than the limit of %d bytes; encrypt large data with a data key",
                 _kms_box_get_noun (self), self->name, length, KMS_STORED_MAX_LENGTH);
  else
    g_set_error (error, KMS_ERROR, KMS_ERROR_TOO_LARGE,
                 "%s \"%s\": the value would need a ciphertext of %" G_GSIZE_FORMAT
                 " bytes, and provider \"%s\" decrypts %" G_GINT64_FORMAT
                 " at most; encrypt large data with a data key",
                 _kms_box_get_noun (self), self->name, n_bytes, kms_provider_get_name (provider), limit);
  return FALSE;
}

gboolean
_kms_box_fill_encrypt (KmsBox *self, KmsItem *item, KmsSecret *plaintext, KmsContext *context, GError **error)
{
  _kms_item_init (item, KMS_OPERATION_ENCRYPT);
  if (!_kms_box_check (self, KMS_OPERATION_ENCRYPT, context, error))
    return FALSE;
  item->provider = _kms_box_resolve (self, self->encrypting, &item->key_id, error);
  if (item->provider == NULL)
    return FALSE;
  item->version = self->encrypting->version;
  _kms_item_set_context (item, context, kms_context_get_form (context), self->dialect);
  if (!fill_plaintext (item, plaintext, error))
    return FALSE;
  /* The provider's own limit of plaintexts is looked at where it is called, and told in its words. */
  if (G_LIKELY (item->input_length <= KMS_STORED_MAX_LENGTH / 2)
      || (gint64) item->input_length > kms_provider_get_limit (item->provider, KMS_LIMIT_PLAINTEXT)
      || check_size (self, item->provider, item->input_length, error))
    return TRUE;
  item->provider = NULL; /* which never sees it, and is not to be named */
  return FALSE;
}

/* The shortened key id says it all: versions do not matter. */
static gboolean
resolve_google (KmsBox *self, KmsItem *item, const KmsStored *stored, GError **error)
{
  g_autofree char *key_id = _kms_stored_dup_google_key_id (stored);

  if (key_id == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT,
                   "%s \"%s\": the key id between \"$gc$\" and the second \"$\" can't be read",
                   _kms_box_get_noun (self), self->name);
      return FALSE;
    }
  item->owned_provider = kms_registry_dup_provider_for_key (self->registry, key_id, NULL, &item->owned_key_id, error);
  item->provider = item->owned_provider;
  item->key_id = item->owned_key_id;
  return item->provider != NULL;
}

static gboolean
resolve_stored (KmsBox *self, KmsItem *item, const KmsStored *stored, GError **error)
{
  if (stored->format == KMS_STORED_FORMAT_LEGACY_GOOGLE)
    return resolve_google (self, item, stored, error);

  KmsBoxVersion *version = _kms_box_find_version (self, stored->version, stored->version_length, error);
  if (version == NULL)
    return FALSE;
  item->version = version->version;
  item->provider = _kms_box_resolve (self, version, &item->key_id, error);
  return item->provider != NULL;
}

static void
fill_context (KmsBox *self, KmsItem *item, const KmsStored *stored, KmsContext *context)
{
  KmsContextForm form = kms_context_get_form (context);

  /* A raw text too: the gem called to_json on whatever the context was. */
  if (stored->format != KMS_STORED_FORMAT_VERSIONED && form != KMS_CONTEXT_FORM_NONE)
    form = KMS_CONTEXT_FORM_LEGACY;
  _kms_item_set_context (item, context, form, self->dialect);
}

static gboolean
fill_stored (KmsBox *self, KmsItem *item, const char *text, gsize length, KmsContext *context, GError **error)
{
  KmsStored stored;

  if (!_kms_box_check (self, item->operation, context, error) || !_kms_stored_parse (text, length, &stored, error)
      || !resolve_stored (self, item, &stored, error))
    return FALSE;
  if (stored.is_damaged)
    {
      item->provider = NULL; /* which never sees it, and is not to be named */
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT,
                   "%s \"%s\": decryption failed: the version has leading zeros, which no version of the format has",
                   _kms_box_get_noun (self), self->name);
      return FALSE;
    }
  guint8 *input = _kms_item_make_input (item, MAX (_kms_stored_max_bytes (&stored), 1));
  item->input_length = _kms_stored_decode (&stored, input);
  if (self->upgrade_context && stored.format != KMS_STORED_FORMAT_VERSIONED)
    {
      item->owned_context = kms_context_new_empty ();
      _kms_item_set_context (item, item->owned_context, KMS_CONTEXT_FORM_MAP, self->dialect);
    }
  else
    fill_context (self, item, &stored, context);
  return TRUE;
}

gboolean
_kms_box_fill_decrypt (KmsBox *self, KmsItem *item, const char *stored, gsize length, KmsContext *context,
                       GError **error)
{
  _kms_item_init (item, KMS_OPERATION_DECRYPT);
  return fill_stored (self, item, stored, length, context, error);
}

gboolean
_kms_box_fill_rewrap (KmsBox *self, KmsItem *item, const char *stored, gsize length, KmsContext *context,
                      KmsContext *new_context, GError **error)
{
  _kms_item_init (item, KMS_OPERATION_REWRAP);
  if (!_kms_box_check (self, KMS_OPERATION_REWRAP, new_context, error)
      || !fill_stored (self, item, stored, length, context, error))
    return FALSE;
  item->new_context = new_context;
  return TRUE;
}

static gboolean
can_rewrap (KmsProvider *provider, const KmsItem *item)
{
  KmsCapability capabilities = kms_provider_get_capabilities (provider);

  return (capabilities & KMS_CAPABILITY_REWRAP) != 0
         && ((capabilities & KMS_CAPABILITY_ONE_KEY_REWRAP) == 0 || strcmp (item->key_id, item->new_key_id) == 0);
}

/* One request to the service where it can rewrap within itself, two where it can't or where there are two services. */
gboolean
_kms_box_fill_move (KmsBox *self, KmsItem *item, const char *stored, gsize length, KmsContext *context,
                    KmsContext *new_context, GError **error)
{
  if (!_kms_box_fill_rewrap (self, item, stored, length, context, new_context, error))
    return FALSE;
  KmsProvider *target = _kms_box_resolve (self, self->encrypting, &item->new_key_id, error);
  if (target == NULL)
    {
      item->provider = NULL; /* the source's, which has nothing to do with what is wrong */
      return FALSE;
    }
  item->new_version = self->encrypting->version;
  if (target != item->provider || !can_rewrap (target, item))
    item->operation = KMS_OPERATION_DECRYPT;
  return TRUE;
}

char *
_kms_box_make_stored (KmsBox *self, KmsItem *item, GError **error)
{
  KmsBoxVersion *version = self->encrypting;

  if (!check_size (self, item->provider, item->length, error))
    return NULL;
  gsize size = kms_base64_encoded_size (item->length);
  char *stored = g_malloc (version->prefix_length + size + 1);

  memcpy (stored, version->prefix, version->prefix_length);
  gsize written = kms_base64_encode_to (item->output, item->length, stored + version->prefix_length);
  stored[version->prefix_length + written] = '\0';
  return stored;
}

gboolean
_kms_box_wants_other_dialects (KmsBox *self, KmsContext *context, const GError *error)
{
  return G_UNLIKELY (self->try_other_dialects) && g_error_matches (error, KMS_ERROR, KMS_ERROR_INVALID_CIPHERTEXT)
         && kms_context_depends_on_dialect (context);
}

KmsJsonDialect
_kms_box_other_dialect (KmsJsonDialect first, guint attempt)
{
  const KmsJsonDialect others[][KMS_N_OTHER_DIALECTS] = {
    [KMS_JSON_DIALECT_RAILS] = { KMS_JSON_DIALECT_PLAIN, KMS_JSON_DIALECT_RAILS81 },
    [KMS_JSON_DIALECT_PLAIN] = { KMS_JSON_DIALECT_RAILS, KMS_JSON_DIALECT_RAILS81 },
    [KMS_JSON_DIALECT_RAILS81] = { KMS_JSON_DIALECT_RAILS, KMS_JSON_DIALECT_PLAIN },
  };

  return others[first][attempt];
}
