/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What "kmsctl doctor" is told: is a daemon there, which boxes does it keep, and what may this user do with one. */
#include "kmsd-provider.h"

#include <string.h>

#define TIMEOUT_MS 30000

static GVariant *
call_empty (KmsdLink *link, const char *path, const char *interface, const char *method, GVariant *parameters,
            GCancellable *cancellable, GError **error)
{
  const KmsdCall call = {
    .path = path, .interface = interface, .method = method, .parameters = parameters, .timeout_ms = TIMEOUT_MS
  };

  return kmsd_link_call_sync (link, &call, NULL, cancellable, error);
}

static void
report_access (KmsReport *report, const char *key_id, GVariant *decisions)
{
  static const char *const words[] = { "encrypt", "decrypt", "rewrap", "manage" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      g_autofree char *why_name = g_strconcat (words[i], "-why", NULL);
      const char *decision = "no", *why = NULL;
      g_variant_lookup (decisions, words[i], "&s", &decision);
      g_variant_lookup (decisions, why_name, "&s", &why);
      /* The reason begins with the decision. */
      g_autofree char *finding = g_strdup_printf ("%s %s: %s", key_id, words[i], why == NULL ? decision : why);
      kms_report_add (report, KMS_SEVERITY_INFO, "access", finding, NULL);
    }
}

static void
report_lockdown (KmsReport *report, const char *key_id, GVariant *info)
{
  const char *mode = "normal";

  g_variant_lookup (info, "lockdown", "&s", &mode);
  if (strcmp (mode, "normal") == 0)
    return;
  g_autofree char *finding = g_strdup_printf ("%s is in lockdown: %s", key_id, mode);
  kms_report_add (report, KMS_SEVERITY_WARNING, "lockdown", finding, "kmsctl lockdown status says since when and why");
}

static void
examine_box (KmsdLink *link, const char *key_id, const char *box, KmsReport *report, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  const char *path = kmsd_link_lookup_box_sync (link, box, TIMEOUT_MS, cancellable, &error);
  g_autoptr (GVariant) info = path == NULL ? NULL
                                           : call_empty (link, path, KMSD_BOX, "GetInfo",
                                                         g_variant_new_parsed ("(@a{sv} {},)"), cancellable, &error);
  g_autoptr (GVariant) access = info == NULL
                                  ? NULL
                                  : call_empty (link, path, KMSD_BOX, "CheckAccess",
                                                g_variant_new_parsed ("(@a{sv} {}, @a{sv} {})"), cancellable, &error);

  if (access == NULL)
    {
      kms_report_add (report, KMS_SEVERITY_ERROR, "box", error->message,
                      "kmsctl key list tells the boxes that this user may use");
      return;
    }
  g_autoptr (GVariant) description = g_variant_get_child_value (info, 0);
  g_autoptr (GVariant) decisions = g_variant_get_child_value (access, 0);
  report_lockdown (report, key_id, description);
  report_access (report, key_id, decisions);
}

/* Whether somebody is there at all; NULL if not. */
static KmsdLink *
examine_place (const KmsdPlace *place, gboolean is_needed, KmsReport *report, GCancellable *cancellable)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *where = kmsd_place_describe (place);
  g_autoptr (KmsdLink) link = kmsd_link_open (place, cancellable, &error);
  g_autoptr (GVariant) boxes = link == NULL ? NULL
                                            : call_empty (link, KMSD_MANAGER_PATH, KMSD_MANAGER, "ListBoxes",
                                                          g_variant_new_parsed ("(@a{sv} {},)"), cancellable, &error);

  if (boxes == NULL)
    {
      kms_report_add (report, is_needed ? KMS_SEVERITY_ERROR : KMS_SEVERITY_INFO, "kmsd", error->message, NULL);
      return NULL;
    }
  g_autoptr (GVariant) list = g_variant_get_child_value (boxes, 0);
  g_autofree char *finding = g_strdup_printf (
    "kmsd at %s answers%s; boxes that it shows to this user: %" G_GSIZE_FORMAT, where,
    kmsd_link_is_bus (link) || place->bus == KMSD_BUS_SOCKET ? "" : " at its private socket, for want of a bus",
    g_variant_n_children (list));
  kms_report_add (report, KMS_SEVERITY_OK, "kmsd", finding, NULL);
  return g_steal_pointer (&link);
}

static void
examine_buses (KmsReport *report, GCancellable *cancellable)
{
  static const KmsdPlace places[] = { { KMSD_BUS_SYSTEM, NULL }, { KMSD_BUS_SESSION, NULL } };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      KmsdLink *link = examine_place (&places[i], FALSE, report, cancellable);
      g_clear_pointer (&link, kmsd_link_unref);
    }
}

void
kms_kmsd_provider_diagnose (KmsProvider *provider, const char *key_id, KmsReport *report, GCancellable *cancellable)
{
  g_auto (KmsdPlace) place = { 0 };
  g_autoptr (GError) error = NULL;
  const char *box;

  if (key_id == NULL)
    {
      examine_buses (report, cancellable);
      return;
    }
  if (!kmsd_place_parse (key_id, &place, &box, &error))
    {
      kms_report_add (report, KMS_SEVERITY_ERROR, "key id", error->message, NULL);
      return;
    }
  g_autoptr (KmsdLink) link = examine_place (&place, TRUE, report, cancellable);
  if (link != NULL)
    examine_box (link, key_id, box, report, cancellable);
}
