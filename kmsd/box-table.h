/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The boxes as the configuration has them: read in one go, never changed, replaced as a whole. */
#pragma once

#include "access.h"
#include "alert.h"

G_BEGIN_DECLS

typedef struct
{
  gatomicrefcount refs;
  char *name;
  char *path; /* of its object */
  KmsBox *box;
  guint32 version;       /* that encrypts */
  GHashTable *providers; /* version → name of the provider that its key id leads to, as the configuration was read */
  AccessRules *rules;
  AlertLimit alert;
  GVariant *told; /* the last `info` that had only a version and a binding; the main thread's, as what follows */
  guint32 told_version;
  KmsBinding told_binding;
  GPtrArray *opened;  /* of text: versions whose provider is known to be open; the main thread's */
  gboolean is_inline; /* all are open, and their providers compute in the thread that calls, and nothing else */
} BoxEntry;

BoxEntry *box_entry_ref (BoxEntry *self);
void box_entry_unref (BoxEntry *self);

/* NULL where no provider claims the key id, or the box has no such version. */
const char *box_entry_get_provider (BoxEntry *self, const char *version);

typedef struct
{
  KmsRegistry *registry;
  AccessDefault unset;
  guint32 owner;
  gboolean allow_insecure;
} BoxTableOptions;

typedef struct _BoxTable BoxTable;

/* Blocks on NSS and files. A box that can't be used stays as it is in the old table (nullable), or is left out; both
 * are warned of. */
BoxTable *box_table_new (const BoxTableOptions *options, BoxTable *old);
BoxTable *box_table_ref (BoxTable *self);
void box_table_unref (BoxTable *self);

guint box_table_get_n (BoxTable *self);
BoxEntry *box_table_get (BoxTable *self, guint index);

/* Borrowed; NULL if there is none. */
BoxEntry *box_table_find_path (BoxTable *self, const char *path);
BoxEntry *box_table_find_name (BoxTable *self, const char *name);

/* Sorted, borrowed names, which end with NULL; free the array. */
const char **box_table_list_names (BoxTable *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BoxTable, box_table_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BoxEntry, box_entry_unref)

G_END_DECLS
