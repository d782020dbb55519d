/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads this process's memory through /proc/self/mem, page by page, so that a sanitizer does not mind. */
#include "residue.h"

#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 65536

typedef struct
{
  guint64 start, end;
  gboolean is_readable, is_protected;
  char name[128];
} Mapping;

/* What was read last is not what is looked for: this is passed over. */
static guint8 buffer[CHUNK + NEEDLE_PART_SIZE] __attribute__ ((aligned (4096)));

void
needle_init_random (Needle *self)
{
  self->n_parts = NEEDLE_PARTS;
  g_assert_cmpint (gnutls_rnd (GNUTLS_RND_KEY, self->mask, NEEDLE_SIZE), ==, 0);
  g_assert_cmpint (gnutls_rnd (GNUTLS_RND_KEY, self->masked, NEEDLE_SIZE), ==, 0);
}

void
needle_init_from (Needle *self, const guint8 *bytes, gsize length)
{
  g_assert_cmpuint (length % NEEDLE_PART_SIZE, ==, 0);
  g_assert_cmpuint (length, <=, NEEDLE_SIZE);
  self->n_parts = (guint) (length / NEEDLE_PART_SIZE);
  g_assert_cmpint (gnutls_rnd (GNUTLS_RND_KEY, self->mask, NEEDLE_SIZE), ==, 0);
  for (gsize i = 0; i < length; i++)
    self->masked[i] = bytes[i] ^ self->mask[i];
}

void
needle_write (const Needle *self, guint8 *out)
{
  for (guint i = 0; i < self->n_parts * NEEDLE_PART_SIZE; i++)
    out[i] = self->masked[i] ^ self->mask[i];
}

KmsSecret *
needle_make_secret (const Needle *self)
{
  guint8 *bytes;
  KmsSecret *secret = kms_secret_reserve (self->n_parts * NEEDLE_PART_SIZE, &bytes);

  g_assert_nonnull (secret);
  needle_write (self, bytes);
  kms_secret_commit (secret, self->n_parts * NEEDLE_PART_SIZE);
  return secret;
}

static gboolean
part_is_at (const Needle *needle, guint part, const guint8 *at)
{
  const guint8 *mask = needle->mask + part * NEEDLE_PART_SIZE, *masked = needle->masked + part * NEEDLE_PART_SIZE;

  for (guint i = 0; i < NEEDLE_PART_SIZE; i++)
    if ((at[i] ^ mask[i]) != masked[i])
      return FALSE;
  return TRUE;
}

static gsize
count_part (const Needle *needle, guint part, gsize length)
{
  guint8 first = needle->masked[part * NEEDLE_PART_SIZE] ^ needle->mask[part * NEEDLE_PART_SIZE];
  const guint8 *at = buffer;
  gsize found = 0;

  while (length >= NEEDLE_PART_SIZE
         && (at = memchr (at, first, (gsize) (buffer + length - at) - NEEDLE_PART_SIZE + 1)) != NULL)
    {
      found += part_is_at (needle, part, at);
      at++;
      if (at + NEEDLE_PART_SIZE > buffer + length)
        break;
    }
  return found;
}

static void
look_into (const Mapping *mapping, int memory, const Needle *needle, Residue *residue)
{
  for (guint64 at = mapping->start; at < mapping->end; at += CHUNK)
    {
      /* A part may lie across the border of two chunks. */
      gssize got = pread (memory, buffer, MIN (sizeof buffer, mapping->end - at), (off_t) at);
      gboolean is_own = at < (guintptr) buffer + sizeof buffer && at + CHUNK > (guintptr) buffer;

      for (guint i = 0; got > 0 && !is_own && i < needle->n_parts; i++)
        {
          gsize found = count_part (needle, i, (gsize) got);
          *(mapping->is_protected ? &residue->n_protected : &residue->n_exposed) += (guint) found;
          if (found > 0 && !mapping->is_protected && residue->where[0] == '\0')
            g_snprintf (residue->where, sizeof residue->where, "part %u in %s at %" G_GINT64_MODIFIER "x", i,
                        mapping->name, at);
        }
    }
  gnutls_memset (buffer, 0, sizeof buffer);
}

static gboolean
parse_header (const char *line, Mapping *mapping)
{
  char access[5];
  int name_at = 0;

  if (sscanf (line, "%" G_GINT64_MODIFIER "x-%" G_GINT64_MODIFIER "x %4s %*s %*s %*s %n", &mapping->start,
              &mapping->end, access, &name_at)
      < 3)
    return FALSE;
  mapping->is_readable = access[0] == 'r' && access[1] == 'w';
  mapping->is_protected = FALSE;
  g_strlcpy (mapping->name, name_at > 0 && line[name_at] != '\0' ? line + name_at : "anonymous memory",
             sizeof mapping->name);
  return TRUE;
}

Residue
residue_find (const Needle *needle)
{
  Residue residue = { 0 };
  g_autofree char *text = NULL;
  int memory = open ("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  Mapping mapping = { 0 };

  g_assert_cmpint (memory, >=, 0);
  g_assert_true (g_file_get_contents ("/proc/self/smaps", &text, NULL, NULL));
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (!g_str_has_prefix (lines[i], "VmFlags:"))
        {
          /* Only headers begin with two numbers. */
          if (g_ascii_isxdigit (lines[i][0]) && strchr (lines[i], '-') != NULL && strchr (lines[i], ':') != NULL)
            parse_header (lines[i], &mapping);
          continue;
        }
      mapping.is_protected = strstr (lines[i], " dd") != NULL;
      /* A sanitizer's shadow is terabytes of nothing. */
      if (mapping.is_readable && mapping.end - mapping.start < G_GUINT64_CONSTANT (1) << 32)
        look_into (&mapping, memory, needle, &residue);
    }
  close (memory);
  return residue;
}
