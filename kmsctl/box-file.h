/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* A box's file in the layer that this user writes: read with its comments, checked, replaced as a whole. */
#pragma once

#include "kmsctl.h"

G_BEGIN_DECLS

typedef struct
{
  char *name;
  char *path;          /* in the layer that we write */
  gboolean exists;     /* there; otherwise only lower layers have the box, and what we write is merged over them */
  GKeyFile *file;      /* of our layer only */
  KmsConfigInfo *info; /* merged, as the library sees it; NULL for a new box */
} KmsctlBoxFile;

void kmsctl_box_file_clear (KmsctlBoxFile *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KmsctlBoxFile, kmsctl_box_file_clear)

/* NOT_FOUND where there is no such box, unless it is to be created. */
gboolean kmsctl_box_file_open (Kmsctl *self, const char *name, gboolean create, KmsctlBoxFile *box, GError **error);

/* Refuses a text that makes no usable box; the file is not touched then. */
gboolean kmsctl_box_file_check (Kmsctl *self, KmsctlBoxFile *box, const char *text, GError **error);
gboolean kmsctl_box_file_save (Kmsctl *self, KmsctlBoxFile *box, GError **error);
gboolean kmsctl_box_file_save_text (Kmsctl *self, KmsctlBoxFile *box, const char *text, GError **error);

/* Prints the box as it is now. */
gboolean kmsctl_box_file_print (Kmsctl *self, KmsctlBoxFile *box, const char *note, GError **error);

G_END_DECLS
