/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Slots of locked memory, each with its header outside of it. */
#pragma once

#include "kms-secret.h"

G_BEGIN_DECLS

/* The last class has no slots: each secret of it is a mapping of its own. */
#define KMS_N_SLOT_CLASSES 7
#define KMS_CLASS_OWN_MAPPING KMS_N_SLOT_CLASSES

/* A header lives as long as its slab, that is, for ever; between uses it stands in a free list. It has a cache line to
 * itself, so that threads do not wait for each other's reference counts. */
struct _KmsSecret
{
  gint refs; /* atomic */
  guint8 slot_class;
  gboolean is_unlocked;
  guint fork_generation; /* of the process that mapped the memory */
  gsize length;
  gsize capacity;
  guint8 *data;          /* in locked memory */
  const guint64 *canary; /* at the beginning of its page */
  KmsSecret *next_free;
} __attribute__ ((aligned (64)));

/* NULL if memory must be locked and no more can be. */
KmsSecret *_kms_slab_take (gsize capacity);

/* Wiped already. */
void _kms_slab_give_back (KmsSecret *secret);

/* FALSE in a forked child, where the kernel has put zeros in place of what the parent knew. */
gboolean _kms_slab_is_intact (const KmsSecret *secret);

G_END_DECLS
