/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* lockdown status, engage and release: the switch of kmsd that stops decryption, of a box or of all. */
#include "command-groups.h"
#include "daemon-choice.h"
#include "daemon.h"
#include "describe.h"
#include "terminal.h"

#define DEFAULT_MODE "encrypt-only"

static GVariant *
get_state (Kmsctl *self, const char *path, GError **error)
{
  g_autoptr (GVariant) reply = kmsctl_daemon_call (self, path, "Lockdown", "GetInfo",
                                                   g_variant_new ("(@a{sv})", kmsctl_no_options ()), "(a{sv})", error);

  return reply == NULL ? NULL : g_variant_get_child_value (reply, 0);
}

static void
add_state (KmsctlFields *fields, GVariant *state)
{
  const char *mode = NULL, *reason = NULL, *by = NULL;
  guint64 since = 0;

  g_variant_lookup (state, "mode", "&s", &mode);
  g_variant_lookup (state, "reason", "&s", &reason);
  g_variant_lookup (state, "by", "&s", &by);
  g_variant_lookup (state, "since", "t", &since);
  kmsctl_fields_text (fields, "mode", mode);
  kmsctl_fields_time (fields, "since", since == 0 ? -1 : (gint64) (since / G_USEC_PER_SEC));
  kmsctl_fields_text (fields, "reason", reason);
  kmsctl_fields_text (fields, "by", by);
}

static gboolean
add_box (Kmsctl *self, GVariantBuilder *list, const char *path, GVariant *info, GError **error)
{
  const char *name = NULL;
  KmsctlFields fields;
  g_autoptr (GVariant) state = get_state (self, path, error);

  if (state == NULL)
    return FALSE;
  g_variant_lookup (info, "name", "&s", &name);
  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "name", name);
  add_state (&fields, state);
  g_variant_builder_add_value (list, kmsctl_fields_end (&fields));
  return TRUE;
}

static gboolean
add_boxes (Kmsctl *self, GVariantBuilder *list, GError **error)
{
  g_autoptr (GVariant)
    reply = kmsctl_daemon_call (self, KMSCTL_MANAGER, "Manager", "ListBoxes",
                                g_variant_new ("(@a{sv})", kmsctl_no_options ()), "(a{oa{sv}})", error);
  g_autoptr (GVariantIter) boxes = NULL;
  const char *path;
  GVariant *info;

  if (reply == NULL)
    return FALSE;
  g_variant_get (reply, "(a{oa{sv}})", &boxes);
  while (g_variant_iter_next (boxes, "{&o@a{sv}}", &path, &info))
    {
      g_autoptr (GVariant) owned = info;
      if (!add_box (self, list, path, owned, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
kmsctl_run_lockdown_status (Kmsctl *self, GError **error)
{
  const char *box = kmsctl_argument (self, 0);
  g_autoptr (GVariantBuilder) list = kmsctl_list_new ();
  g_autofree char *path = kmsctl_daemon_find_box (self, box, error);
  g_autoptr (GVariant) state = path == NULL ? NULL : get_state (self, path, error);
  KmsctlFields fields;

  if (state == NULL || (box == NULL && !add_boxes (self, list, error)))
    return FALSE;
  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "box", box);
  add_state (&fields, state);
  if (box == NULL)
    kmsctl_fields_variant (&fields, "boxes", g_variant_builder_end (list));
  return kmsctl_print (self, kmsctl_fields_end (&fields), error);
}

/* "box "orders"" or the whole daemon, for questions. */
static char *
describe_what (Kmsctl *self)
{
  const char *box = kmsctl_argument (self, 0);

  return box == NULL ? g_strdup (kmsctl_choice_to_words (kmsctl_get_choice (self)))
                     : g_strdup_printf (_ ("box \"%s\""), box);
}

static const char *
need_reason (Kmsctl *self, GError **error)
{
  const char *reason = kmsctl_text (self, "reason");

  if (reason == NULL)
    kmsctl_usage_error (error, _ ("say why, for the audit log: --reason=TEXT"));
  else if (!g_utf8_validate (reason, -1, NULL))
    kmsctl_usage_error (error, _ ("--reason: not UTF-8"));
  else
    return reason;
  return NULL;
}

/* The answer is what is in force, not what was asked for. */
static gboolean
change (Kmsctl *self, const char *method, GVariant *parameters, GError **error)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (parameters);
  const char *box = kmsctl_argument (self, 0);
  g_autofree char *path = kmsctl_daemon_find_box (self, box, error);
  g_autoptr (GVariant) reply = path == NULL ? NULL
                                            : kmsctl_daemon_call (self, path, "Lockdown", method, owned, NULL, error);
  KmsctlFields fields;

  if (reply == NULL)
    return FALSE;
  self->changed = TRUE;
  g_autoptr (GVariant) state = get_state (self, path, error);
  if (state == NULL)
    return FALSE;
  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "box", box);
  add_state (&fields, state);
  return kmsctl_print (self, kmsctl_fields_end (&fields), error);
}

/* Nobody is asked: who is in a hurry is right, and it can be undone. */
gboolean
kmsctl_run_lockdown_engage (Kmsctl *self, GError **error)
{
  const char *reason = need_reason (self, error), *mode = kmsctl_text (self, "mode");

  if (reason == NULL)
    return FALSE;
  return change (self, "Engage",
                 g_variant_new ("(ss@a{sv})", mode == NULL ? DEFAULT_MODE : mode, reason, kmsctl_no_options ()), error);
}

gboolean
kmsctl_run_lockdown_release (Kmsctl *self, GError **error)
{
  const char *reason = need_reason (self, error);
  g_autofree char *what = describe_what (self);
  g_autofree char *question = g_strdup_printf (_ ("%s: Let it decrypt again?"), what);

  if (reason == NULL || !(kmsctl_flag (self, "yes") || kmsctl_confirm (self, question, TRUE, error)))
    return FALSE;
  return change (self, "Release", g_variant_new ("(s@a{sv})", reason, kmsctl_no_options ()), error);
}
