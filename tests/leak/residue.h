/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks for a secret in the whole memory of this process, without holding a copy of it. */
#pragma once

#include <libkms/kms.h>

G_BEGIN_DECLS

/* Long enough that no part of it is in memory by chance, and of parts, because malloc() writes over the start of what is
 * freed. */
#define NEEDLE_PARTS 4
#define NEEDLE_PART_SIZE 16
#define NEEDLE_SIZE (NEEDLE_PARTS * NEEDLE_PART_SIZE)

/* What it looks for, behind a mask. */
typedef struct
{
  guint n_parts;
  guint8 mask[NEEDLE_SIZE];
  guint8 masked[NEEDLE_SIZE];
} Needle;

typedef struct
{
  guint n_exposed;   /* where a core file or swap would have it */
  guint n_protected; /* in locked memory that no core file has */
  char where[256];   /* the first exposed place */
} Residue;

void needle_init_random (Needle *self);

/* Of bytes that stand somewhere already; a multiple of 16 of them, at most NEEDLE_SIZE. */
void needle_init_from (Needle *self, const guint8 *bytes, gsize length);

/* Its bytes, straight into locked memory. */
KmsSecret *needle_make_secret (const Needle *self);
void needle_write (const Needle *self, guint8 *out);

Residue residue_find (const Needle *needle);

G_END_DECLS
