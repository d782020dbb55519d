/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* What somebody may have meant who mistyped a name: by the number of letters that are wrong, missing, too many or in
 * the wrong order (optimal string alignment). */
#include "kms-similar-private.h"

#include <string.h>

/* Names of files have at most 63 letters; what is longer was not mistyped, but is something else. */
#define MAX_LENGTH 64
#define MAX_NAMED 3

typedef struct
{
  const char *name;
  guint distance;
} Near;

static guint
measure (const char *a, const char *b)
{
  gsize a_length = strlen (a), b_length = strlen (b);
  guint rows[3][MAX_LENGTH + 1];
  guint *before = rows[0], *above = rows[1], *row = rows[2];

  for (guint j = 0; j <= b_length; j++)
    above[j] = j;
  for (guint i = 1; i <= a_length; i++)
    {
      row[0] = i;
      for (guint j = 1; j <= b_length; j++)
        {
          guint replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
          row[j] = MIN (replaced, MIN (above[j], row[j - 1]) + 1);
          if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
            row[j] = MIN (row[j], before[j - 2] + 1);
        }
      guint *spare = before;
      before = above;
      above = row;
      row = spare;
    }
  return above[b_length];
}

static int
compare_near (gconstpointer a, gconstpointer b)
{
  const Near *left = a, *right = b;

  if (left->distance != right->distance)
    return left->distance < right->distance ? -1 : 1;
  return strcmp (left->name, right->name);
}

char *
_kms_similar_list (const char *name, GPtrArray *names)
{
  g_autoptr (GArray) near = g_array_new (FALSE, FALSE, sizeof (Near));
  gsize length = strlen (name);
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < names->len && length > 0 && length <= MAX_LENGTH; i++)
    {
      Near candidate = { g_ptr_array_index (names, i), 0 };
      if (strlen (candidate.name) > MAX_LENGTH)
        continue;
      candidate.distance = measure (name, candidate.name);
      /* One letter in a short name, one more for every four, and never all of them. */
      if ((candidate.distance < length && candidate.distance <= 1 + length / 4)
          || (length >= 3 && g_str_has_prefix (candidate.name, name)))
        g_array_append_val (near, candidate);
    }
  g_array_sort (near, compare_near);
  for (guint i = 0; i < near->len && i < MAX_NAMED; i++)
    g_string_append_printf (list, "%s\"%s\"", i == 0 ? "" : ", ", g_array_index (near, Near, i).name);
  return near->len == 0 ? NULL : g_string_free (g_steal_pointer (&list), FALSE);
}
