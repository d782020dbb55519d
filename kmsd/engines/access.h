/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may do what with a box: the lists of its file, resolved once, and looked at without NSS. */
#pragma once

#include "operation.h"

G_BEGIN_DECLS

typedef enum {
  ACCESS_NO,
  ACCESS_ASK, /* polkit decides; off the system bus this is never the answer */
  ACCESS_YES,
} AccessDecision;

/* As the bus daemon or the socket tells it. Never from NSS. Borrowed for the call. */
typedef struct
{
  guint32 uid;
  const guint32 *gids; /* primary and supplementary ones, in any order */
  gsize n_gids;
  gboolean can_ask; /* came over the system bus */
} AccessCaller;

/* What a list that the file does not have means. */
typedef enum {
  ACCESS_DEFAULT_NOBODY, /* system bus, and its private socket */
  ACCESS_DEFAULT_OWNER,  /* session bus: the uid of the daemon */
} AccessDefault;

/* How user: and group: become numbers. NULL stands for NSS. May block: called only from access_rules_new(). */
typedef struct
{
  gboolean (*find_user) (const char *name, guint32 *uid, gpointer user_data);
  gboolean (*find_group) (const char *name, guint32 *gid, gpointer user_data);
  gpointer user_data;
} AccessResolver;

typedef struct _AccessRules AccessRules;

/* Never fails: what can't be understood or resolved lets nobody in, and stands in the warnings. The rules are immutable
 * and keep what they need of the info. NSS may be slow (LDAP): call it in a worker thread. */
AccessRules *access_rules_new (KmsConfigInfo *info, AccessDefault unset, guint32 owner, const AccessResolver *resolver);
AccessRules *access_rules_ref (AccessRules *self);
void access_rules_unref (AccessRules *self);

/* NULL-terminated, borrowed: sentences with file and key. */
const char *const *access_rules_get_warnings (AccessRules *self);

/* Any thread; a few comparisons. Root is nobody special. */
AccessDecision access_check (AccessRules *self, const AccessCaller *caller, AccessKind kind);

/* Whether the caller may know that the box exists: any list lets it in, or would ask. */
gboolean access_may_see (AccessRules *self, const AccessCaller *caller);

/* A sentence for "kmsctl access check": "yes: uid 1001 is in DecryptFor (user:shop) of /etc/kms-1/boxes.d/orders.box". */
char *access_explain (AccessRules *self, const AccessCaller *caller, AccessKind kind);

const char *access_decision_to_string (AccessDecision decision); /* "no", "ask", "yes" */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AccessRules, access_rules_unref)

G_END_DECLS
