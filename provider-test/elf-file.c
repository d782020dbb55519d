/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a shared object of this machine's own kind. The file may be anything: every offset is checked before its use. */
#include "elf-file.h"

#include <elf.h>
#include <link.h>
#include <string.h>

#include <libkms/kms-module.h>

#define ELF_CLASS (sizeof (ElfW (Addr)) == 8 ? ELFCLASS64 : ELFCLASS32)
/* The layout of the field is the same in both classes. */
#define ELF_SYMBOL_BIND(info) ELF32_ST_BIND (info)
#define ELF_SYMBOL_TYPE(info) ELF32_ST_TYPE (info)
#define ELF_VISIBILITY(other) ELF32_ST_VISIBILITY (other)

typedef struct
{
  const char *bytes;
  gsize length;
  const ElfW (Ehdr) * header;
  const ElfW (Shdr) * sections;
} Image;

static gboolean
fail (GError **error, const char *reason)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, reason);
  return FALSE;
}

/* NULL unless `count` things of `size` bytes are there, and are aligned as they must be. */
static gconstpointer
at (const Image *self, guint64 offset, guint64 count, gsize size)
{
  if (offset > self->length || count > (self->length - offset) / size || offset % MIN (size, sizeof (ElfW (Addr))) != 0)
    return NULL;
  return self->bytes + offset;
}

static gboolean
same_machine (const Image *self)
{
  g_autofree char *bytes = NULL;
  gsize length;

  if (!g_file_get_contents ("/proc/self/exe", &bytes, &length, NULL) || length < sizeof (ElfW (Ehdr)))
    return TRUE;
  const ElfW (Ehdr) *own = (gconstpointer) bytes;
  return self->header->e_machine == own->e_machine && self->header->e_ident[EI_DATA] == own->e_ident[EI_DATA];
}

static gboolean
read_header (Image *self, GError **error)
{
  self->header = at (self, 0, 1, sizeof (ElfW (Ehdr)));
  if (self->header == NULL || memcmp (self->header->e_ident, ELFMAG, SELFMAG) != 0)
    return fail (error, "it is no ELF file");
  if (self->header->e_ident[EI_CLASS] != ELF_CLASS || !same_machine (self))
    return fail (error, "it was built for another kind of machine");
  if (self->header->e_type != ET_DYN)
    return fail (error, "it is no shared object");
  self->sections = self->header->e_shentsize != sizeof (ElfW (Shdr))
                     ? NULL
                     : at (self, self->header->e_shoff, self->header->e_shnum, sizeof (ElfW (Shdr)));
  return self->sections != NULL || fail (error, "its table of sections can't be read");
}

static const ElfW (Shdr) * find_section (const Image *self, guint32 type)
{
  for (guint i = 0; i < self->header->e_shnum; i++)
    if (self->sections[i].sh_type == type)
      return &self->sections[i];
  return NULL;
}

/* A text of the string table that belongs to a section. */
static char *
dup_text (const Image *self, const ElfW (Shdr) * section, guint64 index)
{
  if (section->sh_link >= self->header->e_shnum)
    return NULL;
  const ElfW (Shdr) *strings = &self->sections[section->sh_link];
  const char *text = at (self, strings->sh_offset, strings->sh_size, 1);
  if (text == NULL || index >= strings->sh_size)
    return NULL;
  return g_strndup (text + index, strings->sh_size - index);
}

static void
take_symbol (ElfFile *file, const ElfW (Sym) * symbol, char *name)
{
  guint bind = ELF_SYMBOL_BIND (symbol->st_info), visibility = ELF_VISIBILITY (symbol->st_other);

  if (name == NULL || name[0] == '\0' || bind == STB_LOCAL)
    g_free (name);
  else if (symbol->st_shndx == SHN_UNDEF && bind != STB_WEAK)
    g_ptr_array_add (file->undefined, name);
  else if (symbol->st_shndx != SHN_UNDEF && (visibility == STV_DEFAULT || visibility == STV_PROTECTED))
    {
      if (strcmp (name, KMS_MODULE_SYMBOL) == 0)
        file->has_data_symbol = ELF_SYMBOL_TYPE (symbol->st_info) == STT_OBJECT;
      g_ptr_array_add (file->exported, name);
    }
  else
    g_free (name);
}

static gboolean
read_symbols (const Image *self, ElfFile *file, GError **error)
{
  const ElfW (Shdr) *section = find_section (self, SHT_DYNSYM);
  guint64 n = section == NULL ? 0 : section->sh_size / sizeof (ElfW (Sym));
  const ElfW (Sym) *symbols = section == NULL ? NULL : at (self, section->sh_offset, n, sizeof (ElfW (Sym)));

  if (symbols == NULL)
    return fail (error, "its dynamic symbols can't be read");
  for (guint64 i = 0; i < n; i++)
    take_symbol (file, &symbols[i], dup_text (self, section, symbols[i].st_name));
  return TRUE;
}

static void
take_entry (const Image *self, const ElfW (Shdr) * section, const ElfW (Dyn) * entry, ElfFile *file)
{
  guint64 value = entry->d_un.d_val;
  char *name;

  switch (entry->d_tag)
    {
    case DT_NEEDED:
      name = dup_text (self, section, value);
      if (name != NULL)
        g_ptr_array_add (file->needed, name);
      break;
    case DT_SYMBOLIC:
      file->symbolic = TRUE;
      break;
    case DT_TEXTREL:
      file->text_relocations = TRUE;
      break;
    case DT_FLAGS:
      file->symbolic |= (value & DF_SYMBOLIC) != 0;
      file->text_relocations |= (value & DF_TEXTREL) != 0;
      break;
    case DT_FLAGS_1:
      file->no_delete = (value & DF_1_NODELETE) != 0;
      break;
    default:
      break;
    }
}

static gboolean
read_dynamic (const Image *self, ElfFile *file, GError **error)
{
  const ElfW (Shdr) *section = find_section (self, SHT_DYNAMIC);
  guint64 n = section == NULL ? 0 : section->sh_size / sizeof (ElfW (Dyn));
  const ElfW (Dyn) *entries = section == NULL ? NULL : at (self, section->sh_offset, n, sizeof (ElfW (Dyn)));

  if (entries == NULL)
    return fail (error, "its dynamic section can't be read");
  for (guint64 i = 0; i < n && entries[i].d_tag != DT_NULL; i++)
    take_entry (self, section, &entries[i], file);
  return TRUE;
}

/* Without the header, the kernel takes the stack for executable. */
static void
read_stack (const Image *self, ElfFile *file)
{
  const ElfW (Phdr) *headers = at (self, self->header->e_phoff, self->header->e_phnum, sizeof (ElfW (Phdr)));

  file->executable_stack = TRUE;
  for (guint i = 0; headers != NULL && i < self->header->e_phnum; i++)
    if (headers[i].p_type == PT_GNU_STACK)
      file->executable_stack = (headers[i].p_flags & PF_X) != 0;
}

ElfFile *
elf_file_load (const char *path, GError **error)
{
  g_autoptr (ElfFile) self = g_new0 (ElfFile, 1);
  g_autoptr (GMappedFile) mapped = g_mapped_file_new (path, FALSE, error);

  self->exported = g_ptr_array_new_with_free_func (g_free);
  self->undefined = g_ptr_array_new_with_free_func (g_free);
  self->needed = g_ptr_array_new_with_free_func (g_free);
  if (mapped == NULL)
    return NULL;
  Image image = { .bytes = g_mapped_file_get_contents (mapped), .length = g_mapped_file_get_length (mapped) };
  if (!read_header (&image, error) || !read_symbols (&image, self, error) || !read_dynamic (&image, self, error))
    return NULL;
  read_stack (&image, self);
  return g_steal_pointer (&self);
}

void
elf_file_free (ElfFile *self)
{
  g_ptr_array_unref (self->exported);
  g_ptr_array_unref (self->undefined);
  g_ptr_array_unref (self->needed);
  g_free (self);
}
