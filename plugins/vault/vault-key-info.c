/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys as GET keys/NAME describes them. */
#include "vault-key-info.h"

#include <string.h>

/* More than a key ever had; a server that says so is not followed. */
#define MAX_VERSIONS 100000

VaultKeyInfo *
vault_key_info_new (void)
{
  VaultKeyInfo *self = g_atomic_rc_box_new0 (VaultKeyInfo);
  self->versions = g_array_new (FALSE, FALSE, sizeof (VaultKeyVersion));
  self->supports_encryption = TRUE; /* very old servers do not say */
  return self;
}

VaultKeyInfo *
vault_key_info_ref (VaultKeyInfo *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
clear (gpointer data)
{
  VaultKeyInfo *self = data;
  g_free (self->type);
  g_array_unref (self->versions);
}

void
vault_key_info_unref (VaultKeyInfo *self)
{
  g_atomic_rc_box_release_full (self, clear);
}

static gint64
parse_time (const char *text)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (text, NULL);
  return time != NULL ? g_date_time_to_unix (time) : -1;
}

/* Symmetric keys have a number of seconds here, others an object with a time. */
static gint64
read_creation (KmsHttpJson *json)
{
  gint64 seconds = -1;
  const char *name, *text = NULL;

  if (kms_http_json_peek (json) == KMS_HTTP_JSON_NUMBER)
    {
      kms_http_json_read_integer (json, &seconds);
      return seconds;
    }
  kms_http_json_enter_object (json);
  while (kms_http_json_next_member (json, &name))
    if (strcmp (name, "creation_time") == 0 && vault_json_read_text (json, &text, NULL) && text != NULL)
      seconds = parse_time (text);
    else if (strcmp (name, "creation_time") != 0)
      kms_http_json_skip (json);
  return seconds;
}

static void
read_versions (KmsHttpJson *json, VaultKeyInfo *self)
{
  const char *name;

  kms_http_json_enter_object (json);
  while (kms_http_json_next_member (json, &name))
    {
      VaultKeyVersion version;
      gboolean counts = g_ascii_isdigit (name[0])
                        && g_ascii_string_to_unsigned (name, 10, 0, G_MAXINT64, &version.number, NULL);
      version.created = read_creation (json);
      if (counts && self->versions->len < MAX_VERSIONS)
        g_array_append_val (self->versions, version);
    }
}

#define FIELD(name) G_STRUCT_OFFSET (VaultKeyInfo, name)

static const struct
{
  const char *name;
  gsize field;
} flags[] = {
  { "derived", FIELD (derived) },
  { "convergent_encryption", FIELD (convergent) },
  { "exportable", FIELD (exportable) },
  { "allow_plaintext_backup", FIELD (allow_plaintext_backup) },
  { "deletion_allowed", FIELD (deletion_allowed) },
  { "soft_deleted", FIELD (soft_deleted) },
  { "supports_encryption", FIELD (supports_encryption) },
}, numbers[] = {
  { "latest_version", FIELD (latest_version) },
  { "min_decryption_version", FIELD (min_decryption_version) },
  { "min_encryption_version", FIELD (min_encryption_version) },
  { "min_available_version", FIELD (min_available_version) },
};

void
vault_key_info_read_member (KmsHttpJson *json, const char *name, gpointer data)
{
  VaultKeyInfo *self = data;
  const char *text = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    if (strcmp (flags[i].name, name) == 0)
      {
        vault_json_read_boolean (json, G_STRUCT_MEMBER_P (self, flags[i].field));
        return;
      }
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (strcmp (numbers[i].name, name) == 0)
      {
        vault_json_read_integer (json, G_STRUCT_MEMBER_P (self, numbers[i].field));
        return;
      }
  if (strcmp (name, "keys") == 0)
    read_versions (json, self);
  else if (strcmp (name, "type") != 0)
    kms_http_json_skip (json);
  else if (vault_json_read_text (json, &text, NULL) && text != NULL)
    {
      g_free (self->type);
      self->type = g_strdup (text);
    }
}

static int
compare_versions (gconstpointer a, gconstpointer b)
{
  const VaultKeyVersion *first = a, *second = b;
  return first->number < second->number ? -1 : first->number > second->number;
}

void
vault_key_info_complete (VaultKeyInfo *self)
{
  g_array_sort (self->versions, compare_versions);
  self->known = TRUE;
}

/* Those that authenticate associated data. */
static gboolean
is_aead (const char *type)
{
  return type != NULL && (strstr (type, "gcm96") != NULL || strstr (type, "chacha20-poly1305") != NULL);
}

KmsBinding
vault_key_info_get_binding (const VaultKeyInfo *self, const VaultSettings *settings)
{
  if (!self->known)
    return KMS_BINDING_UNKNOWN;
  return (settings->associated_data ? is_aead (self->type) : self->derived) ? KMS_BINDING_VERIFIED
                                                                            : KMS_BINDING_IGNORED;
}

static gboolean
fail_unbound (const VaultSettings *settings, const char *name, const char *type, GError **error)
{
  if (settings->associated_data)
    g_set_error (
      error, KMS_ERROR, KMS_ERROR_CONTEXT_UNBOUND,
      "key \"%s\" is of type %s, which takes no associated data, so the context would not be bound; use a key of "
      "type aes256-gcm96, or a derived key with ContextAs=context in %s.provider",
      name, type != NULL ? type : "unknown", settings->label);
  else
    g_set_error (error, KMS_ERROR, KMS_ERROR_CONTEXT_UNBOUND,
                 "key \"%s\" is not derived, so the context would be ignored; create a key with derived=true, or set "
                 "ContextAs=associated-data or AllowUnboundContext=true in %s.provider",
                 name, settings->label);
  return FALSE;
}

gboolean
vault_key_info_check (const VaultKeyInfo *self, const VaultSettings *settings, const char *name, gboolean has_context,
                      GError **error)
{
  if (!self->known)
    return TRUE;
  if (self->soft_deleted)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_KEY_DISABLED,
                   "key \"%s\" is deleted, and can be restored: kmsctl key restore", name);
      return FALSE;
    }
  if (!self->supports_encryption)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "key \"%s\" is of type %s, which does not encrypt",
                   name, self->type != NULL ? self->type : "unknown");
      return FALSE;
    }
  if (self->derived && settings->associated_data)
    {
      g_set_error (
        error, KMS_ERROR, KMS_ERROR_CONFIG,
        "key \"%s\" is derived, and derives from what ContextAs=context sends; set that in %s.provider, or use a "
        "key that is not derived",
        name, settings->label);
      return FALSE;
    }
  if (self->derived && !has_context)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_CONTEXT_REQUIRED,
                   "key \"%s\" is derived, so that it encrypts nothing without a context", name);
      return FALSE;
    }
  if (!has_context || settings->allow_unbound || vault_key_info_get_binding (self, settings) == KMS_BINDING_VERIFIED)
    return TRUE;
  return fail_unbound (settings, name, self->type, error);
}
