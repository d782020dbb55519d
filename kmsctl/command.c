/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking things up in the table of commands. */
#include "command.h"

#include <string.h>

const KmsctlCommand *
kmsctl_command_find (const char *name)
{
  for (const KmsctlCommand *command = kmsctl_commands; command->name != NULL; command++)
    if (g_str_equal (command->name, name))
      return command;
  return NULL;
}

const KmsctlGroup *
kmsctl_group_find (const char *name)
{
  for (const KmsctlGroup *group = kmsctl_groups; group->name != NULL; group++)
    if (g_str_equal (group->name, name))
      return group;
  return NULL;
}

gboolean
kmsctl_command_is_in_group (const KmsctlCommand *command, const char *group)
{
  gsize length = strlen (group);

  return strncmp (command->name, group, length) == 0 && command->name[length] == ' ';
}

void
kmsctl_option_iter_init (KmsctlOptionIter *iter, const KmsctlCommand *command)
{
  *iter = (KmsctlOptionIter){ .command = command };
}

const KmsctlOption *
kmsctl_option_iter_next (KmsctlOptionIter *iter)
{
  while (iter->set < KMSCTL_MAX_OPTION_SETS && iter->command->options[iter->set] != NULL)
    {
      const KmsctlOption *option = &iter->command->options[iter->set][iter->index++];
      if (option->name != NULL)
        return option;
      iter->set++;
      iter->index = 0;
    }
  return NULL;
}

/* By name, because the same option may stand in two sets. */
gboolean
kmsctl_command_has_option (const KmsctlCommand *command, const KmsctlOption *option)
{
  KmsctlOptionIter iter;

  for (const KmsctlOption *global = kmsctl_global_options; global->name != NULL; global++)
    if (g_str_equal (global->name, option->name))
      return TRUE;
  kmsctl_option_iter_init (&iter, command);
  for (const KmsctlOption *own = kmsctl_option_iter_next (&iter); own != NULL; own = kmsctl_option_iter_next (&iter))
    if (g_str_equal (own->name, option->name))
      return TRUE;
  return FALSE;
}

/* Levenshtein's distance, with a row of the table at a time. */
static guint
distance (const char *a, const char *b)
{
  gsize length = strlen (b);
  g_autofree guint *row = g_new (guint, length + 1);

  for (gsize j = 0; j <= length; j++)
    row[j] = (guint) j;
  for (gsize i = 0; a[i] != '\0'; i++)
    {
      guint diagonal = row[0];
      row[0] = (guint) i + 1;
      for (gsize j = 0; j < length; j++)
        {
          guint replaced = diagonal + (a[i] != b[j]);
          diagonal = row[j + 1];
          row[j + 1] = MIN (replaced, MIN (row[j], row[j + 1]) + 1);
        }
    }
  return row[length];
}

const char *
kmsctl_nearest (const char *word, const char *const *candidates)
{
  const char *nearest = NULL;
  guint best = (guint) MIN (strlen (word), 64) / 4 + 1;

  if (strlen (word) > 64)
    return NULL;
  for (guint i = 0; candidates[i] != NULL; i++)
    {
      guint far = distance (word, candidates[i]);
      if (far <= best && (nearest == NULL || far < best))
        {
          nearest = candidates[i];
          best = far;
        }
    }
  return nearest;
}
