/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a shared object says of itself without being loaded. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  GPtrArray *exported;      /* names */
  GPtrArray *undefined;     /* names that must be found; no weak ones */
  GPtrArray *needed;        /* names of libraries */
  gboolean has_data_symbol; /* an exported object that is called as a module's symbol */
  gboolean no_delete, symbolic, text_relocations, executable_stack;
} ElfFile;

ElfFile *elf_file_load (const char *path, GError **error);
void elf_file_free (ElfFile *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ElfFile, elf_file_free)

G_END_DECLS
