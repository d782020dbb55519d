/* SPDX-FileCopyrightText: 2026 The libkms authors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reading half of a keystore, which takes no lock: files are replaced whole, so a reader sees the old or the new. */
#include "key-file.h"
#include "keystore-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* How often a reader may meet another process that changes the root before it gives up. */
#define MAX_TRIES 5

static guint generation;

guint
keystore_get_generation (void)
{
  return g_atomic_int_get (&generation);
}

void
keystore_bump_generation (void)
{
  g_atomic_int_inc (&generation);
}

Keystore *
keystore_new (const KeystoreSettings *settings, GError **error)
{
  g_auto (RootChoice) choice = { 0 };
  Keystore *self;

  if (settings->root != NULL && !root_choice_parse (&choice, settings->root, error))
    {
      g_prefix_error (error, "Root= in %s.provider: ", settings->label);
      return NULL;
    }
  self = g_new0 (Keystore, 1);
  g_mutex_init (&self->lock);
  self->label = g_strdup (settings->label);
  self->directory = g_strdup (settings->directory);
  self->root = g_strdup (settings->root);
  self->root_file = settings->root_file != NULL ? g_strdup (settings->root_file)
                                                : g_build_filename (settings->directory, ROOT_KEY_NAME, NULL);
  self->passphrase_file = g_strdup (settings->passphrase_file);
  self->ask = settings->ask;
  self->ask_data = settings->ask_data;
  return self;
}

static void
forget_root (Keystore *self)
{
  g_clear_pointer (&self->masters, master_keys_free);
  g_clear_pointer (&self->root_key, kms_secret_unref);
  self->root_stamp = (FileStamp){ 0 };
}

void
keystore_free (Keystore *self)
{
  forget_root (self);
  g_mutex_clear (&self->lock);
  g_free (self->label);
  g_free (self->directory);
  g_free (self->root);
  g_free (self->root_file);
  g_free (self->passphrase_file);
  g_free (self);
}

const char *
keystore_get_directory (Keystore *self)
{
  return self->directory;
}

const char *
keystore_get_label (Keystore *self)
{
  return self->label;
}

void
keystore_after_fork (Keystore *self)
{
  /* A thread of the parent may have held it, and will never let go here. */
  if (g_mutex_trylock (&self->lock))
    g_mutex_unlock (&self->lock);
  else
    g_mutex_init (&self->lock);
  forget_root (self);
}

char *
keystore_file_name (const char *name)
{
  return g_strconcat (name, KEY_SUFFIX, NULL);
}

RootFile *
keystore_read_root (Keystore *self, int directory, FileStamp *stamp, GError **error)
{
  gsize length;
  g_autofree char *text =
    keystore_read (directory, self->directory, ROOT_NAME, ROOT_FILE_MAX_SIZE, &length, stamp, error);
  RootFile *root = text != NULL ? root_file_parse (text, length, error) : NULL;

  if (text != NULL && root == NULL)
    g_prefix_error (error, "%s/" ROOT_NAME ": ", self->directory);
  return root;
}

/* The keystore's own word counts; a setting that says otherwise is a mistake that somebody should hear of. */
static gboolean
check_root_setting (Keystore *self, const RootFile *root, GError **error)
{
  g_auto (RootChoice) choice = { 0 };
  g_autofree char *is = root_choice_to_string (&root->choice);

  if (self->root == NULL || !root_choice_parse (&choice, self->root, NULL)
      || root_choice_equal (&choice, &root->choice))
    return TRUE;
  g_set_error (error, KMS_ERROR, KMS_ERROR_CONFIG,
               "the root of the keystore %s is \"%s\", but %s.provider says Root=%s: correct that line, or change the "
               "keystore with: kmsctl key root %s --change %s",
               self->directory, is, self->label, self->root, self->label, self->root);
  return FALSE;
}

void
keystore_remember_root (Keystore *self, const RootFile *root, KmsSecret *root_key, MasterKeys *masters,
                        const FileStamp *stamp)
{
  KmsSecret *old_key = self->root_key;

  self->root_key = kms_secret_ref (root_key);
  g_clear_pointer (&old_key, kms_secret_unref);
  memcpy (self->root_id, root->id, sizeof self->root_id);
  g_clear_pointer (&self->masters, master_keys_free);
  self->masters = masters;
  self->root_stamp = *stamp;
}

/* Takes the failure. A root that is missing is no key that is missing. */
static gboolean
fail_no_root (Keystore *self, GError *failure, GError **error)
{
  if (!g_error_matches (failure, KMS_ERROR, KMS_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, failure);
      return FALSE;
    }
  g_error_free (failure);
  g_set_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY,
               "the keystore %s has no file \"" ROOT_NAME "\", without which no key opens: restore it from a backup",
               self->directory);
  return FALSE;
}

static gboolean
load_root_locked (Keystore *self, int directory, gboolean any_root, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) failure = NULL;
  FileStamp stamp;
  g_autoptr (RootFile) root = keystore_read_root (self, directory, &stamp, &failure);
  g_autoptr (KmsSecret) root_key = NULL;
  MasterKeys *masters;

  if (root == NULL)
    return fail_no_root (self, g_steal_pointer (&failure), error);
  if (!any_root && !check_root_setting (self, root, error))
    return FALSE;
  if (self->root_key != NULL && memcmp (self->root_id, root->id, sizeof root->id) == 0)
    root_key = kms_secret_ref (self->root_key);
  else
    root_key = root_source_open (self, directory, root, cancellable, error);
  if (root_key == NULL)
    return FALSE;
  masters = root_file_unwrap (root, root_key, error);
  if (masters == NULL)
    {
      g_prefix_error (error, "%s/" ROOT_NAME ": ", self->directory);
      return FALSE;
    }
  keystore_remember_root (self, root, root_key, masters, &stamp);
  return TRUE;
}

MasterKeys *
keystore_load_masters (Keystore *self, int directory, gboolean any_root, GCancellable *cancellable, GError **error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  FileStamp stamp;

  if (self->masters != NULL && keystore_stat (directory, ROOT_NAME, &stamp)
      && memcmp (&stamp, &self->root_stamp, sizeof stamp) == 0)
    return master_keys_copy (self->masters);
  return load_root_locked (self, directory, any_root, cancellable, error) ? master_keys_copy (self->masters) : NULL;
}

static gboolean
fail_no_key (Keystore *self, const char *name, GError **error)
{
  g_clear_error (error);
  g_set_error (
    error, KMS_ERROR, KMS_ERROR_NOT_FOUND,
    "there is no key \"%s\" in the keystore %s: create it with: kmsctl key create %s/%s (if data was encrypted "
    "under such a key, only its own file opens that: restore %s" KEY_SUFFIX " from a backup)",
    name, self->directory, self->label, name, name);
  return FALSE;
}

/* NULL without an error: its master key is not (or not any more) among those of the root file. */
static LocalKey *
try_read_key (Keystore *self, int directory, const char *name, FileStamp *stamp, GCancellable *cancellable,
              GError **error)
{
  g_autofree char *file_name = keystore_file_name (name);
  gsize length;
  g_autofree char *text =
    keystore_read (directory, self->directory, file_name, KEY_FILE_MAX_SIZE, &length, stamp, error);
  g_autoptr (KeyFile) file = NULL;
  g_autoptr (MasterKeys) masters = NULL;
  const MasterKey *master;
  LocalKey *key;

  if (text == NULL)
    return NULL;
  file = key_file_parse (text, length, error);
  if (file == NULL)
    {
      g_prefix_error (error, "%s/%s: ", self->directory, file_name);
      return NULL;
    }
  if (!g_str_equal (file->key->name, name))
    {
      g_set_error (error, KMS_ERROR, KMS_ERROR_INTEGRITY,
                   "%s/%s holds the key \"%s\": a file can't be renamed into another key: rename it back",
                   self->directory, file_name, file->key->name);
      return NULL;
    }
  masters = keystore_load_masters (self, directory, FALSE, cancellable, error);
  master = masters != NULL ? master_keys_find (masters, file->master_id) : NULL;
  if (master == NULL)
    return NULL;
  key = key_file_open (file, master, error);
  if (key == NULL)
    g_prefix_error (error, "%s/%s: ", self->directory, file_name);
  return key;
}

LocalKey *
keystore_read_key_at (Keystore *self, int directory, const char *name, FileStamp *stamp, GCancellable *cancellable,
                      GError **error)
{
  for (guint i = 0; i < MAX_TRIES; i++)
    {
      g_autoptr (GError) local_error = NULL;
      LocalKey *key = try_read_key (self, directory, name, stamp, cancellable, &local_error);

      if (key != NULL)
        return key;
      if (local_error != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return NULL;
        }
    }
  g_set_error (error, KMS_ERROR, KMS_ERROR_CREDENTIALS,
               "%s/%s" KEY_SUFFIX " was written under another root than the one of this keystore: restore the file "
               "\"" ROOT_NAME "\" that was there with it, or import the key from an export",
               self->directory, name);
  return NULL;
}

gboolean
keystore_is_unchanged (Keystore *self, const char *name, const FileStamp *stamp)
{
  g_autofree char *path = g_strconcat (self->directory, G_DIR_SEPARATOR_S, name, KEY_SUFFIX, NULL);
  FileStamp now;

  return keystore_stat (AT_FDCWD, path, &now) && memcmp (&now, stamp, sizeof now) == 0;
}

LocalKey *
keystore_read_key (Keystore *self, const char *name, FileStamp *stamp, GCancellable *cancellable, GError **error)
{
  g_autoptr (LocalKey) key = NULL;
  g_autoptr (GError) local_error = NULL;
  g_autofree char *file_name = NULL;
  FileStamp found;
  int directory;

  if (!local_key_check_name (name, error))
    return NULL;
  directory = keystore_directory_open (self->directory, &local_error);
  if (directory < 0)
    {
      if (g_error_matches (local_error, KMS_ERROR, KMS_ERROR_NOT_FOUND))
        fail_no_key (self, name, error);
      else
        g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  file_name = keystore_file_name (name);
  if (keystore_stat (directory, file_name, &found) && found.inode == 0)
    fail_no_key (self, name, error);
  else
    key = keystore_read_key_at (self, directory, name, stamp, cancellable, error);
  keystore_close_fd (&directory);
  if (key == NULL || !local_key_is_expired (key))
    return g_steal_pointer (&key);
  fail_no_key (self, name, error);
  return NULL;
}

gboolean
keystore_check_root (Keystore *self, GCancellable *cancellable, GError **error)
{
  int directory = keystore_directory_open (self->directory, error);
  g_autoptr (MasterKeys) masters = NULL;

  if (directory < 0)
    return FALSE;
  masters = keystore_load_masters (self, directory, FALSE, cancellable, error);
  keystore_close_fd (&directory);
  return masters != NULL;
}
