/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* box edit: the user's editor on a copy, which replaces the file only if it makes a box that works. */
#include <glib/gstdio.h>
#include <string.h>

#include "box-file.h"
#include "command-groups.h"
#include "interrupt.h"
#include "result.h"
#include "terminal.h"

/* $EDITOR may have arguments, so a shell takes it apart; the file name never goes through the shell's parser. */
static gboolean
run_editor (const char *path, GError **error)
{
  const char *argv[] = { "/bin/sh", "-c", "exec ${VISUAL:-${EDITOR:-vi}} \"$1\"", "sh", path, NULL };
  g_autoptr (GError) local = NULL;
  int status = 0;

  if (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_CHILD_INHERITS_STDIN, kmsctl_interrupt_unblock_in_child, NULL,
                    NULL, NULL, &status, &local)
      && g_spawn_check_wait_status (status, &local))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED,
               _ ("the editor failed: %s; the file was not changed, set VISUAL or EDITOR"), local->message);
  return FALSE;
}

/* Our layer's file; where there is none, what the lower layers say. */
static char *
read_text (KmsctlBoxFile *box, GError **error)
{
  const char *const *files = kms_config_info_get_files (box->info);
  const char *path = g_file_test (box->path, G_FILE_TEST_EXISTS) ? box->path : files[0];
  char *text = NULL;
  g_autoptr (GError) local = NULL;

  if (path != NULL && g_file_get_contents (path, &text, NULL, &local))
    return text;
  g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, _ ("can't read the file of box \"%s\": %s"), box->name,
               local == NULL ? _ ("it has none") : local->message);
  return NULL;
}

/* TRUE with *text NULL where nothing was changed. */
static gboolean
edit_until_right (Kmsctl *self, KmsctlBoxFile *box, const char *path, const char *before, char **text, GError **error)
{
  while (TRUE)
    {
      g_autofree char *after = NULL;
      g_autoptr (GError) wrong = NULL;
      if (!run_editor (path, error) || !g_file_get_contents (path, &after, NULL, error))
        return FALSE;
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      if (g_str_equal (before, after))
        return TRUE;
      if (kmsctl_box_file_check (self, box, after, &wrong))
        {
          *text = g_steal_pointer (&after);
          return TRUE;
        }
      if (kmsctl_can_ask (self))
        kmsctl_note (self, "%s", wrong->message);
      if (!kmsctl_can_ask (self) || !kmsctl_confirm (self, _ ("Edit again?"), FALSE, NULL))
        {
          g_propagate_error (error, g_steal_pointer (&wrong));
          return FALSE;
        }
    }
}

/* A file that is broken can be edited too: that is what the command is for. */
static gboolean
open_for_edit (Kmsctl *self, KmsctlBoxFile *box, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (kmsctl_box_file_open (self, kmsctl_argument (self, 0), FALSE, box, &local)
      || (box->info != NULL && g_error_matches (local, KMS_ERROR, KMS_ERROR_CONFIG)))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

gboolean
kmsctl_run_box_edit (Kmsctl *self, GError **error)
{
  g_auto (KmsctlBoxFile) box = { NULL };
  g_autofree char *text = NULL;

  if (!open_for_edit (self, &box, error))
    return FALSE;
  g_autofree char *before = read_text (&box, error);
  g_autofree char *directory = before == NULL ? NULL : g_dir_make_tmp ("kmsctl-XXXXXX", error);
  if (directory == NULL)
    return FALSE;
  g_autofree char *path = g_strdup_printf ("%s/%s.box", directory, box.name);
  gboolean ok = g_file_set_contents (path, before, -1, error)
                && edit_until_right (self, &box, path, before, &text, error);
  g_unlink (path);
  g_rmdir (directory);
  if (!ok)
    return FALSE;
  if (text == NULL)
    {
      kmsctl_note (self, _ ("nothing was changed"));
      return kmsctl_box_file_print (self, &box, NULL, error);
    }
  return kmsctl_box_file_save_text (self, &box, text, error) && kmsctl_box_file_print (self, &box, NULL, error);
}
