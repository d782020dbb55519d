/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Boxes as keys: which there are, what may be done with them, and new versions of their master keys. Blocking, over a
 * link of its own. */
#include "kmsd-provider.h"

#include <string.h>

#define TIMEOUT_MS 30000

/* Making a key version may take a service long, and polkit may ask first. */
#define ROTATE_TIMEOUT_MS 120000

static KmsKeyState
read_state (GVariant *info)
{
  const char *state = "enabled";

  g_variant_lookup (info, "state", "&s", &state);
  return strcmp (state, "disabled") == 0 ? KMS_KEY_STATE_DISABLED : KMS_KEY_STATE_ENABLED;
}

/* The last one is the one that encrypts. */
static void
add_versions (KmsKey *key, GVariant *info)
{
  g_autoptr (GVariant) versions = g_variant_lookup_value (info, "versions", G_VARIANT_TYPE ("au"));
  guint32 primary = 0;
  gsize n = 0;
  const guint32 *numbers = versions == NULL ? NULL : g_variant_get_fixed_array (versions, &n, sizeof (guint32));

  g_variant_lookup (info, "version", "u", &primary);
  for (gsize i = 0; i <= n; i++)
    {
      guint32 number = i < n ? numbers[i] : primary;
      char text[16];
      if (number == 0 || (i < n && number == primary))
        continue;
      g_snprintf (text, sizeof text, "%u", number);
      kms_key_add_version (key, text, KMS_KEY_STATE_ENABLED, -1);
    }
}

static GVariant *
make_details (GVariant *info)
{
  static const char *const names[] = { "state",   "lockdown", "json-dialect", "require-context",
                                       "encrypt", "decrypt",  "rewrap",       "manage" };
  GVariantDict details;

  g_variant_dict_init (&details, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GVariant) value = g_variant_lookup_value (info, names[i], NULL);
      if (value != NULL)
        g_variant_dict_insert_value (&details, names[i], value);
    }
  return g_variant_dict_end (&details);
}

static KmsKey *
describe (const KmsdPlace *place, const char *box, GVariant *info)
{
  g_autofree char *start = kmsd_place_to_string (place);
  g_autofree char *id = g_strconcat (start, box, NULL);
  KmsKey *key = kms_key_new (id, read_state (info));
  const char *description;

  if (g_variant_lookup (info, "description", "&s", &description))
    kms_key_set_description (key, description);
  kms_key_set_details (key, make_details (info));
  add_versions (key, info);
  return key;
}

/* What a method of a box tells. */
static GVariant *
ask_box (KmsdLink *link, const char *box, const char *method, int timeout_ms, gboolean interactive,
         GCancellable *cancellable, GError **error)
{
  const char *path = kmsd_link_lookup_box_sync (link, box, timeout_ms, cancellable, error);

  if (path == NULL)
    return NULL;
  const KmsdCall call = {
    .path = path,
    .interface = KMSD_BOX,
    .method = method,
    .parameters = g_variant_new_parsed ("(@a{sv} {},)"),
    .reply = G_VARIANT_TYPE ("(a{sv})"),
    .timeout_ms = timeout_ms,
    .interactive = interactive,
  };
  g_autoptr (GVariant) answer = kmsd_link_call_sync (link, &call, NULL, cancellable, error);
  return answer == NULL ? NULL : g_variant_get_child_value (answer, 0);
}

static KmsKey *
show (KmsdLink *link, const char *box, GCancellable *cancellable, GError **error)
{
  g_autoptr (GVariant) info = ask_box (link, box, "GetInfo", TIMEOUT_MS, FALSE, cancellable, error);

  return info == NULL ? NULL : describe (kmsd_link_get_place (link), box, info);
}

static KmsdLink *
open_link (const char *key_id, const char **box, GCancellable *cancellable, GError **error)
{
  g_auto (KmsdPlace) place = { 0 };

  return kmsd_place_parse (key_id, &place, box, error) ? kmsd_link_open (&place, cancellable, error) : NULL;
}

static KmsKey *
show_key (KmsKeyAdmin *admin, const char *key_id, GVariant *options, GCancellable *cancellable, GError **error)
{
  const char *box;
  g_autoptr (KmsdLink) link = open_link (key_id, &box, cancellable, error);

  return link == NULL ? NULL : show (link, box, cancellable, error);
}

/* Not repeated, whatever happens: twice would be two versions. */
static KmsKey *
rotate_key (KmsKeyAdmin *admin, const char *key_id, GVariant *options, GCancellable *cancellable, GError **error)
{
  const char *box;
  g_autoptr (KmsdLink) link = open_link (key_id, &box, cancellable, error);

  if (link == NULL)
    return NULL;
  gboolean interactive = kms_kmsd_provider_may_interact (KMS_KMSD_PROVIDER (admin), kmsd_link_get_place (link));
  g_autoptr (GVariant) info = ask_box (link, box, "RotateKey", ROTATE_TIMEOUT_MS, interactive, cancellable, error);
  return info == NULL ? NULL : show (link, box, cancellable, error);
}

static gboolean
list_place (KmsdBus bus, GPtrArray *keys, GCancellable *cancellable, GError **error)
{
  const KmsdPlace place = { bus, NULL };
  const KmsdCall call = {
    .path = KMSD_MANAGER_PATH,
    .interface = KMSD_MANAGER,
    .method = "ListBoxes",
    .parameters = g_variant_new_parsed ("(@a{sv} {},)"),
    .reply = G_VARIANT_TYPE ("(a{oa{sv}})"),
    .timeout_ms = TIMEOUT_MS,
  };
  g_autoptr (GVariant) parameters = g_variant_ref_sink (call.parameters);
  g_autoptr (KmsdLink) link = kmsd_link_open (&place, cancellable, error);
  g_autoptr (GVariant) answer = link == NULL ? NULL : kmsd_link_call_sync (link, &call, NULL, cancellable, error);

  if (answer == NULL)
    return FALSE;
  g_autoptr (GVariant) boxes = g_variant_get_child_value (answer, 0);
  for (gsize i = 0; i < g_variant_n_children (boxes); i++)
    {
      g_autoptr (GVariant) info = NULL;
      const char *name;
      g_variant_get_child (boxes, i, "{&o@a{sv}}", NULL, &info);
      if (g_variant_lookup (info, "name", "&s", &name))
        g_ptr_array_add (keys, describe (&place, name, info));
    }
  return TRUE;
}

/* A daemon that is not there has no boxes; only where there is none at all, that is worth an error. */
static GPtrArray *
list_keys (KmsKeyAdmin *admin, GVariant *options, GCancellable *cancellable, GError **error)
{
  static const KmsdBus buses[] = { KMSD_BUS_SYSTEM, KMSD_BUS_SESSION };
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) first = NULL;
  gboolean found = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (buses); i++)
    {
      g_autoptr (GError) local = NULL;
      if (list_place (buses[i], keys, cancellable, &local))
        found = TRUE;
      else if (!g_error_matches (local, KMS_ERROR, KMS_ERROR_UNAVAILABLE))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return NULL;
        }
      else if (first == NULL)
        first = g_steal_pointer (&local);
    }
  if (found)
    return g_steal_pointer (&keys);
  g_propagate_error (error, g_steal_pointer (&first));
  return NULL;
}

void
kms_kmsd_provider_key_admin_init (KmsKeyAdminInterface *iface)
{
  iface->list_keys = list_keys;
  iface->show_key = show_key;
  iface->rotate_key = rotate_key;
}
