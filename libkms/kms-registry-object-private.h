/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the registry looks inside, for its own files. */
#pragma once

#include "kms-registry.h"
#include "kms-snapshot-private.h"

G_BEGIN_DECLS

/* Who asks for secrets; in an atomic box, so that a replaced one lives until it has answered. */
typedef struct
{
  KmsAskSecretFunc func;
  gpointer data;
  GDestroyNotify destroy;
} KmsAsker;

struct _KmsRegistry
{
  GObject parent_instance;
  KmsConfigRoots *roots;
  char *program;
  gint report_operations; /* atomic */

  GMutex lock;
  KmsSnapshot *snapshot;
  gint64 next_look;
  GHashTable *providers; /* "name fingerprint" → KmsProvider */
  GHashTable *boxes;     /* name and fingerprints → GWeakRef: boxes hold the registry, so it must not hold them */
  KmsAsker *asker;       /* NULL: nobody can be asked */
};

/* The configuration as it is now: once a second at most, the directories are looked at. */
KmsSnapshot *_kms_registry_get_snapshot (KmsRegistry *self);

/* What tells a provider from one of another configuration. */
char *_kms_registry_make_provider_key (KmsConfigInfo *info);

/* Borrowed from the snapshot; NOT_FOUND if there is none of that name. */
KmsConfigInfo *_kms_registry_find_info (KmsSnapshot *snapshot, KmsConfigKind kind, const char *name, GError **error);

G_END_DECLS
