/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of keys in the Vault double: made, read, configured, rotated, trimmed and deleted. */
#include "vault-double-transit.h"

DoubleKey *
double_transit_create_key (DoubleCall *call, const char *type_name, gboolean derived, gboolean convergent)
{
  const DoubleKeyType *type = double_key_type_find (type_name);

  if (convergent && !derived)
    {
      double_call_fail (call, 400, "convergent encryption requires derivation to be enabled");
      return NULL;
    }
  if (type == NULL)
    {
      double_call_fail (call, 400, "unknown key type %s", type_name);
      return NULL;
    }
  if (derived && !double_key_type_is_aead (type))
    {
      double_call_fail_inside (call, 500, "key derivation and convergent encryption not supported for keys of type %s",
                               type_name);
      return NULL;
    }
  DoubleKey *key = double_key_find (call->vault, call->mount, call->name);
  if (key != NULL)
    return key;
  key = double_key_add (call->vault, call->mount, call->name, type);
  key->derived = derived;
  key->convergent = convergent;
  return key;
}

static void
answer_key (DoubleCall *call, const DoubleKey *key)
{
  double_call_answer (call, double_key_describe (key));
}

void
double_transit_list_keys (DoubleCall *call)
{
  g_autoptr (GList) names = double_key_list (call->vault, call->mount);
  JsonObject *data = NULL;

  if (names == NULL)
    {
      double_call_fail_missing (call);
      return;
    }
  JsonArray *array = json_array_new ();
  for (GList *name = names; name != NULL; name = name->next)
    json_array_add_string_element (array, name->data);
  data = json_object_new ();
  json_object_set_array_member (data, "keys", array);
  double_call_answer (call, data);
}

void
double_transit_make_key (DoubleCall *call)
{
  const char *type = "aes256-gcm96";
  gboolean derived = FALSE, convergent = FALSE, exportable = FALSE, backup = FALSE;
  gint64 period = 0;

  if (!double_call_get_string (call, "type", &type) || !double_call_get_boolean (call, "derived", &derived)
      || !double_call_get_boolean (call, "convergent_encryption", &convergent)
      || !double_call_get_boolean (call, "exportable", &exportable)
      || !double_call_get_boolean (call, "allow_plaintext_backup", &backup)
      || !double_call_get_seconds (call, "auto_rotate_period", &period))
    return;
  if (period != 0 && period < 3600)
    {
      double_call_fail (call, 400, "auto rotate period must be 0 to disable or at least an hour");
      return;
    }
  gboolean is_new = !double_transit_key_exists (call);
  DoubleKey *key = double_transit_create_key (call, type, derived, convergent);
  if (key == NULL)
    return;
  if (is_new)
    {
      key->exportable = exportable;
      key->plaintext_backup = backup;
      key->auto_rotate_period = period;
    }
  answer_key (call, key);
}

void
double_transit_read_key (DoubleCall *call)
{
  const DoubleKey *key = double_key_find (call->vault, call->mount, call->name);

  if (key != NULL)
    answer_key (call, key);
  else
    double_call_fail_missing (call);
}

void
double_transit_delete_key (DoubleCall *call)
{
  const DoubleKey *key = double_key_find (call->vault, call->mount, call->name);

  if (key == NULL)
    double_call_fail (call, 400, "error deleting policy %s: could not delete key; not found", call->name);
  else if (!key->deletion_allowed)
    double_call_fail (call, 400, "error deleting policy %s: deletion is not allowed for this key", call->name);
  else
    {
      double_key_remove (call->vault, call->mount, call->name);
      double_call_answer_nothing (call);
    }
}

static gboolean
check_minimum (DoubleCall *call, const DoubleKey *key, const char *what, gint64 wanted)
{
  if (wanted < 0)
    return double_call_fail (call, 400, "min %s version cannot be negative", what);
  if (wanted > key->versions->len)
    return double_call_fail (call, 400, "cannot set min %s version of %" G_GINT64_FORMAT ", latest key version is %u",
                             what, wanted, key->versions->len);
  return TRUE;
}

/* FALSE with the answer set. */
static gboolean
configure_versions (DoubleCall *call, DoubleKey *key)
{
  gint64 decryption = key->min_decryption_version, encryption = key->min_encryption_version;

  if (!double_call_get_integer (call, "min_decryption_version", &decryption)
      || !check_minimum (call, key, "decryption", decryption)
      || !double_call_get_integer (call, "min_encryption_version", &encryption)
      || !check_minimum (call, key, "encryption", encryption))
    return FALSE;
  if (decryption == 0)
    {
      decryption = 1;
      double_call_warn (call, "since Vault 0.3 (prior to the OpenBao fork), transit key numbering starts at 1; forcing "
                              "minimum to 1");
    }
  if (encryption > 0 && encryption < decryption)
    return double_call_fail (call, 400,
                             "cannot set min encryption/decryption values; min encryption version of %" G_GINT64_FORMAT
                             " must be greater than or equal to min decryption version of %" G_GINT64_FORMAT,
                             encryption, decryption);
  if (decryption < key->min_available_version)
    return double_call_fail (call, 400, "min decryption version should not be less then min available version");
  key->min_decryption_version = (guint) decryption;
  key->min_encryption_version = (guint) encryption;
  return TRUE;
}

void
double_transit_configure_key (DoubleCall *call)
{
  DoubleKey *key = double_key_find (call->vault, call->mount, call->name);

  if (key == NULL)
    {
      double_call_fail (call, 400, "no existing key named %s could be found", call->name);
      return;
    }
  if (!configure_versions (call, key) || !double_call_get_boolean (call, "deletion_allowed", &key->deletion_allowed)
      || !double_call_get_boolean (call, "exportable", &key->exportable)
      || !double_call_get_boolean (call, "allow_plaintext_backup", &key->plaintext_backup)
      || !double_call_get_seconds (call, "auto_rotate_period", &key->auto_rotate_period))
    return;
  answer_key (call, key);
}

void
double_transit_rotate_key (DoubleCall *call)
{
  DoubleKey *key = double_key_find (call->vault, call->mount, call->name);

  if (key == NULL)
    {
      double_call_fail (call, 400, "key not found");
      return;
    }
  if (key->soft_deleted)
    {
      double_call_fail_inside (call, 500, "refusing to use soft-deleted key");
      return;
    }
  double_key_rotate (call->vault, key);
  answer_key (call, key);
}

/* FALSE with the answer set. */
static gboolean
check_trim (DoubleCall *call, const DoubleKey *key, gint64 wanted)
{
  if (wanted < key->min_available_version)
    return double_call_fail (call, 400, "minimum available version cannot be decremented");
  if (key->min_encryption_version == 0)
    return double_call_fail (call, 400,
                             "minimum available version cannot be set when minimum encryption version is not set");
  if (key->min_decryption_version == 0)
    return double_call_fail (call, 400,
                             "minimum available version cannot be set when minimum decryption version is not set");
  if (wanted > key->min_encryption_version)
    return double_call_fail (call, 400, "minimum available version cannot be greater than minmum encryption version");
  if (wanted > key->min_decryption_version)
    return double_call_fail (call, 400, "minimum available version cannot be greater than minimum decryption version");
  return wanted >= 0 || double_call_fail (call, 400, "minimum available version cannot be negative");
}

void
double_transit_trim_key (DoubleCall *call)
{
  gint64 wanted = 0;
  DoubleKey *key = double_key_find (call->vault, call->mount, call->name);

  if (!double_call_has (call, "min_available_version"))
    {
      double_call_fail (call, 400, "missing min_available_version");
      return;
    }
  if (!double_call_get_integer (call, "min_available_version", &wanted))
    return;
  if (key == NULL)
    {
      double_call_fail (call, 400, "invalid key name");
      return;
    }
  if (!check_trim (call, key, wanted))
    return;
  key->min_available_version = (guint) wanted;
  answer_key (call, key);
}

static void
set_soft_deleted (DoubleCall *call, gboolean deleted)
{
  DoubleKey *key = double_key_find (call->vault, call->mount, call->name);

  if (key == NULL)
    {
      double_call_answer_nothing (call);
      return;
    }
  key->soft_deleted = deleted;
  answer_key (call, key);
}

void
double_transit_soft_delete_key (DoubleCall *call)
{
  set_soft_deleted (call, TRUE);
}

void
double_transit_restore_key (DoubleCall *call)
{
  set_soft_deleted (call, FALSE);
}

void
double_transit_read_config (DoubleCall *call)
{
  JsonObject *data = json_object_new ();

  json_object_set_boolean_member (data, "disable_upsert", call->vault->disable_upsert);
  double_call_answer (call, data);
}

void
double_transit_write_config (DoubleCall *call)
{
  if (double_call_get_boolean (call, "disable_upsert", &call->vault->disable_upsert))
    double_transit_read_config (call);
}
