/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the registry looks inside, for its own files. */
#pragma once

#include "kms-registry-watch-private.h"
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
  KmsRegistryWatch *watch;
  gint report_operations; /* atomic */
  gint is_silent;         /* atomic: nobody may be asked by others */
  GMutex reading;         /* one thread reads the files at a time, so that the last to read is the last to be heard */

  GMutex lock; /* never held while files are read or a module's code runs */
  KmsSnapshot *snapshot;
  gint64 next_look;
  GHashTable *providers; /* "name fingerprint" → KmsProvider */
  GHashTable *boxes;     /* name and fingerprints → GWeakRef: boxes hold the registry, so it must not hold them */
  KmsAsker *asker;       /* NULL: nobody can be asked */
};

void _kms_asker_unref (KmsAsker *asker);

/* The configuration as it is now: once a second at most, the directories are looked at. */
KmsSnapshot *_kms_registry_get_snapshot (KmsRegistry *self);

/* Reads again if something changed since the last reading. */
void _kms_registry_look (KmsRegistry *self);

/* What has to be watched, as _kms_config_stamps_list_watches() says it. */
GHashTable *_kms_registry_list_watches (KmsRegistry *self);

/* What tells a provider from one of another configuration. */
char *_kms_registry_make_provider_key (KmsConfigInfo *info);

/* Borrowed from the snapshot; NOT_FOUND with what may have been meant, and where it was looked for. */
KmsConfigInfo *_kms_registry_find_info (KmsRegistry *self, KmsSnapshot *snapshot, KmsConfigKind kind, const char *name,
                                        GError **error);

/* NOT_FOUND for a key id that nobody claims, the same way. */
void _kms_registry_fail_unclaimed (KmsRegistry *self, KmsSnapshot *snapshot, const char *key_id, GError **error);

G_END_DECLS
