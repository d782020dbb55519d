/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* access check: what a user may do with a box, and why. kmsd answers; with --direct, the box's file. */
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "access.h"
#include "command-groups.h"
#include "daemon-choice.h"
#include "daemon.h"
#include "describe.h"

/* More groups than that no process has: NGROUPS_MAX. */
#define MAX_GROUPS 65536

typedef struct
{
  guint32 uid;
  char *name; /* NULL: NSS has none */
  GArray *gids;
  gboolean is_caller; /* nobody else was asked about */
} Subject;

static void
subject_clear (Subject *self)
{
  g_free (self->name);
  g_clear_pointer (&self->gids, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Subject, subject_clear)

static gboolean
take_groups_of (Subject *self, const char *name, gid_t primary)
{
  int n = MAX_GROUPS;

  G_STATIC_ASSERT (sizeof (gid_t) == sizeof (guint32));
  g_array_set_size (self->gids, MAX_GROUPS);
  if (getgrouplist (name, primary, (gid_t *) (gpointer) self->gids->data, &n) < 0)
    return FALSE;
  g_array_set_size (self->gids, (guint) n);
  return TRUE;
}

static void
take_own_groups (Subject *self)
{
  guint32 primary = getegid ();

  g_array_set_size (self->gids, MAX_GROUPS);
  int n = getgroups (MAX_GROUPS, (gid_t *) (gpointer) self->gids->data);
  g_array_set_size (self->gids, (guint) MAX (n, 0));
  g_array_append_val (self->gids, primary);
}

/* kmsd itself never asks NSS: groups are those of the process that calls. What a login would have is what is meant here. */
static gboolean
read_subject (Kmsctl *self, Subject *subject, GError **error)
{
  const char *name = kmsctl_text (self, "as-user");
  gboolean has_uid = kmsctl_flag (self, "uid");

  if (name != NULL && has_uid)
    return kmsctl_usage_error (error, _ ("give --uid or --as-user, not both"));
  subject->gids = g_array_new (FALSE, FALSE, sizeof (guint32));
  subject->is_caller = name == NULL && !has_uid;
  subject->uid = has_uid ? (guint32) kmsctl_count (self, "uid", 0) : geteuid ();
  const struct passwd *entry = name != NULL ? getpwnam (name) : getpwuid (subject->uid);
  if (name != NULL && entry == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_NOT_FOUND,
                   _ ("there is no user \"%s\" on this machine; --uid=N asks about a number"), name);
      return FALSE;
    }
  if (entry != NULL)
    {
      subject->uid = entry->pw_uid;
      subject->name = g_strdup (entry->pw_name);
    }
  if (subject->is_caller)
    take_own_groups (subject);
  else if (entry != NULL && !take_groups_of (subject, subject->name, entry->pw_gid))
    g_array_set_size (subject->gids, 0);
  return TRUE;
}

static void
add_decision (GVariantBuilder *list, AccessKind kind, const char *decision, const char *why)
{
  KmsctlFields fields;

  kmsctl_fields_init (&fields);
  kmsctl_fields_text (&fields, "operation", access_kind_to_string (kind));
  kmsctl_fields_text (&fields, "decision", decision);
  kmsctl_fields_text (&fields, "why", why);
  g_variant_builder_add_value (list, kmsctl_fields_end (&fields));
}

/* The system's kmsd, which is started by root, lets nobody in whom a file does not name; a session's its own user. */
static gboolean
check_file (Kmsctl *self, const Subject *subject, KmsctlFields *fields, GVariantBuilder *list, GError **error)
{
  gboolean is_system = geteuid () == 0;
  AccessCaller caller = { .uid = subject->uid,
                          .gids = (const guint32 *) (gpointer) subject->gids->data,
                          .n_gids = subject->gids->len,
                          .can_ask = is_system };

  if (kmsctl_open (self, error) == NULL)
    return FALSE;
  g_autoptr (KmsConfigInfo)
    info = kms_registry_lookup (self->registry, KMS_CONFIG_KIND_BOX, kmsctl_argument (self, 0), error);
  g_autoptr (KmsBox) box = info == NULL ? NULL
                                        : kms_registry_dup_box (self->registry, kmsctl_argument (self, 0), error);
  if (box == NULL)
    return FALSE;
  g_autoptr (AccessRules)
    rules = access_rules_new (info, is_system ? ACCESS_DEFAULT_NOBODY : ACCESS_DEFAULT_OWNER, geteuid (), NULL);
  kmsctl_fields_text (fields, "as_read_by",
                      is_system ? _ ("the system's kmsd") : _ ("the kmsd of this user's session"));
  kmsctl_fields_text (fields, "state", kmsctl_nick (KMS_TYPE_BOX_STATE, (int) kms_box_get_state (box)));
  for (guint i = 0; i < N_ACCESS_KINDS; i++)
    {
      g_autofree char *why = access_explain (rules, &caller, (AccessKind) i);
      add_decision (list, (AccessKind) i, access_decision_to_string (access_check (rules, &caller, (AccessKind) i)),
                    why);
    }
  if (access_rules_get_warnings (rules)[0] != NULL)
    kmsctl_fields_texts (fields, "warnings", access_rules_get_warnings (rules));
  return TRUE;
}

static GVariant *
describe_subject (const Subject *subject)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  if (subject->is_caller)
    return g_variant_builder_end (&builder);
  g_variant_builder_add (&builder, "{sv}", "uid", g_variant_new_uint32 (subject->uid));
  g_variant_builder_add (
    &builder, "{sv}", "gids",
    g_variant_new_fixed_array (G_VARIANT_TYPE_UINT32, subject->gids->data, subject->gids->len, sizeof (guint32)));
  return g_variant_builder_end (&builder);
}

/* What else may be in the way of who is allowed. */
static void
add_state (Kmsctl *self, KmsctlFields *fields)
{
  g_autoptr (GVariant) info = kmsctl_daemon_get_box (self, kmsctl_argument (self, 0), NULL);
  g_autoptr (GVariant) whole = kmsctl_daemon_get (self, KMSCTL_MANAGER, "Lockdown", "Mode", NULL);
  const char *state = NULL, *lockdown = NULL;

  if (info != NULL && g_variant_lookup (info, "state", "&s", &state))
    kmsctl_fields_text (fields, "state", state);
  if (info != NULL && g_variant_lookup (info, "lockdown", "&s", &lockdown))
    kmsctl_fields_text (fields, "lockdown_of_box", lockdown);
  if (whole != NULL && g_variant_is_of_type (whole, G_VARIANT_TYPE_STRING))
    kmsctl_fields_text (fields, "lockdown", g_variant_get_string (whole, NULL));
}

static gboolean
check_by_daemon (Kmsctl *self, const Subject *subject, KmsctlFields *fields, GVariantBuilder *list, GError **error)
{
  g_autofree char *path = kmsctl_daemon_find_box (self, kmsctl_argument (self, 0), error);
  g_autoptr (GVariant) reply = NULL;

  if (path != NULL)
    reply = kmsctl_daemon_call (self, path, "Box", "CheckAccess",
                                g_variant_new ("(@a{sv}@a{sv})", describe_subject (subject), kmsctl_no_options ()),
                                "(a{sv})", error);
  if (reply == NULL)
    return FALSE;
  g_autoptr (GVariant) decisions = g_variant_get_child_value (reply, 0);
  kmsctl_fields_text (fields, "as_read_by", kmsctl_choice_to_words (kmsctl_get_choice (self)));
  add_state (self, fields);
  for (guint i = 0; i < N_ACCESS_KINDS; i++)
    {
      const char *word = access_kind_to_string ((AccessKind) i), *decision = NULL, *why = NULL;
      g_autofree char *because = g_strconcat (word, "-why", NULL);
      g_variant_lookup (decisions, word, "&s", &decision);
      g_variant_lookup (decisions, because, "&s", &why);
      add_decision (list, (AccessKind) i, decision, why);
    }
  return TRUE;
}

gboolean
kmsctl_run_access_check (Kmsctl *self, GError **error)
{
  g_auto (Subject) subject = { 0 };
  g_autoptr (GVariantBuilder) list = kmsctl_list_new ();
  gboolean is_direct = kmsctl_get_choice (self) == KMSCTL_DIRECT;
  g_auto (GVariantBuilder) fields = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  if (!read_subject (self, &subject, error))
    return FALSE;
  kmsctl_fields_text (&fields, "box", kmsctl_argument (self, 0));
  kmsctl_fields_number (&fields, "uid", subject.uid);
  kmsctl_fields_text (&fields, "user", subject.name);
  if (!(is_direct ? check_file : check_by_daemon) (self, &subject, &fields, list, error))
    return FALSE;
  kmsctl_fields_variant (&fields, "decisions", g_variant_builder_end (list));
  return kmsctl_print (self, kmsctl_fields_end (&fields), error);
}
