/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which function answers which method, and which options it takes. */
#include "methods.h"

#include <string.h>

#include "box-access.h"
#include "interfaces.h"
#include "object-path.h"
#include "providers.h"
#include "unseen.h"
#include "values.h"

#define MANAGER "org.libkms.Kms1.Manager"
#define BOX METHODS_BOX
#define PROVIDER "org.libkms.Kms1.Provider"
#define LOCKDOWN "org.libkms.Kms1.Lockdown"
#define AUDIT "org.libkms.Kms1.Audit"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define INTROSPECTABLE "org.freedesktop.DBus.Introspectable"

/* One array: data keys and batches have one more in front, rewrapping three more behind. */
#define CIPHER_OPTIONS values_options + 1, 5
#define DATA_KEY_OPTIONS values_options, 6
#define REWRAP_OPTIONS values_options + 1, 8
#define CIPHER_BATCH_OPTIONS values_batch_options, 6
#define REWRAP_BATCH_OPTIONS values_batch_options, 9

static const OptionSpec check_options[] = { { "key-id", "s" } };
static const OptionSpec verify_options[] = { { "head", "s" } };

static const Method methods[] = {
  { MANAGER, "ListBoxes", manager_list_boxes },
  { MANAGER, "ListProviders", manager_list_providers },
  { MANAGER, "LookupBox", manager_lookup_box },
  { MANAGER, "InspectCiphertext", manager_inspect_ciphertext },
  { MANAGER, "Reload", manager_reload },
  { BOX, "GetInfo", box_get_info },
  { BOX, "Encrypt", box_encrypt, CIPHER_OPTIONS, TRUE },
  { BOX, "Decrypt", box_decrypt, CIPHER_OPTIONS, TRUE },
  { BOX, "Rewrap", box_rewrap, REWRAP_OPTIONS },
  { BOX, "GenerateDataKey", box_generate_data_key, DATA_KEY_OPTIONS },
  { BOX, "GenerateDataKeyWithoutPlaintext", box_generate_data_key_without_plaintext, DATA_KEY_OPTIONS },
  { BOX, "EncryptBatch", box_encrypt_batch, CIPHER_BATCH_OPTIONS },
  { BOX, "DecryptBatch", box_decrypt_batch, CIPHER_BATCH_OPTIONS },
  { BOX, "RewrapBatch", box_rewrap_batch, REWRAP_BATCH_OPTIONS },
  { BOX, "CheckAccess", box_check_access },
  { BOX, "RotateKey", box_rotate_key },
  { PROVIDER, "Check", provider_check, check_options, G_N_ELEMENTS (check_options) },
  { PROVIDER, "ListKeys", provider_list_keys },
  { PROVIDER, "GetKey", provider_get_key },
  { PROVIDER, "ManageKey", provider_manage_key, NULL, OPTIONS_ANY },
  { LOCKDOWN, "GetInfo", lockdown_get_info },
  { LOCKDOWN, "Engage", lockdown_engage },
  { LOCKDOWN, "Release", lockdown_release },
  { AUDIT, "Subscribe", audit_subscribe },
  { AUDIT, "Unsubscribe", audit_unsubscribe },
  { AUDIT, "Query", audit_query_log },
  { AUDIT, "Verify", audit_verify_log, verify_options, G_N_ELEMENTS (verify_options) },
  { PROPERTIES, "Get", properties_get },
  { PROPERTIES, "GetAll", properties_get_all },
  { INTROSPECTABLE, "Introspect", introspectable_introspect },
};

const Method *
methods_find (const char *interface, const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    if (strcmp (methods[i].name, name) == 0 && strcmp (methods[i].interface, interface) == 0)
      return &methods[i];
  return NULL;
}

GDBusMethodInfo *
methods_get_info (const Method *method)
{
  const GDBusInterfaceInfo *interface = interfaces_find (method->interface);

  return interface == NULL ? NULL
                           : g_dbus_interface_info_lookup_method ((GDBusInterfaceInfo *) interface, method->name);
}

/* Who may not know of a box gets the answer for a box that is not there, at once: the log has the attempt. */
static gboolean
find_box (Call *call, const char *path, GError **error)
{
  BoxEntry *entry = box_table_find_path (call->daemon->boxes, path);

  if (entry != NULL && box_access_may_see (call, entry))
    {
      call->box = box_entry_ref (entry);
      return TRUE;
    }
  if (entry != NULL)
    unseen_note (call, entry->name);
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND,
               "%.128s is no box that uid %u may use; ListBoxes tells those that are", path, call->caller->access.uid);
  return FALSE;
}

static gboolean
find_provider (Call *call, const char *path, GError **error)
{
  call->provider = providers_find (call->daemon, path);
  if (call->provider != NULL)
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND, "%.128s is no provider; ListProviders tells those that are",
               path);
  return FALSE;
}

static gboolean
find_object (Call *call, GError **error)
{
  const char *path = g_dbus_message_get_path (call->message);

  if (g_str_has_prefix (path, OBJECT_BOXES "/"))
    return find_box (call, path, error);
  return !g_str_has_prefix (path, OBJECT_PROVIDERS "/") || find_provider (call, path, error);
}

/* The argument of that name, wherever it stands. */
static GVariant *
find_options (Call *call)
{
  const GDBusMethodInfo *info = methods_get_info (call->method);

  for (guint i = 0; info != NULL && info->in_args != NULL && info->in_args[i] != NULL; i++)
    if (strcmp (info->in_args[i]->name, "options") == 0)
      return call_dup_argument (call, i);
  return NULL;
}

void
methods_run (Call *call)
{
  GError *error = NULL;

  call->options = find_options (call);
  if (!find_object (call, &error)
      || (call->options != NULL && call->method->n_options != OPTIONS_ANY
          && !options_check (call->options, call->method->options, call->method->n_options, &error)))
    call_fail (call, error);
  else
    call->method->run (call);
}
