/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the registry looks inside, for its own files. */
#pragma once

#include "kms-registry.h"
#include "kms-snapshot-private.h"

G_BEGIN_DECLS

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
  KmsAskSecretFunc ask_func;
  gpointer ask_data;
  GDestroyNotify ask_destroy;
};

/* The configuration as it is now: once a second at most, the directories are looked at. */
KmsSnapshot *_kms_registry_get_snapshot (KmsRegistry *self);

/* Borrowed from the snapshot; NOT_FOUND if there is none of that name. */
KmsConfigInfo *_kms_registry_find_info (KmsSnapshot *snapshot, KmsConfigKind kind, const char *name, GError **error);

G_END_DECLS
