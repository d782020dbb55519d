/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* All keys of a keystore at once, without those whose time has come. */
#include "keystore-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

GPtrArray *
keystore_list_names (Keystore *self, int directory, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  int copy = openat (directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *stream = copy >= 0 ? fdopendir (copy) : NULL;
  struct dirent *entry;

  if (stream == NULL)
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_FAILED, "can't list the keystore %s: %s", self->directory,
                   g_strerror (errno));
      keystore_close_fd (&copy);
      return NULL;
    }
  while ((entry = readdir (stream)) != NULL)
    {
      g_autofree char *name = NULL;

      if (!g_str_has_suffix (entry->d_name, KEY_SUFFIX))
        continue;
      name = g_strndup (entry->d_name, strlen (entry->d_name) - strlen (KEY_SUFFIX));
      if (local_key_check_name (name, NULL))
        g_ptr_array_add (names, g_steal_pointer (&name));
    }
  closedir (stream);
  g_ptr_array_sort (names, compare_names);
  return g_steal_pointer (&names);
}

void
key_problem_free (KeyProblem *self)
{
  g_free (self->name);
  g_error_free (self->error);
  g_free (self);
}

static void
add_problem (GPtrArray *problems, const char *name, GError *error)
{
  KeyProblem *problem = g_new (KeyProblem, 1);

  *problem = (KeyProblem){ g_strdup (name), error };
  g_ptr_array_add (problems, problem);
}

static gboolean
list_key (Keystore *self, int directory, const char *name, GPtrArray *keys, GPtrArray *problems, gboolean *expired,
          GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autoptr (LocalKey) key = keystore_read_key_at (self, directory, name, NULL, cancellable, &local_error);

  if (key != NULL)
    {
      if (local_key_is_expired (key))
        *expired = TRUE;
      else
        g_ptr_array_add (keys, g_steal_pointer (&key));
      return TRUE;
    }
  /* Deleted between the listing and the reading. */
  if (g_error_matches (local_error, KMS_ERROR, KMS_ERROR_NOT_FOUND))
    return TRUE;
  if (problems != NULL && local_error->domain == KMS_ERROR)
    {
      add_problem (problems, name, g_steal_pointer (&local_error));
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

static GPtrArray *
list_at (Keystore *self, int directory, GPtrArray *problems, gboolean *expired, GCancellable *cancellable,
         GError **error)
{
  g_autoptr (GPtrArray) names = keystore_list_names (self, directory, error);
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func ((GDestroyNotify) local_key_unref);

  for (guint i = 0; names != NULL && i < names->len; i++)
    if (!list_key (self, directory, g_ptr_array_index (names, i), keys, problems, expired, cancellable, error))
      return NULL;
  return names != NULL ? g_steal_pointer (&keys) : NULL;
}

GPtrArray *
keystore_list_keys (Keystore *self, GPtrArray *problems, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  int directory = keystore_directory_open (self->directory, &local_error);
  GPtrArray *keys;
  gboolean expired = FALSE;

  if (directory < 0 && g_error_matches (local_error, KMS_ERROR, KMS_ERROR_NOT_FOUND))
    return g_ptr_array_new_with_free_func ((GDestroyNotify) local_key_unref);
  if (directory < 0)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  keys = list_at (self, directory, problems, &expired, cancellable, error);
  keystore_close_fd (&directory);
  if (expired)
    keystore_sweep (self, cancellable);
  return keys;
}
