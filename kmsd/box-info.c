/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Box.GetInfo, and what somebody may do with a box. */
#include "box-access.h"
#include "methods.h"
#include "properties.h"

gboolean
box_access_may_see (Call *call, BoxEntry *entry)
{
  return daemon_is_ruled_by (call->daemon, call->caller->access.uid)
         || access_may_see (entry->rules, &call->caller->access);
}

void
box_access_describe (BoxEntry *entry, const AccessCaller *subject, gboolean with_reasons, GVariantBuilder *info)
{
  for (guint i = 0; i < N_ACCESS_KINDS; i++)
    {
      const char *word = access_kind_to_string ((AccessKind) i);
      AccessDecision decision = access_check (entry->rules, subject, (AccessKind) i);
      g_variant_builder_add (info, "{sv}", word, g_variant_new_string (access_decision_to_string (decision)));
      if (!with_reasons)
        continue;
      g_autofree char *name = g_strconcat (word, "-why", NULL);
      g_variant_builder_add (info, "{sv}", name,
                             g_variant_new_take_string (access_explain (entry->rules, subject, (AccessKind) i)));
    }
}

static GVariant *
list_versions (KmsBox *box)
{
  g_auto (GStrv) versions = kms_box_list_versions (box);
  GVariantBuilder list;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("au"));
  for (guint i = 0; versions[i] != NULL; i++)
    {
      guint64 version;
      if (g_ascii_string_to_unsigned (versions[i], 10, 0, G_MAXUINT32, &version, NULL))
        g_variant_builder_add (&list, "u", (guint32) version);
    }
  return g_variant_builder_end (&list);
}

static void
add_text (GVariantBuilder *info, const char *name, const char *text)
{
  if (text != NULL)
    g_variant_builder_add (info, "{sv}", name, g_variant_new_string (text));
}

void
box_get_info (Call *call)
{
  static const char *const dialects[] = {
    [KMS_JSON_DIALECT_RAILS] = "rails",
    [KMS_JSON_DIALECT_PLAIN] = "plain",
    [KMS_JSON_DIALECT_RAILS81] = "rails81",
  };
  KmsBox *box = call->box->box;
  g_auto (LockdownState) lockdown = { 0 };
  GVariantBuilder info;

  lockdown_store_get (call->daemon->lockdown, call->box->name, &lockdown);
  g_variant_builder_init (&info, G_VARIANT_TYPE_VARDICT);
  add_text (&info, "name", call->box->name);
  add_text (&info, "description", kms_box_get_description (box));
  add_text (&info, "state", box_state_to_string (kms_box_get_state (box)));
  add_text (&info, "json-dialect", dialects[kms_box_get_json_dialect (box)]);
  add_text (&info, "lockdown", lockdown_mode_to_string (lockdown.mode));
  g_variant_builder_add (&info, "{sv}", "version", g_variant_new_uint32 (call->box->version));
  g_variant_builder_add (&info, "{sv}", "versions", list_versions (box));
  if (!kms_box_get_any_context (box))
    g_variant_builder_add (&info, "{sv}", "require-context",
                           g_variant_new_strv (kms_box_get_require_context (box), -1));
  box_access_describe (call->box, &call->caller->access, FALSE, &info);
  call_return (call, g_variant_new ("(a{sv})", &info));
}

/* What the bus says of the caller, or what the caller says of somebody else. */
static gboolean
read_subject (GVariant *subject, AccessCaller *out, GVariant **gids, GError **error)
{
  static const OptionSpec specs[] = { { "uid", "u" }, { "gids", "au" } };

  if (!options_check (subject, specs, G_N_ELEMENTS (specs), error))
    return FALSE;
  if (!g_variant_lookup (subject, "uid", "u", &out->uid))
    {
      g_set_error_literal (error, KMS_ERROR, KMS_ERROR_INVALID_ARGUMENT, "the subject has no \"uid\"");
      return FALSE;
    }
  *gids = g_variant_lookup_value (subject, "gids", G_VARIANT_TYPE ("au"));
  if (*gids != NULL)
    out->gids = g_variant_get_fixed_array (*gids, &out->n_gids, sizeof (guint32));
  return TRUE;
}

/* Access to a box of others is for who decides about it. */
static gboolean
may_ask_about_others (Call *call)
{
  guint32 uid = call->caller->access.uid;

  return daemon_is_ruled_by (call->daemon, uid)
         || access_check (call->box->rules, &call->caller->access, ACCESS_MANAGE) != ACCESS_NO;
}

void
box_check_access (Call *call)
{
  g_autoptr (GVariant) subject = call_dup_argument (call, 0);
  g_autoptr (GVariant) gids = NULL;
  AccessCaller about = { .can_ask = call->caller->access.can_ask };
  GError *error = NULL;
  GVariantBuilder decisions;

  if (g_variant_n_children (subject) == 0)
    about = call->caller->access;
  else if (!may_ask_about_others (call))
    g_set_error (&error, KMS_ERROR, KMS_ERROR_NOT_AUTHORIZED,
                 "uid %u may not ask what others may do with box \"%s\"; who is in its ManageFor may",
                 call->caller->access.uid, call->box->name);
  else
    read_subject (subject, &about, &gids, &error);
  if (error != NULL)
    {
      call_fail (call, error);
      return;
    }
  g_variant_builder_init (&decisions, G_VARIANT_TYPE_VARDICT);
  box_access_describe (call->box, &about, TRUE, &decisions);
  call_return (call, g_variant_new ("(a{sv})", &decisions));
}
