/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may do what with a box: the lists are read and resolved once, and looked at without NSS. */
#include "access.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include "libkms/kms-config-value-private.h"
#include "libkms/kms-daemon-values-private.h"

/* The entry as it was written is kept for explanations. */
typedef struct
{
  KmsSubjectKind kind; /* USER and GROUP have become UID and GID */
  guint32 id;
  char *text;
} AccessEntry;

typedef struct
{
  GArray *entries; /* of AccessEntry; NULL: the file has no such list */
  char *origin;    /* the file that the list stands in */
} AccessList;

struct _AccessRules
{
  gatomicrefcount refs;
  char *box;
  AccessDefault unset;
  guint32 owner;
  AccessList lists[N_ACCESS_KINDS];
  GPtrArray *warnings; /* NULL-terminated at the end */
};

/* More than any entry that is not a mistake. */
#define NSS_BUFFER_SIZE 65536

static gboolean
find_user_in_nss (const char *name, guint32 *uid, gpointer user_data)
{
  g_autofree char *buffer = g_malloc (NSS_BUFFER_SIZE);
  struct passwd entry, *found = NULL;

  if (getpwnam_r (name, &entry, buffer, NSS_BUFFER_SIZE, &found) != 0 || found == NULL)
    return FALSE;
  *uid = found->pw_uid;
  return TRUE;
}

/* A group with thousands of members needs a larger buffer. */
static gboolean
find_group_in_nss (const char *name, guint32 *gid, gpointer user_data)
{
  for (gsize size = NSS_BUFFER_SIZE; size <= 256 * NSS_BUFFER_SIZE; size *= 4)
    {
      g_autofree char *buffer = g_malloc (size);
      struct group entry, *found = NULL;
      int number = getgrnam_r (name, &entry, buffer, size, &found);
      if (number == ERANGE)
        continue;
      if (number != 0 || found == NULL)
        return FALSE;
      *gid = found->gr_gid;
      return TRUE;
    }
  return FALSE;
}

static const AccessResolver nss = { find_user_in_nss, find_group_in_nss, NULL };

static void
entry_clear (gpointer data)
{
  g_free (((AccessEntry *) data)->text);
}

static void
warn (AccessRules *self, AccessKind kind, const char *what)
{
  g_ptr_array_add (self->warnings,
                   g_strdup_printf ("%s: [Box] %s: %s", self->lists[kind].origin, access_kind_get_key (kind), what));
}

static gboolean
resolve (const AccessResolver *resolver, KmsSubject *subject)
{
  gboolean found = TRUE;

  if (subject->kind == KMS_SUBJECT_USER)
    found = resolver->find_user (subject->name, &subject->id, resolver->user_data);
  if (subject->kind == KMS_SUBJECT_GROUP)
    found = resolver->find_group (subject->name, &subject->id, resolver->user_data);
  if (subject->kind == KMS_SUBJECT_USER)
    subject->kind = KMS_SUBJECT_UID;
  if (subject->kind == KMS_SUBJECT_GROUP)
    subject->kind = KMS_SUBJECT_GID;
  return found;
}

static void
add_entry (AccessRules *self, AccessKind kind, const char *text, const AccessResolver *resolver)
{
  g_autoptr (GError) error = NULL;
  KmsSubject subject;

  if (!_kms_subject_parse (text, &subject, &error))
    {
      warn (self, kind, error->message);
      return;
    }
  if (!resolve (resolver, &subject))
    {
      g_autofree char *what = g_strdup_printf ("\"%s\" is not known on this machine, and lets nobody in; create it and "
                                               "reload kmsd, or write uid: or gid: with a number",
                                               text);
      warn (self, kind, what);
      return;
    }
  AccessEntry entry = { subject.kind, subject.id, g_strdup (text) };
  g_array_append_val (self->lists[kind].entries, entry);
}

/* A list that is there and empty is a list: it lets nobody in, whatever the default is. */
static void
read_list (AccessRules *self, AccessKind kind, const char *value, const char *origin, const AccessResolver *resolver)
{
  AccessList *list = &self->lists[kind];
  g_auto (GStrv) subjects = _kms_value_parse_list (value);

  list->origin = g_strdup (origin);
  list->entries = g_array_new (FALSE, FALSE, sizeof (AccessEntry));
  g_array_set_clear_func (list->entries, entry_clear);
  for (guint i = 0; subjects[i] != NULL; i++)
    add_entry (self, kind, subjects[i], resolver);
}

AccessRules *
access_rules_new (KmsConfigInfo *info, AccessDefault unset, guint32 owner, const AccessResolver *resolver)
{
  AccessRules *self = g_new0 (AccessRules, 1);

  g_atomic_ref_count_init (&self->refs);
  self->box = g_strdup (kms_config_info_get_name (info));
  self->unset = unset;
  self->owner = owner;
  self->warnings = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < kms_config_info_get_n_values (info); i++)
    {
      const char *group, *key, *origin;
      const char *value = kms_config_info_get_nth_value (info, i, &group, &key, &origin);
      for (guint kind = 0; kind < N_ACCESS_KINDS; kind++)
        if (strcmp (group, "Box") == 0 && strcmp (key, access_kind_get_key ((AccessKind) kind)) == 0)
          read_list (self, (AccessKind) kind, value, origin, resolver == NULL ? &nss : resolver);
    }
  g_ptr_array_add (self->warnings, NULL);
  return self;
}

AccessRules *
access_rules_ref (AccessRules *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
access_rules_unref (AccessRules *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  for (guint i = 0; i < N_ACCESS_KINDS; i++)
    {
      g_clear_pointer (&self->lists[i].entries, g_array_unref);
      g_free (self->lists[i].origin);
    }
  g_ptr_array_unref (self->warnings);
  g_free (self->box);
  g_free (self);
}

const char *const *
access_rules_get_warnings (AccessRules *self)
{
  return (const char *const *) self->warnings->pdata;
}

static gboolean
has_group (const AccessCaller *caller, guint32 gid)
{
  for (gsize i = 0; i < caller->n_gids; i++)
    if (caller->gids[i] == gid)
      return TRUE;
  return FALSE;
}

static AccessDecision
match (const AccessEntry *entry, const AccessCaller *caller)
{
  switch (entry->kind)
    {
    case KMS_SUBJECT_EVERYBODY:
      return ACCESS_YES;
    case KMS_SUBJECT_ASK:
      return caller->can_ask ? ACCESS_ASK : ACCESS_NO;
    case KMS_SUBJECT_UID:
      return entry->id == caller->uid ? ACCESS_YES : ACCESS_NO;
    case KMS_SUBJECT_GID:
      return has_group (caller, entry->id) ? ACCESS_YES : ACCESS_NO;
    case KMS_SUBJECT_USER:
    case KMS_SUBJECT_GROUP:
    default:
      return ACCESS_NO;
    }
}

/* The best of all entries, and the first that gives it. */
static AccessDecision
decide (AccessRules *self, const AccessCaller *caller, AccessKind kind, const AccessEntry **reason)
{
  GArray *entries = self->lists[kind].entries;
  AccessDecision best = ACCESS_NO;

  *reason = NULL;
  if (entries == NULL)
    return self->unset == ACCESS_DEFAULT_OWNER && caller->uid == self->owner ? ACCESS_YES : ACCESS_NO;
  for (guint i = 0; i < entries->len && best < ACCESS_YES; i++)
    {
      const AccessEntry *entry = &g_array_index (entries, AccessEntry, i);
      AccessDecision decision = match (entry, caller);
      if (decision <= best)
        continue;
      best = decision;
      *reason = entry;
    }
  return best;
}

AccessDecision
access_check (AccessRules *self, const AccessCaller *caller, AccessKind kind)
{
  const AccessEntry *reason;

  g_return_val_if_fail ((guint) kind < N_ACCESS_KINDS, ACCESS_NO);

  return decide (self, caller, kind, &reason);
}

gboolean
access_may_see (AccessRules *self, const AccessCaller *caller)
{
  for (guint kind = 0; kind < N_ACCESS_KINDS; kind++)
    if (access_check (self, caller, (AccessKind) kind) != ACCESS_NO)
      return TRUE;
  return FALSE;
}

static char *
explain_unset (AccessRules *self, const AccessCaller *caller, AccessKind kind, AccessDecision decision)
{
  const char *key = access_kind_get_key (kind);

  if (self->unset == ACCESS_DEFAULT_NOBODY)
    return g_strdup_printf ("no: box \"%s\" has no %s=, which lets nobody in", self->box, key);
  return g_strdup_printf ("%s: box \"%s\" has no %s=, which lets only the owner in, uid %u",
                          access_decision_to_string (decision), self->box, key, self->owner);
}

static gboolean
has_ask (const AccessList *list)
{
  for (guint i = 0; i < list->entries->len; i++)
    if (g_array_index (list->entries, AccessEntry, i).kind == KMS_SUBJECT_ASK)
      return TRUE;
  return FALSE;
}

char *
access_explain (AccessRules *self, const AccessCaller *caller, AccessKind kind)
{
  const AccessList *list = &self->lists[kind];
  const AccessEntry *reason;
  AccessDecision decision = decide (self, caller, kind, &reason);
  const char *key = access_kind_get_key (kind);

  if (list->entries == NULL)
    return explain_unset (self, caller, kind, decision);
  if (decision == ACCESS_YES)
    return g_strdup_printf ("yes: uid %u is in %s (%s) of %s", caller->uid, key, reason->text, list->origin);
  if (decision == ACCESS_ASK)
    return g_strdup_printf ("ask: %s of %s leaves uid %u to polkit", key, list->origin, caller->uid);
  if (list->entries->len == 0)
    return g_strdup_printf ("no: %s of %s lets nobody in", key, list->origin);
  if (has_ask (list))
    return g_strdup_printf ("no: %s of %s would ask polkit, which is possible only on the system bus", key,
                            list->origin);
  return g_strdup_printf ("no: %s of %s names neither uid %u nor one of its groups", key, list->origin, caller->uid);
}

const char *
access_decision_to_string (AccessDecision decision)
{
  static const char *const words[] = { "no", "ask", "yes" };

  g_return_val_if_fail ((guint) decision < G_N_ELEMENTS (words), NULL);

  return words[decision];
}
